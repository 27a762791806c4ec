"""The one place that starts tasks: supervised, named, ended together."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from appliance.units import Seconds

log = logging.getLogger(__name__)


class Backoff:
    """Waiting times that double, with full jitter, up to a cap.

    Full jitter (a uniform draw from zero to the present bound) spreads a fleet that lost its registrar or broker at
    the same instant; `floor` keeps a single unit from spinning.
    """

    def __init__(
        self,
        first: float = 0.5,
        cap: float = 30.0,
        floor: float = 0.1,
        *,
        source: random.Random | None = None,
    ) -> None:
        self._first, self._cap, self._floor = first, cap, floor
        self._bound = first
        self._random = source or random.Random()

    def next(self) -> Seconds:
        """The next waiting time, in seconds."""
        delay = max(self._floor, self._random.uniform(0.0, self._bound))
        self._bound = min(self._cap, self._bound * 2.0)
        return Seconds(delay)

    def reset(self) -> None:
        """Start again from the first bound: what was waited for has succeeded."""
        self._bound = self._first


class TaskSet:
    """Tasks that live no longer than the `async with` block that holds them.

    A task that fails is logged and reported to `on_failure`; it never ends the others unnoticed.
    """

    def __init__(self, name: str, *, on_failure: Callable[[str, BaseException], None] | None = None) -> None:
        self._name = name
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run `work` as a task of this set."""
        if self._closing:
            work.close()
            raise RuntimeError(f"{self._name} is closing: {name} can't be started")
        task = asyncio.get_running_loop().create_task(work, name=f"{self._name}/{name}")
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        log.error("task %s failed", task.get_name(), exc_info=error)
        if self._on_failure is not None:
            self._on_failure(task.get_name(), error)

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        self._closing = True
        current = asyncio.current_task()
        while pending := {task for task in self._tasks if task is not current}:
            for task in pending:
                task.cancel()
            await asyncio.wait(pending)

    def __len__(self) -> int:
        return len(self._tasks)


async def retry(
    name: str,
    attempt: Callable[[], Awaitable[None]],
    *,
    backoff: Backoff,
    on: type[BaseException] | tuple[type[BaseException], ...],
) -> None:
    """Run `attempt` again and again until it returns; only the errors named in `on` are tried again."""
    while True:
        try:
            await attempt()
        except on as error:
            delay = backoff.next()
            log.info("%s: %s; again in %.1f s", name, error, delay)
            await asyncio.sleep(delay)
        else:
            return
