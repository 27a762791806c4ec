"""What the keys and the buttons do, phase by phase."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from appliance.phone import dialling, hook_moves, other_calls, recall
from appliance.phone.actions import Reject, SendDigit, SetDoNotDisturb, SetHold, SetMute
from appliance.phone.call_progress import ring_next
from appliance.phone.lines import LineCall
from appliance.phone.ports import DELETE, DIGITS, HOLD, MUTE, REDIAL, Button
from appliance.phone.state import ESTABLISHED, OVER, Phase, PhoneSettings, State, Step
from appliance.units import Seconds

Rule = Callable[[State, str, Seconds, PhoneSettings], Step]


def pressed(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after a key, and what it causes. Keys that mean nothing in a phase change nothing."""
    rule = _RULES.get(state.phase)
    return (state, ()) if rule is None else rule(state, key, now, settings)


def button(state: State, name: str, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after a button, and what it causes."""
    if name in settings.buttons:
        return hook_moves.button_rang(state, settings.buttons[name], now, settings)
    return _function(state, name, now, settings)


def _function(state: State, name: str, now: Seconds, settings: PhoneSettings) -> Step:
    match name:
        case Button.HOOK:
            return hook_moves.hands_free(state, now, settings)
        case Button.FLASH:
            return recall.flashed(state, now, settings)
        case Button.MUTE if state.phase in ESTABLISHED and state.call is not None:
            return state, (SetMute(state.call.call, not state.call.muted),)
        case Button.DO_NOT_DISTURB:
            return state, (SetDoNotDisturb(not state.do_not_disturb),)
        case Button.REDIAL:
            return pressed(state, REDIAL, now, settings)
        case _:
            return state, ()


def _ringing(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    if key != DELETE or state.call is None:
        return state, ()
    return ring_next(state, now, settings), (Reject(state.call.call),)


def _offered(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    if key == HOLD:
        return recall.flashed(state, now, settings)
    if key != DELETE or state.call is None:
        return state, ()
    return other_calls.after_front(state, Phase.ENDED, now, settings), (Reject(state.call.call),)


def _established(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    if key == HOLD and state.others:
        return other_calls.toggled(state, now, settings)
    if key == DELETE and state.waiting:
        return recall.digit(state, "0", now, settings)
    if key == REDIAL:
        return other_calls.connected(state)
    return (state, ()) if state.call is None else _to_the_call(state, state.call, key)


def _to_the_call(state: State, call: LineCall, key: str) -> Step:
    if key == MUTE:
        return state, (SetMute(call.call, not call.muted),)
    if key == HOLD and not state.urgent:
        return state, (SetHold(call.call, not call.held),)
    if key in DIGITS and not call.held:
        return replace(state, call=replace(call, digits=call.with_digit(key))), (SendDigit(call.call, key),)
    return state, ()


_RULES: Final[Mapping[Phase, Rule]] = MappingProxyType(
    {
        Phase.IDLE: dialling.idle,
        Phase.PRE_DIALLING: dialling.pre_dialling,
        Phase.RINGING: _ringing,
        Phase.DIAL_TONE: dialling.off_hook,
        Phase.DIALLING: dialling.dialling,
        Phase.IN_CALL: _established,
        Phase.ON_HOLD: _established,
        Phase.RECALL: recall.digit,
        Phase.OFFERED: _offered,
        **dict.fromkeys(OVER, dialling.off_hook),
    }
)
