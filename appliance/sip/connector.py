"""[I/O] Opens connections to the registrars, one after the other, until there is one; and later to a nearer one."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from appliance.clock import Clock
from appliance.errors import ClockError, TransportError
from appliance.sip.failover import STABLE, Failover
from appliance.sip.transport import Connection
from appliance.tasks import Backoff
from appliance.units import Seconds

log = logging.getLogger(__name__)

Connect = Callable[[str], Awaitable[Connection]]
"""Opens a connection to a URL, or raises `TransportError`."""

_LOOK: Final = 0.5
"""Seconds between two looks at a clock that has to be set."""

_STEP: Final = timedelta(seconds=2)
"""By so much a clock is set, not adjusted."""


class Connector:
    """One connection at a time. The waits between attempts are jittered: a fleet must not come back at one instant.

    Args:
        connect: opens a connection.
        failover: which registrar is next.
        clock: for how long a connection lasted, and whether the time of day was set.
        failed: told of every attempt in vain.
    """

    def __init__(
        self,
        connect: Connect,
        failover: Failover,
        clock: Clock,
        failed: Callable[[str, TransportError], None],
    ) -> None:
        self._connect = connect
        self._failover = failover
        self._clock = clock
        self._failed = failed
        self._round, self._hop = Backoff(first=1.0, cap=30.0), Backoff(first=0.5, cap=0.5)
        self._nearer: tuple[str, Connection] | None = None

    @property
    def url(self) -> str:
        """The registrar that is being tried, or serves."""
        return self._failover.url

    @property
    def has_nearer(self) -> bool:
        """A nearer registrar has been reached: the one that serves can be left for it."""
        return self._nearer is not None

    async def connect(self) -> Connection:
        """The next connection, however long it takes. Whoever gets it calls `ended` when it is over."""
        nearer, self._nearer = self._nearer, None
        if nearer is not None:
            self._failover.moved(nearer[0])
            return nearer[1]
        while True:
            began = self._clock.now()
            try:
                return await self._connect(self.url)
            except TransportError as error:
                self._failed(self.url, error)
                await self.ended(self._clock.now() - began, wrong_clock=isinstance(error, ClockError))

    async def ended(self, lasted: float, *, wrong_clock: bool = False) -> None:
        """A connection or an attempt is over after `lasted` seconds; returns when the next may be made."""
        if self._nearer is not None:
            return
        in_vain = self._failover.ended(lasted)
        if lasted >= STABLE:
            self._round.reset()
            in_vain = True
        delay = self._round.next() if in_vain else self._hop.next()
        log.info("connecting to %s in %.1f s", self.url, delay)
        if wrong_clock:
            await self._clock_set(delay)
        else:
            await asyncio.sleep(delay)

    async def _clock_set(self, patience: float) -> None:
        """Wait until the time of day is set, for `patience` seconds at most."""
        began, before = self._clock.now(), self._clock.wall()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not self._was_set(since=began, wall=before):  # noqa: ASYNC110 -- nobody tells
                    await asyncio.sleep(_LOOK)

    def _was_set(self, *, since: Seconds, wall: datetime) -> bool:
        return abs(self._clock.wall() - wall - timedelta(seconds=self._clock.now() - since)) >= _STEP

    async def reach_nearer(self, idle: asyncio.Event) -> None:
        """Wait for a nearer registrar than the one that serves; the next `connect` then returns its connection.

        Args:
            idle: set while nothing would be disturbed by leaving.
        """
        while self._nearer is None:
            wait = self._failover.wait
            if wait is None:
                return
            await asyncio.sleep(wait)
            await idle.wait()
            for url in self._failover.nearer:
                try:
                    self._nearer = url, await self._connect(url)
                except TransportError as error:
                    log.debug("%s: %s", url, error)
                else:
                    return
            self._failover.stayed()

    async def close(self) -> None:
        """Let go of a connection that nobody took."""
        nearer, self._nearer = self._nearer, None
        if nearer is not None:
            await nearer[1].close()
