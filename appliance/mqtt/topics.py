"""The topics of one unit: `intercom/v1/<site>/<device>/…`."""

import re
from dataclasses import dataclass
from typing import Final

from appliance.errors import UsageError

VERSION: Final = "v1"
"""Payloads only gain fields within a version; the next one is published beside it."""

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REPLY: Final = re.compile(r"[A-Za-z0-9_./-]{1,64}")
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

    @property
    def log(self) -> str:
        """Lines of the log: never retained."""
        return f"{self.base}/log"

    @property
    def commands(self) -> str:
        """The filter of every command."""
        return f"{self.base}/cmd/+"

    @property
    def desired(self) -> str:
        """The configuration that a manager wants: retained."""
        return f"{self.base}/cfg/desired"

    @property
    def reported(self) -> str:
        """The configuration in use: retained."""
        return f"{self.base}/cfg/reported"

    def command_topic(self, name: str) -> str:
        """Where a command is sent to."""
        return f"{self.base}/cmd/{_checked('command', name)}"

    def command(self, topic: str) -> str:
        """The name of the command that came on `topic`; "" if it is none of this unit."""
        return topic.removeprefix(f"{self.base}/cmd/") if topic.startswith(f"{self.base}/cmd/") else ""

    def response(self, command: str) -> str:
        """The answers to a command. What a topic can't hold becomes `_`."""
        return f"{self.base}/resp/{_level(command)}"

    def is_response(self, topic: str) -> bool:
        """Whether answers may go to `topic`, which a sender has asked for: a broker lets a unit write below its own."""
        start = f"{self.base}/resp/"
        return topic.startswith(start) and _REPLY.fullmatch(topic, len(start)) is not None

    def quality(self, call_uuid: str) -> str:
        """The quality of one call. A call's UUID may be the peer's: what a topic can't hold becomes `_`."""
        return f"{self.base}/quality/{_level(call_uuid)}"


def _level(name: str) -> str:
    return _FOREIGN.sub("_", name)[:64] or "_"


def _checked(field: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{field} {name[:80]!r} can't be part of a topic: 1 to 64 letters, digits, - _ and .")
    return name
