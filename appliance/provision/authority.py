"""A certificate authority of a fleet's own: for its broker, its units and the people who command them (RFC 5280).

Keys are of the curve P-256: a Raspberry Pi signs with one in a millisecond. Everything is PEM; nothing is read, written
or looked up here, and what time it is, the caller says.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.errors import UsageError

MAX_NAME: Final = 64
"""Characters of a certificate's common name (RFC 5280 appendix A.1, `ub-common-name`)."""


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when. A unit whose clock was never set takes a certificate of today for one of the future."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its private key (PKCS 8, not encrypted)."""

    certificate: bytes
    key: bytes


class Authority:
    """Issues and revokes. `root` is the certificate to trust, `key` the private key of all this: keep it offline."""

    def __init__(self, root: bytes, key: bytes) -> None:
        try:
            self._certificate = x509.load_pem_x509_certificate(root)
            private = serialization.load_pem_private_key(key, password=None)
        except (ValueError, TypeError) as error:
            raise UsageError(f"the authority's certificate or key can't be read: {error}") from None
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise UsageError("the authority's key is not of an elliptic curve")
        if private.public_key() != self._certificate.public_key():
            raise UsageError("the authority's certificate and key do not belong together")
        self._key = private
        self.root = root
        self.key = key

    @classmethod
    def create(cls, name: str, validity: Validity) -> Self:
        """A new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            _builder(subject, subject, key, key, validity)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))

    def server(self, names: Iterable[str], validity: Validity) -> Issued:
        """For a broker or registrar that is reached by DNS names and IP addresses; at least one."""
        wanted = list(names)
        if not wanted:
            raise UsageError("a server's certificate needs the name or address it is reached by")
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in wanted])
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, _fitting(wanted[0]))]
        return self._issue(subject, validity, ExtendedKeyUsageOID.SERVER_AUTH, alternatives)

    def client(self, name: str, validity: Validity, *, person: str = "") -> Issued:
        """For whoever a broker is to know as `name`; `person` tells two of one name apart."""
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, _fitting(name))]
        if person:
            subject.append(x509.NameAttribute(NameOID.USER_ID, person))
        return self._issue(subject, validity, ExtendedKeyUsageOID.CLIENT_AUTH)

    def revocations(self, serials: Iterable[int], validity: Validity) -> bytes:
        """The list of what is no longer to be accepted. After its end a broker accepts nobody: make it anew in time."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(validity.begin)
            .next_update(validity.end)
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(validity.begin).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _issue(
        self,
        subject: list[x509.NameAttribute[str]],
        validity: Validity,
        purpose: x509.ObjectIdentifier,
        names: x509.SubjectAlternativeName | None = None,
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(x509.Name(subject), self._certificate.subject, key, self._key, validity)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Issued(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))


def serial_number(certificate: bytes) -> int:
    """What `revocations` calls it by."""
    return x509.load_pem_x509_certificate(certificate).serial_number


def revoked_serials(revocations: bytes) -> list[int]:
    """What a list made by `revocations` holds."""
    return [entry.serial_number for entry in x509.load_pem_x509_crl(revocations)]


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    validity: Validity,
) -> x509.CertificateBuilder:
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.begin)
        .not_valid_after(validity.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
    )


def _fitting(name: str) -> str:
    if not 0 < len(name) <= MAX_NAME:
        raise UsageError(f"{name[:80]!r} can't be the name in a certificate: 1 to {MAX_NAME} characters")
    return name


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise UsageError(f"{name[:80]!r} is neither a DNS name in ASCII nor an address") from None


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
