"""What calls do to a telephone: their inputs, phase by phase.

Every input names its call. One that is not the telephone's present call is late or somebody else's: it changes
nothing, and a call that came alive without anybody at the handset is ended.
"""

from dataclasses import replace

from appliance.phone.actions import HangUp, Reject
from appliance.phone.inputs import (
    AnswerFailed,
    CallAnswered,
    CallEnded,
    CallPlaced,
    DialFailed,
    EarlyMediaStarted,
    HoldChanged,
    IncomingCall,
    MediaChanged,
    MuteChanged,
    QualityMeasured,
    ReconnectionChanged,
    RemoteRinging,
)
from appliance.phone.lines import LineCall
from appliance.phone.state import ESTABLISHED, OUTGOING, Phase, PhoneSettings, State, Step, entered
from appliance.units import Seconds

OwnCallInput = (
    RemoteRinging
    | EarlyMediaStarted
    | CallAnswered
    | CallEnded
    | AnswerFailed
    | MuteChanged
    | HoldChanged
    | ReconnectionChanged
    | MediaChanged
    | QualityMeasured
)
CallInput = IncomingCall | CallPlaced | DialFailed | OwnCallInput

BUSY_STATUSES = frozenset({486, 600})


def progressed(state: State, event: CallInput, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after something happened to a call, and what it causes."""
    match event:
        case IncomingCall():
            return _incoming(state, event, now, settings)
        case CallPlaced():
            return _placed(state, event)
        case DialFailed():
            return _not_placed(state, event, now, settings)
    call = state.call
    if call is None or call.call != event.call:
        # A 2xx that crossed our hang-up, or an answer that nobody at this telephone gave.
        return state, (HangUp(event.call),) if isinstance(event, CallAnswered) else ()
    return _of_ours(state, call, event, now, settings)


def _of_ours(state: State, call: LineCall, event: OwnCallInput, now: Seconds, settings: PhoneSettings) -> Step:
    match event:
        case RemoteRinging():
            calling = state.phase is Phase.CALLING
            return (entered(state, Phase.ALERTING, now, settings) if calling else state), ()
        case EarlyMediaStarted():
            waiting = state.phase in {Phase.CALLING, Phase.ALERTING}
            return (entered(state, Phase.EARLY_MEDIA, now, settings) if waiting else state), ()
        case CallAnswered():
            return _answered(state, call, now, settings)
        case CallEnded():
            return _ended(state, call, event, now, settings)
        case AnswerFailed():
            return _answer_failed(state, call, now, settings)
        case _:
            return _in_call(state, call, event, now, settings), ()


def _incoming(state: State, event: IncomingCall, now: Seconds, settings: PhoneSettings) -> Step:
    if state.call is not None and state.call.call == event.call:
        return state, ()
    if state.phase not in {Phase.IDLE, Phase.PRE_DIALLING}:
        return state, (Reject(event.call),)
    call = LineCall(call=event.call, number=event.number, name=event.name, incoming=True)
    return entered(replace(state, call=call, peer=call.peer), Phase.RINGING, now, settings), ()


def _placed(state: State, event: CallPlaced) -> Step:
    call = state.call
    if state.phase is Phase.CALLING and event.attempt == state.attempt and call is not None and not call.call:
        return replace(state, call=replace(call, call=event.call)), ()
    if call is not None and call.call == event.call:
        return state, ()
    return state, (HangUp(event.call),)


def _not_placed(state: State, event: DialFailed, now: Seconds, settings: PhoneSettings) -> Step:
    if state.phase not in OUTGOING or event.attempt != state.attempt:
        return state, ()
    reason = event.reason or settings.words.could_not_connect
    # It may have come to life before the request for it failed.
    end = (HangUp(state.call.call),) if state.call is not None and state.call.call else ()
    return replace(entered(state, Phase.FAILED, now, settings), reason=reason), end


def _answered(state: State, call: LineCall, now: Seconds, settings: PhoneSettings) -> Step:
    if state.phase is Phase.RINGING:
        # The handset is down: nobody here answered, and the microphone stays shut.
        return entered(state, Phase.IDLE, now, settings), (HangUp(call.call),)
    if state.phase in ESTABLISHED:
        return state, ()
    answered = replace(state, call=replace(call, answered_at=now))
    return entered(answered, Phase.IN_CALL, now, settings), ()


def _ended(state: State, call: LineCall, event: CallEnded, now: Seconds, settings: PhoneSettings) -> Step:
    if state.phase is Phase.RINGING:
        return _with_missed(entered(state, Phase.IDLE, now, settings), call, missed=not event.elsewhere), ()
    after = replace(state, talked=call.talked(now))
    if call.answered_at is not None or call.incoming:
        return entered(after, Phase.ENDED, now, settings), ()
    if event.status in BUSY_STATUSES:
        return entered(after, Phase.BUSY, now, settings), ()
    return replace(entered(after, Phase.FAILED, now, settings), reason=settings.words.reason(event.status)), ()


def _with_missed(state: State, call: LineCall, *, missed: bool) -> State:
    return replace(state, missed=state.missed + 1, missed_peer=call.peer) if missed else state


def _answer_failed(state: State, call: LineCall, now: Seconds, settings: PhoneSettings) -> Step:
    if state.phase is not Phase.ANSWERING:
        return state, ()
    failed = entered(state, Phase.FAILED, now, settings)
    return replace(failed, reason=settings.words.could_not_connect), (HangUp(call.call),)


def _in_call(
    state: State,
    call: LineCall,
    event: MuteChanged | HoldChanged | ReconnectionChanged | MediaChanged | QualityMeasured,
    now: Seconds,
    settings: PhoneSettings,
) -> State:
    match event:
        case MuteChanged():
            call = replace(call, muted=event.muted)
        case QualityMeasured():
            call = replace(call, codec=event.codec, mos=event.mos)
        case ReconnectionChanged():
            call = replace(call, reconnecting=event.reconnecting)
        case MediaChanged():
            call = replace(call, silent=not event.flows)
        case HoldChanged(remote=True):
            call = replace(call, remote_held=event.held)
        case HoldChanged():
            if state.phase in ESTABLISHED:
                return entered(state, Phase.ON_HOLD if event.held else Phase.IN_CALL, now, settings)
    return replace(state, call=call)


def expired(state: State, now: Seconds, settings: PhoneSettings) -> Step:
    """The state after its deadline, for the phases that have a call."""
    call = state.call
    if call is None:
        return state, ()
    if state.phase is Phase.RINGING:
        idle = _with_missed(entered(state, Phase.IDLE, now, settings), call, missed=True)
        return idle, (Reject(call.call, 480),)
    words = settings.words
    reason = words.no_answer if state.phase in OUTGOING else words.could_not_connect
    end = (HangUp(call.call),) if call.call else ()
    return replace(entered(state, Phase.FAILED, now, settings), reason=reason), end
