"""Offers in an established dialog: re-INVITE and UPDATE both ways, one at a time (RFC 3261 §14, RFC 3311, RFC 6337).

::

    reoffer() ──► sent ──► 2xx ──► Reanswered
                   └─ 491 ─► waiting (random) ─► sent again … ─► ReofferFailed
                   withdraw_offer() ─► CANCEL ─► ReofferFailed, at once
    peer's offer ──► Offered ──► accept_offer() ──► 2xx until ACK  (UPDATE: once)
                             └─► refuse_offer() ──► 488
"""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.sip.dialog import Dialog
from appliance.sip.endpoint import Endpoint, credentials_of, sdp_of
from appliance.sip.events import HeaderPairs, InviteId, Offered, OfferId, Reanswered, ReofferFailed
from appliance.sip.message import SDP, Request, Response, respond
from appliance.sip.server_transaction import ServerTransaction, UnacknowledgedAnswer
from appliance.sip.session_timer import SessionTimer, refusal
from appliance.sip.timers import earliest, later
from appliance.sip.transactions import Exchange
from appliance.units import Seconds

_MAX_ATTEMPTS = 5


@dataclass(slots=True)
class _Ours:
    """Our outstanding offer."""

    method: str
    body: bytes
    exchange: Exchange | None = None
    attempts: int = 0
    again: Seconds | None = None
    refresh: bool = False
    """What was agreed on, once more: nobody is told."""


@dataclass(frozen=True, slots=True)
class _Theirs:
    """The peer's outstanding offer (or its wish for ours)."""

    offer_id: OfferId
    transaction: ServerTransaction
    wants_offer: bool


