"""A peer's requests that change no state of ours: their owner decides on each, within a time (RFC 3261 §8.2, RFC 4320).

::

    received() ─┬─ OPTIONS ──► 200           anything unknown ──► 405
                ├─ INFO, MESSAGE, NOTIFY ──► RequestReceived ──► respond() | 500 after `DECISION`
                └─ SUBSCRIBE, REFER ──► `subscriptions`
"""

from dataclasses import dataclass
from itertools import count
from typing import Final

from appliance.sip.dialog import Dialog
from appliance.sip.endpoint import Deliver, Endpoint
from appliance.sip.events import HeaderPairs, InviteId, PeerRequestId, RequestReceived
from appliance.sip.message import ALLOW, SDP
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.timers import earliest, later
from appliance.units import Seconds

DECISION: Final = 8.0
"""Seconds for the owner's answer. The peer's own transaction lasts 32 s, and a proxy's may be shorter."""


@dataclass(frozen=True, slots=True)
class _Undecided:
    transaction: ServerTransaction
    until: Seconds


class PeerRequests:
    """Those that wait for their owner's answer. How many there can be is bounded by the transactions."""

    def __init__(self, endpoint: Endpoint, subscribe: Deliver) -> None:
        self._endpoint = endpoint
        self._subscribe = subscribe
        self._identifiers = map(PeerRequestId, count(1))
        self._undecided: dict[PeerRequestId, _Undecided] = {}

    def received(
        self, transaction: ServerTransaction, invite: InviteId | None, dialog: Dialog | None, now: Seconds
    ) -> None:
        """Take a request in that passed the door and is in order; in `dialog`, or outside one."""
        endpoint, request = self._endpoint, transaction.request
        if request.method == "OPTIONS":
            headers: HeaderPairs = (("Accept", SDP), *endpoint.capabilities, ("Contact", endpoint.contact))
            endpoint.reply(transaction, 200, now, headers=headers)
        elif request.method in ("INFO", "MESSAGE", "NOTIFY"):
            identifier = next(self._identifiers)
            self._undecided[identifier] = _Undecided(transaction, later(now, DECISION))
            endpoint.emit(
                RequestReceived(
                    request=identifier,
                    invite=invite,
                    method=request.method,
                    headers=request.headers,
                    content_type=request.first("Content-Type") or "",
                    body=request.body,
                )
            )
        elif request.method in ("SUBSCRIBE", "REFER"):
            self._subscribe(transaction, invite, dialog, now)
        else:
            endpoint.reply(transaction, 405, now, headers=(("Allow", ALLOW),))

    def respond(self, request: PeerRequestId, status: int, headers: HeaderPairs, now: Seconds) -> None:
        """The owner's answer; nothing if it comes too late."""
        undecided = self._undecided.pop(request, None)
        if undecided is not None:
            self._endpoint.reply(undecided.transaction, status, now, headers=headers)

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest(undecided.until for undecided in self._undecided.values())

    def timer(self, now: Seconds) -> None:
        """Let time pass: a request that nobody decided on is not left without an answer."""
        for identifier in [one for one, undecided in self._undecided.items() if now >= undecided.until]:
            self.respond(identifier, 500, (), now)
