"""The telephone: a pure state machine between a person's fingers and calls.

    inputs ──► hook_moves  keys  recall  call_progress ──► state ──► what to do (dial, answer, hang up, …)
                                  deadlines ──┘             │
                                                            ├──► tone     (a phase has one tone or none)
                                                            └──► screen   (screens.py)

Tone and screen are functions of the state, never of the way into it: whatever happened before, a telephone that is
idle is silent.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from appliance.phone import call_progress, dialling, hook_moves, keys, other_calls, ring_down
from appliance.phone.actions import Action, PlayTone, Show, StopTone, ToneName
from appliance.phone.inputs import (
    ButtonPressed,
    CallOffered,
    ClockRead,
    DoNotDisturbChanged,
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
from appliance.phone.state import ESTABLISHED, OVER, WITH_CALL, Phase, PhoneSettings, State, Step, entered
from appliance.units import Seconds

TONES: Final[Mapping[Phase, ToneName]] = MappingProxyType(
    {
        Phase.RINGING: ToneName.RINGTONE,
        Phase.DIAL_TONE: ToneName.DIAL,
        Phase.CALLING: ToneName.CONNECTING,
        Phase.ALERTING: ToneName.RINGBACK,
        Phase.OFFERED: ToneName.CALL_WAITING,
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
    if state.phase in {Phase.IN_CALL, Phase.ON_HOLD} and state.waiting:
        return ToneName.CALL_WAITING
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
        """Take an input at `now` and return what to do. Deadlines that passed before it are served first."""
        actions: list[Action] = []
        self._state = replace(self._state, notices=self._state.notices.at(now))
        # A handset that was up again in time is no hang-up, however late its report is served.
        passed = happened.at if isinstance(happened, HookChanged) and happened.at is not None else now
        settling = self._settling()
        if settling is not None and passed >= settling:
            actions += self._take(hook_moves.settled(self._state, now, self._settings))
        if self._state.deadline is not None and now >= self._state.deadline:
            actions += self._take(_expired(self._state, now, self._settings))
        actions += self._take(_step(self._state, happened, now, self._settings))
        # The tone first: what a person hears follows the finger at once, and a key's own sound is not cut off by it.
        return (*self._audible(), *actions, *self._visible(now))

    def deadline(self, now: Seconds) -> Seconds | None:
        """When `TimePassed` is due: the end of a phase, of a notice, of a doubt about the hook, of a call's second."""
        call = self._state.call
        due = [self._state.deadline, self._state.notices.deadline, self._settling()]
        if call is not None and call.answered_at is not None and self._state.phase in ESTABLISHED:
            due.append(Seconds(call.answered_at + int(call.talked(now)) + 1.0))
        return min((each for each in due if each is not None), default=None)

    def _settling(self) -> Seconds | None:
        flash = self._settings.flash
        return None if flash is None else self._state.hook.deadline(flash)

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
        case ButtonPressed(name):
            return keys.button(state, name, now, settings)
        case HookChanged():
            return hook_moves.moved(state, happened, now, settings)
        case CallOffered(number=number):
            return dialling.offered(state, number, now, settings)
        case LineChanged() | DoNotDisturbChanged() | ClockRead() | TextShown() | Identified() | TimePassed():
            return _noticed(state, happened, now, settings), ()
        case _:
            return call_progress.progressed(state, happened, now, settings)


Notice = LineChanged | DoNotDisturbChanged | ClockRead | TextShown | Identified | TimePassed


def _noticed(state: State, happened: Notice, now: Seconds, settings: PhoneSettings) -> State:
    match happened:
        case LineChanged():
            return _line(state, happened, now, settings)
        case DoNotDisturbChanged(on):
            return replace(state, do_not_disturb=on)
        case ClockRead(text):
            return replace(state, clock=text)
        case TextShown(text=text, seconds=seconds):
            return replace(state, notices=state.notices.shown(text, now, seconds))
        case Identified(seconds=seconds) if state.phase is Phase.IDLE:
            return replace(state, notices=state.notices.identified(now, seconds))
        case _:
            return state


def _line(state: State, happened: LineChanged, now: Seconds, settings: PhoneSettings) -> State:
    state = replace(state, line=state.line.changed(registered=happened.registered, refused=happened.refused))
    if state.phase is Phase.DIAL_TONE and not state.line.ready:
        return entered(state, Phase.UNAVAILABLE, now, settings)
    if state.phase is Phase.UNAVAILABLE and state.line.ready:
        return entered(state, Phase.DIAL_TONE, now, settings)
    return state


def _expired(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after the end of its phase."""
    if state.phase is Phase.DIALLING or (state.urgent and state.phase in OVER):
        return dialling.dial(state, state.number or state.urgent, now, settings)
    if state.phase is Phase.DIAL_TONE and settings.hotline and not state.held:
        return ring_down.rung(state, settings.hotline, now, settings)
    if state.phase in WITH_CALL:
        return call_progress.expired(state, now, settings)
    if state.phase is Phase.PRE_DIALLING:
        return entered(state, Phase.IDLE, now, settings), ()
    return _nothing_said(state, now, settings)


def _nothing_said(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """The state when a tone has sounded for long enough off-hook."""
    if state.held:
        return other_calls.back(state, now, settings), ()
    if state.hook.alone:
        return hook_moves.given_up(state, now, settings)
    if state.phase is Phase.HANG_UP:
        return entered(replace(state, hook=state.hook.left()), Phase.HANDSET_OFF, now, settings), ()
    return entered(state, Phase.HANG_UP, now, settings), ()
