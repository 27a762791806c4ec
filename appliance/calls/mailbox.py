"""[I/O] Whether messages wait for us: asked of the registrar's side, or told without asking (RFC 3842)."""

from appliance.calls import destination
from appliance.calls.board import Board
from appliance.calls.headers import first
from appliance.calls.message_summary import CONTENT_TYPE, PACKAGE, MessageSummary
from appliance.calls.service_events import MessagesWaiting
from appliance.sip import events as sip
from appliance.sip.events import RequestReceived, SubscriptionId
from appliance.sip.header_values import NameAddress


class Mailbox:
    """That of one client's user."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._subscription: SubscriptionId | None = None
        self._told: MessageSummary | None = None

    def registered(self) -> None:
        """The line is there: ask, if it is wanted."""
        if self._board.settings.services.message_waiting and self._subscription is None:
            self._subscription = self._board.agent.subscriptions.subscribe(
                self._board.own_uri, PACKAGE, accept=CONTENT_TYPE
            )

    def close(self) -> None:
        """The line is given up."""
        self._subscription = self._told = None

    def happened(self, event: sip.Notified | sip.SubscriptionEnded) -> bool:
        """Take what is said of a subscription; False if it is not ours."""
        if event.subscription != self._subscription:
            return False
        if isinstance(event, sip.Notified):
            self._read(event.body)
        return True

    def told(self, event: RequestReceived) -> int:
        """A NOTIFY that nobody asked for: from our own domain it is believed. The status that answers it."""
        package = (first(event.headers, "Event") or "").partition(";")[0].strip().lower()
        sender = NameAddress.parse(first(event.headers, "From") or "").uri
        if package != PACKAGE or destination.host(sender) != self._board.settings.sip_domain.lower():
            return 481
        self._read(event.body)
        return 200

    def _read(self, body: bytes) -> None:
        summary = MessageSummary.parse(body)
        if summary is not None and summary != self._told:
            self._told = summary
            self._board.emit(MessagesWaiting(summary=summary))
