"""A dialog that was established before this user agent began: taken up from a `DialogSnapshot`."""

from collections.abc import Callable

from appliance.sip.dialog import Dialog
from appliance.sip.dialog_snapshot import DialogSnapshot
from appliance.sip.endpoint import Endpoint
from appliance.sip.events import HeaderPairs, InviteId, OfferId, Reason
from appliance.sip.message import Request
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.session import Session
from appliance.sip.transactions import OnResponse
from appliance.units import Seconds


class RestoredInvite:
    """One call, from the moment it is taken up again.

    Attributes:
        call_id: of the dialog.
        local_tag: our tag in it.
        session: the dialog.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        invite: InviteId,
        snapshot: DialogSnapshot,
        *,
        new_offer_id: Callable[[], OfferId],
    ) -> None:
        self._endpoint = endpoint
        self.call_id = snapshot.call_id
        self.local_tag = snapshot.local_tag
        self.session: Session = Session(
            endpoint, invite, snapshot.dialog(), began_here=snapshot.began_here, new_offer_id=new_offer_id
        )

    @property
    def is_over(self) -> bool:
        """Whether it can be forgotten."""
        return self.session.is_over

    @property
    def dialog(self) -> Dialog:
        """Where requests of ours go."""
        return self.session.dialog

    def is_early_with(self, remote_tag: str) -> bool:
        """Never: it is established."""
        del remote_tag
        return False

    def bye(self, cause: Reason | None, now: Seconds) -> None:
        """End it."""
        self.session.bye(cause, now)

    def request(self, method: str, headers: HeaderPairs, body: bytes, on_response: OnResponse, now: Seconds) -> bool:
        """A request in the dialog."""
        self.session.request(method, headers, body, on_response, now)
        return True

    def cancelled(self, transaction: ServerTransaction, _cancel: Request, now: Seconds) -> None:
        """The peer took back its re-INVITE."""
        self.session.offers.cancelled(transaction, now)

    def received(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        """A request in this dialog."""
        if request.from_.tag == self.session.dialog.remote_tag:
            self.session.received(request, transaction, now)
        else:
            self._endpoint.reply(transaction, 481, now)

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return self.session.deadline()

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        self.session.timer(now)

    def disconnected(self) -> None:
        """The dialog stays."""
