"""[I/O] The sound of a call to read, frame by frame, for those who want to record, recognise or measure it."""

import asyncio
from collections import deque
from typing import Final, Self

from appliance.media.frame import Pcm

WAITING: Final = 100
"""Frames (1 s) that wait for a slow reader; then the oldest is dropped."""


class AudioFrames:
    """`async for frame in frames`: 10 ms each, shape (480,), 48 kHz mono, not to be changed. Ends with the call.

    A reader that is more than a second behind loses the oldest; `dropped` counts them.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Pcm] = deque()
        self._news = asyncio.Event()
        self._closed = False

    def heard(self, frame: Pcm) -> None:
        """The next frame; from an audio thread."""
        if not self._closed and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._add, frame)

    def _add(self, frame: Pcm) -> None:
        if len(self._waiting) >= WAITING:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(frame)
        self._news.set()

    def close(self) -> None:
        """End it; what waits can still be read. Idempotent."""
        self._closed = True
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Pcm:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()
