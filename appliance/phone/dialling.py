"""Numbers: keyed in with the handset down or lifted, and called."""

from dataclasses import replace

from appliance.phone import other_calls
from appliance.phone.actions import Action, Dial, HangUp, KeySound, Reject, SetDoNotDisturb
from appliance.phone.dial_plan import LONGEST, extended, hash_is_a_digit
from appliance.phone.lines import LineCall
from appliance.phone.ports import DELETE, DIGITS, HOLD, MUTE, REDIAL
from appliance.phone.state import Phase, PhoneSettings, State, Step, entered
from appliance.units import Seconds


def dial(state: State, number: str, now: Seconds, settings: PhoneSettings) -> Step:
    """Call `number` from an off-hook telephone, or say why not."""
    plan = settings.dial_plan
    state = replace(state, urgent="")
    if plan.is_emergency(number):
        return _call_for_help(state, number, now, settings)
    if not plan.permits(number):
        failed = entered(state, Phase.FAILED, now, settings)
        return replace(failed, peer=number, reason=settings.words.not_allowed), ()
    if not state.line.ready:
        return replace(entered(state, Phase.UNAVAILABLE, now, settings), peer=number, last_number=number), ()
    return call(state, number, now, settings)


def call(state: State, number: str, now: Seconds, settings: PhoneSettings) -> Step:
    """Call `number`, whatever the dial plan says."""
    attempt = state.attempt + 1
    asked = replace(state, attempt=attempt, call=LineCall(number=number), last_number=number, peer=number)
    dialled = Dial(number=number, attempt=attempt, urgent=bool(state.urgent))
    return entered(asked, Phase.CALLING, now, settings), (dialled,)


def _call_for_help(state: State, number: str, now: Seconds, settings: PhoneSettings) -> Step:
    """Call an emergency number: whatever other calls there are gives way to it, and no line is waited for."""
    ends: tuple[Action, ...] = tuple(HangUp(call.call) if call.answered else Reject(call.call) for call in state.others)
    calling, asked = call(replace(state, urgent=number, others=()), number, now, settings)
    return calling, (*ends, *asked)


def idle(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    """A key on a telephone at rest."""
    number = state.last_number if key == REDIAL else key
    if key == DELETE:
        return replace(state, missed=0, missed_peer=""), ()
    if key == MUTE:
        return state, (SetDoNotDisturb(not state.do_not_disturb),)
    if number and (key in DIGITS or key == REDIAL):
        return entered(replace(state, number=number), Phase.PRE_DIALLING, now, settings), ()
    return state, ()


def pre_dialling(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    """A key after others, with the handset down."""
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
    # What a person has begun to key in is theirs.
    if number and (state.phase is Phase.IDLE or state.offered):
        return entered(replace(state, number=number[:LONGEST], offered=True), Phase.PRE_DIALLING, now, settings), ()
    return state, ()


def dialling(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    """A key after others, with the handset lifted."""
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
    keyed = entered(replace(state, number=number), Phase.DIALLING, now, settings)
    return replace(keyed, deadline=Seconds(now + wait)), heard


def off_hook(state: State, key: str, now: Seconds, settings: PhoneSettings) -> Step:
    """The first key after the handset was lifted, or after a call."""
    if key == HOLD and state.held:
        return other_calls.resumed(state, now, settings)
    if key == REDIAL and state.last_number:
        return dial(state, state.last_number, now, settings)
    if key in DIGITS:
        return dialling(replace(state, number="", urgent=""), key, now, settings)
    return state, ()
