"""The topics of one unit: `intercom/v1/<site>/<device>/…`."""

import re
from dataclasses import dataclass
from typing import Final

from appliance.errors import UsageError

VERSION: Final = "v1"
"""Payloads only gain fields within a version; the next one is published beside it."""

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Names the unit's topics. Raises `UsageError` for a name that is not 1 to 64 letters, digits, `-`, `_` and `.`.

    That leaves out the wildcards `+` and `#`, the separator, a leading `$`, NUL and everything that is not ASCII
    (MQTT 5 §4.7).
    """

    site: str
    """Where the unit stands."""
    device: str
    """Which unit it is there."""
    prefix: str = "intercom"
    """The first level."""

    def __post_init__(self) -> None:
        for field in ("prefix", "site", "device"):
            _checked(field, getattr(self, field))

    @property
    def base(self) -> str:
        """What every topic of the unit begins with, without the last slash."""
        return f"{self.prefix}/{VERSION}/{self.site}/{self.device}"

    @property
    def status(self) -> str:
        """Whether the unit is there: retained, and the will."""
        return f"{self.base}/status"

    @property
    def info(self) -> str:
        """What the unit is: retained."""
        return f"{self.base}/info"

    def state(self, name: str) -> str:
        """The last value of something: retained."""
        return f"{self.base}/state/{_checked('state', name)}"

    def event(self, name: str) -> str:
        """Something that happened: never retained."""
        return f"{self.base}/event/{_checked('event', name)}"

    def quality(self, call_uuid: str) -> str:
        """The quality of one call. A call's UUID may be the peer's: what a topic can't hold becomes `_`."""
        return f"{self.base}/quality/{_FOREIGN.sub('_', call_uuid)[:64] or '_'}"


def _checked(field: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{field} {name[:80]!r} can't be part of a topic: 1 to 64 letters, digits, - _ and .")
    return name
