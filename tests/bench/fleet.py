"""A fleet on one Mosquitto: how fast it comes, what it costs, and what happens when the broker, or half of it, dies.

Two processes of `intercom fleet run` are the fleet, one TLS connection with a certificate of its own for each unit;
this process looks on by WebSocket, as a dashboard does. A run does not count if one of the three is out of breath.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Self

import psutil

from appliance.app.fleet.access import certified
from appliance.app.fleet.broker import FleetBroker
from appliance.app.fleet.places import places
from tests.bench import fleet_service
from tests.bench.fleet_watch import Watch
from tests.bench.report import rendered, say
from tests.bench.two_processes import InvalidRunError
from tests.support.wall import PAGE, WALL, Chromium

SIZES: Final = ("1000", "5000", "10000")
PARTS: Final = (*SIZES, "service")
_DEPLOY: Final = Path(__file__).parents[2] / "deploy" / "broker"
_STEADY: Final = 30.0  # seconds that are measured
_SETTLE: Final = 10.0  # seconds before
_PATIENCE: Final = 900.0
_BREATHLESS: Final = 0.8  # of a core
_PACE: Final = "0.02"  # hardly anything goes wrong but what is done to them


class Generator:
    """A part of the fleet, in a process of its own."""

    def __init__(self, broker: FleetBroker, units: int, part: int) -> None:
        self.figures: list[dict[str, Any]] = []
        self._arguments = [
            *(sys.executable, "-m", "appliance.cli.main", "fleet", "run", "--json", "--every", "2"),
            *("--units", str(units), "--part", f"{part}/2", "--pace", _PACE),
            *("--broker", f"mqtts://{broker.host}:{broker.port}", "--authority", str(broker.certificates.root.parent)),
        ]
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(*self._arguments, stdout=PIPE, stderr=DEVNULL)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._reader is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    def signal(self, number: signal.Signals) -> None:
        """Send its process a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.figures.append(json.loads(line))


