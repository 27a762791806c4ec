"""What becomes of a call that comes in, before anything rings: busy, do not disturb, forwarding.

do not disturb ─► forward always ─► busy? ─► forward when busy ─► it rings ─► forward when nobody answers
"""

from dataclasses import dataclass
from typing import Final

from appliance.errors import UsageError
from appliance.units import Seconds

BUSY_HERE, UNAVAILABLE, FORBIDDEN, MOVED = 486, 480, 403, 302
_LONGEST: Final = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """Where calls are sent instead, as SIP URIs; "" for nowhere. Raises `UsageError`."""

    always: str = ""
    """Every call, without ringing."""
    busy: str = ""
    """Calls that come while we are busy."""
    no_answer: str = ""
    """Calls that nobody has answered, rejected or ignored `after` seconds."""
    after: Seconds = Seconds(20.0)

    def __post_init__(self) -> None:
        if not 1.0 <= self.after <= _LONGEST:
            raise UsageError(f"forwarding: after {self.after:g} s: 1 to {_LONGEST:g} is allowed")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a call is answered that does not ring."""

    why: str
    """As in `CallTurnedAway`."""
    status: int
    target: str = ""
    """For 302."""


@dataclass(slots=True)
class Screening:
    """What the user of a line has set; changes count for the next call."""

    forwarding: Forwarding = Forwarding()
    do_not_disturb: bool = False
    status: int = BUSY_HERE
    """What a caller hears of do not disturb: 486 or 480."""
    closing: bool = False
    """The client waits for its last call to end."""

    def verdict(self, *, busy: bool) -> Verdict | None:
        """None if the call may ring."""
        forwarding = self.forwarding
        if self.closing:
            return Verdict("closing", UNAVAILABLE)
        if self.do_not_disturb:
            return Verdict("do_not_disturb", self.status)
        if forwarding.always:
            return Verdict("forward_always", MOVED, forwarding.always)
        if busy and forwarding.busy:
            return Verdict("forward_busy", MOVED, forwarding.busy)
        return Verdict("busy", BUSY_HERE) if busy else None


def diversion(own: str, why: str) -> str:
    """The Diversion header of a 302 (RFC 5806 §4): from whom, and why; `own` is our address of record."""
    reasons = {"forward_always": "unconditional", "forward_busy": "user-busy", "forward_no_answer": "no-answer"}
    return f"<{own}>;reason={reasons.get(why, 'deflection')}"
