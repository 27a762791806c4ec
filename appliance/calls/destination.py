"""What a person dials, as a SIP URI."""

import re
from typing import Final

from appliance.errors import UsageError

_SPACES: Final = re.compile(r"\s+")
_VISUAL: Final = re.compile(r"[\s().-]+", re.ASCII)  # RFC 3966 §5.1.1: visual separators
_NUMBER: Final = re.compile(r"\+?[\d\s().-]*\d[\d\s().-]*|[\d*#]+", re.ASCII)
# RFC 3261 §25.1: user, without its "?": who types one means headers, which are refused.
_USER: Final = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;/#]|%[0-9A-Fa-f]{2})+")
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST: Final = re.compile(  # RFC 3261 §25.1: hostname (its last label begins with a letter), IPv4address, IPv6reference
    rf"(?:(?:{_LABEL}\.)*(?=[A-Za-z]){_LABEL}|\d{{1,3}}(?:\.\d{{1,3}}){{3}}|\[[0-9A-Fa-f:.]+\])(?::\d{{1,5}})?"
)
_PARAMETERS: Final = re.compile(r"(?:;[A-Za-z0-9\-_.!~*'()\[\]/:&+$%]+(?:=[A-Za-z0-9\-_.!~*'()\[\]/:&+$%]+)?)*")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST_OF: Final = re.compile(r"sips?:(?:[^@]*@)?(\[[^\]]*\]|[^;?:>]+)", re.IGNORECASE)
_MAX: Final = 256


def uri(dialled: str, domain: str) -> str:
    """The SIP URI of `dialled`: a number, a user of `domain`, `user@host`, or a `sip:`, `sips:` or `tel:` URI.

    Separators in numbers are left out ("+49 30 1234-5" is `sip:+493012345@domain`). Headers in a URI (RFC 3261 §19.1.1:
    `?subject=…`) and anything that would end a header line are refused: `UsageError`, with what is wrong.
    """
    text = dialled.strip()
    if not text:
        raise UsageError("destination: it is empty")
    if len(text) > _MAX:
        raise UsageError(f"destination: {len(text)} characters, {_MAX} are allowed")
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise UsageError(f"destination {dialled!r}: control characters are not allowed")
    scheme, rest = _split_scheme(text)
    if scheme == "tel":
        number, _, _ = rest.partition(";")
        if not _NUMBER.fullmatch(number):
            raise UsageError(f"destination {dialled!r}: {number!r} is no telephone number")
        return f"sip:{_escaped(_VISUAL.sub('', number))}@{domain}"
    if _NUMBER.fullmatch(rest):
        return f"{scheme}:{_escaped(_VISUAL.sub('', rest))}@{domain}"
    return _checked(scheme, _SPACES.sub("", rest), domain, dialled)


def host(uri: str) -> str:
    """The host of a SIP URI in lower case, without port, parameters and headers; "" if it has none."""
    found = _HOST_OF.match(uri)
    return found[1].lower() if found is not None else ""


def _split_scheme(text: str) -> tuple[str, str]:
    match = _SCHEME.match(text)
    if match is None:
        return "sip", text
    scheme = match[1].lower()
    if scheme not in ("sip", "sips", "tel"):
        raise UsageError(f"destination {text!r}: the scheme {scheme!r} is not one of sip, sips, tel")
    return scheme, text[match.end() :]


def _checked(scheme: str, rest: str, domain: str, dialled: str) -> str:
    user, at, where = rest.rpartition("@")
    if not at:
        user, where = rest, domain
    host, semicolon, parameters = where.partition(";")
    if not _USER.fullmatch(user):
        raise UsageError(f"destination {dialled!r}: {user!r} is no user part of a SIP URI")
    if at and ("?" in where or not _HOST.fullmatch(host)):
        raise UsageError(f"destination {dialled!r}: {host!r} is no host")
    if not _PARAMETERS.fullmatch(semicolon + parameters):
        raise UsageError(f"destination {dialled!r}: {parameters!r} are no URI parameters")
    return f"{scheme}:{_escaped(user)}@{where}"


def _escaped(user: str) -> str:
    """`#` may not stand in a SIP URI (RFC 3261 §25.1: unreserved, user-unreserved), yet people dial it."""
    return user.replace("#", "%23")
