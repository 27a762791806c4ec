"""Headers that an application adds to a call and reads from one: `X-PH-…`."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from appliance.errors import UsageError
from appliance.sip.events import HeaderPairs

PREFIX: Final = "X-PH-"
MAX_NAME: Final = 24
MAX_VALUE: Final = 120
MAX_STRICT_VALUE: Final = 48

_NAME: Final = re.compile(r"X-PH-[A-Za-z0-9-]+", re.IGNORECASE)
_VALUE: Final = re.compile(r"[A-Za-z0-9+\-_()%.]+")
_STRICT_NAME: Final = re.compile(r"X-PH-[A-Za-z0-9]+")
_STRICT_VALUE: Final = re.compile(r"[A-Za-z0-9%]+")
_UUID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
_MAX_RECEIVED: Final = 32


def checked(extra: Mapping[str, str] | None, *, strict: bool = False) -> HeaderPairs:
    """`extra` as pairs to send. Raises `UsageError` that names every bad pair and why.

    Names are `X-PH-` and letters, digits or hyphens, 24 characters at most; values 1-120 of letters, digits and
    `+ - _ ( ) % .`; with `strict` names without a further hyphen, and values 1-48 of letters, digits and `%`.
    """
    problems = [
        f"{name!r}: {value!r}: {problem}"
        for name, value in (extra or {}).items()
        if (problem := _problem(name, value, strict=strict))
    ]
    seen: set[str] = set()
    for name in map(str, extra or {}):
        if name.lower() in seen:
            problems.append(f"{name!r}: is there twice (names ignore case)")
        seen.add(name.lower())
    if problems:
        raise UsageError("extra headers: " + "; ".join(problems))
    return tuple((extra or {}).items())


def received(headers: HeaderPairs) -> Mapping[str, str]:
    """The `X-PH-…` headers a peer sent, read-only: the first of each name, 32 at most, as long as they may be sent."""
    found: dict[str, str] = {}
    for name, value in headers:
        if len(found) >= _MAX_RECEIVED:
            break
        if name.lower() not in {known.lower() for known in found} and not _problem(name, value, strict=False):
            found[name] = value
    return MappingProxyType(found)


def first(headers: HeaderPairs, name: str) -> str | None:
    """The first value of a header, names without case; None if it is absent."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


def call_uuid(headers: HeaderPairs) -> str:
    """The UUID the far end gives the call (`X-CallUUID`), "" without a usable one."""
    for name, value in headers:
        if name.lower() == "x-calluuid" and _UUID.fullmatch(value.strip()):
            return value.strip()
    return ""


def _problem(name: object, value: object, *, strict: bool) -> str:
    """What is wrong with a pair, "" if nothing."""
    if not isinstance(name, str) or not isinstance(value, str):
        return "name and value must be text"
    longest = MAX_STRICT_VALUE if strict else MAX_VALUE
    rules = (
        (
            (_STRICT_NAME if strict else _NAME).fullmatch(name) is not None,
            f"the name must be {PREFIX} and letters{' or digits' if strict else ', digits or -'}",
        ),
        (len(name) <= MAX_NAME, f"the name has {len(name)} characters, {MAX_NAME} are allowed"),
        (value != "", "the value is empty"),
        (len(value) <= longest, f"the value has {len(value)} characters, {longest} are allowed"),
        (
            not value or (_STRICT_VALUE if strict else _VALUE).fullmatch(value) is not None,
            f"the value must be letters, digits{' and %' if strict else ' and + - _ ( ) % .'}",
        ),
    )
    return ", ".join(text for kept, text in rules if not kept)
