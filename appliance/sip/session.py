"""An established dialog: what both sides may do in it, from the 2xx to the BYE (RFC 3261 §12.2, §14, §15)."""

from collections.abc import Callable

from appliance.sip.dialog import Dialog
from appliance.sip.endpoint import Endpoint, sdp_of
from appliance.sip.events import (
    Acknowledged,
    Ended,
    HeaderPairs,
    InviteId,
    OfferId,
    Reanswered,
    Reason,
)
from appliance.sip.header_values import parse_reason, render_reason
from appliance.sip.message import Request, Response
from appliance.sip.renegotiation import Renegotiation
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.timers import earliest, later
from appliance.sip.transactions import OnResponse
from appliance.units import Seconds

_GOODBYE = 120.0  # seconds for which a BYE is tried again over a new connection


class Session:
    """One confirmed dialog of an INVITE.

    Attributes:
        dialog: its state.
        session_timer: when it has to be refreshed, and by whom.
        began_here: our INVITE made it.
        offers: its offer/answer state.
        is_ended: `Ended` has been emitted.
        is_over: nothing more is to be done for it; it can be forgotten.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        invite: InviteId,
        dialog: Dialog,
        *,
        began_here: bool,
        new_offer_id: Callable[[], OfferId],
    ) -> None:
        self._endpoint = endpoint
        self._invite = invite
        self.dialog = dialog
        self.began_here = began_here
        self.session_timer = endpoint.session_timer()
        self.offers = Renegotiation(
            endpoint,
            invite,
            dialog,
            timer=self.session_timer,
            owns_call_id=began_here,
            new_offer_id=new_offer_id,
            give_up=self.give_up,
        )
        self._is_refreshing = False
        self.is_ended = False
        self.is_over = False
        self._goodbye: HeaderPairs | None = None
        """The headers of a BYE that waits for the ACK, or for a connection."""
        self._goodbye_until: Seconds | None = None
        self._awaits_first_acknowledgement = False

    def confirm(self, response: Response, *, expects_answer: bool, now: Seconds) -> None:
        """Our 2xx to the first INVITE: repeat it until the ACK comes."""
        self._awaits_first_acknowledgement = True
        self.offers.confirm(response, expects_answer=expects_answer, now=now)

    # What the peer does

    def received(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        """A request in this dialog that passed the door."""
        if request.method == "BYE":
            self._bye_received(request, transaction, now)
        elif self.is_ended:
            self._endpoint.reply(transaction, 481, now)
        elif not self.dialog.in_order(request):
            self._endpoint.reply(transaction, 500, now, reason="CSeq Out Of Order")
        elif request.method in ("INVITE", "UPDATE"):
            self.offers.received(request, transaction, now)
        else:
            self._endpoint.deliver(transaction, self._invite, self.dialog, now)

    def _bye_received(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        self._endpoint.reply(transaction, 200, now)
        if not self.is_ended:
            self._end(
                Ended(
                    invite=self._invite,
                    local=False,
                    headers=request.headers,
                    cause=parse_reason(request.items("Reason")),
                ),
                now,
            )
        self.is_over = True

    def acknowledged(self, request: Request, now: Seconds) -> None:
        """An ACK in this dialog; copies are dropped."""
        if not self.offers.acknowledged(request):
            return
        first, self._awaits_first_acknowledgement = self._awaits_first_acknowledgement, False
        wanted = self.offers.take_answer()
        if self._goodbye is not None:
            self._say_goodbye(now)
        elif self.is_ended:
            pass
        elif first:
            self._endpoint.emit(Acknowledged(invite=self._invite, body=sdp_of(request)))
        elif wanted:
            self._endpoint.emit(Reanswered(invite=self._invite, body=sdp_of(request)))

    # What we do

    def bye(self, cause: Reason | None, now: Seconds) -> None:
        """End it. The BYE of a callee waits for the ACK (RFC 3261 §15), and for a connection if there is none."""
        if self.is_ended:
            return
        self._end(Ended(invite=self._invite, local=True, cause=cause), now)
        self._goodbye = (("Reason", render_reason(cause)),) if cause is not None else ()
        if not self.offers.awaits_acknowledgement:
            self._say_goodbye(now)

    def give_up(self, status: int, now: Seconds) -> None:
        """The peer is gone, or never acknowledged: end it on our side and say so."""
        if not self.is_ended:
            self._end(Ended(invite=self._invite, local=True, status=status), now)
            self._goodbye = ()
        if self._goodbye is not None:
            self._say_goodbye(now)

    def _end(self, event: Ended, now: Seconds) -> None:
        self.is_ended = True
        self.session_timer.stop()
        self.offers.finish(now)
        self._endpoint.emit(event)

    def _say_goodbye(self, now: Seconds) -> None:
        request = self.dialog.request("BYE", self._goodbye or ())
        if self._goodbye_until is None:
            self._goodbye_until = later(now, _GOODBYE)
        self._endpoint.transactions.send(request, self._goodbye_answered, now, next_sequence=self.dialog.next_sequence)

    def _goodbye_answered(self, response: Response, _request: Request, _now: Seconds) -> None:
        lost = response.local and response.status == 503
        if response.status >= 200 and not lost:
            self.is_over = True

    def request(self, method: str, headers: HeaderPairs, body: bytes, on_response: OnResponse, now: Seconds) -> None:
        """INFO, MESSAGE … in the dialog; a 408 or 481 ends it (RFC 3261 §12.2.1.2)."""
        agent: HeaderPairs = (("User-Agent", self._endpoint.user_agent),)
        request = self.dialog.request(method, (*agent, *headers), body)

        def answered(response: Response, sent: Request, then: Seconds) -> None:
            on_response(response, sent, then)
            if response.status in (408, 481):
                self.give_up(response.status, then)

        self._endpoint.transactions.send(request, answered, now, next_sequence=self.dialog.next_sequence)

    # Connections and time

    def connected(self, now: Seconds) -> None:
        """A new connection: say what could not be said."""
        if self._goodbye is not None and not self.is_over and not self.offers.awaits_acknowledgement:
            self._say_goodbye(now)

    def refresh_target(self, now: Seconds) -> None:
        """Tell the peer's side where we are now (RFC 3311 without a body), and find out whether it is still there.

        A proxy that pins our Contact to the connection it came over would send the peer's BYE into the old one.
        """
        if self.is_ended or "UPDATE" not in self.dialog.methods:
            return
        endpoint = self._endpoint
        headers: HeaderPairs = (("Contact", endpoint.contact), *endpoint.capabilities, *self.session_timer.asked())
        request = self.dialog.request("UPDATE", headers)
        self._is_refreshing = True
        endpoint.transactions.send(request, self._refreshed, now, next_sequence=self.dialog.next_sequence)

    def _refreshed(self, response: Response, _request: Request, now: Seconds) -> None:
        if response.status < 200:
            return
        self._is_refreshing = False
        if response.status < 300:
            self.dialog.refresh(response)
            if not self.is_ended:
                self.session_timer.granted(response, now)
        elif response.status == 481:
            self.give_up(481, now)
        elif response.status == 422 and self.session_timer.raised(response):
            self.refresh_target(now)

    def _keep_alive(self, now: Seconds) -> None:
        """What the session timer asks for."""
        if self.session_timer.has_ended(now):
            self.give_up(408, now)
        elif self.session_timer.is_due(now) and not self._is_refreshing:
            if "UPDATE" in self.dialog.methods:
                self.refresh_target(now)
            else:
                self.offers.refresh(now)

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest((self._goodbye_until, self.offers.deadline(), self.session_timer.deadline()))

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        self.offers.timer(now)
        self._keep_alive(now)
        if self._goodbye_until is not None and now >= self._goodbye_until:
            self._goodbye_until = None
            self.is_over = True
