"""The telephone: a pure state machine between a person's fingers and calls.

    inputs ──► hook.py  keys.py  call_progress.py ──► state.py ──► what to do (dial, answer, hang up, …)
                             deadlines ──┘                │
                                                          ├──► tone     (a phase has one tone or none)
                                                          └──► screen   (screens.py)

Tone and screen are functions of the state, never of the way into it: whatever happened before, a telephone that is
idle is silent.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from appliance.phone import call_progress, keys
from appliance.phone.actions import Action, Answer, HangUp, PlayTone, Show, StopTone, ToneName
from appliance.phone.hook import HookMove
from appliance.phone.inputs import (
    CallOffered,
    ClockRead,
    HookChanged,
    Identified,
    Input,
    KeyPressed,
    LineChanged,
    TextShown,
    TimePassed,
)
from appliance.phone.screen import Screen
from appliance.phone.screens import screen_of
from appliance.phone.state import ESTABLISHED, WITH_CALL, Phase, PhoneSettings, State, Step, entered
from appliance.units import Seconds

TONES: Final[Mapping[Phase, ToneName]] = MappingProxyType(
    {
        Phase.RINGING: ToneName.RINGTONE,
        Phase.DIAL_TONE: ToneName.DIAL,
        Phase.CALLING: ToneName.CONNECTING,
        Phase.ALERTING: ToneName.RINGBACK,
        Phase.BUSY: ToneName.BUSY,
        Phase.ENDED: ToneName.BUSY,
        Phase.FAILED: ToneName.REORDER,
        Phase.UNAVAILABLE: ToneName.REORDER,
        Phase.HANG_UP: ToneName.HANG_UP,
    }
)
"""The tone of each phase; a phase that is not here is silent."""


def tone_of(state: State) -> ToneName | None:
    """The tone of a telephone in this state; None is silence, or the far end's own sound."""
    if state.phase is Phase.IN_CALL and state.call is not None and state.call.silent:
        return ToneName.RECONNECTING
    if state.offered:
        return ToneName.OFFER
    if state.phase is Phase.IDLE and state.notices.identifying:
        return ToneName.IDENTIFY
    return TONES.get(state.phase)


class Machine:
    """One telephone. Hand it every input with the time; do what it returns, in that order."""

    def __init__(self, settings: PhoneSettings) -> None:
        self._settings = settings
        self._state = State()
        self._tone: ToneName | None = None
        self._screen: Screen | None = None

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    @property
    def phase(self) -> Phase:
        """The phase of the state now."""
        return self._state.phase

    @property
    def tone(self) -> ToneName | None:
        """The tone that plays now."""
        return self._tone

    def handle(self, happened: Input, now: Seconds) -> tuple[Action, ...]:
        """Take an input at `now` and return what to do. A deadline that has passed is served first."""
        actions: list[Action] = []
        self._state = replace(self._state, notices=self._state.notices.at(now))
        if self._state.deadline is not None and now >= self._state.deadline:
            actions += self._take(_expired(self._state, now, self._settings))
        actions += self._take(_step(self._state, happened, now, self._settings))
        # The tone first: what a person hears follows the finger at once, and a key's own sound is not cut off by it.
        return (*self._audible(), *actions, *self._visible(now))

    def deadline(self, now: Seconds) -> Seconds | None:
        """When `TimePassed` is due: the end of the phase or of a notice, or the next second of a call's timer."""
        call = self._state.call
        if call is not None and call.answered_at is not None and self._state.phase in ESTABLISHED:
            return Seconds(call.answered_at + int(call.talked(now)) + 1.0)
        ends = (self._state.deadline, self._state.notices.deadline)
        return min((end for end in ends if end is not None), default=None)

    def _take(self, step: Step) -> tuple[Action, ...]:
        self._state, actions = step
        return actions

    def _audible(self) -> tuple[Action, ...]:
        tone = tone_of(self._state)
        if tone is self._tone:
            return ()
        self._tone = tone
        return (StopTone(),) if tone is None else (PlayTone(tone),)

    def _visible(self, now: Seconds) -> tuple[Action, ...]:
        screen = screen_of(self._state, now, self._settings)
        if screen == self._screen:
            return ()
        self._screen = screen
        return (Show(screen),)


def _step(state: State, happened: Input, now: Seconds, settings: PhoneSettings) -> Step:
    match happened:
        case KeyPressed(key):
            return keys.pressed(state, key, now, settings)
        case HookChanged(off_hook):
            return _hook(state, off_hook, now, settings)
        case LineChanged():
            return _line(state, happened, now, settings), ()
        case CallOffered(number=number):
            return keys.offered(state, number, now, settings)
        case ClockRead() | TextShown() | Identified() | TimePassed():
            return _shown(state, happened, now), ()
        case _:
            return call_progress.progressed(state, happened, now, settings)


def _shown(state: State, happened: ClockRead | TextShown | Identified | TimePassed, now: Seconds) -> State:
    match happened:
        case ClockRead(text):
            return replace(state, clock=text)
        case TextShown(text=text, seconds=seconds):
            return replace(state, notices=state.notices.shown(text, now, seconds))
        case Identified(seconds=seconds) if state.phase is Phase.IDLE:
            return replace(state, notices=state.notices.identified(now, seconds))
        case _:
            return state


def _hook(state: State, off_hook: bool, now: Seconds, settings: PhoneSettings) -> Step:
    hook, move = state.hook.moved(off_hook)
    state = replace(state, hook=hook)
    match move:
        case HookMove.NONE:
            return state, ()
        case HookMove.FOUND_OFF:
            return entered(state, Phase.HANDSET_OFF, now, settings), ()
        case HookMove.REPLACED:
            end = (HangUp(state.call.call),) if state.call is not None and state.call.call else ()
            return entered(state, Phase.IDLE, now, settings), end
        case HookMove.LIFTED:
            return _lifted(replace(state, missed=0, missed_peer=""), now, settings)


def _lifted(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    if state.phase is Phase.RINGING and state.call is not None:
        return entered(state, Phase.ANSWERING, now, settings), (Answer(state.call.call),)
    if state.phase is Phase.PRE_DIALLING:
        return keys.dial(state, state.number, now, settings)
    return entered(state, Phase.DIAL_TONE if state.line.ready else Phase.UNAVAILABLE, now, settings), ()


def _line(state: State, happened: LineChanged, now: Seconds, settings: PhoneSettings) -> State:
    state = replace(state, line=state.line.changed(registered=happened.registered, refused=happened.refused))
    if state.phase is Phase.DIAL_TONE and not state.line.ready:
        return entered(state, Phase.UNAVAILABLE, now, settings)
    if state.phase is Phase.UNAVAILABLE and state.line.ready:
        return entered(state, Phase.DIAL_TONE, now, settings)
    return state


_AFTER: Final[Mapping[Phase, Phase]] = MappingProxyType(
    {
        Phase.PRE_DIALLING: Phase.IDLE,
        Phase.DIAL_TONE: Phase.HANG_UP,
        Phase.BUSY: Phase.HANG_UP,
        Phase.FAILED: Phase.HANG_UP,
        Phase.ENDED: Phase.HANG_UP,
        Phase.UNAVAILABLE: Phase.HANG_UP,
        Phase.HANG_UP: Phase.HANDSET_OFF,
    }
)


def _expired(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    if state.phase is Phase.DIALLING:
        return keys.dial(state, state.number, now, settings)
    if state.phase in WITH_CALL:
        return call_progress.expired(state, now, settings)
    return entered(state, _AFTER.get(state.phase, state.phase), now, settings), ()
