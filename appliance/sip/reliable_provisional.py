"""Provisional responses that arrive: repeated until a PRACK says so (RFC 3262).

::

    callee                                          caller
    1xx, RSeq 7, again and again ─────────────────► first, or the one after the last ─► Progress
       ◄── PRACK, RAck 7 ──────────────────────────  (its body: our answer, if the 1xx carried the offer)
       200 ─────────────────────────────────────────►
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.sip.dialog import Dialog
from appliance.sip.endpoint import Endpoint, sdp_of
from appliance.sip.events import HeaderPairs
from appliance.sip.message import SDP, Request, Response
from appliance.sip.server_transaction import UnacknowledgedAnswer
from appliance.sip.timers import TIMEOUT
from appliance.units import Seconds

RELIABLE: Final = "100rel"
"""The option tag."""

_HIGHEST: Final = (1 << 31) - 1
_MAX_WAITING: Final = 8


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0


def requires(message: Request | Response) -> bool:
    """Whether it has to be, or is, reliable."""
    return RELIABLE in (tag.lower() for tag in message.items("Require"))


def supports(request: Request) -> bool:
    """Whether the caller can acknowledge them."""
    return requires(request) or RELIABLE in (tag.lower() for tag in request.items("Supported"))


class Receipts:
    """The caller's half, for one INVITE and all of its early dialogs.

    Args:
        endpoint: what is shared.
        has_offer: the INVITE carried our offer; otherwise the first reliable response brings the peer's.
    """

    def __init__(self, endpoint: Endpoint, *, has_offer: bool) -> None:
        self._endpoint = endpoint
        self._has_offer = has_offer
        self._seen: dict[str, int] = {}
        """By early dialog: the RSeq of the last one that was taken."""
        self._unanswered: tuple[Dialog, str] | None = None
        """The dialog whose PRACK waits for our answer, and its RAck."""

    def is_in_order(self, response: Response) -> bool:
        """Whether a provisional response is to be taken: copies and those that came too early are not (§4)."""
        number = self._sequence(response)
        last = self._seen.get(response.to.tag)
        return not number or last is None or number == last + 1

    def _sequence(self, response: Response) -> int:
        return _number(response.first("RSeq") or "") if requires(response) and response.to.tag else 0

    def acknowledge(self, response: Response, request: Request, dialog: Dialog, now: Seconds) -> bool:
        """Send the PRACK of one that was taken, if it wants one; True if that waits for `answer` instead."""
        number = self._sequence(response)
        if not number:
            return False
        is_first = response.to.tag not in self._seen
        self._seen[response.to.tag] = number
        acknowledged = f"{number} {request.sequence} INVITE"
        if is_first and not self._has_offer and sdp_of(response) is not None and self._unanswered is None:
            self._unanswered = dialog, acknowledged
            return True
        self._send(dialog, acknowledged, b"", now)
        return False

    def answer(self, body: bytes, now: Seconds) -> bool:
        """Our answer to the offer in a reliable response; False if none waits for it."""
        if self._unanswered is None:
            return False
        (dialog, acknowledged), self._unanswered = self._unanswered, None
        self._has_offer = True
        self._send(dialog, acknowledged, body, now)
        return True

    @property
    def are_settled(self) -> bool:
        """Whether offer and answer have passed: with the INVITE's offer, or by a reliable response and its PRACK."""
        return self._has_offer

    def _send(self, dialog: Dialog, acknowledged: str, body: bytes, now: Seconds) -> None:
        described: HeaderPairs = (("Content-Type", SDP),) if body else ()
        request = dialog.request("PRACK", (("RAck", acknowledged), *described), body)
        self._endpoint.transactions.send(request, _ignore, now, next_sequence=dialog.next_sequence)


@dataclass(frozen=True, slots=True)
class _Waiting:
    status: int
    headers: HeaderPairs
    body: bytes | None


class ReliableProvisionals:
    """The callee's half, for one INVITE: one response at a time, the next when it has been acknowledged.

    Args:
        endpoint: what is shared.
        request: the INVITE.
        reply: sends a response with a status, headers and a body, and returns it.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        request: Request,
        reply: Callable[[int, HeaderPairs, Seconds, bytes | None], Response],
    ) -> None:
        self._reply = reply
        self._request = request
        self._is_required, self._is_possible = requires(request), supports(request)
        self._sequence = 1 + int(endpoint.identifiers.fraction() * (_HIGHEST // 2))
        self._unacknowledged: UnacknowledgedAnswer | None = None
        self._waiting: deque[_Waiting] = deque(maxlen=_MAX_WAITING)
        self._offered = self._is_over = False
        self.is_settled = False
        """Offer and answer have passed before the 2xx."""

    def send(self, status: int, headers: HeaderPairs, body: bytes | None, now: Seconds) -> bool:
        """Send it reliably, if the caller requires that, or can do it and it carries a description; else False."""
        if not self._is_required and not (self._is_possible and body):
            return False
        wants_offer = sdp_of(self._request) is None and not self._offered
        if wants_offer and not body:
            return True  # the first one would have to carry our offer (§5): the caller hears of it with the 2xx
        self._offered = True
        self._waiting.append(_Waiting(status, headers, body))
        self.send_next(now)
        return True

    def send_next(self, now: Seconds) -> None:
        """Send what waits, if nothing else does."""
        if self._unacknowledged is not None or not self._waiting:
            return
        one = self._waiting.popleft()
        self._sequence += 1
        own: HeaderPairs = (("Require", RELIABLE), ("RSeq", str(self._sequence)))
        response = self._reply(one.status, (*own, *one.headers), now, one.body)
        self._unacknowledged = UnacknowledgedAnswer(response, now, longest=TIMEOUT)

    def acknowledged(self, request: Request) -> bool:
        """A PRACK came; False if it acknowledges nothing that waits for it (481)."""
        waiting = self._unacknowledged
        parts = (request.first("RAck") or "").split()
        expected = [str(self._sequence), str(self._request.sequence), "INVITE"]
        if waiting is None or parts != expected:
            return False
        self._unacknowledged = None
        if waiting.response.body:
            self.is_settled = sdp_of(self._request) is not None or sdp_of(request) is not None
        return True

    @property
    def delays_answer(self) -> bool:
        """Whether a 2xx has to wait: a description is not acknowledged yet (§3)."""
        waiting = self._unacknowledged
        return waiting is not None and bool(waiting.response.body)

    def stop(self) -> None:
        """The INVITE has its final response: nothing is repeated, and a PRACK still has its answer (§3)."""
        self._is_over = True
        self._waiting.clear()

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return self._unacknowledged.deadline if self._unacknowledged and not self._is_over else None

    def timer(self, now: Seconds) -> Response | None:
        """Let time pass; the response to send again, if it is time to."""
        waiting = self._unacknowledged
        return waiting.response if waiting is not None and waiting.timer(now) else None

    def gave_up(self, now: Seconds) -> bool:
        """Whether nobody acknowledged it for 64·T1: the INVITE is to be refused (§3)."""
        return self._unacknowledged is not None and self._unacknowledged.gave_up(now)


def _ignore(response: Response, request: Request, now: Seconds) -> None:
    """A PRACK that is refused changes nothing: the INVITE's final response tells what became of it."""
