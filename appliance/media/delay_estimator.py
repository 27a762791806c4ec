"""How long packets must wait so that nearly all of them are there in time.

A packet's transit is its arrival less its RTP time: meaningless alone, but the difference to the fastest of the last
seconds is how much later than possible it came. The target is a high percentile of that, over a few seconds' memory.
"""

from collections import deque
from typing import Final

import numpy as np

from appliance.units import Milliseconds, Seconds

_BUCKET: Final = 5.0  # ms
_BUCKETS: Final = 120
_PERCENTILE: Final = 0.98
_MEMORY: Final = 200
"""Packets that the histogram remembers: 4 s at 20 ms. One late packet weighs 0.5 %, four of them move the target."""

_PROOF: Final = 10
"""Packets between two looks, and before the first: fewer prove nothing."""

_HEAVIEST: Final = 1e9

_WINDOW: Final = 4.0
"""Seconds in which the fastest packet is looked for. Short enough to follow drifting clocks and changed routes."""

_WINDOW_PACKETS: Final = 512
_LOSS_MEMORY: Final = 10.0
"""Seconds that one loss makes the next expected."""

_INITIAL: Final = Milliseconds(40.0)
_MARGIN: Final = 5.0
"""ms on top of what was seen, because the delay is not kept more exactly than that."""


class DelayEstimator:
    """Learns from every arrival."""

    def __init__(self, *, minimum: Milliseconds, maximum: Milliseconds) -> None:
        self._minimum = minimum
        self._maximum = maximum
        self._histogram = np.zeros(_BUCKETS)
        self._weight = 1.0  # of the next packet in it
        self._count = 0
        self._bucket = 0  # of the percentile
        self._fastest: deque[tuple[float, float]] = deque(maxlen=_WINDOW_PACKETS)  # (when, transit), both growing
        self._target = min(maximum, max(minimum, _INITIAL))
        self._floor = (minimum, Seconds(0.0))  # and until when

    def restart(self) -> None:
        """Another timeline begins: transits are not comparable, what is known of their spread stays."""
        self._fastest.clear()

    def relative(self, transit: Seconds) -> Milliseconds:
        """How much later than the fastest a packet of `transit` is; negative if it is the fastest. 0 for the first."""
        return Milliseconds((transit - self._fastest[0][1]) * 1000.0 if self._fastest else 0.0)

    def lost(self, floor: Milliseconds, now: Seconds) -> None:
        """Packets get lost: the target is at least `floor` for a while, at which redundancy comes in time."""
        self._floor = (min(self._maximum, floor), Seconds(now + _LOSS_MEMORY))

    def arrived(self, transit: Seconds, now: Seconds) -> None:
        """One packet came at `now`."""
        while self._fastest and self._fastest[-1][1] >= transit:
            self._fastest.pop()
        self._fastest.append((now, transit))
        while self._fastest[0][0] < now - _WINDOW:
            self._fastest.popleft()
        late = self.relative(transit)
        bucket = min(_BUCKETS - 1, int(late / _BUCKET))
        self._histogram[bucket] += self._weight
        self._count += 1
        if self._count > _MEMORY:  # the newer weigh more, so that the older need not be made to weigh less
            self._weight /= 1.0 - 1.0 / _MEMORY
            if self._weight > _HEAVIEST:
                self._histogram /= self._weight
                self._weight = 1.0
        if self._count % _PROOF == 0 or (bucket > self._bucket and self._count > _PROOF):
            self._aim(now)

    def _aim(self, now: Seconds) -> None:
        shares = self._histogram.cumsum()
        self._bucket = int(shares.searchsorted(_PERCENTILE * shares[-1]))
        floor, until = self._floor
        least = max(self._minimum, floor) if now < until else self._minimum
        self._target = Milliseconds(min(self._maximum, max(least, (self._bucket + 1) * _BUCKET + _MARGIN)))

    @property
    def fastest(self) -> Seconds:
        """The transit that counts as no delay at all."""
        return Seconds(self._fastest[0][1] if self._fastest else 0.0)

    @property
    def target(self) -> Milliseconds:
        """How long after the fastest possible arrival a sample should be played."""
        return self._target
