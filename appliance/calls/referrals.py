"""[I/O] Calls that are transferred by their far end: it refers us to somebody else, and we go (RFC 3515, RFC 5589).

Referred ─► policy ─┬─ refused: 403, 603
                    ├─ before the answer: the same call goes elsewhere
                    └─ 202 ─► another call, its progress told ─┬─ answered: the former call ends
                                                               └─ not: the former call goes on
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Final

from appliance.calls import destination, events, service_events
from appliance.calls.board import Board
from appliance.calls.call import Call
from appliance.calls.call_info import CallEvent, Direction
from appliance.calls.events import ClientEvent
from appliance.errors import ApplianceError
from appliance.sip import events as sip
from appliance.sip.events import HeaderPairs, SubscriptionId
from appliance.sip.refer import SIPFRAG, sipfrag

log = logging.getLogger(__name__)

_HOLD_TIMEOUT: Final = 3.0
_COURTESY: Final = 3.0
"""Seconds in which whoever transferred us ends the former call by itself."""


@dataclass(slots=True)
class _Referral:
    """One that we follow: what tells the progress, and of which call."""

    subscription: SubscriptionId
    call: Call
    told: int = 100


class Referrals:
    """Those that we follow."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._following: list[_Referral] = []
        self._sent: set[str] = set()
        """Calls whose far end has sent us away, by UUID."""
        board.events.subscribe(self._happened)

    def referred(self, event: sip.Referred) -> None:
        """Decide on a REFER, and follow it."""
        subscriptions = self._board.agent.subscriptions
        call = self._board.of_invite(event.invite)
        if call is None:
            subscriptions.refuse(event.subscription, 403)  # from nobody that we talk to
        elif not self._allowed(event.target):
            log.info("call %s: the far end may not send us to %s", call.uuid, event.target)
            subscriptions.refuse(event.subscription, 603)
        elif call.answered and call.uuid not in self._sent:
            self._accept(event, call)
            self._board.tasks.start("referral", self._follow(event, call))
        elif not call.answered and call.direction is Direction.OUTGOING and not event.replaces:
            self._accept(event, call)
            self._following.append(_Referral(event.subscription, call))
            call.leg.redirect(event.target)
        else:
            subscriptions.refuse(event.subscription, 491)

    def _allowed(self, target: str) -> bool:
        settings = self._board.settings
        policy, ours = settings.services.transfers, destination.host(target) == settings.sip_domain.lower()
        return policy == "follow" or (policy == "domain" and ours)

    def _accept(self, event: sip.Referred, call: Call) -> None:
        subscriptions = self._board.agent.subscriptions
        subscriptions.accept(event.subscription)
        subscriptions.notify(event.subscription, SIPFRAG, sipfrag(100))
        self._board.emit(
            service_events.TransferRequested(
                call=call.info, target=event.target, referred_by=event.referred_by, attended=bool(event.replaces)
            )
        )

    async def _follow(self, event: sip.Referred, former: Call) -> None:
        board, uuid = self._board, former.uuid
        self._sent.add(uuid)
        held = former.held
        try:
            if not held and not former.remote_held and former.answered:
                with contextlib.suppress(TimeoutError, ApplianceError):
                    async with asyncio.timeout(_HOLD_TIMEOUT):
                        await former.hold()
            call = board.outgoing(event.target, replaces=former.uuid)
            self._following.append(_Referral(event.subscription, call))
            await self._place(event, call, former)
            if await call.wait_answered():
                await self._leave(former, call)
            elif not held and former.held and not board.may_resume(former):
                await former.resume()
        finally:
            self._sent.discard(uuid)

    async def _place(self, event: sip.Referred, call: Call, former: Call) -> None:
        replaces: HeaderPairs = (("Replaces", event.replaces),) if event.replaces else ()
        by: HeaderPairs = (("Referred-By", f"<{event.referred_by}>"),) if event.referred_by else ()
        try:
            await call.leg.place(event.target, (*replaces, *by))
        except ApplianceError as error:
            log.info("call %s could not go where its far end sent it: %s", former.uuid, error)
            self._tell(call, 500, final=True)
            return
        if former.muted:
            call.mute()

    async def _leave(self, former: Call, call: Call) -> None:
        if not former.over:
            self._board.emit(service_events.CallReplaced(call=former.info, by=call.uuid))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_COURTESY):
                    await former.wait_ended()
            former.hang_up()

    # What is told of it.

    def _happened(self, event: ClientEvent) -> None:
        if not self._following or not isinstance(event, CallEvent):
            return
        call = next((one.call for one in self._following if one.call.named(event.call.call_uuid)), None)
        if call is None:
            return
        match event:
            case events.CallRemoteRinging():
                self._tell(call, 180)
            case events.CallAnswered():
                self._tell(call, 200, final=True)
            case events.CallFailed():
                self._tell(call, event.status if event.status >= 300 else 487, final=True)

    def _tell(self, call: Call, status: int, *, final: bool = False) -> None:
        for referral in [one for one in self._following if one.call is call]:
            if status > referral.told or final:
                referral.told = status
                self._board.agent.subscriptions.notify(
                    referral.subscription, SIPFRAG, sipfrag(status), final="noresource" if final else ""
                )
            if final:
                self._following.remove(referral)
