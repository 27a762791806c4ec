"""What the keys do, phase by phase."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from appliance.phone.actions import Action, Dial, KeySound, Reject, SendDigit, SetHold, SetMute
from appliance.phone.dial_plan import LONGEST, extended, hash_is_a_digit
from appliance.phone.lines import LineCall
from appliance.phone.state import OVER, Phase, PhoneSettings, State, Step, entered
from appliance.units import Seconds

MUTE: Final = "A"
HOLD: Final = "B"
DELETE: Final = "C"
REDIAL: Final = "D"
DIGITS: Final = frozenset("0123456789*#")

Rule = Callable[[State, str, Seconds, PhoneSettings], Step]


def pressed(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after a key, and what it causes. Keys that mean nothing in a phase change nothing."""
    rule = _RULES.get(state.phase)
    return (state, ()) if rule is None else rule(state, key, now, settings)


def dial(state: State, number: str, now: Seconds, settings: PhoneSettings) -> Step:
    """Call `number` from an off-hook telephone, or say why not."""
    plan = settings.dial_plan
    if not plan.permits(number):
        failed = entered(state, Phase.FAILED, now, settings)
        return replace(failed, peer=number, reason=settings.words.not_allowed), ()
    if not state.line.ready and not plan.is_emergency(number):
        return replace(entered(state, Phase.UNAVAILABLE, now, settings), peer=number, last_number=number), ()
    attempt = state.attempt + 1
    asked = replace(state, attempt=attempt, call=LineCall(number=number), last_number=number, peer=number)
    return entered(asked, Phase.CALLING, now, settings), (Dial(number=number, attempt=attempt),)


def _idle(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    number = state.last_number if key == REDIAL else key
    if key == DELETE:
        return replace(state, missed=0, missed_peer=""), ()
    if number and (key in DIGITS or key == REDIAL):
        return entered(replace(state, number=number), Phase.PRE_DIALLING, now, settings), ()
    return state, ()


def _pre_dialling(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    if key == REDIAL:
        number = state.last_number or state.number
    elif key == DELETE:
        number = state.number[:-1]
    elif key in DIGITS and (key != "#" or hash_is_a_digit(state.number)):
        number = extended(state.number, key)
    else:
        return state, ()
    keyed = replace(state, number=number, offered=False)
    return entered(keyed, Phase.PRE_DIALLING if number else Phase.IDLE, now, settings), ()


def offered(state: State, number: str, now: Seconds, settings: PhoneSettings) -> Step:
    """Somebody far away wants `number` called: an open microphone is for whoever holds the handset to decide."""
    if state.phase is Phase.DIAL_TONE:
        return dial(state, number, now, settings)
    if state.phase in {Phase.IDLE, Phase.PRE_DIALLING} and number:
        return entered(replace(state, number=number[:LONGEST], offered=True), Phase.PRE_DIALLING, now, settings), ()
    return state, ()


def _ringing(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    if key != DELETE or state.call is None:
        return state, ()
    return entered(state, Phase.IDLE, now, settings), (Reject(state.call.call),)


def _dialling(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    if key == "#" and not hash_is_a_digit(state.number):
        return dial(state, state.number, now, settings)
    if key == DELETE:
        number = state.number[:-1]
        if not number:
            return entered(state, Phase.DIAL_TONE if state.line.ready else Phase.UNAVAILABLE, now, settings), ()
    elif key in DIGITS:
        number = extended(state.number, key)
    else:
        return state, ()
    wait = settings.dial_plan.patience(number)
    heard: tuple[Action, ...] = () if key == DELETE else (KeySound(key),)
    if wait <= 0 and key != DELETE:
        dialled, asked = dial(state, number, now, settings)
        return dialled, (*heard, *asked)
    # A number that was shortened to a complete one is not dialled behind the person's back: it waits like any other.
    wait = wait if wait > 0 else settings.dial_plan.inter_digit
    dialling = entered(replace(state, number=number), Phase.DIALLING, now, settings)
    return replace(dialling, deadline=Seconds(now + wait)), heard


def _off_hook(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    if key == REDIAL and state.last_number:
        return dial(state, state.last_number, now, settings)
    if key in DIGITS:
        return _dialling(replace(state, number=""), key, now, settings)
    return state, ()


def _established(state: State, key: str, _now: Seconds, _settings: PhoneSettings) -> Step:
    call = state.call
    if call is None:
        return state, ()
    held = state.phase is Phase.ON_HOLD
    if key == MUTE:
        return state, (SetMute(call.call, not call.muted),)
    if key == HOLD:
        return state, (SetHold(call.call, not held),)
    if key in DIGITS and not held:
        return replace(state, call=replace(call, digits=call.with_digit(key))), (SendDigit(call.call, key),)
    return state, ()


_RULES: Final[Mapping[Phase, Rule]] = MappingProxyType(
    {
        Phase.IDLE: _idle,
        Phase.PRE_DIALLING: _pre_dialling,
        Phase.RINGING: _ringing,
        Phase.DIAL_TONE: _off_hook,
        Phase.DIALLING: _dialling,
        Phase.IN_CALL: _established,
        Phase.ON_HOLD: _established,
        **dict.fromkeys(OVER, _off_hook),
    }
)
