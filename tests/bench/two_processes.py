"""A measured call between two processes over a relay."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from tests.bench.bursts import Timing, timed
from tests.bench.endpoint import Endpoint, MakeEngine, Report, Usage
from tests.bench.relay import Passage, Relay
from tests.bench.trace import Impairment

SETTLED: Final = 3.0
"""Seconds from the first burst until it counts: playout delays have been found by then."""

_STARVED: Final = 20.0
"""ms by which the microphone's frames may be late, 99 of 100 less, for a run to count."""


class InvalidRunError(RuntimeError):
    """The machine was too busy for the figures to say something about what is measured."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one call showed, both directions and both ends together."""

    delays: tuple[float, ...]
    missing: int
    absent: float
    """Share of sound that was invented or never given out, 0..1."""
    set_up: float
    """ms from asking for an offer until both ends had media."""
    cpu: float | None = None
    """Seconds of one processor in 100 s of call, for each end."""
    switches: float | None = None
    """Context switches a second, for each end."""
    resident: float | None = None
    """MB, for each end."""
    lag: float = 0.0
    """ms: how late frames of the microphone were, 99 of 100 less."""
    recovery: float = 0.0
    """Seconds from a disturbance until delays are steady, the slower direction of the two."""
    settled: float = 0.0
    """ms: the delay after it."""


def call(make: MakeEngine, codec: str, impairment: Impairment, seconds: float) -> Measured:
    """Call, talk for `seconds` after settling, and measure. Raises `InvalidRunError`."""
    with _ends(make, codec, seconds + SETTLED + 2.0) as (first, second):
        relay = Relay(impairment)
        for end in (first, second):
            end.ready()
        began = time.monotonic()
        offer = relay.described(first.ask("offer"), end=0)
        answer = relay.described(second.ask("answer", offer), end=1)
        first.ask("accept", answer)
        set_up = max(end.ask("connected") for end in (first, second)) - began
        for end in (first, second):
            end.ask("speak")
        time.sleep(SETTLED)
        before = [end.ask("usage") for end in (first, second)]
        time.sleep(seconds)
        after = [end.ask("usage") for end in (first, second)]
        time.sleep(1.0)
        reports = [end.ask("report") for end in (first, second)]
        passage = relay.close()
    return _measured(before, after, reports, passage, set_up * 1000.0)


@contextmanager
def _ends(make: MakeEngine, codec: str, seconds: float) -> Iterator[tuple[Endpoint, Endpoint]]:
    ends = Endpoint(make, codec, seconds), Endpoint(make, codec, seconds)
    try:
        yield ends
    finally:
        for end in ends:
            end.close()


def _measured(
    before: list[Usage], after: list[Usage], reports: list[Report], passage: Passage, set_up: float
) -> Measured:
    timings: list[Timing] = []
    for (speaker, listener), start, end in zip(((0, 1), (1, 0)), before, after, strict=True):
        timings.append(timed(reports[speaker].said, reports[listener].heard, after=start.at, until=end.at))
    lags = sorted(lag for report in reports for lag in report.lags)
    lag = lags[int(0.99 * len(lags))] if lags else 0.0
    if lag > _STARVED or not passage.valid:
        raise InvalidRunError(f"frames of the microphone were {lag:.0f} ms late, packets {passage.lag:.0f} ms")
    elapsed = sum(end.at - start.at for start, end in zip(before, after, strict=True))
    played = sum(end.played - start.played for start, end in zip(before, after, strict=True))
    absent = sum(end.absent - start.absent for start, end in zip(before, after, strict=True))
    return Measured(
        delays=tuple(sorted(delay for timing in timings for delay in timing.delays)),
        missing=sum(timing.missing for timing in timings),
        absent=max(0.0, absent / played),
        cpu=100.0 * sum(end.cpu - start.cpu for start, end in zip(before, after, strict=True)) / elapsed,
        switches=sum(end.switches - start.switches for start, end in zip(before, after, strict=True)) / elapsed,
        resident=sum(report.resident for report in reports) / 2.0,
        set_up=set_up,
        lag=lag,
        **steadied(timings),
    )


def steadied(timings: Sequence[Timing]) -> dict[str, float]:
    """How fast both directions were steady again, and what their delays are then."""
    last = [delay for timing in timings for delay in timing.delays[-8:]]
    return {"recovery": max(timing.recovery() for timing in timings), "settled": statistics.median(last)}
