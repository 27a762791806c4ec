"""What the texts of a configuration may look like: each check returns what is allowed, or "" for a good value."""

import re
from typing import Final
from urllib.parse import urlsplit

from appliance.config.table import did_you_mean, one_of

LEVELS: Final = ("debug", "info", "warning", "error")
"""Of the log, from much to little."""

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HEADER: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_SIP_USER: Final = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,;?/%-]{1,128}")
_STUN: Final = re.compile(rf"stun:(?:{_HOST.pattern})(?::\d{{1,5}})?")
_TURN: Final = re.compile(rf"turns?:(?:{_HOST.pattern})(?::\d{{1,5}})?(?:\?transport=(?:udp|tcp))?")
_PATTERN: Final = re.compile(r"(?:[0-9*#XZNxzn]|\[[0-9*#]+(?:-[0-9])?[0-9*#-]*\])*(?:[0-9*#XZNxzn\]]|\.)")
_EMERGENCY: Final = re.compile(r"[0-9*#]{2,15}")
_PRINTABLE: Final = re.compile(r"[^\x00-\x1f\x7f]{0,64}")


def web_socket_url(value: str) -> str:
    """An address of a registrar: RFC 7118 §5, RFC 6455 §3."""
    allowed = 'an address like "wss://sip.example.org/ws"'
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and not parts.fragment and parts.port != 0
    except ValueError:
        return allowed
    if good and (parts.username is not None or parts.password is not None):
        return "an address without user and password in it: those have keys of their own"
    return "" if good and value.isprintable() and " " not in value else allowed


def https_url(value: str) -> str:
    """An address that something is posted to."""
    allowed = 'an address like "https://example.org/intercom"'
    try:
        parts = urlsplit(value)
        good = parts.scheme == "https" and bool(parts.hostname) and not parts.fragment and parts.port != 0
    except ValueError:
        return allowed
    plain = parts.username is None and parts.password is None
    return "" if good and plain and value.isprintable() and " " not in value else allowed


def header_name(value: str) -> str:
    """The name of a SIP header, RFC 3261 §25.1."""
    return "" if _HEADER.fullmatch(value) else "the name of a header, like X-Plivo-Jwt"


def host(value: str) -> str:
    """A host name or an address, IPv6 in brackets."""
    return "" if _HOST.fullmatch(value) else 'a host name or an address, like "sip.example.org" or "192.0.2.7"'


def sip_user(value: str) -> str:
    """The user part of a SIP URI, RFC 3261 §25.1."""
    return "" if _SIP_USER.fullmatch(value) else "the part of the SIP address before the @, like 201"


def topic_name(value: str) -> str:
    """One level of an MQTT topic that is also fit for file names."""
    return "" if _NAME.fullmatch(value) else "1 to 64 letters, digits, - _ and ."


def display_name(value: str) -> str:
    """A name that people see."""
    return "" if _PRINTABLE.fullmatch(value) else "at most 64 characters on one line"


def stun_url(value: str) -> str:
    """RFC 7064."""
    return "" if _STUN.fullmatch(value) else "stun:host or stun:host:port"


def turn_url(value: str) -> str:
    """RFC 7065."""
    return "" if _TURN.fullmatch(value) else "turn:host, turn:host:port, turns:host:port, or with ?transport=tcp"


def dial_pattern(value: str) -> str:
    """A pattern of the dial plan; `phone/dial_plan.py` says what it means."""
    good = 0 < len(value) <= 64 and _PATTERN.fullmatch(value)
    return "" if good else "0-9 * #, X for any digit, Z for 1-9, N for 2-9, [2-5] for a set, and a . at the end"


def log_level(value: str) -> str:
    """How much of the log."""
    return "" if value in LEVELS else one_of(LEVELS) + did_you_mean(value, LEVELS)


def log_level_or_all(value: str) -> str:
    """The same, or every message on the wire, or nothing."""
    levels = ("all", *LEVELS, "off")
    return "" if value in levels else one_of(levels) + did_you_mean(value, levels)


def emergency_number(value: str) -> str:
    """A number that is always called."""
    return "" if _EMERGENCY.fullmatch(value) else "2 to 15 digits"
