"""[I/O] Calls that the unit answers by itself: it rings, beeps where it stands, and then opens the microphone.

rings ─► the delay ─► beep, to its end ─► AutoAnswered ─► answered
                       └─ no speaker to beep with: it goes on ringing
"""

import asyncio
import logging

from appliance.calls.auto_answer import Wish, wish_of
from appliance.calls.board import Board
from appliance.calls.call import Call
from appliance.calls.screening import FORBIDDEN, Verdict
from appliance.calls.service_events import AutoAnswered
from appliance.media.tones import AUTO_ANSWER
from appliance.sip.events import Incoming

log = logging.getLogger(__name__)


class AutoAnswering:
    """Decides for each call that comes in, by `ServiceSettings.auto_answer`."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def wish(self, event: Incoming) -> Wish | None:
        """How a call that may ring is to be answered by itself; None if it is for a person."""
        settings = self._board.settings
        if any(not call.held and not call.waiting for call in self._board.table.calls):
            return None  # somebody talks here: nobody else listens in
        return settings.services.auto_answer.decide(wish_of(event.headers), event.from_uri, settings.sip_domain)

    def verdict(self, event: Incoming) -> Verdict | None:
        """403 for a call that wants to be answered so or not at all, and is not (RFC 5373 §4.2)."""
        asked = wish_of(event.headers)
        refused = asked is not None and asked.automatic and asked.required and self.wish(event) is None
        return Verdict("auto_answer", FORBIDDEN) if refused else None

    def rings(self, call: Call, wish: Wish) -> None:
        """Answer a call that rings, after its delay and the beep."""
        call.leg.tasks.start("auto answer", self._answer(call, wish))

    async def _answer(self, call: Call, wish: Wish) -> None:
        await asyncio.sleep(wish.delay)
        if not call.waiting:
            return
        if not await self._board.media.sound(AUTO_ANSWER):
            log.warning("call %s is not answered by itself: there was no beep", call.uuid)
        elif call.waiting:
            self._board.emit(AutoAnswered(call=call.info, by=wish.by))
            self._board.tasks.start("auto answer", call.answer(on_others="letring", current="hold"))