class Renegotiation:
    """The offer/answer state of one dialog after its first answer.

    Args:
        endpoint: what is shared.
        invite: whose dialog it is.
        dialog: its state.
        timer: its session timer.
        owns_call_id: whether the dialog began with our INVITE; decides who waits longer after a 491.
        new_offer_id: numbers the peer's offers.
        give_up: ends the dialog with a status (408, 481).
    """

    def __init__(
        self,
        endpoint: Endpoint,
        invite: InviteId,
        dialog: Dialog,
        *,
        timer: SessionTimer,
        owns_call_id: bool,
        new_offer_id: Callable[[], OfferId],
        give_up: Callable[[int, Seconds], None],
    ) -> None:
        self._endpoint = endpoint
        self._invite = invite
        self._dialog = dialog
        self._timer = timer
        self._owns_call_id = owns_call_id
        self._new_offer_id = new_offer_id
        self._give_up = give_up
        self._ours: _Ours | None = None
        self._withdrawn: Exchange | None = None
        """An INVITE of ours that was taken back, and has no final response yet."""
        self._theirs: _Theirs | None = None
        self._unacknowledged: UnacknowledgedAnswer | None = None
        self._acknowledgement: tuple[int, bytes] | None = None
        self._expects_answer = False
        self._over = False
        self._local: bytes | None = None
        self._remote: bytes | None = None
        """The descriptions that stand."""

    def agreed(self, *, local: bytes | None = None, remote: bytes | None = None) -> None:
        """These descriptions stand from now on; None leaves the former one."""
        self._local, self._remote = local or self._local, remote or self._remote

    @property
    def offer_id(self) -> OfferId | None:
        """The peer's offer that waits for us."""
        return self._theirs.offer_id if self._theirs else None

    @property
    def is_settled(self) -> bool:
        """Whether no offer waits for its answer, in either direction."""
        ours = self._ours is None and self._withdrawn is None
        return ours and self._theirs is None and not self._expects_answer

    def reoffer(self, body: bytes, method: str, now: Seconds) -> None:
        """Offer anew; refused with a local 491 while another offer is open."""
        if self._over or not self.is_settled:
            status = 481 if self._over else 491
            self._endpoint.emit(ReofferFailed(invite=self._invite, status=status, reason="Another offer is open"))
            return
        self._ours = _Ours(method, body)
        self._send(self._ours, now)

    def refresh(self, now: Seconds) -> None:
        """Offer what stands once more, to refresh the session (RFC 4028 §7.4); nothing while an offer is open."""
        if self._local is not None and self.is_settled and not self._over:
            self._ours = _Ours("INVITE", self._local, refresh=True)
            self._send(self._ours, now)

    def _send(self, ours: _Ours, now: Seconds) -> None:
        ours.again = None
        ours.attempts += 1
        headers: HeaderPairs = (
            ("Contact", self._endpoint.contact),
            *self._endpoint.capabilities,
            *self._timer.asked(),
            ("User-Agent", self._endpoint.user_agent),
            ("Content-Type", SDP),
        )
        request = self._dialog.request(ours.method, headers, ours.body)
        ours.exchange = self._endpoint.transactions.send(
            request, self._answered, now, next_sequence=self._dialog.next_sequence
        )

    def withdraw(self, now: Seconds) -> None:
        """Take our offer back: nobody answers it. From now on it does not stand in the way of the peer's."""
        ours, self._ours = self._ours, None
        if ours is None:
            return
        if ours.exchange is not None and ours.method == "INVITE":
            self._withdrawn = ours.exchange
            self._endpoint.transactions.cancel(ours.exchange, now, None)
        self._endpoint.emit(ReofferFailed(invite=self._invite, status=487, reason="Withdrawn"))

    def _answered(self, response: Response, request: Request, now: Seconds) -> None:
        if response.status < 200:
            if self._withdrawn is not None and not self._withdrawn.is_cancelled:
                self._endpoint.transactions.cancel(self._withdrawn, now, None)  # had to wait for a 1xx
            return
        self._withdrawn = None
        if response.status < 300:
            self._accepted(response, request, now)
            return
        ours = self._ours
        if self._over or ours is None:
            return
        if response.status == 422 and self._timer.raised(response):
            self._send(ours, now)
            return
        if response.status == 491 and ours.attempts < _MAX_ATTEMPTS:
            fraction = self._endpoint.identifiers.fraction()
            wait = 2.1 + 1.9 * fraction if self._owns_call_id else 2.0 * fraction  # RFC 3261 §14.1
            ours.exchange, ours.again = None, later(now, round(wait, 2))
            return
        self._ours = None
        if not ours.refresh:
            self._endpoint.emit(ReofferFailed(invite=self._invite, status=response.status, reason=response.reason))
        if response.status in (408, 481):
            self._give_up(response.status, now)

    def _accepted(self, response: Response, request: Request, now: Seconds) -> None:
        if request.method == "INVITE":
            if self._acknowledgement is not None and self._acknowledgement[0] == request.sequence:
                self._endpoint.transactions.queue(self._acknowledgement[1])  # a copy (RFC 3261 §13.2.2.4)
                return
            if not self._over:
                self._dialog.refresh(response)
            headers = credentials_of(request)
            acknowledgement = self._dialog.request("ACK", headers, sequence=request.sequence)
            data = self._endpoint.transactions.send_acknowledgement(acknowledgement)
            self._acknowledgement = request.sequence, data
        elif not self._over:
            self._dialog.refresh(response)
        if self._over:
            return
        self._timer.granted(response, now)
        ours, self._ours = self._ours, None
        if ours is not None:
            answer = sdp_of(response)
            is_known = ours.refresh and answer in (None, self._remote)
            self.agreed(local=ours.body, remote=answer)
            if not is_known:
                self._endpoint.emit(Reanswered(invite=self._invite, body=answer))

    def received(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        """The peer's re-INVITE or UPDATE, in order and with nothing but a session description in it."""
        body = sdp_of(request)
        if least := refusal(request, self._endpoint.settings.session_least):
            self._endpoint.reply(transaction, 422, now, headers=least)
            return
        if request.method == "UPDATE" and body is None:
            self._dialog.refresh(request)
            self._reply(transaction, 200, now)
            return
        if self._theirs is not None:
            # RFC 3261 §14.2, RFC 3311 §5.2
            wait = str(int(self._endpoint.identifiers.fraction() * 10))
            self._endpoint.reply(transaction, 500, now, headers=(("Retry-After", wait),))
            return
        if (self._ours is not None and self._ours.exchange is not None) or self._expects_answer:
            self._endpoint.reply(transaction, 491, now)
            return
        self._dialog.refresh(request)
        if request.method == "INVITE":
            self._endpoint.transactions.respond(transaction, respond(request, 100), now)
        self._theirs = _Theirs(self._new_offer_id(), transaction, wants_offer=body is None)
        self._endpoint.emit(
            Offered(invite=self._invite, offer_id=self._theirs.offer_id, method=request.method, body=body)
        )

    def accept(self, body: bytes | None, now: Seconds) -> None:
        """Answer the peer's offer with 200."""
        theirs, self._theirs = self._theirs, None
        if theirs is None:
            return
        response = self._reply(theirs.transaction, 200, now, body)
        self.agreed(local=body, remote=sdp_of(theirs.transaction.request))
        if theirs.transaction.request.method == "INVITE":
            self.confirm(response, expects_answer=theirs.wants_offer, now=now)

    def refuse(self, status: int, now: Seconds) -> None:
        """Refuse the peer's offer."""
        theirs, self._theirs = self._theirs, None
        if theirs is not None:
            self._endpoint.reply(theirs.transaction, status, now)

    def _reply(self, transaction: ServerTransaction, status: int, now: Seconds, body: bytes | None = None) -> Response:
        timer = self._timer.answered(transaction.request, now)
        headers: HeaderPairs = (("Contact", self._endpoint.contact), *self._endpoint.capabilities, *timer)
        return self._endpoint.reply(transaction, status, now, headers=headers, body=body)

    def cancelled(self, transaction: ServerTransaction, now: Seconds) -> None:
        """The peer took its re-INVITE back."""
        if self._theirs is not None and self._theirs.transaction is transaction:
            self.refuse(487, now)

    def confirm(self, response: Response, *, expects_answer: bool, now: Seconds) -> None:
        """Repeat a 2xx of ours to an INVITE until its ACK comes; `expects_answer` if it carries an offer."""
        self._unacknowledged = UnacknowledgedAnswer(response, now)
        self._expects_answer = expects_answer

    @property
    def awaits_acknowledgement(self) -> bool:
        """Whether a 2xx of ours has no ACK yet."""
        return self._unacknowledged is not None

    def acknowledged(self, request: Request) -> bool:
        """An ACK arrived; True if it is the one that was waited for."""
        waiting = self._unacknowledged
        if waiting is None or waiting.sequence != request.sequence:
            return False
        self._unacknowledged = None
        if self._expects_answer:
            self.agreed(remote=sdp_of(request))
        return True

    def take_answer(self) -> bool:
        """Whether the ACK that just came had to bring an answer."""
        expected, self._expects_answer = self._expects_answer, False
        return expected

    def finish(self, now: Seconds) -> None:
        """The dialog is over: refuse what waits, try nothing again."""
        self.refuse(487, now)
        self._over = True
        self._ours = None
        self._expects_answer = False

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest(
            (
                self._ours.again if self._ours else None,
                self._unacknowledged.deadline if self._unacknowledged else None,
            )
        )

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        waiting = self._unacknowledged
        if waiting is not None and waiting.gave_up(now):
            self._unacknowledged = None
            self._give_up(408, now)
        elif waiting is not None and waiting.timer(now):
            self._endpoint.transactions.queue(waiting.response.render())
        ours = self._ours
        if ours is not None and ours.again is not None and now >= ours.again:
            if self._theirs is None:
                self._send(ours, now)
            else:
                ours.again = later(now, 1.0)  # the peer was quicker: its offer first
