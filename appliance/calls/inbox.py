"""[I/O] What happens to a call and takes time to deal with: one after the other, in the order it came."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from appliance.sip.events import Event
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

MAX_WAITING: Final = 32
"""Events that may wait; a peer that sends more of them loses the newest."""


class Inbox:
    """Hands events to `take`, one at a time, in a task that lives no longer than there are any."""

    def __init__(self, tasks: TaskSet, take: Callable[[Event], Awaitable[None]]) -> None:
        self._tasks = tasks
        self._take = take
        self._waiting: deque[Event] = deque()
        self._server: asyncio.Task[None] | None = None
        self._closed = False

    def put(self, event: Event) -> None:
        """Deal with `event` after those before it; nothing once closed."""
        if self._closed or len(self._waiting) >= MAX_WAITING:
            log.debug("%s is dropped", type(event).__name__)
            return
        self._waiting.append(event)
        if self._server is None or self._server.done():
            self._server = self._tasks.start("events", self._serve())

    def close(self) -> None:
        """Forget what waits, and take nothing more."""
        self._closed = True
        self._waiting.clear()

    async def _serve(self) -> None:
        while self._waiting:
            await self._take(self._waiting.popleft())
