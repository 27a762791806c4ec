"""[I/O] The service's end of the strike: pulses, and the signs of life that keep one up."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.door import relay_guard
from appliance.errors import DriverError
from appliance.tasks import Backoff, TaskSet, retry
from appliance.units import Seconds

log = logging.getLogger(__name__)

_SIGN: Final = relay_guard.SILENCE / 5
"""Seconds between two signs of life: from this loop, so that a loop that hangs gives none."""
_PATIENCE: Final = 5.0


class Strike:
    """The relay of one door, held by a guard of its own inside `async with`. `changed` hears each change.

    Args:
        line: which line the guard holds, as its arguments: `gpio_line(…)` or `file_line(…)`.
        most: seconds of the longest pulse, at most `relay_guard.LONGEST`.
    """

    def __init__(
        self, line: Sequence[str], *, most: Seconds, changed: Callable[[bool, str], object] | None = None
    ) -> None:
        self._line = tuple(line)
        self._most = most
        self._changed = changed
        self._guard: asyncio.subprocess.Process | None = None
        self._answer: asyncio.Future[str] | None = None
        self._tasks = TaskSet("strike")
        self.held = False
        """Whether the guard holds the relay, as far as it has said."""

    @property
    def guard_pid(self) -> int | None:
        """The guard's process; None while there is none."""
        return None if self._guard is None or self._guard.returncode is not None else self._guard.pid

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except DriverError:
            await self._stop()
            raise
        self._tasks.start("keep", self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()
        await self._stop()

    async def pulse(self, seconds: Seconds) -> bool:
        """Hold the relay for so long; False, with the reason in the log, if it is not."""
        guard = self._guard
        if guard is None or guard.returncode is not None or guard.stdin is None or self._answer is not None:
            log.warning("the door can't be opened: %s", "a pulse begins" if self._answer else "its guard is not there")
            return False
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._answer = answer
        try:
            guard.stdin.write(b"pulse %d\n" % round(seconds * 1000.0))
            async with asyncio.timeout(_PATIENCE):
                said = await answer
        except (OSError, TimeoutError) as error:
            log.warning("the door's guard does not answer: %r", error)
            return False
        finally:
            self._answer = None
        if said != "held":
            log.warning("the door stays locked: %s", said)
        return said == "held"

    def release(self) -> None:
        """Lock it now."""
        self._write(b"release\n")

    def _write(self, line: bytes) -> None:
        guard = self._guard
        if guard is not None and guard.returncode is None and guard.stdin is not None:
            with contextlib.suppress(OSError):
                guard.stdin.write(line)

    async def _start(self) -> None:
        # Not as a module of this package: the guard loads nothing that it does not need.
        self._guard = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(Path(relay_guard.__file__)), "--most", f"{self._most:g}", *self._line),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._guard.stdout is not None
        try:
            async with asyncio.timeout(_PATIENCE):
                said = (await self._guard.stdout.readline()).decode().strip()
        except TimeoutError:
            said = "it says nothing"
        if said != "ready":
            raise DriverError(f"the door's relay can't be used: {said or 'its guard ended at once'}")

    async def _keep(self) -> None:
        """Listen to the guard, and put another in its place if it ends: its first deed is to let the relay go."""
        backoff = Backoff(first=0.2, cap=5.0)
        while True:
            await self._listen()
            log.error("the door's guard has ended; another takes its place")
            self._told("released: its guard ended")
            await retry("door guard", self._start, backoff=backoff, on=(DriverError, OSError))

    async def _listen(self) -> None:
        assert self._guard is not None
        assert self._guard.stdout is not None
        while line := await self._guard.stdout.readline():
            self._told(line.decode().strip())

    def _told(self, said: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(said)
        if said.startswith("refused"):
            return
        held = said == "held"
        if held == self.held:
            return
        self.held = held
        if held:
            self._tasks.start("signs of life", self._live())
        if self._changed is not None:
            self._changed(held, said.partition(": ")[2])

    async def _live(self) -> None:
        while self.held:
            self._write(b"here\n")
            await asyncio.sleep(_SIGN)

    async def _stop(self) -> None:
        guard, self._guard = self._guard, None
        if guard is None:
            return
        if guard.stdin is not None:
            guard.stdin.close()
        try:
            async with asyncio.timeout(_PATIENCE):
                await guard.wait()
        except TimeoutError:
            log.error("the door's guard does not end and is killed")  # noqa: TRY400 -- one line is enough
            guard.kill()
            await guard.wait()


def gpio_line(chip: str, gpio: int, *, active_low: bool) -> tuple[str, ...]:
    """A line of a GPIO chip, `/dev/gpiochip0`, as a guard's arguments."""
    return ("--chip", chip, "--line", str(gpio), *(("--active-low",) if active_low else ()))


def file_line(path: Path) -> tuple[str, ...]:
    """A relay on paper: its changes are written to this file."""
    return ("--file", str(path))
