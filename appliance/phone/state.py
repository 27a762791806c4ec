"""The state of a telephone, whole and frozen, and how long each phase of it may last."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from appliance.phone.actions import Action
from appliance.phone.dial_plan import DialPlan
from appliance.phone.hook import FlashTimes, Hook
from appliance.phone.lines import Line, LineCall
from appliance.phone.notices import Notices
from appliance.phone.words import ENGLISH, Words
from appliance.units import Seconds


class Phase(StrEnum):
    """Where a telephone is between two inputs."""

    STARTING = "starting"
    """The hook switch has not reported yet."""
    HANDSET_OFF = "handset_off"
    """Off-hook and given up: found so at the start, or left so until the howler ended. Only the hook leads out."""
    IDLE = "idle"
    PRE_DIALLING = "pre_dialling"
    """On-hook, a number is being keyed in."""
    RINGING = "ringing"
    """On-hook, somebody calls."""
    ANSWERING = "answering"
    DIAL_TONE = "dial_tone"
    DIALLING = "dialling"
    CALLING = "calling"
    ALERTING = "alerting"
    """The far end rings; we hear ringback."""
    EARLY_MEDIA = "early_media"
    """We hear what the far end sends before the answer."""
    IN_CALL = "in_call"
    ON_HOLD = "on_hold"
    """A call that we hold."""
    RECALL = "recall"
    """R was pressed in a call while there are others: a digit says what it is for (`recall.py`)."""
    OFFERED = "offered"
    """Off-hook, nobody is talked to, and somebody calls."""
    BUSY = "busy"
    FAILED = "failed"
    ENDED = "ended"
    """The far end hung up and the handset is still off-hook."""
    UNAVAILABLE = "unavailable"
    """Off-hook without a registered line."""
    HANG_UP = "hang_up"
    """The howler asks to replace the handset."""


ON_HOOK: Final = frozenset({Phase.IDLE, Phase.PRE_DIALLING, Phase.RINGING})
"""The phases of a telephone whose handset is down (`STARTING` does not know)."""

OUTGOING: Final = frozenset({Phase.CALLING, Phase.ALERTING, Phase.EARLY_MEDIA})
LIKELY: Final = frozenset({Phase.PRE_DIALLING, Phase.DIAL_TONE, Phase.DIALLING})
"""A call of ours may be asked for any moment."""
ESTABLISHED: Final = frozenset({Phase.IN_CALL, Phase.ON_HOLD, Phase.RECALL})
WITH_CALL: Final = OUTGOING | ESTABLISHED | {Phase.RINGING, Phase.ANSWERING, Phase.OFFERED}
"""The phases in which there is a call in front; in all others there is none."""

OVER: Final = frozenset({Phase.BUSY, Phase.FAILED, Phase.ENDED, Phase.UNAVAILABLE, Phase.HANG_UP})
"""Off-hook after something ended: a tone plays, and a key starts a new number."""

PATIENCE: Final[Mapping[Phase, Seconds]] = MappingProxyType(
    {
        Phase.PRE_DIALLING: Seconds(30.0),
        Phase.RINGING: Seconds(120.0),
        Phase.ANSWERING: Seconds(15.0),
        Phase.DIAL_TONE: Seconds(20.0),
        Phase.CALLING: Seconds(180.0),
        Phase.RECALL: Seconds(2.5),
        Phase.OFFERED: Seconds(120.0),
        Phase.BUSY: Seconds(15.0),
        Phase.FAILED: Seconds(15.0),
        Phase.ENDED: Seconds(15.0),
        Phase.UNAVAILABLE: Seconds(15.0),
        Phase.HANG_UP: Seconds(30.0),
    }
)
"""How long a phase may last, in seconds. `DIALLING` lasts as long as the dial plan says; `ALERTING` and `EARLY_MEDIA`
share the time of `CALLING` (RFC 3261 §16.6 timer C); phases that are not here last until something happens."""

BACK: Final = Seconds(5.0)
"""After so many seconds of a tone a telephone goes back to the call it holds meanwhile, or hands-free talk ends."""

AGAIN: Final = Seconds(2.0)
"""Seconds until an emergency number that could not be called is called again."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a hotline or a button calls, and how long it may ring there, in seconds."""

    number: str
    seconds: Seconds = Seconds(20.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSettings:
    """What a telephone is configured with."""

    name: str = ""
    """The name of the place, shown while idle."""
    number: str = ""
    """The telephone's own number, shown while idle."""
    dial_plan: DialPlan = field(default_factory=DialPlan)
    patience: Mapping[Phase, Seconds] = field(default_factory=lambda: PATIENCE)
    """How long each phase may last, in seconds."""
    words: Words = ENGLISH
    flash: FlashTimes | None = field(default_factory=FlashTimes)
    """What a hook flash is; None: every handset that goes down ends its call at once."""
    most_calls: int = 3
    """Calls there may be at once, the one that is talked with and those that wait or are held; further ones are busy.
    1 is a telephone without call waiting."""
    hotline: tuple[Target, ...] = ()
    """Called when the handset is lifted, one after the other; () is an ordinary telephone."""
    hotline_delay: Seconds = Seconds(0.0)
    """How long the dial tone waits for a key before that, in seconds; zero is no dial tone at all."""
    buttons: Mapping[str, tuple[Target, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Buttons of the board that call somebody, like that of a door."""
    dark_after: Seconds | None = None
    """Seconds at rest until the display goes dark; None is never."""
    longest_call: Seconds | None = None
    """Seconds after which a call is ended; emergency calls last as long as they last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything a telephone knows."""

    phase: Phase = Phase.STARTING
    deadline: Seconds | None = None
    """When the phase ends by itself."""
    hook: Hook = field(default_factory=Hook)
    line: Line = field(default_factory=Line)
    number: str = ""
    """What has been keyed in (PRE_DIALLING, DIALLING)."""
    offered: bool = False
    """It was not keyed in: somebody far away wants it called (PRE_DIALLING)."""
    attempt: int = 0
    """Counts the calls asked for, so that a late result is not taken for a later call's."""
    call: LineCall | None = None
    """The call in front, exactly in the phases of `WITH_CALL`."""
    others: tuple[LineCall, ...] = ()
    """The calls behind it, the oldest first: answered ones, which we hold, and incoming ones, which wait."""
    peer: str = ""
    """With whom the last call was, for the screens after it."""
    talked: Seconds = Seconds(0.0)
    """How long it lasted."""
    reason: str = ""
    """Why it failed, in words."""
    last_number: str = ""
    """What redial calls."""
    targets: tuple[Target, ...] = ()
    """Who is called next if the present call of a hotline or a button leads to nothing (OUTGOING)."""
    urgent: str = ""
    """The emergency number that is called until it answers or the handset is down; nothing comes between."""
    do_not_disturb: bool = False
    missed: int = 0
    missed_peer: str = ""
    clock: str = ""
    notices: Notices = field(default_factory=Notices)

    @property
    def held(self) -> tuple[LineCall, ...]:
        """The calls behind that are held."""
        return tuple(call for call in self.others if call.answered)

    @property
    def waiting(self) -> tuple[LineCall, ...]:
        """The calls behind that wait to be answered."""
        return tuple(call for call in self.others if not call.answered)

    @property
    def calls(self) -> int:
        """How many there are."""
        return len(self.others) + (self.call is not None)


Step = tuple[State, tuple[Action, ...]]
"""A state and what is to be done on the way into it."""


def entered(state: State, phase: Phase, now: Seconds, settings: PhoneSettings) -> State:
    """`state` in another phase, with that phase's deadline; what belongs to other phases only is dropped."""
    patience = settings.patience.get(phase)
    if phase in OVER and patience is not None and (state.held or state.hook.alone):
        patience = min(patience, BACK)
    deadline = None if patience is None else Seconds(now + patience)
    call = state.call
    if phase in OUTGOING and state.phase in OUTGOING:
        deadline = state.deadline
    if phase in {Phase.IN_CALL, Phase.ON_HOLD} and call is not None and call.answered_at is not None:
        # Not the phase ends, but the call.
        limited = settings.longest_call is not None and not state.urgent
        deadline = Seconds(call.answered_at + (settings.longest_call or 0.0)) if limited else None
    return replace(
        state,
        phase=phase,
        deadline=deadline,
        call=state.call if phase in WITH_CALL else None,
        number=state.number if phase in {Phase.PRE_DIALLING, Phase.DIALLING} else "",
        targets=state.targets if phase in OUTGOING else (),
        offered=state.offered and phase is Phase.PRE_DIALLING,
        # Whoever touches it has found it.
        notices=state.notices if phase is Phase.IDLE else state.notices.found(),
    )
