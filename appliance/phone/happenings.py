"""What the call API's events mean to a telephone."""

from urllib.parse import unquote

from appliance.calls import events
from appliance.calls.cause import Cause
from appliance.calls.events import ClientEvent
from appliance.phone.inputs import (
    CallAnswered,
    CallEnded,
    EarlyMediaStarted,
    HoldChanged,
    IncomingCall,
    Input,
    LineChanged,
    MuteChanged,
    QualityMeasured,
    RemoteRinging,
)


def inputs_of(event: ClientEvent) -> tuple[Input, ...]:
    """The inputs that an event is, in their order; none if it means nothing to a telephone.

    `Calling` is not among them: which attempt a call belongs to is known where it was asked for.
    """
    line = _of_the_line(event)
    if line is not None:
        return (line,)
    match event:
        case events.IncomingCall(call=call):
            return (IncomingCall(call=call.call_uuid, number=number_of(event.caller_id), name=event.caller_name),)
        case events.CallRemoteRinging(call=call):
            ringing = RemoteRinging(call=call.call_uuid)
            return (ringing, EarlyMediaStarted(call=call.call_uuid)) if event.early_media else (ringing,)
        case events.CallConnected(call=call) if call.state is not events.CallState.ANSWERED:
            return (EarlyMediaStarted(call=call.call_uuid),)
        case events.CallAnswered(call=call):
            return (CallAnswered(call=call.call_uuid),)
        case _:
            return _of_an_end(event) or _of_a_change(event)


def _of_the_line(event: ClientEvent) -> LineChanged | None:
    match event:
        case events.Login():
            return LineChanged(registered=True)
        case events.LoginFailed():
            return LineChanged(registered=False, refused=event.cause == Cause.AUTHENTICATION_ERROR)
        case events.Logout():
            return LineChanged(registered=False)
        case events.ConnectionChange(state="disconnected"):
            return LineChanged(registered=False)
        case _:
            return None


def _of_an_end(event: ClientEvent) -> tuple[Input, ...]:
    match event:
        case events.CallTerminated(call=call):
            return (CallEnded(call=call.call_uuid),)
        case events.CallFailed(call=call):
            refused_here = call.originator == "local" and event.cause != Cause.NO_ANSWER
            return (CallEnded(call=call.call_uuid, status=event.status, elsewhere=refused_here),)
        case events.IncomingCallCanceled(call=call):
            return (CallEnded(call=call.call_uuid, status=487, elsewhere=event.elsewhere),)
        case events.IncomingCallIgnored(call=call):
            return (CallEnded(call=call.call_uuid, elsewhere=True),)
        case _:
            return ()


def _of_a_change(event: ClientEvent) -> tuple[Input, ...]:
    match event:
        case events.MuteChanged(call=call):
            return (MuteChanged(call=call.call_uuid, muted=event.muted),)
        case events.HoldChanged(call=call):
            return (HoldChanged(call=call.call_uuid, held=event.held, remote=event.by == "remote"),)
        case events.Sample(call=call):
            return (QualityMeasured(call=call.call_uuid, codec=event.sample.codec, mos=event.sample.mos),)
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
