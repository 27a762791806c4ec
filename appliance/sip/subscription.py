"""Our subscription to an event package (RFC 6665 §4.1): asked for, refreshed, and asked for again when it is lost.

::

    subscribe ─► SUBSCRIBE ─┬─ 2xx, a NOTIFY from each notifier it forked to ─► refreshed in time
                            │      └─ terminated, 481, silence ─► when the last is gone: asked for again, or over
                            └─ refused ─► asked for again later, or over
    unsubscribe ─► SUBSCRIBE with Expires: 0 to each notifier ─► over with their last NOTIFYs
"""

from dataclasses import dataclass
from typing import Final

from appliance.sip.dialog import Dialog
from appliance.sip.endpoint import Endpoint
from appliance.sip.event_header import EventType, SubscriptionState, seconds
from appliance.sip.events import HeaderPairs, Notified, SubscriptionEnded, SubscriptionId
from appliance.sip.message import Request, Response
from appliance.sip.registration import refresh_after
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.timers import TIMEOUT, earliest, later
from appliance.sip.transactions import Exchange
from appliance.units import Seconds

_MAX_NOTIFIERS: Final = 16
_RETRY_FIRST, _RETRY_CAP = 30.0, 120.0  # seconds: a lamp should not be dark for long
_SOON: Final = 2.0
"""Seconds after which a subscription that the notifier dropped is asked for again, at most."""

_NEVER: Final = frozenset((401, 403, 404, 405, 407, 410, 416, 420, 423, 482, 489, 501, 603, 604))
"""Refusals of a SUBSCRIBE that would be the same the next time."""

_GONE: Final = frozenset((404, 405, 410, 416, *range(480, 486), 489, 501, 604))
"""Refusals of a refresh that say that there is no subscription any more (RFC 6665 §4.1.2.2)."""

_FINAL_REASONS: Final = frozenset(("rejected", "noresource", "invariant"))
"""Why a notifier ends a subscription that is not to be asked for again (RFC 6665 §4.1.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is subscribed to; `target` is a URI, `expires` in seconds."""

    target: str
    package: str
    accept: str
    expires: int
    headers: HeaderPairs = ()


@dataclass(slots=True)
class _Notifier:
    """One dialog of the subscription."""

    dialog: Dialog
    expiry: Seconds
    refresh: Seconds | None = None
    is_refreshing: bool = False
    has_told: bool = False


