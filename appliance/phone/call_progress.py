"""What calls do to a telephone: their inputs, phase by phase.

Every input names its call. One that is none of the telephone's is late or somebody else's: it changes nothing, and a
call that came alive without anybody at the handset is ended.
"""

from dataclasses import replace

from appliance.phone import other_calls, ring_down
from appliance.phone.actions import Action, HangUp, Reject
from appliance.phone.inputs import (
    AnswerFailed,
    CallAnswered,
    CallEnded,
    CallPlaced,
    CallRestored,
    ConferenceChanged,
    DialFailed,
    EarlyMediaStarted,
    HoldChanged,
    HoldRefused,
    IncomingCall,
    MediaChanged,
    MuteChanged,
    QualityMeasured,
    ReconnectionChanged,
    RemoteRinging,
    SelfAnswered,
)
from appliance.phone.lines import LineCall
from appliance.phone.state import AGAIN, ESTABLISHED, OUTGOING, Phase, PhoneSettings, State, Step, entered
from appliance.units import Seconds

Change = MuteChanged | HoldChanged | ReconnectionChanged | MediaChanged | QualityMeasured
OwnCallInput = RemoteRinging | EarlyMediaStarted | CallAnswered | CallEnded | AnswerFailed | Change
Arrangement = HoldRefused | SelfAnswered | ConferenceChanged
CallInput = IncomingCall | CallRestored | CallPlaced | DialFailed | Arrangement | OwnCallInput

BUSY_STATUSES = frozenset({486, 600})


