"""[I/O] What a peer asks of us beside calling: each request is answered, and what it says goes to whom it is for."""

from appliance.calls import dtmf, remote_audio
from appliance.calls.board import Board
from appliance.calls.call import Call
from appliance.calls.mailbox import Mailbox
from appliance.calls.messages import Messages
from appliance.sip.events import RequestReceived


class PeerRequests:
    """INFO and MESSAGE in calls, NOTIFY outside; one of a kind that we have no use for is refused as such."""

    def __init__(self, board: Board, messages: Messages, mailbox: Mailbox) -> None:
        self._board = board
        self._messages = messages
        self._mailbox = mailbox

    def received(self, event: RequestReceived) -> None:
        """Answer a request."""
        call = self._board.of_invite(event.invite)
        if call is None and event.invite is None:
            status = self._mailbox.told(event) if event.method == "NOTIFY" else 403
        elif call is None:
            status = 481
        elif event.method == "INFO":
            status = self._informed(call, event)
        elif event.method == "MESSAGE":
            status = self._messages.received(call, event)
        else:
            status = 481  # a NOTIFY that nobody subscribed to
        self._board.agent.respond(event.request, status)

    def _informed(self, call: Call, event: RequestReceived) -> int:
        digit, audible = dtmf.heard(event.content_type, event.body), remote_audio.heard(event.body)
        if digit is not None:
            call.leg.digits.heard(*digit, "info")
        if audible is not None:
            call.leg.quality.remote_audio(audible=audible)
        return 200 if digit is not None or audible is not None or not event.body else 415
