"""[I/O] Calls that are joined: their far ends hear each other and us, mixed in this unit."""

import asyncio
import logging
from typing import Final

from appliance.calls.board import Board
from appliance.calls.call import Call
from appliance.calls.events import ClientEvent, HoldChanged
from appliance.calls.service_events import ConferenceChanged
from appliance.errors import StateError, UsageError

log = logging.getLogger(__name__)

MOST: Final = 4
"""Calls of one conference: each is decoded and encoded here."""


class Conferences:
    """The one conference that a client can have."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._members: tuple[Call, ...] = ()
        self._told: tuple[str, ...] = ()
        board.events.subscribe(self._happened)

    def joins(self, call: Call) -> bool:
        """Whether a call is in the conference: it may be active beside the others."""
        return call in self._members

    def mates(self, call: Call) -> tuple[Call, ...]:
        """The calls that share our microphone with `call`, itself among them."""
        return self._members if call in self._members else (call,)

    async def join(self, calls: tuple[Call, ...]) -> bool:
        """Make a conference of these calls; see `Client.conference`."""
        if not 2 <= len(set(calls)) == len(calls) <= MOST:
            raise UsageError(f"conference: 2 to {MOST} different calls are needed")
        for call in calls:
            if not call.answered:
                raise StateError(f"call {call.uuid} is {call.status}: only answered calls can be joined")
        former = self._members
        self._members = calls
        if not all(await asyncio.gather(*(call.resume() for call in calls if call.held))):
            log.info("a call could not be taken from hold: no conference")
            self._members = former
            self._settle()
            return False
        self._settle()
        return len(self._told) >= 2

    def _happened(self, event: ClientEvent) -> None:
        if self._members and (isinstance(event, HoldChanged) or any(call.over for call in self._members)):
            self._settle()

    def _settle(self) -> None:
        """Whoever is over has left; who is on hold hears nobody, and comes back when it is resumed."""
        self._members = tuple(call for call in self._members if not call.over)
        present = tuple(call for call in self._members if not call.held)
        if len(self._members) < 2:
            self._members = ()
        joined = present if len(present) >= 2 and self._members else ()
        self._board.media.confer(call.media for call in joined)
        told = tuple(call.uuid for call in joined)
        if told != self._told:
            self._told = told
            self._board.emit(ConferenceChanged(calls=told))