class Trial:
    """One size of fleet; `cells` is what it has shown."""

    def __init__(self, broker: FleetBroker, watch: Watch, units: int, generators: tuple[Generator, Generator]) -> None:
        self.cells: dict[str, str] = {}
        self._broker = broker
        self._watch = watch
        self._units = units
        self._generators = generators

    async def run(self) -> None:
        """All of it, in the order in which a fleet may meet it."""
        await self._connect()
        await asyncio.sleep(_SETTLE)
        await self._live()
        await self._look()
        await self._lose_the_broker()
        await self._die_by_half()

    async def _connect(self) -> None:
        self._say("connecting")
        await _until(lambda: bool(self._watch.online), "nobody connects")
        begun = time.monotonic()
        await _until(lambda: self._share() >= 0.99, "99 % are not there")
        self.cells["connections a second, all at once"] = f"{0.99 * self._units / (time.monotonic() - begun):.0f}"
        await _until(lambda: self._share() == 1.0, "not everybody is there")

    async def _live(self) -> None:
        self._say("as it lives")
        mosquitto, watch = psutil.Process(self._broker.pid), self._watch
        watch.forget()
        marks = [len(generator.figures) for generator in self._generators]
        before, mine, began = sum(mosquitto.cpu_times()[:2]), time.process_time(), time.monotonic()
        await asyncio.sleep(_STEADY)
        seconds = time.monotonic() - began
        median, longest = watch.delay()
        figures = [
            each for generator, mark in zip(self._generators, marks, strict=True) for each in generator.figures[mark:]
        ]
        cpu, behind = max(each["cpu"] for each in figures), 1000 * max(each["lag_99"] for each in figures)
        watching = (time.process_time() - mine) / seconds
        self.cells |= {
            "messages a second": f"{watch.messages / seconds:.0f}",
            "event to dashboard: median / p99": f"{median:.0f} / {longest:.0f} ms",
            "Mosquitto, of a core": f"{(sum(mosquitto.cpu_times()[:2]) - before) / seconds:.2f}",
            "Mosquitto, memory": f"{mosquitto.memory_info().rss / 1e6:.0f} MB",
            "each generator, of a core / behind, p99": f"{cpu:.2f} / {behind:.0f} ms",
            "load average meanwhile": f"{os.getloadavg()[0]:.1f}",
        }
        if max(cpu, watching) > _BREATHLESS:
            raise InvalidRunError(
                f"a generator takes {cpu:.2f} of a core, who watches {watching:.2f}: more than {_BREATHLESS}"
            )

    async def _look(self) -> None:
        """The page itself, in a browser that is opened now."""
        self._say("in a browser")
        async with Chromium() as chromium:
            wall = await chromium.wall(self._broker, size=WALL)
            began = time.monotonic()
            await wall.until_online(self._units, seconds=_PATIENCE)
            everybody = time.monotonic() - began
            first, signed = await wall.page.evaluate(
                "['first units', 'signed in'].map(name => performance.getEntriesByName(name)[0].startTime)"
            )
            await asyncio.sleep(_STEADY)
            delay = (await wall.page.locator(".latency").inner_text()).removeprefix("delay ")
        self.cells["page, from signing in: first units / all of them"] = f"{first - signed:.0f} ms / {everybody:.1f} s"
        self.cells["event to screen: median / p99"] = delay

    async def _lose_the_broker(self) -> None:
        self._say("the broker is killed and comes back")
        await self._broker.kill()
        await _until(lambda: all(each.figures[-1]["connected"] == 0 for each in self._generators), "they do not notice")
        # What is published while nobody has subscribed is seen by nobody: the watch is there a moment before them.
        for each in self._generators:
            each.signal(signal.SIGSTOP)
        self._watch.expect_again()
        await self._broker.start()
        await asyncio.to_thread(self._watch.wait_subscribed)
        for each in self._generators:
            each.signal(signal.SIGCONT)
        began = time.monotonic()
        await _until(lambda: self._share() >= 0.99, "99 % are not back")
        self.cells["broker restarts: 99 % back after"] = f"{time.monotonic() - began:.1f} s"
        await _until(lambda: self._share() == 1.0, "not everybody is back")
        await _until(self._delivered, "events still wait")
        await asyncio.sleep(_SETTLE)
        missing, came = self._watch.missing()
        self.cells["events and summaries that came / are missing"] = f"{came:,} / {missing:,}"

    async def _die_by_half(self) -> None:
        self._say("half of it dies")
        dying = [place.name for place in places(self._units)[1::2]]
        self._watch.lost = {}
        began = time.monotonic()
        self._generators[1].signal(signal.SIGKILL)
        await _until(lambda: len(self._watch.lost) >= len(dying), "wills are missing")
        last = max(self._watch.lost[name] for name in dying) - began
        self.cells["half dies at once: wills seen / the last after"] = f"{len(dying):,} / {last:.1f} s"

    def _share(self) -> float:
        return len(self._watch.online) / self._units

    def _delivered(self) -> bool:
        waiting: int = sum(each.figures[-1]["waiting"] for each in self._generators)
        return waiting < self._units / 100

    def _say(self, what: str) -> None:
        say(f"fleet, {self._units}: {what}, load {os.getloadavg()[0]:.1f}")


async def measured(parts: Sequence[str]) -> str:
    """The table of `parts`."""
    columns = {size: await _size(int(size)) for size in SIZES if size in parts}
    names = list(dict.fromkeys(name for cells in columns.values() for name in cells))
    table = [[name, *(cells.get(name, "–") for cells in columns.values())] for name in names]
    text = rendered(["", *(f"{int(size):,} units" for size in columns)], table) if columns else ""
    if "service" in parts:
        text += f"\n{await fleet_service.measured()}"
    return text


async def _size(units: int) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as folder:
        async with FleetBroker(Path(folder), _DEPLOY, PAGE, options=("log_type error",)) as broker:
            say(f"fleet, {units}: certificates")
            await asyncio.to_thread(_certify, broker, units)
            with Watch(broker) as watch:
                async with Generator(broker, units, 1) as first, Generator(broker, units, 2) as second:
                    trial = Trial(broker, watch, units, (first, second))
                    await trial.run()
    return trial.cells


def _certify(broker: FleetBroker, units: int) -> None:
    settings = certified(broker.certificates, broker.host, broker.port)
    for place in places(units):
        settings(place)


async def _until(condition: Callable[[], bool], problem: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise InvalidRunError(f"{problem} after {_PATIENCE:g} s")
        await asyncio.sleep(0.05)
