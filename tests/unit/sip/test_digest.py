"""Digest authentication: the vectors of the RFCs, and the rules around them."""

import pytest

from appliance.sip.digest import Attempts, Authenticator, Challenge, Credentials, challenges, digest_response
from appliance.sip.header_values import parameters, split_list
from appliance.sip.message import Request, Response

MUFASA = Credentials("Mufasa", "Circle of Life")
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def challenged(*values: str, status: int = 401) -> Response:
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    return Response(status=status, reason="", headers=tuple((name, value) for value in values))


def request(method: str = "REGISTER") -> Request:
    return Request(method=method, uri="sip:sip.test", headers=())


def fields(value: str) -> dict[str, str]:
    assert value.startswith("Digest ")
    return parameters(iter(split_list(value[7:])))


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_section_3_9_1(algorithm: str, expected: str) -> None:
    challenge = Challenge(realm="http-auth@example.org", nonce=NONCE, algorithm=algorithm, qop="auth")
    assert digest_response(challenge, MUFASA, "GET", "/dir/index.html", cnonce=CNONCE, nc=1) == expected


def test_rfc_2617_section_3_5() -> None:
    challenge = Challenge(realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", qop="auth")
    found = digest_response(
        challenge, Credentials("Mufasa", "Circle Of Life"), "GET", "/dir/index.html", cnonce="0a4f113b", nc=1
    )
    assert found == "6629fae49393a05397450978507c4ef1"


def test_rfc_2069_without_qop() -> None:
    # The digest of RFC 2069 §2.4, as corrected by its erratum 749.
    challenge = Challenge(realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093")
    credentials = Credentials("Mufasa", "CircleOfLife")
    found = digest_response(challenge, credentials, "GET", "/dir/index.html", cnonce="", nc=1)
    assert found == "1949323746fe6a43ef61f9606e7febea"


def test_sha_256_is_preferred_whatever_the_order() -> None:
    md5 = 'Digest realm="r", nonce="1", algorithm=MD5, qop="auth"'
    sha = 'Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth"'
    for pair in ((md5, sha), (sha, md5)):
        (chosen,) = challenges(challenged(*pair))
        assert (chosen.algorithm, chosen.nonce) == ("SHA-256", "2")


@pytest.mark.parametrize(
    "value",
    [
        'Basic realm="r"',
        'Digest realm="r"',
        'Digest nonce="n"',
        'Digest realm="r", nonce="n", algorithm=SHA-512-256',
        'Digest realm="r", nonce="n", qop="auth-int"',
        "Digest",
        "",
    ],
)
def test_challenges_that_cannot_be_answered_are_left(value: str) -> None:
    assert challenges(challenged(value)) == ()


def test_a_quoted_list_of_qops_and_commas_in_the_realm() -> None:
    (one,) = challenges(
        challenged('Digest realm="a, \\"b\\"", nonce="n,=", qop="auth-int,auth", opaque="o", STALE=TRUE')
    )
    assert one == Challenge(realm='a, "b"', nonce="n,=", qop="auth", opaque="o", stale=True)


def test_the_header_has_what_the_challenge_had() -> None:
    authenticator = Authenticator(lambda: "cn")
    authenticator.use(Credentials('a"b', "p"))
    (one,) = challenges(challenged('Digest realm="r", nonce="n", opaque="", algorithm=md5, qop="auth"', status=407))
    ((name, value),) = authenticator.answer(request("INVITE"), (one,))
    assert name == "Proxy-Authorization"
    found = fields(value)
    assert found["username"] == 'a"b'
    assert (found["realm"], found["nonce"], found["uri"], found["opaque"]) == ("r", "n", "sip:sip.test", "")
    assert (found["algorithm"], found["qop"], found["nc"], found["cnonce"]) == ("md5", "auth", "00000001", "cn")
    assert "qop=auth, nc=00000001" in value, "neither is quoted (RFC 7616 §3.4)"


def test_nonce_counts_go_up_per_nonce() -> None:
    authenticator = Authenticator(lambda: "cn")
    authenticator.use(MUFASA)
    one, two = Challenge(realm="r", nonce="1", qop="auth"), Challenge(realm="r", nonce="2", qop="auth")
    counts = [fields(authenticator.answer(request(), (each,))[0][1])["nc"] for each in (one, one, two, one)]
    assert counts == ["00000001", "00000002", "00000001", "00000003"]


def test_only_the_registrar_gets_credentials_unasked() -> None:
    authenticator = Authenticator(lambda: "cn")
    authenticator.use(MUFASA)
    assert authenticator.remembered(request()) == ()
    authenticator.answer(request(), (Challenge(realm="r", nonce="1", qop="auth"),))
    ((_, value),) = authenticator.remembered(request())
    assert fields(value)["nc"] == "00000002"
    assert authenticator.remembered(request("INVITE")) == ()
    authenticator.use(Credentials("other", "x"))
    assert authenticator.remembered(request()) == ()


def test_a_realm_is_answered_once_and_again_when_stale() -> None:
    attempts = Attempts()
    first = challenged('Digest realm="r", nonce="1"')
    assert [one.nonce for one in attempts.next(first)] == ["1"]
    assert attempts.next(challenged('Digest realm="r", nonce="2"')) == ()
    assert [one.nonce for one in attempts.next(challenged('Digest realm="r", nonce="3", stale=true'))] == ["3"]


def test_two_proxies_are_both_answered() -> None:
    attempts = Attempts()
    attempts.next(challenged('Digest realm="a", nonce="1"', status=407))
    both = attempts.next(challenged('Digest realm="b", nonce="2"', status=407))
    assert [(one.realm, one.nonce) for one in both] == [("a", "1"), ("b", "2")]


def test_stale_for_ever_ends() -> None:
    attempts = Attempts()
    always = challenged('Digest realm="r", nonce="1", stale=true')
    assert sum(bool(attempts.next(always)) for _ in range(50)) < 6


def test_the_password_never_prints() -> None:
    assert "Circle" not in repr(MUFASA)
    assert "Circle" not in f"{MUFASA}"
