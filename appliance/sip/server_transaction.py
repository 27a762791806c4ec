"""The server's half of a transaction (RFC 3261 §17.2, with the Accepted state of RFC 6026 §7.1)."""

from enum import Enum, auto

from appliance.sip.identifiers import MAGIC_COOKIE
from appliance.sip.message import Request, Response
from appliance.sip.timers import LINGER, T1, T2, TIMEOUT, earliest, later
from appliance.units import Seconds

TransactionKey = tuple[str, ...]


def transaction_key(request: Request, method: str = "") -> TransactionKey:
    """What makes two requests copies of each other (RFC 3261 §17.2.3).

    Args:
        request: the request that arrived.
        method: look for this one's transaction instead (the INVITE of a CANCEL); an ACK is its INVITE's anyway.
    """
    via = request.via
    kind = method or ("INVITE" if request.method == "ACK" else request.method)
    if via.branch.startswith(MAGIC_COOKIE) and via.branch != MAGIC_COOKIE:
        return via.branch, via.sent_by, kind
    # A branch of RFC 2543 is not unique.
    return via.branch, via.sent_by, kind, request.call_id, request.from_.tag, str(request.sequence)


class State(Enum):
    """Figures 7 and 8 of RFC 3261; Trying is Proceeding here."""

    PROCEEDING = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    ACCEPTED = auto()
    TERMINATED = auto()


class ServerTransaction:
    """One request of a peer's and our responses; copies of the request get the last response again."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.key = transaction_key(request)
        self.state = State.PROCEEDING
        self.deadline: Seconds | None = None
        self._last: Response | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the final response has been given."""
        return self.state is not State.PROCEEDING

    @property
    def is_terminated(self) -> bool:
        """Whether it can be forgotten."""
        return self.state is State.TERMINATED

    def respond(self, response: Response, now: Seconds) -> None:
        """Note the response that is being sent; nothing may follow a final one."""
        self._last = response
        if response.status < 200:
            return
        if self.request.method != "INVITE":
            self.state, self.deadline = State.COMPLETED, later(now, LINGER)
        elif response.status < 300:
            # Copies of the 2xx are sent by whoever gave it, until the ACK (RFC 6026 §7.1).
            self.state, self.deadline = State.ACCEPTED, later(now, TIMEOUT)
        else:
            self.state, self.deadline = State.COMPLETED, later(now, TIMEOUT)

    def copy_received(self) -> Response | None:
        """The same request again: the response to repeat."""
        return None if self.state in (State.ACCEPTED, State.CONFIRMED) else self._last

    def acknowledged(self, now: Seconds) -> None:
        """The ACK for a non-2xx response arrived."""
        if self.state is State.COMPLETED:
            self.state, self.deadline = State.CONFIRMED, later(now, LINGER)

    def abandon(self) -> None:
        """It will never be answered."""
        self.state, self.deadline = State.TERMINATED, None

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        if self.deadline is not None and now >= self.deadline:
            self.state, self.deadline = State.TERMINATED, None


class UnacknowledgedAnswer:
    """A response to an INVITE that is sent again until it is acknowledged, also on a reliable transport.

    A 2xx until its ACK (RFC 3261 §13.3.1.4), a reliable provisional one until its PRACK (RFC 3262 §3): that one has
    no `longest` interval.
    """

    def __init__(self, response: Response, now: Seconds, *, longest: float = T2) -> None:
        self.response = response
        self.sequence = response.sequence
        self._interval, self._longest = T1, longest
        self._again = later(now, T1)
        self._end = later(now, TIMEOUT)

    @property
    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest((self._again, self._end))

    def gave_up(self, now: Seconds) -> bool:
        """Whether 64·T1 have passed: the session is to be ended."""
        return now >= self._end

    def timer(self, now: Seconds) -> bool:
        """Let time pass; True if the response is to be sent again now."""
        if now < self._again or self.gave_up(now):
            return False
        self._interval = min(2 * self._interval, self._longest)
        self._again = later(now, self._interval)
        return True
