"""What the network of an imagined site is like: mostly calm, sometimes in trouble, now and then cut off."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from appliance.units import Milliseconds, Seconds

_CALM: Final = 1500.0  # seconds from one trouble to the next, on average
_TROUBLE: Final = 240.0  # seconds that one lasts
_CONNECTED: Final = 7200.0  # seconds from one loss of the registrar to the next
_CUT_OFF: Final = 45.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a call meets."""

    round_trip: Milliseconds
    jitter: Milliseconds
    loss: float
    """A share, 0.0-1.0."""


@dataclass(frozen=True, slots=True)
class Period:
    """Something that lasts from `begin` to `end`."""

    begin: float
    end: float


class SiteNetwork:
    """One site. Ask with times that only grow; everything follows from `random` and them."""

    def __init__(self, random: Random, now: Seconds, *, pace: float = 1.0) -> None:
        self._random = random
        self._base = Conditions(
            round_trip=Milliseconds(random.uniform(8.0, 45.0)),
            jitter=Milliseconds(random.uniform(0.8, 5.0)),
            loss=random.choice((0.0, 0.0, 0.0005, 0.002)),
        )
        self._troubles = _periods(random, now, _CALM / pace, _TROUBLE / pace**0.5)
        self._trouble = next(self._troubles)
        self._outages = _periods(random, now, _CONNECTED / pace, _CUT_OFF / pace**0.5)
        self.outage = next(self._outages)
        """When the site has lost its registrar, or will lose it next; as of the last call of `conditions`."""

    def conditions(self, now: Seconds) -> Conditions:
        """What a call there meets during this second."""
        while now > self.outage.end:
            self.outage = next(self._outages)
        while now > self._trouble.end:
            self._trouble = next(self._troubles)
        random, base = self._random, self._base
        if now < self._trouble.begin:
            return Conditions(
                Milliseconds(base.round_trip * random.uniform(0.95, 1.15)),
                Milliseconds(base.jitter * random.uniform(0.7, 1.6)),
                base.loss if random.random() < 0.5 else 0.0,
            )
        return Conditions(
            Milliseconds(base.round_trip + random.uniform(120.0, 420.0)),
            Milliseconds(base.jitter + random.uniform(20.0, 60.0)),
            random.uniform(0.01, 0.09),
        )


def _periods(random: Random, now: float, apart: float, length: float) -> Iterator[Period]:
    while True:
        begin = now + random.expovariate(1.0 / apart)
        now = begin + random.uniform(0.4, 1.6) * length
        yield Period(begin, now)
