"""What a manager may set from afar, over the unit's own file. No passwords, no paths, no permissions."""

from collections.abc import Mapping
from typing import Any, Final

ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "line": ("registrars", "domain", "display_name", "register_expires"),
    "media": ("codecs", "ptime", "max_average_bitrate", "stun", "dscp", "playout_delay"),
    "audio": ("microphone", "speaker"),
    "dialling": ("patterns", "blocked", "inter_digit", "ring_timeout"),
    "broker": ("host", "port"),
    "log": ("level",),
}
"""Tables and their keys. Emergency numbers are not among them: nobody takes those away from afar."""


def problems(settings: Mapping[str, Any]) -> list[str]:
    """What in `settings` is nobody's to set from afar."""
    found = []
    for table, values in settings.items():
        if table not in ALLOWED:
            found.append(f"{table} can't be set from afar; allowed are {', '.join(ALLOWED)}")
        elif not isinstance(values, Mapping):
            found.append(f"{table} is no table")
        else:
            allowed = ALLOWED[table]
            found += [
                f"{table}.{key} can't be set from afar; allowed are {', '.join(allowed)}"
                for key in values
                if key not in allowed
            ]
    return found


def merged(document: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The file's tables with `settings` over them."""
    result = dict(document)
    for table, values in settings.items():
        own = result.get(table, {})
        result[table] = {**own, **values} if isinstance(own, Mapping) else values
    return result
