"""Digest authentication (RFC 7616, RFC 8760): SHA-256 before MD5, qop `auth` or none, nonce counts, stale."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.sip.events import HeaderPairs
from appliance.sip.header_values import parameters, quote, split_list
from appliance.sip.message import Request, Response

_PREFERENCE = ("SHA-256", "SHA-256-SESS", "MD5", "MD5-SESS")
_MAX_NONCES = 32
_MAX_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and password; the password never prints."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One Digest challenge (RFC 7616 §3.3). `qop` is what we will use: `auth`, or empty for RFC 2069."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: str = ""
    opaque: str | None = None
    stale: bool = False
    proxy: bool = False


def challenges(response: Response) -> tuple[Challenge, ...]:
    """The challenges of a 401 or 407 that can be answered, the strongest of each realm (RFC 8760 §2.4)."""
    best: dict[tuple[bool, str], Challenge] = {}
    for proxy, name in ((False, "WWW-Authenticate"), (True, "Proxy-Authenticate")):
        for value in response.all(name):
            challenge = _challenge(value, proxy=proxy)
            if challenge is None:
                continue
            known = best.get((proxy, challenge.realm))
            if known is None or _rank(challenge) < _rank(known):
                best[proxy, challenge.realm] = challenge
    return tuple(best.values())


def _rank(challenge: Challenge) -> int:
    return _PREFERENCE.index(challenge.algorithm.upper())


def _challenge(value: str, *, proxy: bool) -> Challenge | None:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "digest":
        return None
    fields = parameters(iter(split_list(rest)))
    algorithm = fields.get("algorithm", "MD5")
    offered = [option.strip().lower() for option in fields.get("qop", "").split(",") if option.strip()]
    usable = algorithm.upper() in _PREFERENCE and "realm" in fields and fields.get("nonce")
    if not usable or (offered and "auth" not in offered):
        return None
    return Challenge(
        realm=fields["realm"],
        nonce=fields["nonce"],
        algorithm=algorithm,
        qop="auth" if offered else "",
        opaque=fields.get("opaque"),
        stale=fields.get("stale", "").lower() == "true",
        proxy=proxy,
    )


def digest_response(
    challenge: Challenge, credentials: Credentials, method: str, uri: str, *, cnonce: str, nc: int
) -> str:
    """The `response` value (RFC 7616 §3.4.1)."""

    def h(*parts: str) -> str:
        text = ":".join(parts).encode()
        if challenge.algorithm.upper().startswith("SHA-256"):
            return hashlib.sha256(text).hexdigest()
        return hashlib.md5(text, usedforsecurity=False).hexdigest()

    secret = h(credentials.username, challenge.realm, credentials.password)
    if challenge.algorithm.upper().endswith("-SESS"):
        secret = h(secret, challenge.nonce, cnonce)
    asked = h(method, uri)
    if not challenge.qop:
        return h(secret, challenge.nonce, asked)
    return h(secret, challenge.nonce, f"{nc:08x}", cnonce, challenge.qop, asked)


class Authenticator:
    """Answers challenges with one user's credentials and counts how often each nonce was used (RFC 7616 §3.4)."""

    def __init__(self, cnonce: Callable[[], str]) -> None:
        self._cnonce = cnonce
        self._counts: dict[str, int] = {}
        self._registrar: tuple[Challenge, ...] = ()
        self.credentials: Credentials | None = None

    def use(self, credentials: Credentials) -> None:
        """Answer with these from now on."""
        if credentials != self.credentials:
            self._registrar = ()
        self.credentials = credentials

    def remembered(self, request: Request) -> HeaderPairs:
        """Credentials sent without being asked again: to the registrar alone, who asked the last time.

        Other requests travel on to peers, who need not see what they could guess a password from.
        """
        return self._headers(request, self._registrar) if request.method == "REGISTER" else ()

    def answer(self, request: Request, answered: tuple[Challenge, ...]) -> HeaderPairs:
        """The headers for `request` that answer these challenges; empty if there are no credentials."""
        if request.method == "REGISTER":
            self._registrar = tuple(challenge for challenge in answered if not challenge.proxy)
        return self._headers(request, answered)

    def _headers(self, request: Request, answered: tuple[Challenge, ...]) -> HeaderPairs:
        if self.credentials is None:
            return ()
        return tuple(
            ("Proxy-Authorization" if one.proxy else "Authorization", self._value(one, self.credentials, request))
            for one in answered
        )

    def _value(self, challenge: Challenge, credentials: Credentials, request: Request) -> str:
        nc = self._counts.pop(challenge.nonce, 0) + 1
        self._counts[challenge.nonce] = nc
        while len(self._counts) > _MAX_NONCES:
            del self._counts[next(iter(self._counts))]
        cnonce = self._cnonce()
        response = digest_response(challenge, credentials, request.method, request.uri, cnonce=cnonce, nc=nc)
        fields = [
            f"username={quote(credentials.username)}",
            f"realm={quote(challenge.realm)}",
            f"nonce={quote(challenge.nonce)}",
            f"uri={quote(request.uri)}",
            f'response="{response}"',
            f"algorithm={challenge.algorithm}",
        ]
        if challenge.opaque is not None:
            fields.append(f"opaque={quote(challenge.opaque)}")
        if challenge.qop:
            fields.append(f"qop={challenge.qop}, nc={nc:08x}")
        if challenge.qop or challenge.algorithm.upper().endswith("-SESS"):
            fields.append(f'cnonce="{cnonce}"')
        return "Digest " + ", ".join(fields)


class Attempts:
    """What one request has answered so far: each realm once, and again only if its nonce was stale."""

    def __init__(self) -> None:
        self._answered: dict[tuple[bool, str], Challenge] = {}
        self._count = 0

    def next(self, response: Response) -> tuple[Challenge, ...]:
        """Everything to answer in the next attempt; empty when there is nothing more to try."""
        asked = challenges(response)
        self._count += 1
        fresh = [one for one in asked if one.stale or (one.proxy, one.realm) not in self._answered]
        if not fresh or self._count >= _MAX_ATTEMPTS:
            return ()
        self._answered.update({(one.proxy, one.realm): one for one in fresh})
        return tuple(self._answered.values())
