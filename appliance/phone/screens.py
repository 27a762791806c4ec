"""Which screen a state of the telephone has."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from appliance.phone.lines import LineCall, LineState
from appliance.phone.screen import Screen, ScreenKind
from appliance.phone.state import Phase, PhoneSettings, State
from appliance.units import Seconds

BARS: Final = ((4.0, 4), (3.6, 3), (3.1, 2), (2.5, 1))
"""MOS and the bars it is worth (ITU-T G.107 Annex B: satisfied, some dissatisfied, many, nearly all)."""


def screen_of(state: State, now: Seconds, settings: PhoneSettings) -> Screen:
    """The screen of a telephone in this state at this time."""
    call = state.call
    if call is not None:
        return _call_screen(state, call, now, settings)
    return _SCREENS[state.phase](state, settings)


def bars(mos: float | None) -> int | None:
    """A MOS as 0 to 4 bars."""
    if mos is None:
        return None
    return next((count for floor, count in BARS if mos >= floor), 0)


def duration(seconds: float) -> str:
    """Seconds as people read them: "0:07", "12:34", "1:02:03"."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


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
    return Screen(
        kind=ScreenKind.IDLE,
        title=settings.name,
        headline=headline,
        detail=missed or (settings.number if settings.number != headline else ""),
        hint=words.ready_hint,
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

_KINDS: Final[Mapping[Phase, ScreenKind]] = MappingProxyType(
    {
        Phase.RINGING: ScreenKind.INCOMING,
        Phase.ANSWERING: ScreenKind.ANSWERING,
        Phase.CALLING: ScreenKind.CALLING,
        Phase.ALERTING: ScreenKind.RINGING,
        Phase.EARLY_MEDIA: ScreenKind.EARLY_MEDIA,
        Phase.IN_CALL: ScreenKind.IN_CALL,
        Phase.ON_HOLD: ScreenKind.ON_HOLD,
    }
)


def _call_screen(state: State, call: LineCall, now: Seconds, settings: PhoneSettings) -> Screen:
    words = settings.words
    kind = _KINDS[state.phase]
    if kind in {ScreenKind.IN_CALL, ScreenKind.ON_HOLD}:
        return _established(state, call, now, settings)
    title, hint = {
        ScreenKind.INCOMING: (words.incoming, words.lift_answers),
        ScreenKind.ANSWERING: (words.answering, ""),
        ScreenKind.CALLING: (words.calling, words.hang_up_cancels),
        ScreenKind.RINGING: (words.ringing, words.hang_up_cancels),
        ScreenKind.EARLY_MEDIA: (words.listening, words.hang_up_cancels),
    }[kind]
    headline = call.peer or words.unknown_caller
    return Screen(
        kind=kind,
        title=title,
        headline=headline,
        detail=call.number if call.number != headline else "",
        hint=hint,
        ready=state.line.ready,
    )


def _established(state: State, call: LineCall, now: Seconds, settings: PhoneSettings) -> Screen:
    words = settings.words
    held = state.phase is Phase.ON_HOLD
    if held:
        title, hint = words.on_hold, words.hold_hint
    elif call.reconnecting:
        title, hint = words.reconnecting, words.reconnecting_hint
    elif call.remote_held:
        title, hint = words.held_by_peer, words.in_call_hint
    else:
        title, hint = words.in_call, words.muted_hint if call.muted else words.in_call_hint
    return Screen(
        kind=_KINDS[state.phase],
        title=title,
        headline=call.peer or words.unknown_caller,
        timer=duration(call.talked(now)),
        detail=call.digits or (words.muted if call.muted else ""),
        hint=hint,
        codec=call.codec.capitalize() if call.codec.islower() else call.codec,
        bars=bars(call.mos),
        muted=call.muted,
        ready=state.line.ready,
    )
