"""A REFER of ours and what becomes of it (RFC 3515 §2.4.4): the peer tells in NOTIFYs, in the same dialog.

::

    REFER ─┬─ 2xx ─► NOTIFY with a status line, again and again, the last one "terminated" ─► over
           └─ refused ─► over
"""

from typing import Final

from appliance.sip.dialog import Dialog
from appliance.sip.endpoint import Endpoint
from appliance.sip.event_header import EventType, SubscriptionState
from appliance.sip.events import Notified, SubscriptionEnded, SubscriptionId
from appliance.sip.message import Request, Response
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.timers import TIMEOUT, later
from appliance.units import Seconds

_SILENCE: Final = 180.0
"""Seconds after which nothing more is expected of a peer that has told something, at least."""


class Referring:
    """One REFER that was sent in `dialog`.

    Attributes:
        dialog: in which the NOTIFYs come.
        is_over: it can be forgotten.
    """

    def __init__(self, endpoint: Endpoint, identifier: SubscriptionId, dialog: Dialog) -> None:
        self._endpoint = endpoint
        self._identifier = identifier
        self._sequence = 0
        """The CSeq of the REFER that was accepted; 0 before."""
        self._has_told = False
        self._until: Seconds | None = None
        self.dialog = dialog
        self.is_over = False

    def answered(self, response: Response, request: Request, now: Seconds) -> None:
        """A response to the REFER."""
        if self.is_over or response.status < 200:
            return
        if response.status >= 300:
            self._end(response.status, response.reason)
        elif (response.first("Refer-Sub") or "").strip().lower() == "false":
            self._end(0, "norefersub")  # RFC 4488 §4: nothing will be told
        else:
            self._sequence = request.sequence
            if not self._has_told:
                self._until = later(now, TIMEOUT)  # timer N (RFC 6665 §4.1.2.4)

    def may_be(self, event: EventType) -> bool:
        """Whether a NOTIFY of this Event can be about this REFER: without an id it can be about any."""
        return event.package == "refer" and (not event.id or not self._sequence or self.is_named(event))

    def is_named(self, event: EventType) -> bool:
        """Whether the Event names this REFER (RFC 3515 §2.4.6)."""
        return event.id == str(self._sequence)

    def received(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        """A NOTIFY about it, in order."""
        state = SubscriptionState.of(request)
        if state is None:
            self._endpoint.reply(transaction, 400, now, reason="No Subscription-State")
            return
        self._endpoint.reply(transaction, 200, now)
        self._has_told = True
        self._endpoint.emit(
            Notified(
                subscription=self._identifier,
                notifier=self.dialog.remote_tag,
                state=state.state,
                reason=state.reason,
                headers=request.headers,
                content_type=request.first("Content-Type") or "",
                body=request.body,
            )
        )
        if state.is_terminated:
            self._end(0, state.reason)
        else:
            self._until = later(now, max(_SILENCE, float(state.expires or 0)))

    def forget(self) -> None:
        """Nobody wants to hear of it any more."""
        self.is_over = True

    def _end(self, status: int, reason: str) -> None:
        self.is_over, self._until = True, None
        self._endpoint.emit(SubscriptionEnded(subscription=self._identifier, status=status, reason=reason))

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return self._until

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        if self._until is not None and now >= self._until and not self.is_over:
            self._end(408, "timeout")