class Subscription:
    """One subscription of ours over all of its dialogs.

    Attributes:
        call_id: of the present SUBSCRIBE and its dialogs.
        local_tag: our tag in them.
    """

    def __init__(self, endpoint: Endpoint, identifier: SubscriptionId, order: Order, now: Seconds) -> None:
        self._endpoint = endpoint
        self._identifier = identifier
        self._order = order
        self._expires = order.expires
        self._is_wanted = True
        self._sequence = 1
        self._exchange: Exchange | None = None
        self._notifiers: dict[str, _Notifier] = {}
        self._failures = 0
        self._again: Seconds | None = None
        self._leaving_until: Seconds | None = None
        self._ended_early: tuple[str, float, bool] | None = None
        """How a notifier ended it whose NOTIFY overtook the 2xx."""
        self.call_id = self.local_tag = ""
        self._ask(now)

    @property
    def is_over(self) -> bool:
        """Whether it can be forgotten."""
        return not self._is_wanted and self._exchange is None and not self._notifiers

    # The SUBSCRIBE that begins it

    def _ask(self, now: Seconds) -> None:
        self._again = self._ended_early = None
        order, endpoint = self._order, self._endpoint
        request = endpoint.new_request("SUBSCRIBE", order.target, self._headers(self._expires))
        self.call_id, self.local_tag, self._sequence = request.call_id, request.from_.tag, 1
        self._exchange = endpoint.transactions.send(request, self._answered, now, next_sequence=self._next_sequence)

    def _headers(self, expires: int) -> HeaderPairs:
        order, endpoint = self._order, self._endpoint
        accept: HeaderPairs = (("Accept", order.accept),) if order.accept else ()
        own: HeaderPairs = (("Contact", endpoint.contact), ("Event", order.package), ("Expires", str(expires)))
        return (*own, *accept, *endpoint.capabilities, *order.headers)

    def _next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def _answered(self, response: Response, request: Request, now: Seconds) -> None:
        if response.status < 200 or request.call_id != self.call_id:
            return
        self._exchange = None
        if response.status < 300:
            self._failures = 0
            if self._ended_early is None or self._notifiers:
                self._begun(response, request, now)
            else:
                reason, wait, for_good = self._ended_early
                self._lose(0, reason, wait, now, for_good=for_good)
        elif self._is_wanted and response.status == 423 and self._accept_minimum(response):
            self._ask(now)
        elif self._is_wanted and not self._notifiers:
            self._refused(response, now)

    def _begun(self, response: Response, request: Request, now: Seconds) -> None:
        tag = response.to.tag
        if tag not in self._notifiers:
            silent_until = later(now, TIMEOUT)  # timer N (RFC 6665 §4.1.2.4)
            self._notifiers[tag] = _Notifier(Dialog.of_client(request, response), silent_until)
        notifier = self._notifiers[tag]
        notifier.dialog.local_sequence = max(notifier.dialog.local_sequence, request.sequence)
        if notifier.has_told:
            self._granted(notifier, response, now)
        if not self._is_wanted:
            self._leave(notifier, now)

    def _accept_minimum(self, response: Response) -> bool:
        """423: ask for as long as the notifier wants, once (RFC 6665 §4.1.2.1)."""
        minimum = seconds(response.first("Min-Expires")) or 0
        if minimum <= self._expires:
            return False
        self._expires = minimum
        return True

    def _refused(self, response: Response, now: Seconds) -> None:
        self._failures += 1
        never = response.status in _NEVER or 300 <= response.status < 400
        lost = response.local and response.status == 503
        if not lost:
            retry_after = seconds((response.first("Retry-After") or "").partition("(")[0].partition(";")[0].strip())
            self._lose(response.status, response.reason, self._patience(retry_after), now, for_good=never)

    def _patience(self, retry_after: int | None) -> float:
        wait = min(_RETRY_CAP, _RETRY_FIRST * 2.0 ** min(max(0, self._failures - 1), 5))
        return max(wait * (0.5 + 0.5 * self._endpoint.identifiers.fraction()), float(retry_after or 0))

    def _lose(self, status: int, reason: str, wait: float, now: Seconds, *, for_good: bool) -> None:
        """Nothing is subscribed any more."""
        if not self._is_wanted:
            return
        self._is_wanted = not for_good
        self._again = None if for_good else later(now, wait)
        self._endpoint.emit(
            SubscriptionEnded(subscription=self._identifier, status=status, reason=reason, retrying=not for_good)
        )

    # What the notifiers say

    def received(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        """A request in one of its dialogs."""
        endpoint, tag = self._endpoint, request.from_.tag
        state, event = SubscriptionState.of(request), EventType.of(request)
        notifier = self._notifiers.get(tag)
        may_begin = self._is_wanted and len(self._notifiers) < _MAX_NOTIFIERS
        if request.method != "NOTIFY" or (notifier is None and not may_begin):
            endpoint.reply(transaction, 481, now)
        elif event is None or event.package != self._order.package:
            endpoint.reply(transaction, 489, now, headers=(("Allow-Events", self._order.package),))
        elif state is None:
            endpoint.reply(transaction, 400, now, reason="No Subscription-State")
        elif notifier is not None and not notifier.dialog.in_order(request):
            endpoint.reply(transaction, 500, now, reason="CSeq Out Of Order")
        else:
            endpoint.reply(transaction, 200, now, headers=(("Contact", endpoint.contact),))
            if notifier is None:
                # The NOTIFY may overtake the 2xx, and of a fork there is no other sign (RFC 6665 §4.1.4).
                notifier = self._notifiers[tag] = _Notifier(Dialog.of_server(request, self.local_tag), now)
                notifier.dialog.local_sequence = self._sequence
            self._notified(notifier, state, request, now)

    def _notified(self, notifier: _Notifier, state: SubscriptionState, request: Request, now: Seconds) -> None:
        notifier.dialog.refresh(request)
        if self._is_wanted:
            self._endpoint.emit(
                Notified(
                    subscription=self._identifier,
                    notifier=notifier.dialog.remote_tag,
                    state=state.state,
                    reason=state.reason,
                    headers=request.headers,
                    content_type=request.first("Content-Type") or "",
                    body=request.body,
                )
            )
        if state.is_terminated:
            final = state.reason in _FINAL_REASONS
            at_once = state.reason in ("deactivated", "timeout")
            wait = _SOON * self._endpoint.identifiers.fraction() if at_once else self._patience(state.retry_after)
            self._drop(notifier, state.reason, wait, now, for_good=final)
        elif not notifier.has_told or state.expires is not None:
            notifier.has_told = True
            self._keep(notifier, self._expires if state.expires is None else state.expires, now)

    def _drop(self, notifier: _Notifier, reason: str, wait: float, now: Seconds, *, for_good: bool = False) -> None:
        del self._notifiers[notifier.dialog.remote_tag]
        if self._exchange is not None:
            self._ended_early = reason, wait, for_good
        elif not self._notifiers:
            self._lose(0, reason, wait, now, for_good=for_good)

    def _keep(self, notifier: _Notifier, expires: int, now: Seconds) -> None:
        notifier.expiry = later(now, expires)
        notifier.refresh = later(now, refresh_after(expires)) if self._is_wanted else None

    # Refreshing

    def _refresh(self, notifier: _Notifier, now: Seconds) -> None:
        notifier.refresh, notifier.is_refreshing = None, True
        self._send(notifier, self._expires, now)

    def _leave(self, notifier: _Notifier, now: Seconds) -> None:
        notifier.refresh = None
        self._send(notifier, 0, now)

    def _send(self, notifier: _Notifier, expires: int, now: Seconds) -> None:
        request = notifier.dialog.request("SUBSCRIBE", self._headers(expires))

        def answered(response: Response, _request: Request, then: Seconds) -> None:
            if response.status >= 200 and self._notifiers.get(notifier.dialog.remote_tag) is notifier:
                notifier.is_refreshing = False
                self._refreshed(notifier, response, then)

        self._endpoint.transactions.send(request, answered, now, next_sequence=notifier.dialog.next_sequence)

    def _refreshed(self, notifier: _Notifier, response: Response, now: Seconds) -> None:
        if response.status in _GONE or (not self._is_wanted and response.status >= 300):
            self._drop(notifier, response.reason, _SOON * self._endpoint.identifiers.fraction(), now)
        elif response.status < 300:
            notifier.dialog.refresh(response)
            self._granted(notifier, response, now)
        elif not response.local or response.status != 503:
            # There is still time until it expires; a connection that is lost asks by itself when it is back.
            notifier.refresh = later(now, max(5.0, (notifier.expiry - now) / 2))

    def _granted(self, notifier: _Notifier, response: Response, now: Seconds) -> None:
        granted = seconds(response.first("Expires"))
        if granted and self._is_wanted:
            self._keep(notifier, granted, now)

    def reachable(self, now: Seconds) -> None:
        """Requests go out again, from another connection: say so to the notifiers."""
        self._failures = 0
        for notifier in tuple(self._notifiers.values()):
            if self._is_wanted and not notifier.is_refreshing:
                self._refresh(notifier, now)
        if self._is_wanted and not self._notifiers and self._exchange is None:
            self._ask(now)

    def unsubscribe(self, now: Seconds) -> None:
        """Want it no longer; what the notifiers still say is answered, and not told."""
        if not self._is_wanted:
            return
        self._is_wanted, self._again = False, None
        self._leaving_until = later(now, TIMEOUT)
        self._endpoint.emit(SubscriptionEnded(subscription=self._identifier, reason="requested"))
        for notifier in tuple(self._notifiers.values()):
            self._leave(notifier, now)

    # Time

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest(
            (
                self._again,
                self._leaving_until,
                *(notifier.expiry for notifier in self._notifiers.values()),
                *(notifier.refresh for notifier in self._notifiers.values()),
            )
        )

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        for notifier in tuple(self._notifiers.values()):
            if now >= notifier.expiry:
                self._drop(notifier, "expired", _SOON * self._endpoint.identifiers.fraction(), now)
            elif notifier.refresh is not None and now >= notifier.refresh:
                self._refresh(notifier, now)
        if self._leaving_until is not None and now >= self._leaving_until:
            self._leaving_until, self._exchange = None, None
            self._notifiers.clear()
        if self._again is not None and now >= self._again:
            self._ask(now)
