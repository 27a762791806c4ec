import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from appliance.errors import UsageError
from appliance.provision.authority import Authority, Validity, revoked_serials, serial_number
from appliance.provision.authority_folder import ROLES, AuthorityFolder, Files

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def common_name(files: Files) -> str:
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def test_what_it_issues_is_what_tls_takes(tmp_path: Path) -> None:
    folder = AuthorityFolder(tmp_path / "new" / "fleet", NOW)
    server = folder.certify_server(["broker.example.org", "192.0.2.7", "2001:db8::7"])
    unit, person = folder.certify_unit("lobby/door-1"), folder.certify_person("operator/alice")
    assert [common_name(files) for files in (server, unit, person)] == [
        "broker.example.org",
        "lobby/door-1",
        "operator",
    ]
    for files in (server, unit, person):
        context = ssl.create_default_context(cafile=folder.root)
        context.load_cert_chain(files.certificate, files.key)
        context.load_verify_locations(folder.revoked)
        assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new" / "fleet" / "authority.key").stat().st_mode) == 0o600
    certificate = x509.load_pem_x509_certificate(server.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.example.org"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.7", "2001:db8::7"]
    assert certificate.not_valid_after_utc - NOW == timedelta(days=825)


def test_it_is_the_same_authority_when_it_is_opened_again(tmp_path: Path) -> None:
    first = AuthorityFolder(tmp_path, NOW)
    root = first.root.read_bytes()
    again = AuthorityFolder(tmp_path, NOW + timedelta(days=30))
    assert again.root.read_bytes() == root
    files = again.certify_unit("lobby/door-1")
    signed = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    signed.verify_directly_issued_by(x509.load_pem_x509_certificate(root))


def test_a_name_has_one_certificate_until_it_is_revoked(tmp_path: Path) -> None:
    folder = AuthorityFolder(tmp_path, NOW)
    lost = serial_number(folder.certify_unit("lobby/door-1").certificate.read_bytes())
    alice = serial_number(folder.certify_person("operator/alice").certificate.read_bytes())
    with pytest.raises(UsageError, match=r"unit lobby/door-1 has a certificate, .*: revoke it"):
        folder.certify_unit("lobby/door-1")
    folder.revoke("lobby/door-1")
    AuthorityFolder(tmp_path, NOW).revoke("operator/alice")
    assert revoked_serials(folder.revoked.read_bytes()) == [lost, alice]
    assert not folder.unit("lobby/door-1").key.exists()
    assert serial_number(folder.certify_unit("lobby/door-1").certificate.read_bytes()) != lost
    with pytest.raises(UsageError, match=r"operator/alice can't be revoked: .*alice.crt: No such file"):
        folder.revoke("operator/alice")


@pytest.mark.parametrize("name", ["door-1", "/door-1", "lobby/", "lobby/door/1", "../door", "lobby/..", "a b/c", "#/+"])
def test_a_unit_is_named_as_its_topics_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"site/unit, both of letters"):
        AuthorityFolder(tmp_path, NOW).certify_unit(name)


def test_names_that_would_be_somebody_elses(tmp_path: Path) -> None:
    folder = AuthorityFolder(tmp_path, NOW)
    for site in ROLES:
        with pytest.raises(UsageError, match="a site can't be called dashboard, operator, doorkeeper, homeassistant"):
            folder.certify_unit(f"{site}/door-1")
    for person in ("alice", "operator/al/ice", "lobby/alice", "operator/", "operator/.."):
        with pytest.raises(UsageError, match=f"person '{person}': role/name, a role of dashboard, operator"):
            folder.certify_person(person)
    with pytest.raises(UsageError, match="1 to 64 characters"):
        folder.certify_unit(f"{'s' * 40}/{'u' * 40}")
    with pytest.raises(UsageError, match="neither a DNS name"):
        folder.certify_server(["bröker"])


def test_files_that_are_no_authority_are_named(tmp_path: Path) -> None:
    (tmp_path / "authority.crt").write_text("not a certificate")
    with pytest.raises(UsageError, match=r"authority.key: No such file"):
        AuthorityFolder(tmp_path, NOW)
    (tmp_path / "authority.key").write_text("no key")
    with pytest.raises(UsageError, match="can't be read"):
        AuthorityFolder(tmp_path, NOW)
    one, other = (Authority.create(name, Validity(NOW, NOW + timedelta(days=1))) for name in ("one", "other"))
    (tmp_path / "authority.crt").write_bytes(one.root)
    (tmp_path / "authority.key").write_bytes(other.key)
    with pytest.raises(UsageError, match="do not belong together"):
        AuthorityFolder(tmp_path, NOW)
    with pytest.raises(UsageError, match="Not a directory"):
        AuthorityFolder(tmp_path / "authority.crt" / "below", NOW)
