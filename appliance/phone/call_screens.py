"""The screens of a telephone that has a call in front."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from appliance.phone.lines import LineCall
from appliance.phone.screen import Screen, ScreenKind
from appliance.phone.state import Phase, PhoneSettings, State
from appliance.phone.words import Words
from appliance.units import Seconds

BARS: Final = ((4.0, 4), (3.6, 3), (3.1, 2), (2.5, 1))
"""MOS and the bars it is worth (ITU-T G.107 Annex B: satisfied, some dissatisfied, many, nearly all)."""


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


_KINDS: Final[Mapping[Phase, ScreenKind]] = MappingProxyType(
    {
        Phase.RINGING: ScreenKind.INCOMING,
        Phase.OFFERED: ScreenKind.INCOMING,
        Phase.ANSWERING: ScreenKind.ANSWERING,
        Phase.CALLING: ScreenKind.CALLING,
        Phase.ALERTING: ScreenKind.RINGING,
        Phase.EARLY_MEDIA: ScreenKind.EARLY_MEDIA,
        Phase.IN_CALL: ScreenKind.IN_CALL,
        Phase.ON_HOLD: ScreenKind.ON_HOLD,
    }
)


def call_screen(state: State, call: LineCall, now: Seconds, settings: PhoneSettings) -> Screen:
    """The screen of a telephone with `call` in front."""
    if state.phase is Phase.RECALL:
        return _recall(state, call, settings)
    if state.phase in {Phase.IN_CALL, Phase.ON_HOLD}:
        return _established(state, call, now, settings)
    words = settings.words
    title, hint = {
        Phase.RINGING: (words.incoming, words.lift_answers),
        Phase.OFFERED: (words.incoming, words.waiting_hint),
        Phase.ANSWERING: (words.answering, ""),
        Phase.CALLING: (words.calling, words.hang_up_cancels),
        Phase.ALERTING: (words.ringing, words.hang_up_cancels),
        Phase.EARLY_MEDIA: (words.listening, words.hang_up_cancels),
    }[state.phase]
    headline = call.peer or words.unknown_caller
    return Screen(
        kind=_KINDS[state.phase],
        title=title,
        headline=headline,
        detail=call.number if call.number != headline else "",
        hint=_other(state, words) or hint,
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
    elif call.joined:
        title, hint = words.conference, words.in_call_hint
    else:
        title, hint = words.in_call, words.muted_hint if call.muted else words.in_call_hint
    if state.held and not state.held[-1].joined and not held:
        title = f"{words.on_hold}: {_named(state.held[-1], words)}"
    if state.waiting:
        title, hint = f"{words.waiting}: {_named(state.waiting[0], words)}", words.waiting_hint
    return Screen(
        kind=_KINDS[state.phase],
        title=title,
        headline=_named(call, words),
        timer=duration(call.talked(now)),
        detail=call.digits or (words.muted if call.muted else ""),
        hint=_other(state, words) or hint,
        codec=call.codec.capitalize() if call.codec.islower() else call.codec,
        bars=bars(call.mos),
        muted=call.muted,
        ready=state.line.ready,
    )


def _other(state: State, words: Words) -> str:
    """What the hint says of a call that is held behind the one in front."""
    if state.waiting or not state.held:
        return ""
    peer = _named(state.held[-1], words)
    if state.held[-1].joined:
        return f"{words.with_hint} {peer}"
    if state.phase in {Phase.IN_CALL, Phase.ON_HOLD}:
        return words.swap_hint
    return "" if state.phase is Phase.ANSWERING else f"{words.back_hint} {peer}"


def _recall(state: State, call: LineCall, settings: PhoneSettings) -> Screen:
    words = settings.words
    other = (state.waiting or state.held[-1:])[0]
    first = words.recall_end if other.answered else words.recall_refuse
    more = f"{words.recall_join}   {words.recall_transfer}" if other.answered else words.recall_hint
    return Screen(
        kind=ScreenKind.LIST,
        title=f"R: {_named(other, words)}",
        rows=(first, words.recall_take, words.recall_swap),
        hint=more,
        muted=call.muted,
        ready=state.line.ready,
    )


def _named(call: LineCall, words: Words) -> str:
    return call.peer or words.unknown_caller
