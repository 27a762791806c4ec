"""[I/O] Calls that we transfer: the far end is asked to call somebody else (RFC 5589, REFER RFC 3515).

blind:     hold ─► REFER target                     ─► its progress ─► 2xx: we hang up
attended:  hold ─► REFER target, Replaces our call  ─► its progress ─► 2xx: we hang up, the target ends ours with it
                                                                   └─► refused: resume, if we held it for this
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.calls import connect_token, service_events
from appliance.calls.board import Board
from appliance.calls.call import Call
from appliance.calls.call_info import CallState
from appliance.calls.cause import Cause
from appliance.errors import StateError
from appliance.sip import events as sip
from appliance.sip.events import SubscriptionId
from appliance.sip.refer import progress

log = logging.getLogger(__name__)

_HOLD_TIMEOUT: Final = 5.0
_COURTESY: Final = 3.0
"""Seconds in which the target of an attended transfer ends our call with it by itself."""


@dataclass(slots=True)
class _Transfer:
    """One that is under way."""

    call: Call
    target: str
    result: "asyncio.Future[tuple[int, str]]"
    """The status and reason that it came to."""
    follows: Callable[[], None] | None = None
    """For a call that is not answered: called as soon as its caller follows, for more need not be known."""


class Transfers:
    """Those that we asked for."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._waiting: dict[SubscriptionId, _Transfer] = {}

    async def transfer(self, call: Call, target: str, to: Call | None) -> bool:
        """Send the far end of `call` to `target`, or to the far end of `to`; see `Call.transfer`."""
        if any(waiting.call is call for waiting in self._waiting.values()):
            raise StateError(f"call {call.uuid} is being transferred already")
        former = call.held
        if not former:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HOLD_TIMEOUT):
                    await call.hold()
        if call.over or call.invite is None or (to is not None and to.over):
            self._fail(call, target, 487, "The call ended")
            return False
        status, reason = await self._refer(call, target, to)
        if status < 300:
            self._board.emit(service_events.Transferred(call=call.info, target=target, status=status))
            call.hang_up()
            if to is not None:
                await self._leave(to)
            return True
        self._fail(call, target, status, reason)
        if not former and call.answered and not self._board.may_resume(call):
            await call.resume()
        return False

    def _fail(self, call: Call, target: str, status: int, reason: str) -> None:
        log.info("call %s could not be transferred: %d %s", call.uuid, status, reason)
        self._board.emit(service_events.TransferFailed(call=call.info, target=target, status=status, reason=reason))

    async def deflect(self, call: Call, target: str) -> bool:
        """Ask the caller of an unanswered call to call `target` instead; False if it does not."""
        status, _ = await self._refer(call, target, None, follows=lambda: sent_elsewhere(call))
        if status < 300 and not call.over:
            sent_elsewhere(call)
        return status < 300

    async def _refer(
        self, call: Call, target: str, to: Call | None, *, follows: Callable[[], None] | None = None
    ) -> tuple[int, str]:
        """Ask for it; the status and reason that it came to."""
        assert call.invite is not None
        agent, replaces = self._board.agent, ""
        if to is not None:
            snapshot = agent.snapshot(to.invite) if to.invite is not None else None
            if snapshot is None:
                return 481, "The other call ended"
            target, replaces = connect_token.reachable(snapshot), str(snapshot.replaces)
        waiting = _Transfer(call, target, asyncio.get_running_loop().create_future(), follows)
        subscription = agent.subscriptions.refer(call.invite, target, replaces=replaces)
        self._waiting[subscription] = waiting
        try:
            return await waiting.result
        finally:
            del self._waiting[subscription]

    async def _leave(self, to: Call) -> None:
        """The other call is over with the transfer; its far end mostly says so."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_COURTESY):
                await to.wait_ended()
        to.hang_up()

    def happened(self, event: sip.Notified | sip.SubscriptionEnded) -> bool:
        """Take what is said of a subscription; False if it is not about a transfer."""
        waiting = self._waiting.get(event.subscription)
        if waiting is None or waiting.result.done():
            return waiting is not None
        if isinstance(event, sip.SubscriptionEnded):
            unknown = event.reason == "norefersub"
            waiting.result.set_result((202, "Accepted") if unknown else (event.status or 408, event.reason))
            return True
        if waiting.follows is not None:
            waiting.result.set_result((202, "Accepted"))
            waiting.follows()
            return True
        told = progress(event.body)
        if told is not None and told[0] >= 200:
            waiting.result.set_result(told)
        elif told is not None:
            self._board.emit(
                service_events.TransferProgress(
                    call=waiting.call.info, target=waiting.target, status=told[0], reason=told[1]
                )
            )
        return True


def sent_elsewhere(call: Call) -> None:
    """End an incoming call whose caller has been told to call somebody else."""
    call.leg.end(CallState.REDIRECTED, Cause.REDIRECTED, originator="local", status=302)
