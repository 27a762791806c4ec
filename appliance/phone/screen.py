"""What the display says, before it is pixels: a frozen model that `screens.py` makes and `screen_image.py` draws."""

from dataclasses import dataclass
from enum import StrEnum


class ScreenKind(StrEnum):
    """The screens a telephone has."""

    STARTING = "starting"
    IDLE = "idle"
    NOTICE = "notice"
    """Idle, with words from far away."""
    IDENTIFY = "identify"
    """Idle, and saying which telephone it is."""
    OFFLINE = "offline"
    HANDSET_OFF = "handset_off"
    NUMBER = "number"
    """A number is being keyed in: with the handset down, or after lifting it."""
    DIAL_TONE = "dial_tone"
    CALLING = "calling"
    RINGING = "ringing"
    EARLY_MEDIA = "early_media"
    INCOMING = "incoming"
    ANSWERING = "answering"
    IN_CALL = "in_call"
    ON_HOLD = "on_hold"
    LIST = "list"
    """Rows to choose from."""
    BUSY = "busy"
    FAILED = "failed"
    ENDED = "ended"
    UNAVAILABLE = "unavailable"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One screen. Texts are whole; whoever draws them shortens what does not fit."""

    kind: ScreenKind
    title: str = ""
    """The small line at the top: where we are."""
    headline: str = ""
    """The one thing to see from across the room: a number, a name, the time."""
    detail: str = ""
    hint: str = ""
    """The small line at the bottom: what can be done now."""
    rows: tuple[str, ...] = ()
    """Of a list, those that are seen."""
    chosen: int | None = None
    """Which of them is the one that is meant, counted from 0."""
    timer: str = ""
    """How long the call lasts, "1:05"."""
    codec: str = ""
    bars: int | None = None
    """Quality of the call, 0 to 4; None while nothing is known."""
    muted: bool = False
    ready: bool = True
    """Whether the line is registered."""

    @property
    def text(self) -> tuple[str, ...]:
        """The lines a person can read on it, from top to bottom."""
        lines = (self.title, self.headline, *self.rows, self.timer, self.detail, self.codec, self.hint)
        return tuple(line for line in lines if line)

    def says(self, text: str) -> bool:
        """Whether `text` stands on it, whatever its capitals."""
        wanted = text.casefold()
        return any(wanted in line.casefold() for line in self.text)
