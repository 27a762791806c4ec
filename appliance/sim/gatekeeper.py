"""The registrar's side of digest authentication (RFC 7616 §3, RFC 8760): challenges, and whether an answer is right."""

import hmac
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from appliance.sip.digest import Challenge, Credentials, digest_response
from appliance.sip.events import HeaderPairs
from appliance.sip.header_values import parameters, quote, split_list
from appliance.sip.identifiers import Token
from appliance.sip.message import Request, Response, respond
from appliance.units import Seconds

NONCE_LIFE: Final = 300.0
"""Seconds until a nonce is stale."""
_MAX_NONCES: Final = 1000


@dataclass(slots=True)
class _Nonce:
    until: Seconds
    count: int = 0


class Gatekeeper:
    """Knows the users' passwords, asks for them and checks the answers."""

    def __init__(self, users: Mapping[str, str], realm: str, algorithms: tuple[str, ...], token: Token) -> None:
        self._users = dict(users)
        self._realm = realm
        self._algorithms = algorithms
        self._token = token
        self._nonces: OrderedDict[str, _Nonce] = OrderedDict()

    def knows(self, user: str) -> bool:
        """Whether there is an account of this name."""
        return user in self._users

    def admit(self, request: Request, user: str, now: Seconds) -> Response | None:
        """None if `request` proves to be from `user`; else the 401, 407 or 403 that answers it."""
        proxy = request.method != "REGISTER"
        answer = self._answer(request, "Proxy-Authorization" if proxy else "Authorization")
        if answer is None:
            return self._challenge(request, now, proxy=proxy, stale=False)
        if answer.get("username", "") != user or user not in self._users:
            return respond(request, 403, tag="registrar")
        right = self._is_right(request, answer)
        nonce = self._nonces.get(answer.get("nonce", ""))
        if nonce is None or nonce.until <= now:
            # Only who knows the password is told that nothing but the nonce was wrong (RFC 7616 §3.3).
            return self._challenge(request, now, proxy=proxy, stale=right)
        if not right:
            return self._challenge(request, now, proxy=proxy, stale=False)
        count = answer.get("nc", "")
        if answer.get("qop"):
            if not _is_hex(count) or int(count, 16) <= nonce.count:
                return self._challenge(request, now, proxy=proxy, stale=True)
            nonce.count = int(count, 16)
        return None

    def _answer(self, request: Request, header: str) -> Mapping[str, str] | None:
        for value in request.all(header):
            scheme, _, rest = value.partition(" ")
            fields = parameters(iter(split_list(rest)))
            if scheme.lower() == "digest" and fields.get("realm") == self._realm:
                return fields
        return None

    def _is_right(self, request: Request, answer: Mapping[str, str]) -> bool:
        algorithm = answer.get("algorithm", "MD5")
        qop = answer.get("qop", "").lower()
        count = answer.get("nc", "0")
        if algorithm.upper() not in self._algorithms or qop not in {"", "auth"} or not _is_hex(count):
            return False
        if answer.get("uri", "") != request.uri:
            return False
        challenge = Challenge(
            realm=self._realm, nonce=answer.get("nonce", ""), algorithm=algorithm, qop=qop, proxy=False
        )
        credentials = Credentials(answer["username"], self._users[answer["username"]])
        expected = digest_response(
            challenge,
            credentials,
            request.method,
            request.uri,
            cnonce=answer.get("cnonce", ""),
            nc=int(count, 16),
        )
        return hmac.compare_digest(expected.encode(), answer.get("response", "").encode())

    def _challenge(self, request: Request, now: Seconds, *, proxy: bool, stale: bool) -> Response:
        nonce = self._token(16)
        self._nonces[nonce] = _Nonce(until=Seconds(now + NONCE_LIFE))
        while len(self._nonces) > _MAX_NONCES:
            self._nonces.popitem(last=False)
        name = "Proxy-Authenticate" if proxy else "WWW-Authenticate"
        headers: HeaderPairs = tuple(
            (
                name,
                f'Digest realm={quote(self._realm)}, nonce="{nonce}", algorithm={algorithm}, qop="auth"'
                + (", stale=true" if stale else ""),
            )
            for algorithm in self._algorithms
        )
        return respond(request, 407 if proxy else 401, tag="registrar", headers=headers)


def _is_hex(text: str) -> bool:
    return 0 < len(text) <= 8 and all(character in "0123456789abcdefABCDEF" for character in text)
