"""Mouth to ear, what is missing, what it costs, from port to port: ours beside stock aiortc's and Chromium's.

Its parts are the networks, and `set-up`.
"""

import asyncio
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench import set_up
from tests.bench.endpoint import MakeEngine
from tests.bench.one_browser import browser_call
from tests.bench.our_end import our_end
from tests.bench.report import rendered, say
from tests.bench.stock_end import stock_end
from tests.bench.trace import Impairment
from tests.bench.two_processes import InvalidRunError, Measured, call
from tests.support.browser import Browser

NETWORKS: Final = {
    "clean": Impairment("clean"),
    "loss-1": Impairment("1 % loss", loss=0.01),
    "loss-5": Impairment("5 % loss", loss=0.05),
    "loss-10": Impairment("10 % loss", loss=0.10),
    "loss-20": Impairment("20 % loss", loss=0.20),
    "bursts": Impairment("5 % loss in bursts of 3", loss=0.05, burst=3),
    "jitter-60": Impairment("0-60 ms jitter", jitter=0.060),
    "jitter-150": Impairment("0-150 ms jitter", jitter=0.150),
    "both": Impairment("5 % loss, 0-60 ms jitter", loss=0.05, jitter=0.060),
    "step": Impairment("200 ms more from one packet to the next", step=0.200, step_at=9.0),
    "outage": Impairment("nothing for 3 s", outage=3.0, outage_at=6.0),
}
_DISTURBED: Final = ("step", "outage")
PARTS: Final = (*NETWORKS, "set-up")
_ATTEMPTS: Final = 3
_SECONDS: Final = 14.0
_FEW: Final = ("clean", "loss-1", "loss-5", "jitter-60")
"""Networks for those of whom one knows enough then."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured, and how its column is called. Without `make`, it is the browser."""

    title: str
    make: MakeEngine | None = None
    codec: str = "opus"
    parts: tuple[str, ...] = tuple(NETWORKS)


OURS = Subject("ours, Opus", our_end)
STOCK = Subject("aiortc, Opus", stock_end, parts=_FEW)
SUBJECTS: Final = (
    OURS,
    Subject("ours, PCMU", our_end, "PCMU", _FEW),
    STOCK,
    Subject("aiortc, PCMU", stock_end, "PCMU", ("clean",)),
    Subject("Chromium, Opus"),
)
Results = dict[tuple[Subject, str], list[Measured]]


async def measure(parts: Sequence[str], browser: Browser) -> Results:
    """The calls, each kind in turn so that what else the machine does falls on all of them alike; clean ones twice."""
    results: Results = {}
    for part in NETWORKS:
        if part not in parts:
            continue
        for _ in range(2 if part == "clean" else 1):
            for subject in SUBJECTS:
                if part in subject.parts:
                    measured = await _valid(subject, NETWORKS[part], _SECONDS, browser)
                    results.setdefault((subject, part), []).append(measured)
                    say(f"{part}, {subject.title}: {statistics.median(measured.delays):.0f} ms")
    return results


async def _valid(subject: Subject, impairment: Impairment, seconds: float, browser: Browser) -> Measured:
    for attempt in range(_ATTEMPTS):
        try:
            if subject.make is None:
                return await browser_call(browser, impairment, seconds)
            return await asyncio.to_thread(call, subject.make, subject.codec, impairment, seconds)
        except InvalidRunError as problem:
            say(f"{impairment.name}, {subject.title}: attempt {attempt + 1} does not count: {problem}")
    raise InvalidRunError(f"{impairment.name}, {subject.title}: this machine is too busy to measure on")


def _delay(runs: list[Measured]) -> str:
    delays = sorted(delay for run in runs for delay in run.delays)
    return f"{statistics.median(delays):.0f} / {delays[int(0.99 * len(delays))]:.0f} ms"


def _steady(runs: list[Measured]) -> str:
    return f"{max(run.recovery for run in runs):.1f} s / {statistics.median(run.settled for run in runs):.0f} ms"


def _unheard(runs: list[Measured]) -> str:
    missing = sum(run.missing for run in runs)
    said = missing + sum(len(run.delays) for run in runs)
    return f"{100.0 * missing / said:.1f} % / {100.0 * statistics.mean(run.absent for run in runs):.1f} %"


def _cost(runs: list[Measured], what: Callable[[Measured], float | None], form: str, unit: str = "") -> str:
    values = [value for run in runs if (value := what(run)) is not None]
    return f"{statistics.mean(values):{form}}{unit}" if values else "–"


def rows(results: Results, parts: Sequence[str]) -> list[list[str]]:
    """The table's rows: what, a cell for each subject, and the command."""
    table = []

    def row(what: str, part: str, cell: Callable[[list[Measured]], str]) -> None:
        runs = [results.get((subject, part)) for subject in SUBJECTS]
        table.append([what, *(cell(each) if each else "–" for each in runs), f"`python -m tests.bench calls {part}`"])

    for part, impairment in NETWORKS.items():
        if part in parts:
            if part in _DISTURBED:
                row(f"{impairment.name}: steady after / at", part, _steady)
            else:
                row(f"mouth to ear, {impairment.name}: median / p99", part, _delay)
            row(f"bursts unheard / sound absent, {impairment.name}", part, _unheard)
    if "clean" in parts:
        row("CPU-seconds in 100 s of call", "clean", lambda runs: _cost(runs, lambda run: run.cpu, ".1f"))
        cost = {subject: _mean_cpu(results[subject, "clean"]) for subject in SUBJECTS if subject.make is not None}
        ratios = (f"{cost[subject] / cost[STOCK]:.2f}" if subject in cost else "–" for subject in SUBJECTS)
        table.append(["CPU, of aiortc's with Opus", *ratios, "`python -m tests.bench calls clean`"])
        row("context switches a second", "clean", lambda runs: _cost(runs, lambda run: run.switches, ".0f"))
        row("memory in use (RSS) in a call", "clean", lambda runs: _cost(runs, lambda run: run.resident, ".0f", " MB"))
        row("offer to media, without SIP", "clean", lambda runs: _cost(runs, lambda run: run.set_up, ".0f", " ms"))
    return table


def _mean_cpu(runs: list[Measured]) -> float:
    return statistics.mean(run.cpu for run in runs if run.cpu is not None)


async def set_up_row(browser: Browser) -> list[str]:
    """The row of calls through a registrar. The first call of each is not counted: it loads code."""
    cells = {OURS: await set_up.ours(), SUBJECTS[-1]: await set_up.jssip(browser)}
    medians = (f"{statistics.median(cells[each][1:]):.0f} ms" if each in cells else "–" for each in SUBJECTS)
    return ["INVITE to media, with SIP (Chromium: JsSIP)", *medians, "`python -m tests.bench calls set-up`"]


async def measured(parts: Sequence[str]) -> str:
    """The table of `parts`. Raises `InvalidRunError` on a machine that is too busy."""
    async with Browser() as browser:
        table = rows(await measure(parts, browser), parts)
        if "set-up" in parts:
            table.append(await set_up_row(browser))
    return rendered(["", *(subject.title for subject in SUBJECTS), "made by"], table)
