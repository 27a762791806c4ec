"""What the telephone asks for. The controller does it; what becomes of it comes back as inputs."""

from dataclasses import dataclass
from enum import StrEnum

from appliance.phone.screen import Screen


class ToneName(StrEnum):
    """The sounds a telephone makes by itself (ITU-T E.182)."""

    DIAL = "dial"
    CONNECTING = "connecting"
    """The call is on its way."""
    RINGBACK = "ringback"
    BUSY = "busy"
    REORDER = "reorder"
    RINGTONE = "ringtone"
    CALL_WAITING = "call_waiting"
    """Somebody calls, and this telephone is in use."""
    RECONNECTING = "reconnecting"
    """In place of the far end's sound, while its way to us is rebuilt."""
    OFFER = "offer"
    """Somebody far away wants a number called from here: lift the handset."""
    IDENTIFY = "identify"
    """Here I am."""
    HANG_UP = "hang_up"
    """The handset has been off-hook for too long: it asks to be replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Call `number`; answer with `CallPlaced` or `DialFailed` of the same `attempt`.

    An `urgent` one waits for nothing that is under way.
    """

    number: str
    attempt: int
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the incoming call, and hold the one in progress; say `AnswerFailed` if that can't be done."""

    call: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse the incoming call with a SIP status (RFC 3261 §21.4)."""

    call: str
    status: int = 486


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call in whatever state it is."""

    call: str


@dataclass(frozen=True, slots=True)
class SendDigit:
    """Send one DTMF digit of `0-9 * #` in the call."""

    call: str
    digit: str


@dataclass(frozen=True, slots=True)
class SetMute:
    """Mute or open the microphone of the call."""

    call: str
    muted: bool


@dataclass(frozen=True, slots=True)
class SetHold:
    """Hold or resume the call; say `HoldRefused` if it can't be held."""

    call: str
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Hold one call and, once that is done, resume another; say `HoldRefused` if the first can't be held."""

    held: str
    resumed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Connect the far ends of two answered calls with each other; both calls end if that succeeds."""

    call: str
    to: str


@dataclass(frozen=True, slots=True)
class Join:
    """Let these calls hear each other and us."""

    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetDoNotDisturb:
    """Turn calls away without ringing, or let them ring."""

    on: bool


@dataclass(frozen=True, slots=True)
class PlayTone:
    """Play this tone until another `PlayTone` or `StopTone`."""

    tone: ToneName


@dataclass(frozen=True, slots=True)
class KeySound:
    """Let the key that was taken be heard, once and shortly, in the handset."""

    key: str


@dataclass(frozen=True, slots=True)
class StopTone:
    """Fall silent."""


@dataclass(frozen=True, slots=True)
class Show:
    """Put this on the display."""

    screen: Screen


Action = (
    Dial
    | Answer
    | Reject
    | HangUp
    | SendDigit
    | SetMute
    | SetHold
    | Swap
    | Transfer
    | Join
    | SetDoNotDisturb
    | PlayTone
    | StopTone
    | KeySound
    | Show
)
