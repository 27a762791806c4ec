"""What is asked of a unit on `cmd/<name>` and `cfg/desired`, and its answers on `resp/<name>` and `cfg/reported`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from appliance.mqtt.document import Json
from appliance.mqtt.limits import Letters, Range
from appliance.units import Seconds

ID: Final = Letters(64, r"[A-Za-z0-9_.:-]*", "letters, digits and - _ . :")
"""What a sender may name a command, or a configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every command may say beside its own fields."""

    id: Annotated[str, ID] = ""
    """The sender's name for this command. A second one with the same id is refused.

    `door_open`, `call`, `reboot` and the configuration commands are refused without.
    """
    time: datetime | None = None
    """When it was sent, ISO 8601 with its offset. `door_open` is refused without."""
    expires: Annotated[Seconds, Range(1, 3600)] = Seconds(10.0)
    """Seconds after `time` until it is refused. A `door_open` never lives longer than 10 s."""
    by: Annotated[str, Letters(64)] = ""
    """Who asks, for the audit record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`cmd/call`: the unit offers to call a number; the person at it lifts the handset, and then it is dialled."""

    number: Annotated[str, Letters(32, r"[0-9*#]+", "digits, * and #")]
    """One of the numbers that the unit's configuration allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """`cmd/hang_up`: end the present call, or refuse the one that rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """`cmd/volume`."""

    level: Annotated[int, Range(0, 100)]
    """Percent of the speaker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowText:
    """`cmd/show_text`: words on the display."""

    text: Annotated[str, Letters(64)]
    """The words; "" takes them away."""
    seconds: Annotated[Seconds, Range(1, 86_400)] = Seconds(60.0)
    """How long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dnd:
    """`cmd/dnd`: do not disturb."""

    on: bool
    """Calls are answered busy while it is true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """`cmd/identify`: the unit shows which one it is, by display and sound."""

    seconds: Annotated[Seconds, Range(1, 600)] = Seconds(10.0)
    """How long; a call ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSelfTest:
    """`cmd/self_test`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot:
    """`cmd/reboot`: start the service or the machine anew; waits for the end of a call."""

    machine: bool = False
    """The whole machine, not the service alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigApply:
    """`cmd/config_apply`: try what `cfg/desired` says once more, after it was reverted."""

    version: Annotated[str, ID]
    """The version that `cfg/desired` has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRollBack:
    """`cmd/config_roll_back`: go back to the configuration before the last one that was applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """`cmd/logs`: send the last log lines to the HTTPS address in the unit's configuration."""

    minutes: Annotated[int, Range(1, 1440)] = 60
    """How far back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorOpen:
    """`cmd/door_open`: release the door once."""

    door: Annotated[str, ID] = ""
    """Which of the unit's doors; "" is its only one."""


Arguments = (
    Call
    | HangUp
    | Volume
    | ShowText
    | Dnd
    | Identify
    | RunSelfTest
    | Reboot
    | ConfigApply
    | ConfigRollBack
    | Logs
    | DoorOpen
)
"""Everything that can be asked of a unit."""

COMMANDS: Final[Mapping[str, type[Arguments]]] = MappingProxyType(
    {
        "call": Call,
        "hang_up": HangUp,
        "volume": Volume,
        "show_text": ShowText,
        "dnd": Dnd,
        "identify": Identify,
        "self_test": RunSelfTest,
        "reboot": Reboot,
        "config_apply": ConfigApply,
        "config_roll_back": ConfigRollBack,
        "logs": Logs,
        "door_open": DoorOpen,
    }
)
"""The commands by the last level of their topic."""


class Progress(StrEnum):
    """Where a command is."""

    ACCEPTED = "accepted"
    """It will be done; more answers follow."""
    RUNNING = "running"
    """`detail` says what happens now."""
    DONE = "done"
    """The last answer: it was done."""
    FAILED = "failed"
    """The last answer: it was tried, and was not done."""
    REFUSED = "refused"
    """The only answer: it was not tried."""


class Refusal(StrEnum):
    """Why a command was not done, for programs; `detail` has it in words."""

    RETAINED = "retained"
    """It was kept by the broker: nobody asks for it now."""
    MALFORMED = "malformed"
    """Not a JSON object with the fields of this command."""
    OVERSIZED = "oversized"
    UNKNOWN = "unknown"
    """There is no such command."""
    FORBIDDEN = "forbidden"
    """This unit's configuration does not permit it."""
    WITHOUT_ID = "without_id"
    WITHOUT_TIME = "without_time"
    STALE = "stale"
    """It was sent too long ago, or in the future."""
    REPEATED = "repeated"
    """Its id was seen before."""
    CLOCK = "clock"
    """The unit's clock is not synchronised, so that it can't tell how old the command is."""
    BUSY = "busy"
    """The unit is occupied, or too many commands came at once."""
    UNAVAILABLE = "unavailable"
    """The unit has nothing that could do it."""
    NOT_KEPT = "not_kept"
    """The audit record could not be kept over a power cut, which this command needs."""
    FAILED = "failed"
    """It was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """`resp/<name>`: an answer to a command; also sent to the response topic of MQTT 5, if that is below `resp/`."""

    command: str
    """The name of the command."""
    command_id: str
    """Its id; "" if it had none that could be read."""
    status: Progress
    reason: Refusal | None = None
    """Why it was refused, or failed."""
    detail: str = ""
    """A sentence for people."""
    result: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    """What it has brought, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """`event/audit`: a command, and what became of it. Outlives a power cut."""

    command: str
    command_id: str
    by: str
    """Who asked, as the command says."""
    status: Progress
    """"accepted" before it is done; then "done", "failed" or "refused"."""
    reason: Refusal | None = None
    detail: str = ""
    arguments: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    """The command's own fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigDesired:
    """`cfg/desired`, retained: the configuration that a manager wants. Applied as soon as it is seen."""

    version: Annotated[str, ID]
    """A name for it. A version that is in use, or was reverted, is not tried."""
    settings: Mapping[str, Json]
    """Tables and keys of the configuration file that differ from the unit's own file; no passwords, no paths."""
    confirm_within: Annotated[Seconds, Range(30, 3600)] = Seconds(120.0)
    """Seconds in which broker and registrar must be there, and at whose end too; else it is reverted."""
    by: Annotated[str, Letters(64)] = ""
    """Who wants it, for the audit record."""


class ConfigState(StrEnum):
    """Where the configuration is."""

    OWN = "own"
    """Only the unit's own file counts."""
    TRIAL = "trial"
    """Applied, and not yet confirmed."""
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    """It was tried and lost the broker or the registrar: the one before is in use."""
    REJECTED = "rejected"
    """It was not tried: `problems` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigReported:
    """`cfg/reported`, retained: the configuration in use."""

    state: ConfigState = ConfigState.OWN
    version: str = ""
    """The version in use; "" is the unit's own file."""
    previous: str = ""
    """The version that a roll back leads to."""
    tried: str = ""
    """The version that was reverted or rejected last."""
    hash: str = ""
    """SHA-256 of all settings in use, secrets left out: equal on units that are configured alike."""
    since: datetime | None = None
    """When it came into use."""
    problems: tuple[str, ...] = ()
    """What is wrong with the version that was tried."""
