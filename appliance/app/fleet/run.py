"""All units of an imagined fleet on one loop [I/O], and how far behind their own time it is."""

import asyncio
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Final, Self

from appliance.app.fleet.network import SiteNetwork
from appliance.app.fleet.places import Place
from appliance.app.fleet.telephone import Traffic
from appliance.app.fleet.unit import Counts, Unit
from appliance.clock import Clock, SystemClock
from appliance.errors import UsageError
from appliance.mqtt.settings import BrokerSettings
from appliance.tasks import TaskSet

_CONNECTING: Final = 16  # at once
_SWEEP: Final = 4.0  # seconds in which every connection is looked at, for its keepalive
_SLICES: Final = 40  # of a sweep
_SPARE_FILES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the fleet is, and how its generator is: since the figures before."""

    units: int
    connected: int
    waiting: int
    """Events that the broker has not acknowledged."""
    published: float
    """Messages a second."""
    acknowledged: float
    refused: int
    """Messages that the broker did not want, in all."""
    connects: int
    losses: int
    lag_median: float
    """Seconds."""
    lag_99: float
    """Of 99 in 100."""
    cpu: float
    """The share of one core that this process takes: above 0.8, its figures are its own and not the broker's."""
    problem: str
    """One of the problems that units have."""


class Fleet:
    """`async with Fleet(places, settings_of) as fleet:` has a unit for each place; `settings_of` its way to the broker.

    `rate` limits how many units start in a second; 0: all at once. Raises `UsageError` for more units than this process
    may have open files.
    """

    def __init__(
        self,
        places: Sequence[Place],
        settings_of: Callable[[Place], BrokerSettings],
        *,
        seed: int = 0,
        traffic: Traffic | None = None,
        clock: Clock | None = None,
        rate: float = 0.0,
    ) -> None:
        self.units: list[Unit] = []
        self._places = places
        self._settings_of = settings_of
        self._seed = seed
        self._traffic = traffic or Traffic()
        self._clock = clock or SystemClock()
        self._rate = rate
        self._counts = Counts()
        self._connecting = ThreadPoolExecutor(_CONNECTING, thread_name_prefix="connect")
        self._tasks = TaskSet("fleet")
        self._before = (0.0, 0.0, Counts())

    async def __aenter__(self) -> Self:
        _allow_files(len(self._places) + _SPARE_FILES)
        now = self._clock.now()
        networks = {
            site: SiteNetwork(Random(f"{self._seed} {site}"), now, pace=self._traffic.pace)
            for site in sorted({place.site for place in self._places})
        }
        self._before = (time.monotonic(), time.process_time(), Counts())
        self._tasks.start("keep alive", self._keep_alive())
        self._tasks.start("start", self._start(networks))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()
        for unit in self.units:
            unit.farewell()
        if any(unit.connected for unit in self.units):
            await asyncio.sleep(0.5)  # for the goodbyes to leave
        for unit in self.units:
            unit.drop()
        self._connecting.shutdown(wait=False, cancel_futures=True)

    @property
    def connected(self) -> int:
        """Units that the broker has accepted."""
        return sum(unit.connected for unit in self.units)

    def figures(self) -> Figures:
        """Since the last time."""
        wall, cpu, before = self._before
        counts, lags = self._counts, sorted(self._counts.lags) or [0.0]
        now = (time.monotonic(), time.process_time())
        seconds = max(1e-6, now[0] - wall)
        counts.lags = []
        self._before = (*now, Counts(published=counts.published, acknowledged=counts.acknowledged))
        return Figures(
            units=len(self._places),
            connected=self.connected,
            waiting=sum(unit.waiting for unit in self.units),
            published=(counts.published - before.published) / seconds,
            acknowledged=(counts.acknowledged - before.acknowledged) / seconds,
            refused=counts.refused,
            connects=counts.connects,
            losses=counts.losses,
            lag_median=lags[len(lags) // 2],
            lag_99=lags[int(0.99 * (len(lags) - 1))],
            cpu=(now[1] - cpu) / seconds,
            problem=next((unit.problem for unit in self.units if unit.problem), ""),
        )

    async def _start(self, networks: dict[str, SiteNetwork]) -> None:
        began = time.monotonic()
        for index, place in enumerate(self._places):
            unit = Unit(
                place,
                self._settings_of(place),
                networks[place.site],
                Random(f"{self._seed} {place.name}"),
                traffic=self._traffic,
                clock=self._clock,
                counts=self._counts,
                connecting=self._connecting,
            )
            self.units.append(unit)
            unit.start()
            ahead = index / self._rate - (time.monotonic() - began) if self._rate else 0.0
            await asyncio.sleep(max(0.0, ahead))

    async def _keep_alive(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(_SWEEP / _SLICES)
            turn = (turn + 1) % _SLICES
            for unit in self.units[turn::_SLICES]:
                unit.keep_alive()


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise UsageError(f"{wanted - _SPARE_FILES} units: this process may have {hard} open files (ulimit -Hn)")
    if soft != resource.RLIM_INFINITY and wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
