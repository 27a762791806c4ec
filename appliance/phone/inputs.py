"""What can happen to a telephone: a person's fingers, the line, its calls, and time."""

from dataclasses import dataclass

from appliance.units import Seconds


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key of the keypad went down; `key` is one character of `ports.KEYS`."""

    key: str


@dataclass(frozen=True, slots=True)
class HookChanged:
    """The hook switch moved, or said where it is: `off_hook` is True while the handset is lifted.

    `at` is when, on the monotonic clock; None is now. A hook flash is told from hanging up by it, however late the
    report is served.
    """

    off_hook: bool
    at: Seconds | None = None


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """A button beside the keypad went down; `name` is a `ports.Button` or a name of the board's own."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChanged:
    """The line was registered or lost.

    `refused` says that the registrar answered and refused the credentials: waiting does not help, somebody must act.
    """

    registered: bool
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCall:
    """Somebody calls this telephone."""

    call: str
    number: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRestored:
    """A call is there that this telephone was in before its program crashed, answered `talked` seconds ago."""

    call: str
    number: str
    name: str = ""
    incoming: bool
    talked: float
    muted: bool
    held: bool
    """By us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlaced:
    """The call that `Dial(attempt=…)` asked for exists and is named `call` from now on."""

    attempt: int
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialFailed:
    """The call that `Dial(attempt=…)` asked for could not be made at all; `reason` is in words."""

    attempt: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRinging:
    """The far end rings."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyMediaStarted:
    """The far end, or a gateway before it, sends sound of its own before the answer (RFC 3960)."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """The call is established."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """The call is over, answered or not.

    `status` is the SIP status it ended with, 0 for a BYE. `elsewhere` says that another telephone took it, so that it
    was not missed.
    """

    call: str
    status: int = 0
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFailed:
    """The incoming call `call` could not be answered; it still has to be ended."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteChanged:
    """The microphone of the call was muted or opened."""

    call: str
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldChanged:
    """The call was held or resumed, by us or (`remote`) by the far end."""

    call: str
    held: bool
    remote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRefused:
    """The call could not be put on hold: it goes on as it was."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfAnswered:
    """The unit has beeped and answers the incoming call by itself, as it was configured to: hands-free."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceChanged:
    """These calls hear each other and us; () is none."""

    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconnectionChanged:
    """The call is being reconnected, or is whole again."""

    call: str
    reconnecting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaChanged:
    """The call's media path is open, or there is none and nothing is heard."""

    call: str
    flows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityMeasured:
    """How the call sounded in the last second; `mos` is None while nothing is known."""

    call: str
    codec: str
    mos: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered:
    """Somebody far away wants a number called from here: whoever lifts the handset calls it."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextShown:
    """Words for the idle screen, for so many seconds; "" takes them away."""

    text: str
    seconds: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """Say which telephone this is, for so many seconds, while it is idle."""

    seconds: Seconds


@dataclass(frozen=True, slots=True)
class DoNotDisturbChanged:
    """Calls are turned away without ringing, or ring again."""

    on: bool


@dataclass(frozen=True, slots=True)
class ClockRead:
    """The time of day as people read it, "14:05"; "" while the clock is not to be trusted."""

    text: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened but time: what `Machine.deadline()` asked for."""


Input = (
    KeyPressed
    | HookChanged
    | ButtonPressed
    | LineChanged
    | IncomingCall
    | CallRestored
    | CallPlaced
    | DialFailed
    | RemoteRinging
    | EarlyMediaStarted
    | CallAnswered
    | CallEnded
    | AnswerFailed
    | MuteChanged
    | HoldChanged
    | HoldRefused
    | SelfAnswered
    | ConferenceChanged
    | ReconnectionChanged
    | MediaChanged
    | QualityMeasured
    | CallOffered
    | TextShown
    | Identified
    | DoNotDisturbChanged
    | ClockRead
    | TimePassed
)
