"""Access tokens: who may log in with one, for how long, and what it allows (RFC 7519).

The signature is the registrar's to verify: it alone has the key. What is checked here is what it would refuse anyway.
"""

import binascii
import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from appliance.calls.cause import Cause
from appliance.errors import LoginError

MAX_LENGTH: Final = 8000
"""Characters that fit into one header line of a SIP message."""

LEEWAY: Final = 60.0
"""Seconds by which this unit's clock and the issuer's may differ."""

_PART: Final = re.compile(r"[A-Za-z0-9_-]+")
_NAME: Final = re.compile(r"[A-Za-z0-9\-_.!~*'()]{1,64}")  # RFC 3261 §25.1: unreserved, fit for the user part of a URI
_EXPIRY: Final = re.compile(r"=\s*(\d{9,11})\s*(?:;|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What a token says; the token itself never prints.

    Attributes:
        text: the token as it is sent.
        issuer: `iss`.
        subject: `sub`; empty if it has none.
        application: `app`; empty if it has none.
        not_before: `nbf`, seconds since 1970.
        expires: `exp`, seconds since 1970.
        incoming: `per.voice.incoming_allow`; None if it says nothing.
        outgoing: `per.voice.outgoing_allow`; None if it says nothing.
    """

    text: str = field(repr=False)
    issuer: str
    subject: str
    application: str
    not_before: float
    expires: float
    incoming: bool | None
    outgoing: bool | None

    def user(self, login: datetime) -> str:
        """The SIP user it makes: `<sub>_<iss>`, or one made of the moment of the `login`."""
        return f"{self.subject or f'puser{int(login.timestamp() * 1000)}jt'}_{self.issuer}"

    def check_time(self, wall: datetime) -> None:
        """Raises `LoginError` if it has expired at `wall`, or is not valid yet: then this unit's clock is wrong."""
        now = wall.timestamp()
        if now + LEEWAY < self.not_before:
            when = datetime.fromtimestamp(self.not_before, wall.tzinfo)
            raise refused(Cause.WRONG_CLOCK, f"the token is valid from {when:%F %T}, and here it is {wall:%F %T}")
        if now - LEEWAY > self.expires:
            raise refused(Cause.ACCESS_TOKEN_EXPIRED, f"{now - self.expires:.0f} s ago")


def parse(text: object) -> AccessToken:
    """Read a token. Raises `LoginError` whose `cause` says what is wrong; the token is in no message."""
    if not isinstance(text, str) or not text:
        raise refused(Cause.INVALID_ACCESS_TOKEN, "there is none")
    if len(text) > MAX_LENGTH:
        raise refused(Cause.INVALID_ACCESS_TOKEN, f"it has {len(text)} characters, {MAX_LENGTH} are allowed")
    parts = text.split(".")
    if len(parts) != 3 or not all(map(_PART.fullmatch, parts)):
        raise refused(Cause.INVALID_ACCESS_TOKEN, "three parts in base64url, with dots between, are needed")
    header = _decoded(parts[0])
    if header is None or not isinstance(header.get("alg"), str):
        raise refused(Cause.INVALID_ACCESS_TOKEN_HEADER, "it is no JSON object with an alg")
    claims = _decoded(parts[1])
    if claims is None:
        raise refused(Cause.INVALID_ACCESS_TOKEN, "its claims are no JSON object")
    return _of_claims(text, claims)


def _of_claims(text: str, claims: dict[str, Any]) -> AccessToken:
    issuer, subject, application = claims.get("iss"), claims.get("sub", ""), claims.get("app", "")
    if not isinstance(issuer, str) or not _NAME.fullmatch(issuer):
        raise refused(Cause.INVALID_ACCESS_TOKEN_ISSUER, "iss must be a name of 1 to 64 letters, digits and -_.!~*'()")
    if not isinstance(subject, str) or (subject and not _NAME.fullmatch(subject)):
        raise refused(Cause.INVALID_ACCESS_TOKEN_SUBJECT, "sub must be a name of 1 to 64 letters, digits and -_.!~*'()")
    if not isinstance(application, str):
        raise refused(Cause.INVALID_ACCESS_TOKEN, "app must be text")
    not_before, expires = _instant(claims, "nbf"), _instant(claims, "exp")
    if expires <= not_before:
        raise refused(Cause.INVALID_ACCESS_TOKEN, "exp must be after nbf")
    return AccessToken(
        text=text,
        issuer=issuer,
        subject=subject,
        application=application,
        not_before=not_before,
        expires=expires,
        incoming=_grant(claims, "incoming_allow"),
        outgoing=_grant(claims, "outgoing_allow"),
    )


def _instant(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise refused(Cause.INVALID_ACCESS_TOKEN, f"{name} must be a number of seconds since 1970")
    return float(value)


def _grant(claims: dict[str, Any], name: str) -> bool | None:
    permissions = claims.get("per", {})
    voice = permissions.get("voice", {}) if isinstance(permissions, dict) else None
    value = voice.get(name) if isinstance(voice, dict) else ""
    if value is not None and not isinstance(value, bool):
        raise refused(Cause.INVALID_ACCESS_TOKEN_GRANTS, f"per.voice.{name} must be true or false")
    return value


def _decoded(part: str) -> dict[str, Any] | None:
    try:
        found = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def refused(cause: Cause, why: str) -> LoginError:
    """A login that ends because of its token."""
    return LoginError(f"{cause}: {why}", cause=cause)


def granted_until(value: str | None) -> float | None:
    """The expiry that a 200 to a REGISTER names (`<name>=<seconds since 1970>;…`); None if it names none."""
    found = _EXPIRY.search(value or "")
    return float(found[1]) if found else None
