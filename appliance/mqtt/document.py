"""Values as JSON.

`document()` turns any dataclass into plain JSON values by its fields, so that a new event or a new field needs nothing
here. Texts may be a peer's: they are cut, cleaned and counted, and never raise.
"""

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from numbers import Integral, Real
from typing import Any, Final, TypeAlias

from appliance.config.secret import HIDDEN, Secret

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_TEXT: Final = 512
"""Characters of a text that are published; a longer one ends in an ellipsis."""
MAX_KEY: Final = 64
"""Characters of a mapping's key."""
MAX_ITEMS: Final = 24
"""Entries of a list or mapping that are published. With these three, no peer makes an event too large to publish."""
_MAX_DEPTH: Final = 6
_MAX_INTEGER: Final = 2**53 - 1  # beyond it a reader in JavaScript is wrong (RFC 8259 §6)
_PRIVATE: Final = ("password", "secret", "token", "authorization")
_UNWANTED: Final = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n"}


def document(value: object, depth: int = 0) -> Json:
    """`value` as JSON: dataclasses and mappings as objects, enums as their values, times in ISO 8601 UTC.

    What JSON can't say is null (NaN, infinity, integers beyond 2⁵³), hexadecimal (bytes that are not UTF-8) or the text
    of `str()`. Secrets, and fields whose names speak of one, are hidden.
    """
    if isinstance(value, str | int | float | None):
        return _scalar(value)  # most values, and the checks below are slow
    if depth > _MAX_DEPTH:
        return "…"
    if (names := _field_names(type(value))) is not None:
        return {name: HIDDEN if private else document(getattr(value, name), depth + 1) for name, private in names}
    if isinstance(value, Mapping):
        return _entries(value, depth)
    if isinstance(value, Sequence | AbstractSet) and not isinstance(value, bytes | bytearray):
        items = sorted(value, key=str) if isinstance(value, AbstractSet) else value
        return [document(item, depth + 1) for item in items[:MAX_ITEMS]]
    return _scalar(value)


def _scalar(value: object) -> Json:
    result: Json
    match value:
        case None | bool():
            result = value
        case Enum():
            result = _scalar(value.value)
        case str():
            result = _text(value)
        case float():
            # Four decimals are a tenth of a microsecond where the unit is ms.
            result = round(float(value), 4) if math.isfinite(value) else None
        case Integral():
            result = int(value) if abs(int(value)) <= _MAX_INTEGER else None
        case Real():
            result = _scalar(float(value))
        case datetime():
            result = _time(value)
        case bytes() | bytearray():
            result = _octets(bytes(value))
        case Secret():
            result = HIDDEN
        case _:
            result = _text(str(value))
    return result


_known: Final[dict[type, tuple[tuple[str, bool], ...] | None]] = {}  # grows with the program's types, not its values


def _field_names(kind: type) -> tuple[tuple[str, bool], ...] | None:
    """The names of a dataclass's fields, and whether what they hold is nobody's business; None for other types."""
    if kind not in _known:
        named = fields(kind) if is_dataclass(kind) else None
        _known[kind] = None if named is None else tuple((field.name, is_private(field.name)) for field in named)
    return _known[kind]


def _entries(value: Mapping[Any, Any], depth: int) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for key, item in value.items():
        if len(result) == MAX_ITEMS:
            break
        name = _text(str(key), MAX_KEY)
        result[name] = HIDDEN if is_private(name) else document(item, depth + 1)
    return result


def is_private(name: str) -> bool:
    """Whether what a field of this name holds is nobody's business."""
    lowered = name.lower()
    return any(word in lowered for word in _PRIVATE)


def _text(value: str, longest: int = MAX_TEXT) -> str:
    if len(value) > longest:
        value = value[: longest - 1] + "…"
    if value.isprintable():
        return value
    # Lone surrogates are not UTF-8, and NUL ends many a reader's text.
    return value.encode("utf-8", "replace").decode().translate(_UNWANTED)


def _octets(value: bytes) -> str:
    try:
        return _text(value[: 4 * MAX_TEXT].decode())
    except UnicodeDecodeError:
        return _text(value[:MAX_TEXT].hex())


def _time(value: datetime) -> str:
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
