"""[I/O] The quality of one call, second by second."""

import asyncio
from collections.abc import Callable
from dataclasses import fields
from typing import Final

from appliance.clock import Clock
from appliance.media.session import MediaSession
from appliance.quality.sample import Counters, QualitySample, Sampler
from appliance.quality.summary import QualitySummary, Summary
from appliance.units import Seconds

_PERIOD: Final = 1.0
_NAMES: Final = tuple(field.name for field in fields(Counters))


class Measurement:
    """Reads a media session's counters once a second while `run` runs."""

    def __init__(self, media: MediaSession, clock: Clock) -> None:
        self._media = media
        self._clock = clock
        self._sampler = Sampler()
        self._summary = Summary()
        self.last: QualitySample | None = None

    def counters(self) -> Counters:
        """The totals now."""
        statistics = self._media.counters()
        return Counters(**{name: getattr(statistics, name) for name in _NAMES})

    def result(self) -> QualitySummary:
        """The summary up to now."""
        return self._summary.result(self.counters())

    async def run(self, sampled: Callable[[QualitySample], None]) -> None:
        """Sample until cancelled."""
        previous, before = self.counters(), self._clock.now()
        due = before
        while True:
            # A fixed grid: what a late second takes is not added to the next.
            due = Seconds(max(due + _PERIOD, self._clock.now()))
            await asyncio.sleep(due - self._clock.now())
            current, now = self.counters(), self._clock.now()
            self.last = self._sampler.sample(previous, current, Seconds(now - before))
            previous, before = current, now
            self._summary.add(self.last)
            sampled(self.last)
