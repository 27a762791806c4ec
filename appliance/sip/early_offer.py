"""The peer's further offers before the INVITE is answered, once its first offer has been: in PRACK or UPDATE.

They can only come when the first answer went in a reliable provisional response (RFC 3262 §5, RFC 3311 §5.1).
"""

from collections.abc import Callable

from appliance.sip.endpoint import Endpoint, sdp_of
from appliance.sip.events import HeaderPairs, InviteId, Offered, OfferId
from appliance.sip.server_transaction import ServerTransaction
from appliance.units import Seconds


class EarlyOffers:
    """One at a time, for one INVITE."""

    def __init__(self, endpoint: Endpoint, invite: InviteId, new_offer_id: Callable[[], OfferId]) -> None:
        self._endpoint = endpoint
        self._invite = invite
        self._new_offer_id = new_offer_id
        self._transaction: ServerTransaction | None = None
        self.offer_id: OfferId | None = None
        """The offer that waits for us."""

    def received(self, transaction: ServerTransaction, now: Seconds) -> None:
        """An offer came."""
        if self.offer_id is not None:
            wait = str(int(self._endpoint.identifiers.fraction() * 10))  # RFC 3311 §5.2
            self._endpoint.reply(transaction, 500, now, headers=(("Retry-After", wait),))
            return
        self._transaction, self.offer_id = transaction, self._new_offer_id()
        request = transaction.request
        self._endpoint.emit(
            Offered(invite=self._invite, offer_id=self.offer_id, method=request.method, body=sdp_of(request))
        )

    def accept(self, body: bytes | None, now: Seconds) -> None:
        """Answer it with 200."""
        self._reply(200, now, body)

    def refuse(self, status: int, now: Seconds) -> None:
        """Refuse it: the session goes on as it was."""
        self._reply(status, now, None)

    def _reply(self, status: int, now: Seconds, body: bytes | None) -> None:
        transaction, self._transaction, self.offer_id = self._transaction, None, None
        if transaction is not None:
            contact: HeaderPairs = (("Contact", self._endpoint.contact),)
            self._endpoint.reply(transaction, status, now, headers=contact, body=body)
