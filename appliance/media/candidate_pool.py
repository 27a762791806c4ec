"""[I/O] Candidates gathered ahead (RFC 8829 §3.5.4): a likely call finds its sockets open and its servers asked.

fill() ─▶ gathered ─▶ take(): the call's first path
             └─ 25 s old, or an address of the machine has changed ─▶ gathered anew, while a call is still likely
"""

import asyncio
from typing import Final

from appliance.clock import Clock
from appliance.media.settings import MediaSettings
from appliance.media.transport import Transport
from appliance.tasks import TaskSet
from appliance.units import Seconds

_FRESH: Final = 25.0
"""Seconds for which a translator remembers what nobody sends through: 30 are common (RFC 4787 §4.3 asks for more)."""


class CandidatePool:
    """One transport ahead of its need. Everything is done on the engine's loop."""

    def __init__(self, settings: MediaSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._spare: Transport | None = None
        self._until = Seconds(0.0)
        self._taken = asyncio.Event()
        self._tasks = TaskSet("candidate pool")
        self._keeper: asyncio.Task[None] | None = None

    def fill(self, keep: Seconds) -> None:
        """A call is likely within `keep` seconds."""
        self._until = max(self._until, Seconds(self._clock.now() + keep))
        if self._keeper is None or self._keeper.done():
            self._taken.clear()
            self._keeper = self._tasks.start("keep", self._keep())

    async def _keep(self) -> None:
        while (left := self._until - self._clock.now()) > 0.0:
            spare = self._spare = Transport(self._settings, self._clock)
            await spare.gather()
            try:
                async with asyncio.timeout(min(_FRESH, left)):
                    await self._taken.wait()
            except TimeoutError:
                pass
            if self._spare is not spare:
                return
            self._spare = None
            await spare.close()

    def take(self) -> Transport | None:
        """What was gathered, or is being; None if nothing was, or the machine's addresses have changed since."""
        spare = self._spare
        if spare is None or not spare.current:
            return None
        self._spare = None
        self._until = Seconds(0.0)
        self._taken.set()
        self._keeper = None
        return spare

    async def close(self) -> None:
        """Let go of it."""
        await self._tasks.close()
        if self._spare is not None:
            await self._spare.close()
            self._spare = None
