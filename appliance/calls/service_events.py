"""What the call API tells of supplementary services: transfer, redirection, forwarding, replacement.

They belong to `events.ClientEvent` as much as those of `events.py`.
"""

from dataclasses import dataclass

from appliance.calls.call_info import CallEvent
from appliance.calls.dialog_info import Lamp
from appliance.calls.message import Message
from appliance.calls.message_summary import MessageSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferProgress(CallEvent):
    """The far end of a call that we transfer tells how its own call to `target` goes: a SIP status below 200."""

    target: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(CallEvent):
    """The far end of `call` talks to `target` now: the call has nothing more to do, and ends.

    `status` is 200, or 202 from a far end that went there and did not want to tell how it ended.
    """

    target: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFailed(CallEvent):
    """The far end of `call` did not take the transfer, or did not get through to `target`; the call goes on.

    `status` is the SIP status of the refusal, or of its call to `target`; 408 if nothing was heard of it.
    """

    target: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequested(CallEvent):
    """The far end of `call` sends us to `target`, and we go: the events of another call follow.

    `referred_by` is the URI of who says so, "" if it did not say. `attended` if it has talked to `target` before.
    """

    target: str
    referred_by: str
    attended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReplaced(CallEvent):
    """Another call has taken the place of `call`, which ends: `by` is its UUID (RFC 3891)."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRedirected(CallEvent):
    """A call of ours was sent elsewhere by the far end before it was answered, and goes to `target` now."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(CallEvent):
    """The far end said something beside its voice; `message.content` is text, for JSON to be read as such."""

    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(CallEvent):
    """The far end has taken a message of ours."""

    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFailed(CallEvent):
    """The far end refused a message of ours (`status`), or the call ended before it was sent (487)."""

    message: Message
    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoAnswered(CallEvent):
    """The unit has beeped and answers `call` by itself: the microphone opens.

    `by` is what asked for it: "answer-mode", "call-info" or "alert-info" (a header), or "policy".
    """

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTurnedAway:
    """Somebody called and nothing rang.

    `why` is "busy", "closing", "do_not_disturb", "forward_always", "forward_busy", or "auto_answer" for a call that
    wanted to be answered by the unit itself, or not at all.
    `target` is where the caller was sent, "" for nowhere; `status` what it was answered.
    """

    caller_id: str
    caller_name: str
    why: str
    status: int
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNotDisturbChanged:
    """Do not disturb was switched."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceChanged:
    """The far ends of these calls, by UUID, hear each other now, and us; () when there is no conference any more."""

    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesWaiting:
    """The mailbox of our user has changed (RFC 3842); `summary.new` and `summary.old` count its voice messages."""

    summary: MessageSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class LampChanged:
    """The telephones of `uri`, which is watched, do something else now; `remote` is with whom, "" if not told."""

    uri: str
    lamp: Lamp
    remote: str = ""


ServiceEvent = (
    TransferProgress
    | Transferred
    | TransferFailed
    | TransferRequested
    | CallReplaced
    | CallRedirected
    | MessageReceived
    | MessageSent
    | MessageFailed
    | AutoAnswered
    | CallTurnedAway
    | DoNotDisturbChanged
    | ConferenceChanged
    | MessagesWaiting
    | LampChanged
)
