"""The line (an account at a registrar) and the calls a telephone has on it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.units import Seconds

DIGITS_SHOWN: Final = 24
"""Of the digits sent in a call, this many of the last are remembered for the screen."""


class LineState(StrEnum):
    """Whether calls can be made and can come."""

    CONNECTING = "connecting"
    """Nothing has been heard from the registrar since the start."""
    READY = "ready"
    OFFLINE = "offline"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """The line as the telephone knows it."""

    state: LineState = LineState.CONNECTING

    @property
    def ready(self) -> bool:
        """Whether the line is registered."""
        return self.state is LineState.READY

    def changed(self, *, registered: bool, refused: bool) -> "Line":
        """The line after a report."""
        if registered:
            return Line(LineState.READY)
        return Line(LineState.REFUSED if refused else LineState.OFFLINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCall:
    """A call on the line: who, since when, and how it stands."""

    call: str = ""
    """The call API's UUID; "" while an outgoing call has been asked for and not yet made."""

    number: str
    name: str = ""
    incoming: bool = False
    answered_at: Seconds | None = None
    held: bool = False
    """Held by us."""
    joined: bool = False
    """In a conference with others, and us."""
    muted: bool = False
    remote_held: bool = False
    reconnecting: bool = False
    """Its media path or the registrar is lost for the moment."""
    silent: bool = False
    """Nothing is heard of the far end: there is no media path."""
    codec: str = ""
    mos: float | None = None
    digits: str = ""
    """The last digits sent, for the screen."""

    @property
    def peer(self) -> str:
        """Who it is, in one word: the name if there is one."""
        return self.name or self.number

    @property
    def answered(self) -> bool:
        """Both sides talk, or could."""
        return self.answered_at is not None

    def talked(self, now: Seconds) -> Seconds:
        """How long it has been answered, in seconds to the microsecond; zero before."""
        return Seconds(0.0) if self.answered_at is None else Seconds(round(max(0.0, now - self.answered_at), 6))

    def with_digit(self, digit: str) -> str:
        """`digits` after one more."""
        return (self.digits + digit)[-DIGITS_SHOWN:]
