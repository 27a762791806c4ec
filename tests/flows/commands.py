"""The `intercom` command as a process of its own."""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from appliance.sim.recorder import Recorder
from appliance.sim.registrar import Registrar


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its lines, each of which has to be a JSON object."""
        return [json.loads(line) for line in self.output.splitlines()]

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "appliance.cli.main",
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )


async def finish(process: asyncio.subprocess.Process, *, typed: bytes = b"", seconds: float = 60.0) -> Result:
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate(typed)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return Result(process.returncode or 0, output.decode(), errors.decode())


async def intercom(*arguments: str, typed: bytes = b"") -> Result:
    return await finish(await start(*arguments), typed=typed)


async def line(
    process: asyncio.subprocess.Process,
    text: str,
    *,
    stream: asyncio.StreamReader | None = None,
    seconds: float = 30.0,
) -> str:
    """The first line of its output, or of `stream`, that has `text` in it."""
    source = stream or process.stdout
    assert source is not None
    async with asyncio.timeout(seconds):
        while raw := await source.readline():
            if text in raw.decode():
                return raw.decode()
    raise AssertionError(f"{text!r} was not printed")


async def eventually(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    for _ in range(round(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not in {seconds} s")


def account(registrar: Registrar, password: Path, user: str = "alice") -> Sequence[str]:
    return ("--registrar", registrar.url, "--user", user, "--password-file", str(password))


def wav(path: Path, samples: "np.ndarray[Any, np.dtype[np.int16]]") -> Path:
    recorder = Recorder(path)
    recorder.open()
    recorder.write(samples)
    recorder.close()
    return path
