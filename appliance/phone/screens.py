"""Which screen a state of the telephone has."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from appliance.phone.call_screens import call_screen, duration
from appliance.phone.lines import LineState
from appliance.phone.screen import Screen, ScreenKind
from appliance.phone.state import Phase, PhoneSettings, State
from appliance.units import Seconds


def screen_of(state: State, now: Seconds, settings: PhoneSettings) -> Screen:
    """The screen of a telephone in this state at this time."""
    call = state.call
    if call is not None:
        return call_screen(state, call, now, settings)
    return _SCREENS[state.phase](state, settings)


def _starting(state: State, settings: PhoneSettings) -> Screen:
    words = settings.words
    return Screen(
        kind=ScreenKind.STARTING,
        title=settings.name,
        headline=words.starting,
        detail=words.one_moment,
        ready=state.line.ready,
    )


def _idle(state: State, settings: PhoneSettings) -> Screen:
    words = settings.words
    if state.line.state is LineState.CONNECTING:
        return Screen(
            kind=ScreenKind.STARTING,
            title=settings.name,
            headline=words.connecting,
            detail=words.one_moment,
            ready=False,
        )
    if not state.line.ready:
        refused = state.line.state is LineState.REFUSED
        return Screen(
            kind=ScreenKind.OFFLINE,
            title=settings.name,
            headline=words.refused if refused else words.offline,
            detail=state.clock,
            hint=words.refused_hint if refused else words.offline_hint,
            ready=False,
        )
    if state.notices.identifying:
        return Screen(
            kind=ScreenKind.IDENTIFY,
            title=words.this_is,
            headline=settings.name or settings.number,
            detail=settings.number,
        )
    if state.notices.text:
        return Screen(kind=ScreenKind.NOTICE, title=settings.name, headline=state.notices.text, hint=words.ready_hint)
    missed = f"{words.missed} {state.missed}: {state.missed_peer}" if state.missed else ""
    headline = state.clock or settings.number or settings.name
    number = settings.number if settings.number != headline else ""
    return Screen(
        kind=ScreenKind.IDLE,
        title=settings.name,
        headline=headline,
        detail=words.do_not_disturb if state.do_not_disturb else missed or number,
        hint=words.do_not_disturb_hint if state.do_not_disturb else words.ready_hint,
    )


def _number(state: State, settings: PhoneSettings) -> Screen:
    words = settings.words
    down = state.phase is Phase.PRE_DIALLING
    return Screen(
        kind=ScreenKind.NUMBER,
        title=words.call_offered if state.offered else words.number,
        headline=state.number,
        hint=words.lift_to_call if down else words.hash_calls,
        ready=state.line.ready,
    )


def _dial_tone(state: State, settings: PhoneSettings) -> Screen:
    words = settings.words
    hint = f"{words.redial_hint} {state.last_number}" if state.last_number else ""
    return Screen(
        kind=ScreenKind.DIAL_TONE, title=settings.name, headline=words.dial_a_number, hint=hint, ready=state.line.ready
    )


def _handset_off(state: State, settings: PhoneSettings) -> Screen:
    words = settings.words
    return Screen(
        kind=ScreenKind.HANDSET_OFF,
        title=settings.name,
        headline=words.handset_off,
        hint=words.replace_handset,
        ready=state.line.ready,
    )


def _busy(state: State, settings: PhoneSettings) -> Screen:
    words = settings.words
    return Screen(
        kind=ScreenKind.BUSY, title=state.peer, headline=words.busy, hint=words.replace_handset, ready=state.line.ready
    )


def _failed(state: State, settings: PhoneSettings) -> Screen:
    words = settings.words
    return Screen(
        kind=ScreenKind.FAILED,
        title=state.peer,
        headline=state.reason or words.call_failed,
        hint=words.replace_handset,
        ready=state.line.ready,
    )


def _ended(state: State, settings: PhoneSettings) -> Screen:
    words = settings.words
    return Screen(
        kind=ScreenKind.ENDED,
        title=state.peer,
        headline=words.call_ended,
        detail=duration(state.talked) if state.talked else "",
        hint=words.replace_handset,
        ready=state.line.ready,
    )


def _unavailable(state: State, settings: PhoneSettings) -> Screen:
    words = settings.words
    refused = state.line.state is LineState.REFUSED
    return Screen(
        kind=ScreenKind.UNAVAILABLE,
        title=settings.name,
        headline=words.refused if refused else words.offline,
        hint=words.refused_hint if refused else words.offline_hint,
        ready=False,
    )


def _hang_up(state: State, settings: PhoneSettings) -> Screen:
    return Screen(kind=ScreenKind.HANG_UP, headline=settings.words.please_hang_up, ready=state.line.ready)


_SCREENS: Final[Mapping[Phase, Callable[[State, PhoneSettings], Screen]]] = MappingProxyType(
    {
        Phase.STARTING: _starting,
        Phase.IDLE: _idle,
        Phase.PRE_DIALLING: _number,
        Phase.DIALLING: _number,
        Phase.DIAL_TONE: _dial_tone,
        Phase.HANDSET_OFF: _handset_off,
        Phase.BUSY: _busy,
        Phase.FAILED: _failed,
        Phase.ENDED: _ended,
        Phase.UNAVAILABLE: _unavailable,
        Phase.HANG_UP: _hang_up,
    }
)
