"""[I/O] Calls that come in: turned away, sent elsewhere, or ringing, and what becomes of those that nobody answers."""

import logging

from appliance.calls.auto_answering import AutoAnswering
from appliance.calls.board import Board
from appliance.calls.call import Call
from appliance.calls.screening import MOVED, Screening, Verdict, diversion
from appliance.calls.service_events import CallTurnedAway
from appliance.calls.timers import Timers
from appliance.calls.transfers import sent_elsewhere
from appliance.sip.events import HeaderPairs, Incoming

log = logging.getLogger(__name__)


class Reception:
    """Receives every INVITE that takes no other call's place. `screening` is the user's to change."""

    def __init__(self, board: Board) -> None:
        self._board = board
        services = board.settings.services
        self.screening = Screening(services.forwarding, services.do_not_disturb, services.do_not_disturb_status)
        self._auto_answering = AutoAnswering(board)
        self._unanswered = Timers()
        """Calls that are forwarded when nobody answers, by UUID."""

    def called(self, event: Incoming) -> None:
        """Take a call."""
        busy = not self._board.table.may_ring(multiple=self._board.settings.allow_multiple_incoming)
        verdict = self.screening.verdict(busy=busy) or self._auto_answering.verdict(event)
        if verdict is not None:
            self._turn_away(event, verdict)
            return
        wish = self._auto_answering.wish(event)
        call = self._board.incoming(event)
        if call is None:
            return
        call.leg.ring()
        if wish is not None and call.waiting:
            self._auto_answering.rings(call, wish)
        forwarding = self.screening.forwarding
        if forwarding.no_answer and call.waiting:
            self._unanswered.start(call.uuid, forwarding.after, lambda: self._not_answered(call))

    def over(self, call: Call) -> None:
        """A call has ended."""
        self._unanswered.stop(call.uuid)

    def close(self) -> None:
        """Forward nothing any more."""
        self._unanswered.stop_all()

    def send_elsewhere(self, call: Call, target: str, why: str = "deflection") -> None:
        """Answer a call that rings with 302 to `target`, a SIP URI."""
        assert call.invite is not None
        self._board.agent.reject(call.invite, MOVED, headers=self._diversion(why), contacts=(target,))
        sent_elsewhere(call)

    def _turn_away(self, event: Incoming, verdict: Verdict) -> None:
        log.info("a call from %s is turned away: %s", event.from_uri, verdict.why)
        contacts = (verdict.target,) if verdict.target else ()
        headers = self._diversion(verdict.why) if contacts else ()
        self._board.agent.reject(event.invite, verdict.status, headers=headers, contacts=contacts)
        self._board.emit(
            CallTurnedAway(
                caller_id=event.from_uri,
                caller_name=event.from_name,
                why=verdict.why,
                status=verdict.status,
                target=verdict.target,
            )
        )

    def _diversion(self, why: str) -> HeaderPairs:
        return (("Diversion", diversion(self._board.own_uri, why)),)

    def _not_answered(self, call: Call) -> None:
        target = self.screening.forwarding.no_answer
        if call.waiting and target:
            self.send_elsewhere(call, target, "forward_no_answer")
