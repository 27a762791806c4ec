"""A peer's subscription to us (RFC 6665 §4.2): by SUBSCRIBE, or by a REFER whose progress it wants to hear (RFC 3515).

::

    SUBSCRIBE, REFER ─► Subscribing, Referred ─┬─ accept() ─► 200, 202 ─► notify() … ─► over
                                               └─ refuse() ─► over
    over: the last notify() said so, it ran out, the peer ended it or answers a NOTIFY with 481
"""

from dataclasses import dataclass
from typing import Final

from appliance.sip.dialog import Dialog
from appliance.sip.endpoint import Endpoint
from appliance.sip.event_header import EventType, SubscriptionState, seconds
from appliance.sip.events import HeaderPairs, Resubscribed, SubscriptionEnded, SubscriptionId
from appliance.sip.message import Request, Response
from appliance.sip.peer_requests import DECISION
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.timers import TIMEOUT, earliest, later
from appliance.sip.transactions import OnResponse
from appliance.units import Seconds

PACKAGES: Final = ("dialog", "refer")
"""Event packages that can be subscribed to: RFC 4235, and the progress of a REFER."""

MIN_EXPIRES, MAX_EXPIRES, DEFAULT_EXPIRES = 10, 3600, 3600  # seconds; the default is that of RFC 4235 §3.4
REFER_EXPIRES: Final = 300
"""Seconds that the outcome of a REFER may take: longer than a call rings."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a NOTIFY brings."""

    content_type: str
    body: bytes
    final: str = ""
    """Why it is the last one; "" if it is not."""


class Notifier:
    """One subscription of a peer's.

    Attributes:
        dialog: in which it lives: its own, or that of a call.
        event: the package, and which of the dialog's subscriptions to it.
        is_over: it can be forgotten.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        identifier: SubscriptionId,
        transaction: ServerTransaction,
        dialog: Dialog,
        now: Seconds,
    ) -> None:
        request = transaction.request
        self._endpoint = endpoint
        self._identifier = identifier
        self._asked: ServerTransaction | None = transaction
        self._refers = request.method == "REFER"
        self._expires = REFER_EXPIRES if self._refers else wanted_seconds(request)
        self._is_silent = self._refers and (request.first("Refer-Sub") or "").strip().lower() == "false"
        """The peer asked not to be told (RFC 4488)."""
        self._decide_until: Seconds | None = later(now, DECISION)
        self._expiry: Seconds | None = None
        self._last = Notice("", b"")
        self._waiting: Notice | None = None
        self._is_sending = False
        self._linger: Seconds | None = None
        self.dialog = dialog
        self.event = EventType("refer", str(request.sequence)) if self._refers else _event(request)
        self.is_over = False

    # The owner's decision

    def accept(self, now: Seconds) -> None:
        """Grant it; the state has to be told at once."""
        transaction, self._asked = self._asked, None
        if transaction is None:
            return
        self._decide_until = None
        granted: HeaderPairs = (("Contact", self._endpoint.contact),)
        if self._is_silent:
            granted = (*granted, ("Refer-Sub", "false"))
            self.is_over = True
        elif not self._refers:
            granted = (*granted, ("Expires", str(self._expires)))
        self._expiry = later(now, self._expires)
        status = 202 if self._refers else 200
        self._endpoint.reply(transaction, status, now, tag=self.dialog.local_tag, headers=granted)

    def refuse(self, status: int, now: Seconds) -> None:
        """Refuse it."""
        transaction, self._asked = self._asked, None
        if transaction is not None:
            self._endpoint.reply(transaction, status, now, tag=self.dialog.local_tag)
            self.is_over = True

    # What is told

    def notify(self, state: Notice, now: Seconds) -> None:
        """Tell the state. While a NOTIFY is under way, the newest of what waits counts."""
        if self._asked is not None or self._last.final or self.is_over:
            return
        if not self._expires and not state.final:
            state = Notice(state.content_type, state.body, "timeout")  # it was asked for once (RFC 6665 §4.4.3)
        self._last = self._waiting = state
        if not self._is_sending:
            self._send(now)

    def _send(self, now: Seconds) -> None:
        state, self._waiting = self._waiting, None
        if state is None:
            return
        left = max(0, round((self._expiry or now) - now))
        said = SubscriptionState(
            state="terminated" if state.final else "active",
            reason=state.final,
            expires=None if state.final else left,
        )
        described: HeaderPairs = (("Content-Type", state.content_type),) if state.body else ()
        headers: HeaderPairs = (
            ("Contact", self._endpoint.contact),
            ("Event", str(self.event)),
            ("Subscription-State", str(said)),
            ("User-Agent", self._endpoint.user_agent),
            *described,
        )
        request = self.dialog.request("NOTIFY", headers, state.body)
        self._is_sending = True
        self._endpoint.transactions.send(request, self._notified(state), now, next_sequence=self.dialog.next_sequence)

    def _notified(self, state: Notice) -> OnResponse:
        def answered(response: Response, _request: Request, now: Seconds) -> None:
            if response.status < 200 or self.is_over:
                return
            self._is_sending = False
            if response.local and response.status == 503:
                self._waiting = self._waiting or state  # said once there is a connection again
            elif state.final or response.status in (481, 408):
                self._end(response.status if response.status >= 300 else 0, state.final)
            else:
                self._send(now)

        return answered

    def _end(self, status: int, reason: str) -> None:
        self.is_over = True
        self._endpoint.emit(SubscriptionEnded(subscription=self._identifier, status=status, reason=reason))

    def reachable(self, now: Seconds) -> None:
        """Requests go out again: say what could not be said."""
        if not self._is_sending and not self.is_over:
            self._send(now)

    # What the peer does

    def received(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        """A SUBSCRIBE in its dialog, in order: it is to last longer, or to end."""
        if self._asked is not None or self._last.final:
            self._endpoint.reply(transaction, 481, now)
            return
        self.dialog.refresh(request)
        self._expires = wanted_seconds(request)
        self._expiry = later(now, self._expires)
        headers: HeaderPairs = (("Contact", self._endpoint.contact), ("Expires", str(self._expires)))
        self._endpoint.reply(transaction, 200, now, headers=headers)
        if self._expires and self._refers:
            self.notify(self._last, now)
        elif self._expires:
            self._endpoint.emit(Resubscribed(subscription=self._identifier))
        else:
            self.finish("timeout", now)

    def finish(self, reason: str, now: Seconds) -> None:
        """End it with the state that was told last; not decided on, it is refused."""
        if self._asked is not None:
            self.refuse(480, now)
        elif not self.is_over:
            self.notify(Notice(self._last.content_type, self._last.body, reason), now)
            self._linger = later(now, TIMEOUT)

    # Time

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest((self._decide_until, self._expiry, self._linger))

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        if self._decide_until is not None and now >= self._decide_until:
            self._decide_until = None
            self.refuse(480, now)
        if self._expiry is not None and now >= self._expiry and self._asked is None:
            self._expiry = None
            self.finish("timeout", now)
        if self._linger is not None and now >= self._linger and not self.is_over:
            self._end(408, self._last.final)


def wanted_seconds(request: Request) -> int:
    """How long a SUBSCRIBE is to last: what it asks for, within limits; 0 asks for the state once, or ends it."""
    asked = seconds(request.first("Expires"))
    if asked is None:
        return DEFAULT_EXPIRES
    return min(max(asked, MIN_EXPIRES), MAX_EXPIRES) if asked else 0


def _event(request: Request) -> EventType:
    return EventType.of(request) or EventType("")
