"""[I/O] A call that takes the place of another: an INVITE with Replaces (RFC 3891) is answered at once.

Whoever sends it knows the tags of the dialog that it replaces, which only its ends and the proxies between them do: the
far end's other unit, or somebody whom the far end has sent to us.
"""

import logging

from appliance.calls import service_events
from appliance.calls.board import Board
from appliance.calls.call import Call
from appliance.calls.call_info import CallState
from appliance.calls.cause import Cause
from appliance.sip import events as sip
from appliance.sip.events import Reason

log = logging.getLogger(__name__)

_ELSEWHERE = Reason(protocol="SIP", code=200, text="Call completed elsewhere")


class Replacement:
    """Calls of ours that are replaced."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def called(self, event: sip.Incoming) -> None:
        """Take an INVITE with Replaces."""
        former = self._board.of_invite(event.replaces)
        if former is None:
            self._board.agent.reject(event.invite, 481)
            return
        call = self._board.incoming(event, replaces=former.uuid)
        if call is None:
            return
        self._board.table.take(call)
        call.leg.progress.accept()
        if former.muted:
            call.mute()
        self._board.tasks.start("replacement", self._take_place(former, call))

    async def _take_place(self, former: Call, call: Call) -> None:
        await call.leg.accept()
        if not await call.wait_answered():
            log.info("call %s goes on: what was to replace it came to nothing", former.uuid)
        elif not former.over:
            self._board.emit(service_events.CallReplaced(call=former.info, by=call.uuid))
            former.leg.leave(480, _ELSEWHERE)
            former.leg.end(CallState.CANCELED, Cause.REPLACED, originator="local", reason=_ELSEWHERE)
