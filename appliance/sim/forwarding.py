"""One request on its way through the proxy: to how many phones it went, and which response goes back.

    caller ── ServerTransaction ── Forwarding ── ClientTransaction ── phone
                                       └──────── ClientTransaction ── phone

The rules are those of RFC 3261 §16.7.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from appliance.sim.location import Flow
from appliance.sip.client_transaction import ClientTransaction
from appliance.sip.client_transaction import State as ClientState
from appliance.sip.events import Reason
from appliance.sip.message import Request, Response, local_response, respond
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.server_transaction import State as ServerState
from appliance.sip.timers import earliest, later
from appliance.units import Seconds

Send = Callable[[Flow, bytes], None]

TIMER_C: Final = 180.0
"""Seconds a phone may ring without saying so again (RFC 3261 §16.6 step 11)."""

ELSEWHERE: Final = Reason(protocol="SIP", code=200, text="Call completed elsewhere")

_TELLING: Final = (401, 407, 415, 420, 484)
"""Responses that say more than others of their class (RFC 3261 §16.7 step 6)."""


@dataclass(slots=True)
class Branch:
    """The way to one phone."""

    flow: Flow
    transaction: ClientTransaction
    ringing_until: Seconds | None = None
    cause: Reason | None = None
    """Why it is to be cancelled."""
    is_cancelling: bool = False
    """A CANCEL is wanted; it waits for the first provisional response (RFC 3261 §9.1)."""
    cancel_sent: bool = False


class Forwarding:
    """A response context (RFC 3261 §16): the caller's transaction and one branch for each phone."""

    def __init__(self, request: Request, upstream: Flow, send: Send) -> None:
        self.server = ServerTransaction(request)
        self.upstream: Flow | None = upstream
        self.branches: list[Branch] = []
        self._send = send
        self._finals: list[Response] = []
        self._is_invite = request.method == "INVITE"
        self._is_cancelled = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more can happen to it."""
        return self.server.state is ServerState.TERMINATED and all(
            branch.transaction.state is ClientState.TERMINATED for branch in self.branches
        )

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest(
            [
                self.server.deadline,
                *(branch.transaction.deadline for branch in self.branches),
                *(branch.ringing_until for branch in self.branches),
            ]
        )

    def answer(self, response: Response, now: Seconds) -> None:
        """Send a response to the caller, unless a final one went before; a further 2xx to an INVITE does go."""
        further = self._is_invite and self.server.state is ServerState.ACCEPTED and 200 <= response.status < 300
        if self.server.is_answered and not further:
            return
        self.server.respond(response, now)
        if self.upstream is not None:
            self._send(self.upstream, response.render())

    def repeat(self) -> None:
        """The caller sent the request again."""
        response = self.server.copy_received()
        if response is not None and self.upstream is not None:
            self._send(self.upstream, response.render())

    def forward(self, request: Request, flow: Flow, now: Seconds) -> Branch:
        """Send `request`, whose topmost Via is ours, to one phone."""
        branch = Branch(flow, ClientTransaction(request, now))
        if self._is_invite:
            branch.ringing_until = later(now, TIMER_C)
        self.branches.append(branch)
        self._send(flow, request.render())
        return branch

    def receive(self, branch: Branch, response: Response, now: Seconds) -> None:
        """A response came from one phone; its Via is still there."""
        passes, acknowledgement = branch.transaction.receive(response, now)
        if acknowledgement is not None:
            self._send(branch.flow, acknowledgement.render())
        if not passes:
            return
        if response.status < 200:
            self._provisional(branch, response, now)
            return
        branch.ringing_until = None
        self._final(response, now)

    def cancel(self, cause: Reason | None, now: Seconds) -> None:
        """The caller took its INVITE back, or is gone."""
        self._is_cancelled = True
        self._cancel_branches(cause, now)

    def flow_lost(self, flow: Flow, now: Seconds) -> None:
        """A WebSocket closed: the caller's, a phone's, or both."""
        if self.upstream == flow:
            self.upstream = None
            if not self.server.is_answered:
                self.cancel(None, now)
        for branch in self.branches:
            if branch.flow == flow and branch.transaction.awaits_final:
                branch.transaction.terminate()
                branch.ringing_until = None
                self._final(local_response(branch.transaction.request, 480, "Connection lost"), now)

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        self.server.timer(now)
        for branch in self.branches:
            if branch.ringing_until is not None and now >= branch.ringing_until:
                branch.ringing_until = None
                self._cancel_branch(branch, None, now)
            if branch.transaction.timer(now):
                branch.ringing_until = None
                status = 487 if self._is_cancelled else 408
                self._final(local_response(branch.transaction.request, status, ""), now)

    def _provisional(self, branch: Branch, response: Response, now: Seconds) -> None:
        if branch.is_cancelling and not branch.cancel_sent:
            self._send_cancel(branch, now)
        if response.status > 100:
            if branch.ringing_until is not None:
                branch.ringing_until = later(now, TIMER_C)
            self._up(response, now)

    def _final(self, response: Response, now: Seconds) -> None:
        if response.status < 300:
            self._up(response, now)
            self._cancel_branches(ELSEWHERE, now)
            return
        self._finals.append(response)
        if response.status >= 600:
            self._cancel_branches(None, now)
        if any(branch.transaction.awaits_final for branch in self.branches):
            return
        best = min(self._finals, key=_rank)
        if best.status == 408 and best.local and not self._is_invite:
            # The caller's own timer has run out as well (RFC 4320 §4.2).
            self.server.state, self.server.deadline = ServerState.TERMINATED, None
            return
        self._up(best, now)

    def _up(self, response: Response, now: Seconds) -> None:
        vias = response.items("Via")[1:]
        if vias:
            rest = response.without("Via").headers
            self.answer(replace(response, headers=(*(("Via", via) for via in vias), *rest)), now)

    def _cancel_branches(self, cause: Reason | None, now: Seconds) -> None:
        for branch in self.branches:
            self._cancel_branch(branch, cause, now)

    def _cancel_branch(self, branch: Branch, cause: Reason | None, now: Seconds) -> None:
        if not self._is_invite or branch.is_cancelling or not branch.transaction.awaits_final:
            return
        branch.is_cancelling, branch.cause = True, cause
        if branch.transaction.state is ClientState.PROCEEDING:
            self._send_cancel(branch, now)

    def _send_cancel(self, branch: Branch, now: Seconds) -> None:
        branch.cancel_sent = True
        branch.ringing_until = None
        self._send(branch.flow, branch.transaction.cancel(now, branch.cause).render())


def _rank(response: Response) -> tuple[int, bool]:
    hundreds = 0 if response.status >= 600 else response.status // 100
    return hundreds, response.status not in _TELLING


def refusal(request: Request, status: int, reason: str = "") -> Response:
    """A response of the proxy itself."""
    return respond(request, status, tag="proxy", reason=reason)
