"""Whole telephones through sound cards: mouth to ear and what a call costs; ours, Chromium, baresip, stock aiortc."""

import asyncio
import statistics
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from tests.bench import card_ends
from tests.bench.bursts import sound, timed
from tests.bench.card_ends import Pids
from tests.bench.card_pair import CardPair, begin_of
from tests.bench.report import rendered, say

SUBJECTS: Final[dict[str, tuple[str, Callable[[CardPair], AbstractAsyncContextManager[Pids]]]]] = {
    "ours": ("ours", card_ends.ours),
    "chromium": ("Chromium, JsSIP", card_ends.chromium),
    "baresip": ("baresip", card_ends.baresip),
    "aiortc": ("stock aiortc", card_ends.aiortc),
}
PARTS: Final = tuple(SUBJECTS)
_ROUNDS: Final = 1
_SETTLED: Final = 5.0
_SECONDS: Final = 25.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One call: both directions, the mean of both ends."""

    delays: list[float]
    missing: int
    cpu: float
    """Seconds of one processor in a minute, of an end's whole process tree."""
    peak: float
    """MB: the most memory each process of an end ever had (VmHWM), added up."""


async def measured(parts: Sequence[str]) -> str:
    """The table of these subjects, called one after the other."""
    results: dict[str, list[Measured]] = {part: [] for part in parts}
    for _ in range(_ROUNDS):
        for part in parts:
            results[part].append(await _call(part))
            say(f"{SUBJECTS[part][0]}: {statistics.median(results[part][-1].delays):.0f} ms")
    delays = {part: sorted(delay for run in results[part] for delay in run.delays) for part in parts}
    cpu = {part: statistics.mean(run.cpu for run in results[part]) for part in parts}
    table = [
        ["mouth to ear: median", *(f"{statistics.median(delays[part]):.0f} ms" for part in parts)],
        ["mouth to ear: p99", *(f"{delays[part][int(0.99 * len(delays[part]))]:.0f} ms" for part in parts)],
        ["bursts unheard", *(_share(results[part]) for part in parts)],
        ["CPU-seconds in a minute of call", *(f"{cpu[part]:.2f}" for part in parts)],
        ["CPU, ours to it", *(f"{cpu['ours'] / cpu[part]:.2f}" if "ours" in cpu else "–" for part in parts)],
        ["memory at most", *(f"{max(run.peak for run in results[part]):.0f} MB" for part in parts)],
    ]
    return rendered(["", *(SUBJECTS[part][0] for part in parts)], table)


def _share(runs: list[Measured]) -> str:
    missing = sum(run.missing for run in runs)
    return f"{100.0 * missing / (missing + sum(len(run.delays) for run in runs)):.1f} %"


async def _call(part: str) -> Measured:
    speech = sound(_SETTLED + _SECONDS + 3.0)
    with CardPair() as pair:
        async with SUBJECTS[part][1](pair) as pids:
            pair.listen()
            await asyncio.sleep(1.0)
            pair.speak(speech)
            await asyncio.sleep(_SETTLED)
            before = [_cpu(pid) for pid in pids]
            await asyncio.sleep(_SECONDS)
            spent = [_cpu(pid) - start for pid, start in zip(pids, before, strict=True)]
            await asyncio.sleep(1.0)
            peak = statistics.mean(_peak(pid) for pid in pids)
            recordings = pair.recordings()
    delays: list[float] = []
    missing = 0
    for speaker, listener in ((0, 1), (1, 0)):
        begin = begin_of(speech, recordings[speaker][0])
        after = begin + _SETTLED
        timing = timed([(begin, speech)], [recordings[listener][1]], after=after, until=after + _SECONDS - 2.0)
        delays += timing.delays
        missing += timing.missing
    return Measured(delays, missing, 60.0 * statistics.mean(spent) / _SECONDS, peak)


def _tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _cpu(pid: int) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _tree(pid))


def _peak(pid: int) -> float:
    total = 0
    for process in _tree(pid):
        status = Path(f"/proc/{process.pid}/status").read_text("ascii")
        total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)
    return total / 1024.0
