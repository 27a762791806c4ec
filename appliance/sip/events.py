"""What the user agent tells its owner. Bodies are bytes, headers are pairs in the order of arrival."""

from dataclasses import dataclass
from typing import NewType

InviteId = NewType("InviteId", int)
"""One INVITE usage of ours or of a peer's (a call, as SIP sees it), unique within one core."""

OfferId = NewType("OfferId", int)
"""One offer of the peer's inside an established dialog, waiting for our answer."""

RequestId = NewType("RequestId", int)
"""One request of ours outside the INVITE machinery (INFO, OPTIONS, MESSAGE, REFER …)."""

PeerRequestId = NewType("PeerRequestId", int)
"""One request of a peer's outside the INVITE machinery, waiting for our answer."""

SubscriptionId = NewType("SubscriptionId", int)
"""One subscription, ours or a peer's, made by SUBSCRIBE or by REFER."""

HeaderPairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """The Reason header of a request or response (RFC 3326 §2)."""

    protocol: str
    code: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The WebSocket is open."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """The WebSocket is closed, or could not be opened; the user agent goes on trying by itself until it is closed.

    With `wrong_clock` the registrar's certificate is not valid yet: this machine's time of day is not set.
    """

    url: str
    reason: str
    code: int | None = None
    was_connected: bool = True
    wrong_clock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The registrar has our binding (RFC 3261 §10.2.4); `refresh` if it had it before on this connection."""

    aor: str
    contact: str
    expires: int
    refresh: bool = False
    headers: HeaderPairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFailed:
    """The registrar refused (`status`), never answered (408) or the credentials ran out (401/407/403).

    `elsewhere` when that is its own trouble and the next registrar is tried.
    """

    status: int
    reason: str
    headers: HeaderPairs = ()
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered:
    """The binding is gone: `requested` if we asked for it, else it expired or went with the connection."""

    requested: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A peer's INVITE that passed every check; 100 has been sent, nothing else.

    `offer` is None for an offerless INVITE: `answer()` then carries our offer and `Acknowledged` their answer.
    `replaces` is the INVITE whose place it is to take (RFC 3891): whoever answers it ends that one.
    """

    invite: InviteId
    call_id: str
    from_uri: str
    from_name: str
    to_uri: str
    request_uri: str
    headers: HeaderPairs
    offer: bytes | None
    replaces: InviteId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A provisional response with a To tag (RFC 3261 §12.1): one per response, `early` names its early dialog.

    A `reliable` one (RFC 3262) has been acknowledged by the core, unless `is_offer`: then its body is the peer's offer,
    because our INVITE had none, and `acknowledge()` sends our answer with the PRACK.
    """

    invite: InviteId
    status: int
    reason: str
    early: str
    headers: HeaderPairs
    body: bytes | None
    reliable: bool = False
    is_offer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The first 2xx to our INVITE; ACK is sent by the core (at once, or by `acknowledge()` if the INVITE had no offer).

    `early` is the To tag of the dialog that won: if another early dialog's description was applied before, the media
    must be renewed by a re-INVITE. Further 2xx are acknowledged and ended by the core (RFC 3261 §13.2.2.4).
    """

    invite: InviteId
    status: int
    early: str
    remote_uri: str
    headers: HeaderPairs
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """The ACK for our 2xx arrived; `body` is the answer if our 2xx carried the offer."""

    invite: InviteId
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The INVITE ended without a dialog.

    `status` is the final response's code, or one given by us when none came: 408 (timer B), 503 (transport lost),
    487 after our own CANCEL. `local` tells them apart. `contacts` are the targets of a 3xx.
    """

    invite: InviteId
    status: int
    reason: str
    local: bool
    headers: HeaderPairs = ()
    contacts: tuple[str, ...] = ()
    cause: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The peer took an unanswered INVITE back; 487 has been sent. `cause` may say 'Call completed elsewhere'."""

    invite: InviteId
    cause: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The dialog is over.

    `local` if we sent the BYE; `status` is 0 for a BYE, else why the core gave up (408, 481 to a request of ours in
    this dialog; 408 when the ACK never came).
    """

    invite: InviteId
    local: bool
    status: int = 0
    headers: HeaderPairs = ()
    cause: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """The peer's re-INVITE or UPDATE: answer it with `accept_offer(offer_id, …)` or `refuse_offer(offer_id, …)`.

    Before the INVITE is answered, also the UPDATE or PRACK that follows a reliable provisional response.
    `body` is None for an offerless re-INVITE: our 200 carries an offer and `Reanswered` brings their answer.
    An UPDATE without a body is answered by the core.
    """

    invite: InviteId
    offer_id: OfferId
    method: str
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reanswered:
    """The answer to an offer we made in the dialog (`reoffer()`, or the 200 to an offerless re-INVITE)."""

    invite: InviteId
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReofferFailed:
    """Our re-INVITE or UPDATE was refused; the session goes on as it was (RFC 3261 §14.1).

    491 has been tried again by the core before it says so (§14.1's random waits).
    """

    invite: InviteId
    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReceived:
    """Another request (INFO, MESSAGE, NOTIFY), in a dialog or outside one (`invite` None): answer it with `respond()`.

    One that is not answered within eight seconds is answered 500 by the core.
    """

    request: PeerRequestId
    invite: InviteId | None
    method: str
    headers: HeaderPairs
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseReceived:
    """The final response to a `request()`; with `local`, 408 if none came and 503 if the connection went."""

    request: RequestId
    status: int
    reason: str
    local: bool
    headers: HeaderPairs
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """A NOTIFY of a subscription of ours; answered by the core.

    `state` is "active", "pending" or "terminated" (RFC 6665 §4.1.3). Several phones of one user may answer one
    SUBSCRIBE: `notifier` tells them apart.
    """

    subscription: SubscriptionId
    notifier: str
    state: str
    reason: str
    headers: HeaderPairs
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionEnded:
    """A subscription is over, ours or a peer's; the core asks for it again if `retrying`.

    `status` is that of the refusal, 408 if nothing was heard, 0 otherwise; then `reason` is the notifier's
    (RFC 6665 §4.1.3), "expired", "requested", or "norefersub" for a REFER whose progress will not be told.
    """

    subscription: SubscriptionId
    status: int = 0
    reason: str = ""
    retrying: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred:
    """A peer's REFER: it wants us to call `target`, with `replaces` in the Replaces header if that is not empty.

    `subscriptions.accept()` it and tell the progress with `notify()`, or `refuse()` it; after eight seconds the core
    does, with 480. `referred_by` is the URI of who says so, "" if nobody does (RFC 3892).
    """

    subscription: SubscriptionId
    invite: InviteId | None
    target: str
    replaces: str
    referred_by: str
    from_uri: str
    headers: HeaderPairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribing:
    """A peer wants to be told our state: `subscriptions.accept()` and `notify()` it, or `refuse()`, as for `Referred`.

    `expires` is in seconds; 0 asks once.
    """

    subscription: SubscriptionId
    package: str
    expires: int
    from_uri: str
    to_uri: str
    headers: HeaderPairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Resubscribed:
    """A subscriber refreshed its subscription: `notify()` it of the whole state now."""

    subscription: SubscriptionId


Event = (
    Connected
    | Disconnected
    | Registered
    | RegistrationFailed
    | Unregistered
    | Incoming
    | Progress
    | Answered
    | Acknowledged
    | Failed
    | Cancelled
    | Ended
    | Offered
    | Reanswered
    | ReofferFailed
    | RequestReceived
    | ResponseReceived
    | Notified
    | SubscriptionEnded
    | Referred
    | Subscribing
    | Resubscribed
)
