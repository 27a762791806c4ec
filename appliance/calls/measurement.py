"""[I/O] The quality of one call, second by second."""

import asyncio
from collections.abc import Callable
from dataclasses import fields
from typing import Final

from appliance.clock import Clock
from appliance.media.engine import MediaEngine
from appliance.media.session import MediaSession
from appliance.quality.sample import Counters, QualitySample, Sampler
from appliance.quality.summary import QualitySummary, Summary
from appliance.units import Seconds

_PERIOD: Final = 1.0
_NAMES: Final = tuple(field.name for field in fields(Counters) if not field.name.startswith("microphone_"))


class Measurement:
    """Reads a media session's counters once a second while `run` runs; `engine` has its microphone."""

    def __init__(self, media: MediaSession, engine: MediaEngine, clock: Clock) -> None:
        self._media = media
        self._engine = engine
        self._clock = clock
        self._sampler = Sampler()
        self._summary = Summary()
        self._frozen: Counters | None = None
        self.last: QualitySample | None = None

    def counters(self) -> Counters:
        """The totals now, or when they were frozen."""
        if self._frozen is not None:
            return self._frozen
        statistics, microphone = self._media.counters(), self._engine.microphone
        return Counters(
            **{name: getattr(statistics, name) for name in _NAMES},
            microphone_energy=microphone.energy,
            microphone_measured=microphone.measured,
        )

    def freeze(self) -> None:
        """The call is over: what its media still do until they are closed is no part of it."""
        self._frozen = self.counters()

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
            self.last = self._sampler.sample(previous, current, Seconds(now - before), self._clock.wall())
            previous, before = current, now
            self._summary.add(self.last)
            sampled(self.last)