def progressed(state: State, event: CallInput, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after something happened to a call, and what it causes."""
    match event:
        case IncomingCall():
            return other_calls.offered(state, event, now, settings)
        case CallRestored():
            return other_calls.restored(state, event, now, settings)
        case CallPlaced():
            return _placed(state, event)
        case DialFailed():
            return _not_placed(state, event, now, settings)
        case HoldRefused() | SelfAnswered() | ConferenceChanged():
            return _arranged(state, event, now, settings)
        case _:
            return _of_a_call(state, other_calls.named(state, event.call), event, now, settings)


def _arranged(state: State, event: Arrangement, now: Seconds, settings: PhoneSettings) -> Step:
    match event:
        case HoldRefused():
            return other_calls.hold_refused(state, event.call, now, settings)
        case ConferenceChanged():
            return other_calls.joined(state, event.calls), ()
        case SelfAnswered():
            if state.phase is not Phase.RINGING or state.call is None or state.call.call != event.call:
                return state, ()
            talking = replace(state, hook=replace(state.hook, hands_free=True))
            return entered(talking, Phase.ANSWERING, now, settings), ()


def _of_a_call(state: State, call: LineCall | None, event: OwnCallInput, now: Seconds, settings: PhoneSettings) -> Step:
    if call is None:
        # A 2xx that crossed our hang-up, or an answer that nobody at this telephone gave.
        return state, (HangUp(event.call),) if isinstance(event, CallAnswered) else ()
    if call is state.call:
        return _of_the_front(state, call, event, now, settings)
    return _of_another(state, call, event, now, settings)


def _of_another(state: State, call: LineCall, event: OwnCallInput, now: Seconds, settings: PhoneSettings) -> Step:
    match event:
        case CallEnded():
            return other_calls.ended(state, call, event, now, settings)
        case CallAnswered() if not call.answered:
            # Nobody here answered it.
            return other_calls.ended(state, call, CallEnded(call=call.call), now, settings)[0], (HangUp(call.call),)
        case MuteChanged() | HoldChanged() | ReconnectionChanged() | MediaChanged() | QualityMeasured():
            return other_calls.changed(state, _noted(call, event)), ()
        case _:
            return state, ()


def _of_the_front(state: State, call: LineCall, event: OwnCallInput, now: Seconds, settings: PhoneSettings) -> Step:
    match event:
        case RemoteRinging() | EarlyMediaStarted():
            return _heard_of(state, event, now, settings), ()
        case CallAnswered():
            return _answered(state, call, now, settings)
        case CallEnded():
            return _ended(state, call, event, now, settings)
        case AnswerFailed():
            return _answer_failed(state, call, now, settings)
    noted = replace(state, call=_noted(call, event))
    if isinstance(event, HoldChanged) and not event.remote and state.phase in {Phase.IN_CALL, Phase.ON_HOLD}:
        return other_calls.established(noted, now, settings), ()
    return noted, ()


def _heard_of(state: State, event: RemoteRinging | EarlyMediaStarted, now: Seconds, settings: PhoneSettings) -> State:
    if isinstance(event, RemoteRinging):
        return entered(state, Phase.ALERTING, now, settings) if state.phase is Phase.CALLING else state
    waiting = state.phase in {Phase.CALLING, Phase.ALERTING}
    return entered(state, Phase.EARLY_MEDIA, now, settings) if waiting else state


def _placed(state: State, event: CallPlaced) -> Step:
    call = state.call
    if state.phase is Phase.CALLING and event.attempt == state.attempt and call is not None and not call.call:
        return replace(state, call=replace(call, call=event.call)), ()
    if other_calls.named(state, event.call) is not None:
        return state, ()
    return state, (HangUp(event.call),)


def _not_placed(state: State, event: DialFailed, now: Seconds, settings: PhoneSettings) -> Step:
    if state.phase not in OUTGOING or event.attempt != state.attempt:
        return state, ()
    reason = event.reason or settings.words.could_not_connect
    # It may have come to life before the request for it failed.
    end = (HangUp(state.call.call),) if state.call is not None and state.call.call else ()
    return _nothing_came_of_it(state, reason, now, settings, end=end)


def _nothing_came_of_it(
    state: State,
    reason: str,
    now: Seconds,
    settings: PhoneSettings,
    *,
    phase: Phase = Phase.FAILED,
    end: tuple[Action, ...] = (),
) -> Step:
    """A call of ours was not answered: the next target is called, if there is one."""
    if state.targets and not state.urgent:
        calling, asked = ring_down.rung(state, state.targets, now, settings)
        return calling, (*end, *asked)
    return failed(state, reason, now, settings, phase), end


def failed(state: State, reason: str, now: Seconds, settings: PhoneSettings, phase: Phase = Phase.FAILED) -> State:
    """`state` after the call in front came to nothing for this reason."""
    after = replace(other_calls.after_front(state, phase, now, settings), reason=reason)
    # Whoever calls for help is called for, again and again.
    return replace(after, deadline=Seconds(now + AGAIN)) if after.urgent else after


def _answered(state: State, call: LineCall, now: Seconds, settings: PhoneSettings) -> Step:
    match state.phase:
        case Phase.RINGING:
            # The handset is down: nobody here answered, and the microphone stays shut.
            return ring_next(state, now, settings), (HangUp(call.call),)
        case Phase.OFFERED:
            return other_calls.after_front(state, Phase.ENDED, now, settings), (HangUp(call.call),)
        case phase if phase in ESTABLISHED:
            return state, ()
    answered = replace(state, call=replace(call, answered_at=now))
    return entered(answered, Phase.IN_CALL, now, settings), ()


def ring_next(state: State, now: Seconds, settings: PhoneSettings) -> State:
    """`state` on-hook after its calls are over: whoever waits rings, else it is idle."""
    if not state.waiting:
        return replace(entered(state, Phase.IDLE, now, settings), others=(), urgent="")
    call, *others = state.waiting
    ringing = replace(state, call=call, others=tuple(others), urgent="", peer=call.peer)
    return entered(ringing, Phase.RINGING, now, settings)


def _ended(state: State, call: LineCall, event: CallEnded, now: Seconds, settings: PhoneSettings) -> Step:
    missed = not event.elsewhere
    if state.phase is Phase.RINGING:
        return other_calls.with_missed(ring_next(state, now, settings), call, missed=missed), ()
    after = replace(state, talked=call.talked(now))
    if state.phase is Phase.OFFERED:
        after = other_calls.with_missed(after, call, missed=missed)
    if call.answered or call.incoming:
        over = replace(after, urgent="")
        return other_calls.after_front(over, Phase.ENDED, now, settings), ()
    phase = Phase.BUSY if event.status in BUSY_STATUSES else Phase.FAILED
    return _nothing_came_of_it(after, settings.words.reason(event.status), now, settings, phase=phase)


def _answer_failed(state: State, call: LineCall, now: Seconds, settings: PhoneSettings) -> Step:
    if state.phase is not Phase.ANSWERING:
        return state, ()
    return failed(state, settings.words.could_not_connect, now, settings), (HangUp(call.call),)


def _noted(call: LineCall, event: Change) -> LineCall:
    match event:
        case MuteChanged():
            return replace(call, muted=event.muted)
        case QualityMeasured():
            return replace(call, codec=event.codec, mos=event.mos)
        case ReconnectionChanged():
            return replace(call, reconnecting=event.reconnecting)
        case MediaChanged():
            return replace(call, silent=not event.flows)
        case HoldChanged(remote=True):
            return replace(call, remote_held=event.held)
        case HoldChanged():
            return replace(call, held=event.held) if call.answered else call


def expired(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after its deadline, for the phases that have a call."""
    call = state.call
    if call is None:
        return state, ()
    if state.phase is Phase.RECALL:
        return other_calls.toggled(state, now, settings)
    if state.phase is Phase.RINGING:
        after = other_calls.with_missed(ring_next(state, now, settings), call, missed=True)
        return after, (Reject(call.call, 480),)
    if state.phase is Phase.OFFERED:
        after = other_calls.after_front(state, Phase.ENDED, now, settings)
        return other_calls.with_missed(after, call, missed=True), (Reject(call.call, 480),)
    return _out_of_time(state, call, now, settings)


def _out_of_time(state: State, call: LineCall, now: Seconds, settings: PhoneSettings) -> Step:
    end: tuple[Action, ...] = (HangUp(call.call),) if call.call else ()
    if state.phase in ESTABLISHED:
        over = replace(state, talked=call.talked(now))
        return other_calls.after_front(over, Phase.ENDED, now, settings), end
    if state.phase in OUTGOING:
        return _nothing_came_of_it(state, settings.words.no_answer, now, settings, end=end)
    return failed(state, settings.words.could_not_connect, now, settings), end
