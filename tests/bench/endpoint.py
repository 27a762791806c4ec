"""One end of a measured call, in a process of its own, and how the benchmark talks to it.

The parent is the signalling. Both ends and the parent read the same monotonic clock.
"""

import asyncio
import multiprocessing
import resource
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm, silence
from tests.bench.bursts import sound

_PATIENCE: Final = 30.0
"""Seconds for an answer of an end."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the process has used, and what its engine has played, up to a moment."""

    at: float
    cpu: float
    switches: int
    played: float
    """Seconds of sound that should have been heard,"""
    absent: float
    """and how many of them were invented (concealed) or never given out."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an end said and heard, as (time of the first sample, samples); its memory; how late its clock was."""

    said: list[tuple[float, Pcm]]
    heard: list[tuple[float, Pcm]]
    resident: float
    """MB in use."""
    lags: list[float]
    """ms by which each frame of the microphone was late."""


@dataclass(slots=True)
class Desk:
    """The microphone that says the bursts, and the recorder of the speaker, of whatever engine.

    A frame is handed over when its last sample was captured, and what the speaker is given is played from then on: what
    a sound card without buffers would do.
    """

    seconds: float
    said: list[tuple[float, Pcm]] = field(default_factory=list)
    heard: list[tuple[float, Pcm]] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    speaking: bool = False
    _sound: Pcm = field(default_factory=silence)
    _position: int = 0

    def prepare(self) -> None:
        """Make the sound before the clock starts."""
        self._sound = sound(self.seconds)

    def captured(self, now: float, count: int = FRAME, *, late: float = 0.0) -> Pcm:
        """The next `count` samples of the microphone, whose last one is of `now`; `late` in seconds."""
        if not self.speaking:
            return silence(count)
        pcm = self._sound[self._position : self._position + count]
        self._position += count
        if pcm.size < count:
            return silence(count)
        self.said.append((now - count / SAMPLE_RATE, pcm))
        self.lags.append(1000.0 * late)
        return pcm

    def played(self, now: float, pcm: Pcm) -> None:
        """The speaker plays `pcm` from `now` on."""
        if self.speaking:
            self.heard.append((now, np.array(pcm)))


class Engine(Protocol):
    """What is measured."""

    async def offer(self) -> str:
        """The description of a new call."""

    async def answer(self, offer: str) -> str:
        """The answer to the other end's."""

    async def accept(self, answer: str) -> None:
        """The other end's answer."""

    async def connected(self) -> float:
        """Wait for the media; the moment it was there."""

    def played(self) -> tuple[float, float]:
        """Seconds of sound that should have been heard so far, and how many were absent."""


MakeEngine = Callable[[Desk, str], AbstractAsyncContextManager[Engine]]


class Endpoint:
    """An end, as the parent sees it. `codec` is one of SDP's names."""

    def __init__(self, make: MakeEngine, codec: str, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_main, args=(theirs, make, codec, seconds), daemon=True)
        self._process.start()

    def ready(self) -> None:
        """Wait until the process has started."""
        self._answer("start")

    def ask(self, name: str, *arguments: object) -> Any:
        """The result of a method of its engine, or of "speak", "usage" or "report"."""
        self._pipe.send((name, arguments))
        return self._answer(name)

    def _answer(self, name: str) -> Any:
        if not self._pipe.poll(_PATIENCE):
            raise RuntimeError(f"an end did not {name} in {_PATIENCE:g} s")
        return self._pipe.recv()

    def close(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.kill()


def _main(pipe: Connection, make: MakeEngine, codec: str, seconds: float) -> None:
    asyncio.run(_serve(pipe, make, codec, seconds))


async def _serve(pipe: Connection, make: MakeEngine, codec: str, seconds: float) -> None:
    desk = Desk(seconds)
    desk.prepare()
    async with make(desk, codec) as engine:
        pipe.send("ready")
        asked = await asyncio.to_thread(pipe.recv)
        while asked is not None:
            name, arguments = asked
            if name in ("offer", "answer", "accept", "connected"):
                pipe.send(await getattr(engine, name)(*arguments))
            elif name == "speak":
                desk.speaking = True
                pipe.send(time.monotonic())
            elif name == "usage":
                pipe.send(_usage(engine))
            elif name == "report":
                desk.speaking = False
                pipe.send(Report(desk.said, desk.heard, _resident(), desk.lags))
            asked = await asyncio.to_thread(pipe.recv)


def _usage(engine: Engine) -> Usage:
    used = resource.getrusage(resource.RUSAGE_SELF)
    played, absent = engine.played()
    return Usage(time.monotonic(), used.ru_utime + used.ru_stime, used.ru_nvcsw + used.ru_nivcsw, played, absent)


def _resident() -> float:
    """MB of memory in use (VmRSS)."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024.0
    raise RuntimeError("/proc/self/status has no VmRSS")
