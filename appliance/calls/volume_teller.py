"""[I/O] Tells how loud the call in progress is, while somebody wants to know."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from appliance.calls.call_info import CallInfo
from appliance.calls.quality_events import Volume
from appliance.media.session import MediaSession
from appliance.quality.readings import volume
from appliance.tasks import TaskSet

_PERIOD: Final = 0.05


class Loud(Protocol):
    """A call, as its volumes see it."""

    @property
    def info(self) -> CallInfo:
        """A picture of the call as it is now."""

    @property
    def answered(self) -> bool:
        """Both sides talk."""

    @property
    def held(self) -> bool:
        """Held by us."""

    @property
    def media(self) -> MediaSession:
        """Its media session."""


class VolumeTeller:
    """Runs only while there are both: somebody who wants `Volume`, and a call in progress.

    `current` is that call, `wanted` whether anybody listens, `emit` tells them.
    """

    def __init__(
        self,
        tasks: TaskSet,
        current: Callable[[], Loud | None],
        wanted: Callable[[], bool],
        emit: Callable[[Volume], None],
    ) -> None:
        self._tasks = tasks
        self._current = current
        self._wanted = wanted
        self._emit = emit
        self._running = False

    def look(self) -> None:
        """Who wants it, or which call is in progress, may have changed."""
        if not self._running and self._loud() is not None:
            self._running = True
            self._tasks.start("volumes", self._run())

    def _loud(self) -> Loud | None:
        if not self._wanted():
            return None
        call = self._current()
        return None if call is None or not call.answered or call.held else call

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while (call := self._loud()) is not None:
                sent, heard = call.media.levels()
                self._emit(Volume(call=call.info, input=volume(sent), output=volume(heard)))
                due = max(due + _PERIOD, loop.time())
                await asyncio.sleep(due - loop.time())
        finally:
            self._running = False
