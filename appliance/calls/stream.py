"""[I/O] Events to iterate over, for those who don't like callbacks."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, Self, TypeVar

from appliance.events import Emitter

log = logging.getLogger(__name__)

E = TypeVar("E")

MAX_WAITING: Final = 256


class EventStream(Generic[E]):
    """Every event since the stream was made, or those of `kinds`: `async for event in stream`. Ends when it is closed.

    A reader that falls `MAX_WAITING` events behind loses the oldest; `dropped` counts them.
    """

    def __init__(self, emitter: Emitter[E], *kinds: type[E]) -> None:
        self.dropped = 0
        self._waiting: deque[E] = deque()
        self._news = asyncio.Event()
        self._closed = False
        self._unsubscribe: Callable[[], None] = emitter.subscribe(self._happened, *kinds)

    def _happened(self, event: E) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            if not self.dropped:
                log.warning("a reader of events is %d behind: the oldest are dropped", MAX_WAITING)
            self.dropped += 1
        self._waiting.append(event)
        self._news.set()

    def close(self) -> None:
        """End it; what waits can still be read. Idempotent."""
        self._closed = True
        self._unsubscribe()
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()
