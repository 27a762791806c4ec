"""[I/O] The supplementary services of one client, and which of them an event is for."""

from appliance.calls.board import Board
from appliance.calls.call import Call
from appliance.calls.conferences import Conferences
from appliance.calls.lamp_source import LampSource
from appliance.calls.lamps import Lamps
from appliance.calls.mailbox import Mailbox
from appliance.calls.messages import Messages
from appliance.calls.peer_requests import PeerRequests
from appliance.calls.reception import Reception
from appliance.calls.referrals import Referrals
from appliance.calls.replacement import Replacement
from appliance.calls.transfers import Transfers
from appliance.sip import events as sip


class Services:
    """Each of them stands alone on the switchboard."""

    def __init__(self, board: Board) -> None:
        self.reception = Reception(board)
        self.transfers = Transfers(board)
        self.conferences = Conferences(board)
        self.messages = Messages(board)
        self.lamps = Lamps(board)
        self._mailbox = Mailbox(board)
        self._lamp_source = LampSource(board)
        self._referrals = Referrals(board)
        self._replacement = Replacement(board)
        self._peer_requests = PeerRequests(board, self.messages, self._mailbox)

    def asked(self, event: sip.Event) -> bool:
        """Take what a peer asks of us, or tells because we asked; False if it is about a call that is there."""
        match event:
            case sip.Incoming() if event.replaces is not None:
                self._replacement.called(event)
            case sip.Incoming():
                self.reception.called(event)
            case sip.RequestReceived():
                self._peer_requests.received(event)
            case sip.Referred():
                self._referrals.referred(event)
            case sip.Subscribing():
                self._lamp_source.subscribing(event)
            case sip.Resubscribed():
                self._lamp_source.resubscribed(event)
            case sip.Notified() | sip.SubscriptionEnded():
                self._told(event)
            case _:
                return False
        return True

    def _told(self, event: sip.Notified | sip.SubscriptionEnded) -> None:
        if self.transfers.happened(event) or self.lamps.happened(event) or self._mailbox.happened(event):
            return
        if isinstance(event, sip.SubscriptionEnded):
            self._lamp_source.ended(event)

    def registered(self) -> None:
        """The registrar has our binding: what is subscribed to can tell."""
        self.lamps.registered()
        self._mailbox.registered()

    def signalling(self, *, up: bool) -> None:
        """Requests reach far ends, or not any more."""
        self.messages.signalling(up=up)

    def over(self, call: Call) -> None:
        """A call has ended."""
        self.reception.over(call)
        self.messages.over(call)

    def close(self) -> None:
        """The line is given up: nothing is subscribed to any more."""
        self.reception.close()
        self.lamps.close()
        self._mailbox.close()
        self._lamp_source.close()
