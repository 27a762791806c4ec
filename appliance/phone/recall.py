"""R, the hook flash: what it asks for, alone and with a digit (ETSI ES 201 970 §14.8, ETS 300 738).

R     with one call: hold it, and a dial tone · with a held one and nothing else: back to it
R 0   refuse who waits, or end who is held
R 1   end who is talked with, and take the other
R 2   hold who is talked with, and take the other; also R alone, after a moment
R 3   all three together
R 4   connect the other two, and leave
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from appliance.phone import other_calls
from appliance.phone.actions import Action, Answer, HangUp, Join, Reject
from appliance.phone.state import OUTGOING, OVER, Phase, PhoneSettings, State, Step, entered
from appliance.units import Seconds

Rule = Callable[[State, Seconds, PhoneSettings], Step]


def means_something(state: State) -> bool:
    """Whether a handset that goes down may be a flash."""
    return not state.urgent and (bool(state.held) or state.phase in _RULES)


def flashed(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after R."""
    if state.urgent:
        return state, ()
    rule = _RULES.get(state.phase)
    if rule is not None:
        return rule(state, now, settings)
    if state.held and state.phase in OUTGOING | OVER | {Phase.DIAL_TONE, Phase.DIALLING}:
        return other_calls.resumed(state, now, settings)
    return state, ()


def digit(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after a key that follows R; one that means nothing leaves the time to press another."""
    match key:
        case "0":
            return _other_ended(state, now, settings)
        case "1":
            return _front_ended(state, now, settings)
        case "2":
            return other_calls.toggled(state, now, settings)
        case "3" if state.held and state.call is not None:
            together = Join((state.call.call, state.held[-1].call))
            return other_calls.established(state, now, settings), (together,)
        case "4" if state.held:
            return other_calls.connected(other_calls.established(state, now, settings))
        case _:
            return state, ()


def _other_ended(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    call = state.waiting[0] if state.waiting else state.held[-1]
    alone = replace(state, others=other_calls.without(state, call))
    end: Action = HangUp(call.call) if call.answered else Reject(call.call)
    return other_calls.established(alone, now, settings), (end,)


def _front_ended(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    if not state.waiting:
        return other_calls.resumed(state, now, settings)
    assert state.call is not None
    answering, asked = other_calls.taken(replace(state, call=None), now, settings)
    return answering, (HangUp(state.call.call), *asked)


def _in_call(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    if state.others:
        return entered(state, Phase.RECALL, now, settings), ()
    return other_calls.consulted(state, now, settings)


def _offered(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    assert state.call is not None
    return entered(state, Phase.ANSWERING, now, settings), (Answer(state.call.call),)


_RULES: Final[Mapping[Phase, Rule]] = MappingProxyType(
    {
        Phase.IN_CALL: _in_call,
        Phase.ON_HOLD: _in_call,
        Phase.RECALL: other_calls.toggled,
        Phase.OFFERED: _offered,
    }
)
