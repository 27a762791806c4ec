"""What happened to a supplementary service, in a sentence."""

from appliance.calls.service_events import (
    AutoAnswered,
    CallRedirected,
    CallReplaced,
    CallTurnedAway,
    ConferenceChanged,
    DoNotDisturbChanged,
    LampChanged,
    MessageFailed,
    MessageReceived,
    MessageSent,
    MessagesWaiting,
    TransferFailed,
    TransferProgress,
    Transferred,
    TransferRequested,
)


def service_words(event: object) -> str:  # noqa: C901, PLR0911, PLR0912 -- a table of sentences, one an event
    """The sentence for an event, "" if it is about something else."""
    match event:
        case TransferProgress() | TransferFailed():
            return f"{event.target}: {event.status} {event.reason}"
        case Transferred():
            return f"to {event.target}"
        case TransferRequested():
            return f"to {event.target}" + (f", by {event.referred_by}" if event.referred_by else "")
        case CallReplaced():
            return f"by {event.by}"
        case CallRedirected():
            return f"to {event.target}"
        case MessageReceived() | MessageSent():
            return f"{event.message.message_type} {event.message.content}"
        case MessageFailed():
            return f"{event.status} {event.reason}"
        case CallTurnedAway():
            return f"{event.caller_id}: {event.why}" + (f", sent to {event.target}" if event.target else "")
        case DoNotDisturbChanged():
            return "on" if event.on else "off"
        case AutoAnswered():
            return f"{event.call.src}: {event.by}"
        case MessagesWaiting():
            return f"{event.summary.new} new, {event.summary.old} old" if event.summary.waiting else "none"
        case LampChanged():
            return f"{event.uri}: {event.lamp}"
        case ConferenceChanged():
            return ", ".join(event.calls) or "over"
        case _:
            return ""
