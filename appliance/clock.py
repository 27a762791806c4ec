"""Time as an argument: the only place that reads the clocks.

A pure core is handed `now`; whoever drives it asks a `Clock`. Tests drive with a `ManualClock`.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from appliance.units import Seconds


class Clock(Protocol):
    """Two clocks in one: monotonic for durations, wall for people."""

    def now(self) -> Seconds:
        """The monotonic clock, in seconds since an arbitrary instant."""

    def wall(self) -> datetime:
        """The time of day, in UTC. May be wrong until the network has set it."""


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> Seconds:
        """The monotonic clock, in seconds since an arbitrary instant."""
        return Seconds(time.monotonic())

    def wall(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that only moves when it is told to."""

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start
        self._wall = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> Seconds:
        """Seconds, as last set."""
        return Seconds(self._now)

    def wall(self) -> datetime:
        """The time of day that goes with it."""
        return self._wall

    def advance(self, seconds: float) -> Seconds:
        """Move both clocks on and return the new `now`."""
        self._now += seconds
        self._wall += timedelta(seconds=seconds)
        return self.now()
