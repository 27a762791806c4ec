"""The timers of RFC 3261 (§17, table 4) over a reliable transport."""

from collections.abc import Iterable

from appliance.units import Seconds

T1 = 0.5
"""An estimate of the round trip, seconds."""
T2 = 4.0
"""The longest interval between retransmissions, seconds."""
T4 = 5.0
"""How long a message may stay in the network, seconds."""
TIMEOUT = 64 * T1
"""Timers B, F, H, L and M, seconds."""
LINGER = T4
"""How long a finished transaction still absorbs copies, seconds.

Timers D, J and K are zero on a reliable transport. But ours may be only the last leg: a copy made on a proxy's UDP leg
deserves the same answer, not a new transaction.
"""


def later(now: Seconds, seconds: float) -> Seconds:
    """The instant `seconds` after `now`."""
    return Seconds(now + seconds)


def earliest(deadlines: Iterable[Seconds | None]) -> Seconds | None:
    """The first of some deadlines, those that are None left out."""
    return min((deadline for deadline in deadlines if deadline is not None), default=None)
