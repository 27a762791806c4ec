"""What the call API's events mean to a telephone."""

from urllib.parse import unquote

from appliance.calls import events, service_events
from appliance.calls.call_info import CallEvent, CallState, Direction
from appliance.calls.cause import Cause
from appliance.calls.events import ClientEvent
from appliance.phone.inputs import (
    CallAnswered,
    CallEnded,
    CallRestored,
    DoNotDisturbChanged,
    EarlyMediaStarted,
    HoldChanged,
    IncomingCall,
    Input,
    LineChanged,
    MediaChanged,
    MuteChanged,
    QualityMeasured,
    ReconnectionChanged,
    RemoteRinging,
    SelfAnswered,
)


def inputs_of(event: ClientEvent, name: str = "") -> tuple[Input, ...]:
    """The inputs that an event is, in their order; none if it means nothing to a telephone.

    `name` is what the telephone calls the event's call, if not by its UUID: the far end may rename a call.
    `Calling` is not among them: which attempt a call belongs to is known where it was asked for.
    """
    if not isinstance(event, CallEvent):
        return _of_the_line(event)
    call = name or event.call.call_uuid
    return _of_progress(event, call) or _of_an_end(event, call) or _of_a_change(event, call)


def _of_progress(event: CallEvent, call: str) -> tuple[Input, ...]:
    match event:
        case events.IncomingCall():
            return (IncomingCall(call=call, number=number_of(event.caller_id), name=event.caller_name),)
        case events.CallRestored():
            return (_restored(event, call),)
        case events.CallRemoteRinging():
            ringing = RemoteRinging(call=call)
            return (ringing, EarlyMediaStarted(call=call)) if event.early_media else (ringing,)
        case events.CallConnected() if event.call.state is not CallState.ANSWERED:
            return (EarlyMediaStarted(call=call),)
        case events.CallAnswered() | service_events.AutoAnswered():
            answered = isinstance(event, events.CallAnswered)
            return (CallAnswered(call=call) if answered else SelfAnswered(call=call),)
        case _:
            return ()


def _restored(event: events.CallRestored, call: str) -> CallRestored:
    incoming = event.call.direction is Direction.INCOMING
    return CallRestored(
        call=call,
        number=number_of(event.call.src if incoming else event.call.dest),
        name=event.call.caller_name,
        incoming=incoming,
        talked=event.talked,
        muted=event.muted,
        held=event.held,
    )


def _of_the_line(event: ClientEvent) -> tuple[Input, ...]:
    match event:
        case events.Login():
            return (LineChanged(registered=True),)
        case events.LoginFailed():
            return (LineChanged(registered=False, refused=event.cause == Cause.AUTHENTICATION_ERROR),)
        case events.Logout():
            return (LineChanged(registered=False),)
        case service_events.DoNotDisturbChanged():
            return (DoNotDisturbChanged(event.on),)
        case events.ConnectionChange(state="disconnected"):
            return (LineChanged(registered=False),)
        case _:
            return ()


def _of_an_end(event: CallEvent, call: str) -> tuple[Input, ...]:
    match event:
        case events.CallTerminated():
            return (CallEnded(call=call),)
        case events.CallFailed():
            if event.cause == Cause.NO_ANSWER:
                return (CallEnded(call=call, status=408),)
            return (CallEnded(call=call, status=event.status, elsewhere=event.call.originator == "local"),)
        case events.IncomingCallCanceled():
            return (CallEnded(call=call, status=487, elsewhere=event.elsewhere),)
        case events.IncomingCallIgnored():
            return (CallEnded(call=call, elsewhere=True),)
        case _:
            return ()


def _of_a_change(event: CallEvent, call: str) -> tuple[Input, ...]:
    match event:
        case events.MuteChanged():
            return (MuteChanged(call=call, muted=event.muted),)
        case events.HoldChanged():
            return (HoldChanged(call=call, held=event.held, remote=event.by == "remote"),)
        case events.Reconnecting() | events.Reconnected():
            return (ReconnectionChanged(call=call, reconnecting=isinstance(event, events.Reconnecting)),)
        case events.MediaConnected() | events.MediaFailed():
            return (MediaChanged(call=call, flows=isinstance(event, events.MediaConnected)),)
        case events.Sample():
            return (QualityMeasured(call=call, codec=event.sample.codec, mos=event.sample.mos),)
        case _:
            return ()


def number_of(address: str) -> str:
    """What people would dial of a SIP URI (RFC 3261 §19.1): its user part, else its host; a number stays as it is."""
    rest = address.partition("<")[2].partition(">")[0] or address
    scheme, colon, after = rest.partition(":")
    if colon and scheme.lower() in {"sip", "sips", "tel"}:
        rest = after
    user, at, host = rest.partition("@")
    return unquote(user.partition(";")[0].partition(":")[0]) if user or not at else host.partition(";")[0]
