"""[I/O] Keeps what is written down of the calls in step with them, and takes up what a former run has left.

answered, changed, every 2 s ─▶ record ─▶ call store ─ killed, started again ─▶ login ─▶ the call goes on, or ends there
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from appliance.calls.call import Call
from appliance.calls.call_record import CallRecord
from appliance.calls.call_store import CallStore, Leftover
from appliance.calls.cause import Cause
from appliance.calls.events import (
    CallAnswered,
    CallRestored,
    CallTerminated,
    ClientEvent,
    HoldChanged,
    MediaConnected,
    MuteChanged,
)
from appliance.calls.switchboard import Switchboard
from appliance.errors import DescriptionError
from appliance.units import Seconds

log = logging.getLogger(__name__)

_PERIOD: Final = 2.0
"""Seconds between two signs of life of a call."""

_CLOCK_STEP: Final = 5.0
"""Seconds by which the time of day may have been set back meanwhile."""


class CallKeeper:
    """Works inside `with`: a folder belongs to one run at a time. Without a folder in the settings it does nothing."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        self._store: CallStore | None = None
        self._left: list[Leftover] = []
        self._names: dict[Call, str] = {}
        self._written: dict[Call, CallRecord] = {}
        self._beat: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def __enter__(self) -> None:
        folder = self._board.settings.calls_folder
        self._store = None if folder is None else CallStore.open(folder)
        if self._store is not None:
            self._left = self._store.take()
            self._unsubscribe = self._board.events.subscribe(self._happened)

    def __exit__(self, *_: object) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._store is not None:
            self._store.close()
            self._store = None

    def _happened(self, event: ClientEvent) -> None:
        """Write down how a call is now; forget one that is over."""
        if not isinstance(event, CallTerminated | CallAnswered | HoldChanged | MuteChanged | MediaConnected):
            return
        if isinstance(event, CallTerminated):
            for call in [call for call in self._names if call.over]:
                self._forget(call)
            return
        found = self._board.table.find(event.call.call_uuid)
        if found is not None:
            self._note(found)

    def _note(self, call: Call) -> None:
        record = self._record(call) if call.answered else None
        if record is None or self._store is None:
            return
        name = self._names.setdefault(call, self._store.new_name())
        if self._written.get(call) == record:
            self._store.touch(name)
        else:
            self._store.write(name, record)
            self._written[call] = record
        if self._beat is None or self._beat.done():
            self._beat = self._board.tasks.start("calls written down", self._keep())

    def _forget(self, call: Call) -> None:
        self._written.pop(call, None)
        if self._store is not None:
            self._store.remove(self._names.pop(call))

    async def _keep(self) -> None:
        while self._names:
            await asyncio.sleep(_PERIOD)
            for call in tuple(self._names):
                self._note(call)

    def _record(self, call: Call) -> CallRecord | None:
        invite, facts, leg = call.invite, call.leg.facts, call.leg
        dialog = None if invite is None else self._board.agent.snapshot(invite)
        description = leg.media.description
        if dialog is None or leg.answered_at is None or not description:
            return None
        return CallRecord(
            account=self._account,
            direction=facts.direction,
            uuid=facts.uuid,
            former_uuid=facts.former_uuid,
            src=facts.src,
            dest=facts.dest,
            caller_name=facts.caller_name,
            sip_call_id=facts.sip_call_id,
            extra_headers=facts.extra_headers,
            answered=round(self._board.clock.wall().timestamp() - call.duration),
            muted=leg.muted,
            held=leg.negotiation.held,
            dialog=dialog,
            description=description,
        )

    @property
    def _account(self) -> str:
        return f"{self._board.line.user}@{self._board.settings.sip_domain}"

    def take_up(self) -> None:
        """Go on with the calls that a former run has left, or end them at the far end: as the settings say."""
        mine = [left for left in self._left if left.record.account == self._account]
        self._left = [left for left in self._left if left not in mine]
        for left in mine:
            log.info("call %s was left %.1f s ago", left.record.uuid, left.age)
            call = self._restored(left.record)
            if call.over:
                continue
            if -_CLOCK_STEP <= left.age <= self._board.settings.restore_within:
                call.leg.talk()
                call.leg.reconnection.restored()
                self._note(call)
            else:
                call.leg.give_up(Cause.CONNECTION_ERROR, 503)

    def _restored(self, record: CallRecord) -> Call:
        """The call that `record` tells of, among the others again."""
        clock, board = self._board.clock, self._board
        call = Call(board, record.facts)
        board.table.add(call)
        board.table.take(call)
        leg = call.leg
        leg.invite = board.agent.restore(record.dialog)
        leg.progress.restore()
        talked = max(0.0, clock.wall().timestamp() - record.answered)
        leg.answered_at = Seconds(clock.now() - talked)
        leg.muted = leg.media.muted = record.muted
        leg.negotiation.restore(held=record.held)
        leg.decided.set()
        leg.emit(CallRestored(call=call.info, talked=talked, muted=record.muted, held=record.held))
        try:
            leg.media.restore(record.description)
        except DescriptionError as error:
            log.warning("call %s can't be taken up: %s", record.uuid, error)
            leg.give_up(Cause.INTERNAL_ERROR, 500)
        return call
