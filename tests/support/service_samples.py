"""An event of every class of supplementary services, as calls bring them."""

from appliance.calls import service_events
from appliance.calls.call_info import CallInfo
from appliance.calls.dialog_info import Lamp
from appliance.calls.message import Message
from appliance.calls.message_summary import MessageSummary
from appliance.calls.service_events import ServiceEvent

OTHER = "sip:102@sip.example.org"
MESSAGE = Message(
    content='{"door":"front"}',
    content_type="application/json",
    message_type="user-defined-message",
    voice_event_sid="KX0123456789abcdef0123456789abcdef",
)


def service_events_of(outgoing: CallInfo, answered: CallInfo) -> list[ServiceEvent]:
    """One of each, of these calls."""
    return [
        service_events.TransferProgress(call=answered, target=OTHER, status=180, reason="Ringing"),
        service_events.Transferred(call=answered, target=OTHER, status=200),
        service_events.TransferFailed(call=answered, target=OTHER, status=486, reason="Busy Here"),
        service_events.TransferRequested(
            call=answered, target=OTHER, referred_by="sip:100@sip.example.org", attended=True
        ),
        service_events.CallReplaced(call=answered, by="incoming-3"),
        service_events.CallRedirected(call=outgoing, target=OTHER),
        service_events.MessageReceived(call=answered, message=MESSAGE),
        service_events.MessageSent(call=answered, message=MESSAGE),
        service_events.MessageFailed(call=answered, message=MESSAGE, status=415, reason="Unsupported Media Type"),
        service_events.AutoAnswered(call=answered, by="call-info"),
        service_events.CallTurnedAway(
            caller_id="sip:201@sip.example.org",
            caller_name="Front door",
            why="forward_busy",
            status=302,
            target=OTHER,
        ),
        service_events.DoNotDisturbChanged(on=True),
        service_events.MessagesWaiting(summary=MessageSummary(waiting=True, account=OTHER, new=2, old=8)),
        service_events.LampChanged(uri=OTHER, lamp=Lamp.BUSY, remote="sip:100@sip.example.org"),
        service_events.ConferenceChanged(calls=("incoming-1", "incoming-3")),
    ]
