"""The peer's INVITE, from the door to our answer (RFC 3261 §13.3, §9.2)."""

from collections.abc import Callable

from appliance.errors import StateError
from appliance.sip.dialog import Dialog
from appliance.sip.early_offer import EarlyOffers
from appliance.sip.endpoint import Endpoint, sdp_of
from appliance.sip.events import Cancelled, Failed, HeaderPairs, Incoming, InviteId, OfferId, Reanswered, Reason
from appliance.sip.header_values import parse_reason
from appliance.sip.message import Request, Response, respond
from appliance.sip.reliable_provisional import ReliableProvisionals
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.session import Session
from appliance.sip.timers import earliest, later
from appliance.sip.transactions import OnResponse
from appliance.units import Seconds

_REMIND = 60.0  # seconds between repeated provisional responses: proxies give up after 3 min (RFC 3261 §13.3.1.1)


class ServerInvite:
    """One call to us.

    Attributes:
        call_id: of the dialog.
        local_tag: our tag in it.
        session: the dialog after our 2xx.
        early_offers: the peer's offers before that.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        invite: InviteId,
        transaction: ServerTransaction,
        now: Seconds,
        *,
        new_offer_id: Callable[[], OfferId],
        replaces: InviteId | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._invite = invite
        self._transaction = transaction
        self._new_offer_id = new_offer_id
        self._failed = False
        self._provisional: tuple[int, HeaderPairs, bytes | None] | None = None
        self._remind: Seconds | None = None
        request = transaction.request
        self._reliable = ReliableProvisionals(endpoint, request, self._reply)
        self._answer: tuple[bytes, HeaderPairs] | None = None
        """Our answer, while it waits for the PRACK of a description that went before it."""
        self.early_offers = EarlyOffers(endpoint, invite, new_offer_id)
        expires = request.first("Expires")
        self._expiry = later(now, max(1.0, float(expires))) if expires else None
        self.call_id = request.call_id
        self.local_tag = endpoint.identifiers.tag()
        self.session: Session | None = None
        self._dialog = Dialog.of_server(request, self.local_tag)
        endpoint.transactions.respond(transaction, respond(request, 100), now)
        endpoint.emit(
            Incoming(
                invite=invite,
                call_id=self.call_id,
                from_uri=request.from_.uri,
                from_name=request.from_.name,
                to_uri=request.to.uri,
                request_uri=request.uri,
                headers=request.headers,
                offer=sdp_of(request),
                replaces=replaces,
            )
        )

    @property
    def is_over(self) -> bool:
        """Whether it can be forgotten."""
        return self._failed or (self.session is not None and self.session.is_over)

    @property
    def is_ringing(self) -> bool:
        """Whether it waits for our answer."""
        return not self._failed and self.session is None

    # Commands

    def provisional(self, status: int, body: bytes | None, headers: HeaderPairs, now: Seconds) -> None:
        """Send a 1xx, and repeat it every minute."""
        if self.is_ringing and self._answer is None:
            self._provisional = status, headers, body
            self._remind = later(now, _REMIND)
            if not self._reliable.send(status, headers, body, now):
                self._reply(status, headers, now, body)

    def answer(self, body: bytes, headers: HeaderPairs, now: Seconds) -> None:
        """Send 200."""
        if self.session is not None or self._answer is not None:
            raise StateError("the INVITE has been answered already")
        if not self._failed:
            self._answer = body, headers
            self._send_answer(now)

    def _send_answer(self, now: Seconds) -> None:
        if self._answer is None or self._failed or self._reliable.delays_answer:
            return
        body, headers = self._answer
        self.early_offers.refuse(488, now)
        self._reliable.stop()
        request = self._transaction.request
        self.session = Session(
            self._endpoint, self._invite, self._dialog, began_here=False, new_offer_id=self._new_offer_id
        )
        response = self._reply(200, (*headers, *self.session.session_timer.answered(request, now)), now, body)
        wants_answer = sdp_of(request) is None and not self._reliable.is_settled
        self.session.offers.agreed(local=body, remote=sdp_of(request))
        self.session.confirm(response, expects_answer=wants_answer, now=now)

    def reject(self, status: int, reason: str, headers: HeaderPairs, contacts: tuple[str, ...], now: Seconds) -> None:
        """Send a final response of 300 to 699."""
        if self.session is not None:
            raise StateError("the INVITE has been answered already: end it with bye()")
        if not self._failed:
            self._close(now)
            targets = tuple(("Contact", f"<{uri}>") for uri in contacts)
            self._endpoint.reply(
                self._transaction, status, now, tag=self.local_tag, reason=reason, headers=(*headers, *targets)
            )

    def _reply(self, status: int, headers: HeaderPairs, now: Seconds, body: bytes | None) -> Response:
        offered: HeaderPairs = (("Contact", self._endpoint.contact), *self._endpoint.capabilities)
        return self._endpoint.reply(
            self._transaction, status, now, tag=self.local_tag, headers=(*offered, *headers), body=body
        )

    def bye(self, cause: Reason | None, now: Seconds) -> None:
        """End it; unanswered it is refused for this telephone alone, others may go on ringing."""
        if self.session is not None:
            self.session.bye(cause, now)
        else:
            self.reject(480, "", (), (), now)

    def request(self, method: str, headers: HeaderPairs, body: bytes, on_response: OnResponse, now: Seconds) -> bool:
        """A request in the dialog; False as long as no response of ours has made one (RFC 3261 §12.1)."""
        if self.session is not None:
            self.session.request(method, headers, body, on_response, now)
            return True
        if self.dialog is None:
            return False
        request = self._dialog.request(method, headers, body)
        self._endpoint.transactions.send(request, on_response, now, next_sequence=self._dialog.next_sequence)
        return True

    @property
    def dialog(self) -> Dialog | None:
        """Where requests of ours go; None before a response of ours has made it known to the peer."""
        is_known = self.session is not None or (self.is_ringing and self._provisional is not None)
        return self._dialog if is_known else None

    def is_early_with(self, remote_tag: str) -> bool:
        """Never: an unanswered INVITE of a peer's can't be replaced (RFC 3891 §3)."""
        del remote_tag
        return False

    # What the peer does

    def cancelled(self, transaction: ServerTransaction, cancel: Request, now: Seconds) -> None:
        """The peer's CANCEL: 487 if we have not answered yet; in a dialog it means a re-INVITE."""
        if self.session is not None:
            self.session.offers.cancelled(transaction, now)
        elif transaction is self._transaction and self.is_ringing:
            self._end(cancel.items("Reason"), now)

    def _close(self, now: Seconds) -> None:
        self._failed = True
        self._reliable.stop()
        self.early_offers.refuse(487, now)

    def _end(self, reasons: tuple[str, ...], now: Seconds) -> None:
        self._close(now)
        self._endpoint.reply(self._transaction, 487, now, tag=self.local_tag)
        self._endpoint.emit(Cancelled(invite=self._invite, cause=parse_reason(reasons)))

    def received(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        """A request in this dialog."""
        if request.from_.tag != self._dialog.remote_tag:
            self._endpoint.reply(transaction, 481, now)
        elif request.method == "PRACK":
            self._acknowledged(request, transaction, now)
        elif self.session is not None:
            self.session.received(request, transaction, now)
        elif request.method == "BYE":
            self._endpoint.reply(transaction, 200, now)  # a caller may end an early dialog so (RFC 3261 §15)
            self._end(request.items("Reason"), now)
        elif not self._dialog.in_order(request):
            self._endpoint.reply(transaction, 500, now, reason="CSeq Out Of Order")
        elif request.method == "UPDATE" and request.body and self._reliable.is_settled:
            self._dialog.refresh(request)
            self.early_offers.received(transaction, now)
        elif request.method == "INVITE" or (request.method == "UPDATE" and request.body):
            # The first offer is not answered yet (RFC 3261 §14.2, RFC 3311 §5.2).
            self._endpoint.reply(transaction, 500, now, headers=(("Retry-After", "2"),))
        elif request.method == "UPDATE":
            self._dialog.refresh(request)
            self._endpoint.reply(transaction, 200, now, headers=(("Contact", self._endpoint.contact),))
        else:
            self._endpoint.deliver(transaction, self._invite, self._dialog, now)

    def _acknowledged(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        """A PRACK (RFC 3262 §3)."""
        if not self._dialog.in_order(request):
            self._endpoint.reply(transaction, 500, now, reason="CSeq Out Of Order")
            return
        was_settled = self._reliable.is_settled or sdp_of(self._transaction.request) is not None
        if not self._reliable.acknowledged(request):
            self._endpoint.reply(transaction, 481, now)
            return
        body = sdp_of(request)
        if body is not None and was_settled:
            self.early_offers.received(transaction, now)
        else:
            self._endpoint.reply(transaction, 200, now)
            if body is not None:
                self._endpoint.emit(Reanswered(invite=self._invite, body=body))
        self._reliable.send_next(now)
        self._send_answer(now)

    # Connections and time

    def disconnected(self) -> None:
        """Nobody can be told any more that it rings here."""
        if self.is_ringing:
            self._failed = True
            self._reliable.stop()
            self._transaction.abandon()
            self._endpoint.emit(Failed(invite=self._invite, status=503, reason="Connection lost", local=True))

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        if self.session is not None:
            return self.session.deadline()
        return earliest((self._remind, self._expiry, self._reliable.deadline()))

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        if self.session is not None:
            self.session.timer(now)
        elif self._reliable.gave_up(now):
            self.reject(504, "", (), (), now)
            self._endpoint.emit(Failed(invite=self._invite, status=504, reason="No PRACK came", local=True))
        elif (response := self._reliable.timer(now)) is not None:
            self._endpoint.transactions.queue(response.render())
        elif self._expiry is not None and now >= self._expiry:
            self._expiry = None
            self._end((), now)  # RFC 3261 §13.3.1
        elif self._remind is not None and now >= self._remind and self._provisional is not None:
            self._remind = later(now, _REMIND)
            status, headers, body = self._provisional
            if not self._reliable.send(status, headers, None, now):
                self._reply(status, headers, now, body)
