"""What lifting the handset and putting it down do."""

from dataclasses import replace

from appliance.phone import dialling, other_calls, recall, ring_down
from appliance.phone.actions import Answer
from appliance.phone.call_progress import ring_next
from appliance.phone.hook import Hook, HookMove
from appliance.phone.inputs import HookChanged
from appliance.phone.state import Phase, PhoneSettings, State, Step, Target, entered
from appliance.units import Seconds


def moved(state: State, report: HookChanged, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after the hook switch has reported."""
    at = now if report.at is None else report.at
    flash = settings.flash if recall.means_something(state) else None
    return _done(state, *state.hook.moved(report.off_hook, at, flash), now, settings)


def hands_free(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after the button for hands-free talk."""
    if state.phase is Phase.HANDSET_OFF:
        return state, ()
    return _done(state, *state.hook.hands_free_pressed(), now, settings)


def settled(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """The state when a handset that went down has been down for longer than a flash."""
    hook = state.hook.settled()
    return _done(state, hook, HookMove.NONE if hook.off_hook else HookMove.REPLACED, now, settings)


def given_up(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """The state when hands-free talk has come to its end by itself: as if a handset had been put down."""
    return _done(state, state.hook.left(), HookMove.REPLACED, now, settings)


def _done(state: State, hook: Hook, move: HookMove, now: Seconds, settings: PhoneSettings) -> Step:
    state = replace(state, hook=hook)
    match move:
        case HookMove.NONE:
            return state, ()
        case HookMove.FOUND_OFF:
            return entered(state, Phase.HANDSET_OFF, now, settings), ()
        case HookMove.REPLACED:
            return _replaced(state, now, settings)
        case HookMove.FLASHED:
            return recall.flashed(state, now, settings)
        case HookMove.LIFTED:
            return _lifted(replace(state, missed=0, missed_peer=""), now, settings)


def _replaced(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    if state.phase is Phase.OFFERED and state.call is not None:
        state = replace(state, call=None, others=(state.call, *state.others))
    return ring_next(state, now, settings), other_calls.released(state)


def _lifted(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    if state.phase is Phase.RINGING and state.call is not None:
        return entered(state, Phase.ANSWERING, now, settings), (Answer(state.call.call),)
    if state.phase is Phase.PRE_DIALLING:
        return dialling.dial(state, state.number, now, settings)
    if settings.hotline and settings.hotline_delay <= 0.0:
        return ring_down.rung(state, settings.hotline, now, settings)
    lifted = entered(state, Phase.DIAL_TONE if state.line.ready else Phase.UNAVAILABLE, now, settings)
    if settings.hotline and lifted.phase is Phase.DIAL_TONE:
        lifted = replace(lifted, deadline=Seconds(now + settings.hotline_delay))
    return lifted, ()


def button_rang(state: State, targets: tuple[Target, ...], now: Seconds, settings: PhoneSettings) -> Step:
    """The state after a button that calls somebody; whoever uses the telephone already is not disturbed by it."""
    if state.phase not in {Phase.IDLE, Phase.PRE_DIALLING}:
        return state, ()
    at_it = replace(state, hook=replace(state.hook, hands_free=True), missed=0, missed_peer="")
    return ring_down.rung(at_it, targets, now, settings)
