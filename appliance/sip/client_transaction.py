"""The client's half of a transaction (RFC 3261 §17.1, with the Accepted state of RFC 6026 §7.2)."""

from enum import Enum, auto

from appliance.sip.events import HeaderPairs, Reason
from appliance.sip.header_values import render_reason
from appliance.sip.message import Request, Response
from appliance.sip.timers import LINGER, TIMEOUT, later
from appliance.units import Seconds


class State(Enum):
    """Figure 5 and 6 of RFC 3261; Trying is Calling here."""

    CALLING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    ACCEPTED = auto()
    TERMINATED = auto()


class ClientTransaction:
    """One request of ours and its responses.

    The transport is reliable: nothing is retransmitted. `receive` says whether a response goes up to the user of the
    transaction; the ACK of a non-2xx response is the transaction's own business.
    """

    def __init__(self, request: Request, now: Seconds) -> None:
        self.request = request
        self.state = State.CALLING
        self.deadline: Seconds | None = later(now, TIMEOUT)
        self._is_invite = request.method == "INVITE"
        self._cancelled = False

    @property
    def awaits_final(self) -> bool:
        """Whether no final response has come yet."""
        return self.state in (State.CALLING, State.PROCEEDING)

    @property
    def is_proceeding(self) -> bool:
        """Whether a provisional response has come, and no final one."""
        return self.state is State.PROCEEDING

    @property
    def is_terminated(self) -> bool:
        """Whether it can be forgotten."""
        return self.state is State.TERMINATED

    def receive(self, response: Response, now: Seconds) -> tuple[bool, Request | None]:
        """Take a response in.

        Returns:
            Whether it is to be passed up, and the ACK to send at once (non-2xx to an INVITE only).
        """
        if self.state is State.TERMINATED:
            return False, None
        if response.status < 200:
            return self._provisional(), None
        if self._is_invite and response.status < 300:
            return self._accepted(now), None
        acknowledgement = self._acknowledgement(response) if self._is_invite else None
        if self.state is State.ACCEPTED:
            return False, acknowledgement
        first = self.awaits_final
        if first:
            self.state = State.COMPLETED
            self.deadline = later(now, LINGER)
        return first, acknowledgement

    def _provisional(self) -> bool:
        if not self.awaits_final:
            return False
        self.state = State.PROCEEDING
        # An INVITE may ring as long as it likes; anything else still has timer F (RFC 3261 §17.1.2.2).
        if self._is_invite and not self._cancelled:
            self.deadline = None
        return True

    def _accepted(self, now: Seconds) -> bool:
        if self.awaits_final:
            self.state = State.ACCEPTED
            self.deadline = later(now, TIMEOUT)
        return self.state is State.ACCEPTED

    def cancel(self, now: Seconds, cause: Reason | None = None) -> Request:
        """The CANCEL for this INVITE (RFC 3261 §9.1); a final response is then awaited for 64·T1 only."""
        self._cancelled = True
        self.deadline = later(now, TIMEOUT)
        reason: HeaderPairs = (("Reason", render_reason(cause)),) if cause is not None else ()
        return self._sibling("CANCEL", self.request.first("To") or "", reason)

    def _acknowledgement(self, response: Response) -> Request:
        return self._sibling("ACK", response.first("To") or "", ())

    def _sibling(self, method: str, to: str, headers: HeaderPairs) -> Request:
        """ACK and CANCEL share the INVITE's branch, route and CSeq number (RFC 3261 §9.1, §17.1.1.3)."""
        request = self.request
        return Request(
            method=method,
            uri=request.uri,
            headers=(
                ("Via", request.all("Via")[0]),
                *(("Route", value) for value in request.all("Route")),
                ("Max-Forwards", "70"),
                ("From", request.first("From") or ""),
                ("To", to),
                ("Call-ID", request.call_id),
                ("CSeq", f"{request.sequence} {method}"),
                *headers,
            ),
        )

    def timer(self, now: Seconds) -> bool:
        """Let time pass; True if the transaction ended without a final response (timers B and F)."""
        if self.deadline is None or now < self.deadline:
            return False
        timed_out = self.awaits_final
        self.terminate()
        return timed_out

    def terminate(self) -> None:
        """Nothing more is expected."""
        self.state = State.TERMINATED
        self.deadline = None
