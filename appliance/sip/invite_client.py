"""Our INVITE, from sending it to the first 2xx or the final refusal (RFC 3261 §13.2, §9.1).

::

    calling ──1xx──► proceeding ──2xx──► established (a `Session`)
       │ cancel()        │ cancel()          other forks: ACK, BYE
       └─ waits for 1xx ─┴─► CANCEL ──► final response, or 64·T1
"""

from collections.abc import Callable
from dataclasses import replace

from appliance.sip.dialog import Dialog
from appliance.sip.early_offer import EarlyOffers
from appliance.sip.endpoint import Endpoint, credentials_of, sdp_of
from appliance.sip.events import Answered, Failed, HeaderPairs, InviteId, OfferId, Progress, Reason
from appliance.sip.header_values import NameAddress, parse_reason
from appliance.sip.message import SDP, Request, Response
from appliance.sip.reliable_provisional import Receipts, requires
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.session import Session
from appliance.sip.transactions import Exchange, OnResponse
from appliance.units import Seconds

_MAX_EARLY = 32


class ClientInvite:
    """One call of ours.

    Attributes:
        call_id: of every dialog it makes.
        local_tag: our tag in them.
        session: the dialog that won; None before the first 2xx.
        early_offers: the peer's offers before that.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        invite: InviteId,
        request: Request,
        now: Seconds,
        *,
        new_offer_id: Callable[[], OfferId],
    ) -> None:
        self._endpoint = endpoint
        self._invite = invite
        self._new_offer_id = new_offer_id
        self._has_offer = bool(request.body)
        self._receipts = Receipts(endpoint, has_offer=self._has_offer)
        self._answered_early: set[str] = set()
        """The early dialogs in which our offer has been answered reliably."""
        self.early_offers = EarlyOffers(endpoint, invite, new_offer_id)
        self._sequence = request.sequence
        self._early: dict[str, Dialog] = {}
        self._acknowledgements: dict[str, bytes] = {}
        self._unacknowledged: Request | None = None
        """The INVITE whose ACK waits for our answer."""
        self._cancelled = False
        self._cause: Reason | None = None
        self._cancel_waits = False
        self._failed = False
        self.call_id = request.call_id
        self.local_tag = request.from_.tag
        self.session: Session | None = None
        self._timer = endpoint.session_timer()
        request = replace(request, headers=(*request.headers, *self._timer.asked()))
        self._exchange: Exchange = endpoint.transactions.send(
            request, self._answered, now, next_sequence=self._next_sequence
        )

    def _next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    @property
    def is_over(self) -> bool:
        """Whether it can be forgotten. Copies of a 2xx still find it through its transaction."""
        return self._failed or (self.session is not None and self.session.is_over)

    # Responses

    def _answered(self, response: Response, request: Request, now: Seconds) -> None:
        if response.status < 200:
            self._provisional(response, request, now)
        elif response.status < 300:
            self._success(response, request, now)
        elif not self._failed and self.session is None and not self._asked_for_longer(response, request, now):
            self._failure(response, now)

    def _asked_for_longer(self, response: Response, request: Request, now: Seconds) -> bool:
        """422: the same once more, with a session as long as they want (RFC 4028 §7.3)."""
        if response.status != 422 or self._cancelled or not self._timer.raised(response):
            return False
        again = request.without("Via", "Authorization", "Proxy-Authorization", "Session-Expires", "Min-SE", "CSeq")
        number: HeaderPairs = (("CSeq", f"{self._next_sequence()} INVITE"),)
        again = replace(again, headers=(*again.headers, *number, *self._timer.asked()))
        self._exchange = self._endpoint.transactions.send(again, self._answered, now, next_sequence=self._next_sequence)
        return True

    def _provisional(self, response: Response, request: Request, now: Seconds) -> None:
        if self._cancelled:
            if self._cancel_waits:
                self._cancel_waits = not self._endpoint.transactions.cancel(self._exchange, now, self._cause)
            return
        if response.status == 100 or self.session is not None or not self._receipts.is_in_order(response):
            return
        tag = response.to.tag
        if tag and tag not in self._early and len(self._early) < _MAX_EARLY:
            self._early[tag] = Dialog.of_client(request, response)
        dialog, is_reliable = self._early.get(tag), requires(response)
        if dialog is not None and is_reliable and self._has_offer and sdp_of(response) is not None:
            self._answered_early.add(tag)
        self._endpoint.emit(
            Progress(
                invite=self._invite,
                status=response.status,
                reason=response.reason,
                early=tag,
                headers=response.headers,
                body=sdp_of(response),
                reliable=is_reliable,
                is_offer=dialog is not None and self._receipts.acknowledge(response, request, dialog, now),
            )
        )

    def _success(self, response: Response, request: Request, now: Seconds) -> None:
        tag = response.to.tag
        if tag in self._acknowledgements:
            self._endpoint.transactions.queue(self._acknowledgements[tag])  # a copy: the ACK was lost
        elif self._cancelled or self._failed:
            self._refuse_fork(response, request, now)
            self._fail(487, "Request Terminated", now, local=True)
        elif self.session is None:
            self._establish(response, request, now)
        elif tag != self.session.dialog.remote_tag:
            self._refuse_fork(response, request, now)

    def _establish(self, response: Response, request: Request, now: Seconds) -> None:
        self.early_offers.refuse(488, now)
        dialog = self._early.get(response.to.tag) or Dialog.of_client(request, response)
        dialog.confirm(response)
        dialog.local_sequence = max(dialog.local_sequence, request.sequence)
        self.session = Session(self._endpoint, self._invite, dialog, began_here=True, new_offer_id=self._new_offer_id)
        self.session.session_timer.granted(response, now)
        self.session.offers.agreed(local=request.body, remote=sdp_of(response))
        if self._receipts.are_settled:
            self._acknowledge(dialog, request)
        else:
            self._unacknowledged = request
        self._endpoint.emit(
            Answered(
                invite=self._invite,
                status=response.status,
                early=dialog.remote_tag,
                remote_uri=NameAddress.parse(dialog.remote).uri,
                headers=response.headers,
                body=sdp_of(response),
            )
        )

    def _acknowledge(self, dialog: Dialog, request: Request, body: bytes = b"") -> None:
        described: HeaderPairs = (("Content-Type", SDP),) if body else ()
        acknowledgement = dialog.request("ACK", (*credentials_of(request), *described), body, sequence=request.sequence)
        if len(self._acknowledgements) < _MAX_EARLY:
            data = self._endpoint.transactions.send_acknowledgement(acknowledgement)
            self._acknowledgements[dialog.remote_tag] = data

    def _refuse_fork(self, response: Response, request: Request, now: Seconds) -> None:
        """A 2xx that nobody wants any more is acknowledged and ended (RFC 3261 §13.2.2.4)."""
        if len(self._acknowledgements) >= _MAX_EARLY:
            return
        dialog = Dialog.of_client(request, response)
        self._acknowledge(dialog, request)
        headers: HeaderPairs = (("Reason", 'SIP;cause=200;text="Call completed elsewhere"'),)
        bye = dialog.request("BYE", () if self._cancelled else headers)
        self._endpoint.transactions.send(bye, _ignore, now, next_sequence=dialog.next_sequence)

    def _failure(self, response: Response, now: Seconds) -> None:
        ours = self._cancelled and (response.local or response.status in (401, 407))
        if ours:
            self._fail(487, "Request Terminated", now, local=True)
            return
        contacts = response.items("Contact") if response.status < 400 else ()
        self._fail(
            response.status,
            response.reason,
            now,
            local=response.local,
            headers=() if response.local else response.headers,
            contacts=tuple(NameAddress.parse(value).uri for value in contacts),
            cause=parse_reason(response.items("Reason")),
        )

    def _fail(
        self,
        status: int,
        reason: str,
        now: Seconds,
        *,
        local: bool,
        headers: HeaderPairs = (),
        contacts: tuple[str, ...] = (),
        cause: Reason | None = None,
    ) -> None:
        if self._failed:
            return
        self._failed = True
        self.early_offers.refuse(487, now)
        self._endpoint.emit(
            Failed(
                invite=self._invite,
                status=status,
                reason=reason,
                local=local,
                headers=headers,
                contacts=contacts,
                cause=cause,
            )
        )

    # Commands

    def cancel(self, cause: Reason | None, now: Seconds) -> None:
        """Take it back; once it is established this is a BYE."""
        if self.session is not None:
            self.bye(cause, now)
        elif not self._cancelled and not self._failed:
            self._cancelled, self._cause = True, cause
            self._cancel_waits = not self._endpoint.transactions.cancel(self._exchange, now, cause)

    def bye(self, cause: Reason | None, now: Seconds) -> None:
        """End it, in whatever state it is."""
        if self.session is None:
            self.cancel(cause, now)
            return
        if self._unacknowledged is not None:
            # The 2xx carried an offer that we won't answer.
            self._acknowledge(self.session.dialog, self._unacknowledged)
            self._unacknowledged = None
        self.session.bye(cause, now)

    def acknowledge(self, body: bytes, now: Seconds) -> bool:
        """Send the ACK, or the PRACK, with our answer; False if none is waited for."""
        if self._receipts.answer(body, now):
            return True
        if self.session is None or self._unacknowledged is None:
            return False
        self._acknowledge(self.session.dialog, self._unacknowledged, body)
        self.session.offers.agreed(local=body)
        self._unacknowledged = None
        return True

    @property
    def awaits_answer(self) -> bool:
        """Whether the peer's 2xx carried an offer that we have not answered."""
        return self._unacknowledged is not None

    @property
    def dialog(self) -> Dialog | None:
        """Where requests of ours go: the dialog that won, or the latest early one; None if there is none yet."""
        return self.session.dialog if self.session is not None else next(reversed(self._early.values()), None)

    def is_early_with(self, remote_tag: str) -> bool:
        """Whether it is not answered, and has an early dialog with this tag."""
        return self.session is None and remote_tag in self._early

    def request(self, method: str, headers: HeaderPairs, body: bytes, on_response: OnResponse, now: Seconds) -> bool:
        """A request in the dialog, early or not; False if there is none yet."""
        if self.session is not None:
            self.session.request(method, headers, body, on_response, now)
            return True
        dialog = self.dialog
        if dialog is None:
            return False
        request = dialog.request(method, headers, body)
        self._endpoint.transactions.send(request, on_response, now, next_sequence=dialog.next_sequence)
        return True

    # What the peer does

    def cancelled(self, transaction: ServerTransaction, _cancel: Request, now: Seconds) -> None:
        """The peer took back its re-INVITE."""
        if self.session is not None:
            self.session.offers.cancelled(transaction, now)

    def received(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        """A request in one of the dialogs this INVITE made."""
        tag = request.from_.tag
        if self.session is not None and tag == self.session.dialog.remote_tag:
            self.session.received(request, transaction, now)
            return
        dialog = self._early.get(tag)
        if self.session is not None or dialog is None or request.method == "BYE":
            # A BYE of a fork that was refused is answered kindly.
            lost = request.method == "BYE" and tag in self._acknowledgements
            self._endpoint.reply(transaction, 200 if lost else 481, now)
        elif not dialog.in_order(request):
            self._endpoint.reply(transaction, 500, now, reason="CSeq Out Of Order")
        elif request.method == "UPDATE" and request.body and tag in self._answered_early:
            dialog.refresh(request)
            self.early_offers.received(transaction, now)
        elif request.method == "INVITE" or (request.method == "UPDATE" and request.body):
            self._endpoint.reply(transaction, 491, now)  # our own offer is not answered yet
        elif request.method == "UPDATE":
            dialog.refresh(request)
            self._endpoint.reply(transaction, 200, now, headers=(("Contact", self._endpoint.contact),))
        else:
            self._endpoint.deliver(transaction, self._invite, dialog, now)

    # Time

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do; its transactions keep their own time."""
        return self.session.deadline() if self.session is not None else None

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        if self.session is not None:
            self.session.timer(now)

    def disconnected(self) -> None:
        """The transaction has failed by itself; an established dialog stays."""


def _ignore(response: Response, request: Request, now: Seconds) -> None:
    """Nobody waits for the answer."""
