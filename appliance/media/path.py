"""[I/O] The paths of a session: the present one, the next, and the one before until the present one is open.

offer ─▶ next ─ agreed ─▶ present ─ open ─▶ (former: a second more, then closed)
                          former ◀─ did not open
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from appliance.media.description import TransportParameters
from appliance.media.events import MediaEvent, SlowGathering
from appliance.media.transport import Transport
from appliance.tasks import TaskSet
from appliance.units import Milliseconds, Seconds

_SLOW: Final = 2.0
"""Seconds of gathering from which a firewall is suspected."""

_OVERLAP: Final = 1.0
"""Seconds for which a path is kept after the one that replaces it is open: the peer's end may open a little later."""


class PathOwner(Protocol):
    """Who hears of its paths, on the loop that made them."""

    def arrived(self, path: "Path", data: bytes, now: Seconds) -> None:
        """An RTP packet of the peer came on `path`."""

    def reported(self, path: "Path", data: bytes, now: Seconds) -> None:
        """An RTCP packet of the peer came on `path`."""

    def connected(self, path: "Path") -> None:
        """`path` is open."""

    def failed(self, path: "Path", reason: str) -> None:
        """`path` could not be opened, or is lost."""

    def happened(self, event: MediaEvent) -> None:
        """Something to tell whoever opened the session."""


class Path:
    """A transport and the credentials that it was started with."""

    def __init__(self, owner: PathOwner, transport: Transport) -> None:
        self._owner = owner
        self._remote: TransportParameters | None = None
        self.transport = transport
        self.transport.tell(self)
        client = self.transport.association.client
        self.setup = "" if client is None else "active" if client else "passive"
        """Our DTLS role, "active" or "passive"; "" until it is agreed on."""

    async def gather(self) -> None:
        """Learn the local candidates; see `Transport.gather`. When that takes long, the owner hears of it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        alarm = loop.call_later(
            _SLOW, lambda: self._owner.happened(SlowGathering(Milliseconds(1000.0 * _SLOW), over=False))
        )
        try:
            await self.transport.gather()
        finally:
            alarm.cancel()
            took = loop.time() - began
            if took >= _SLOW:
                self._owner.happened(SlowGathering(Milliseconds(1000.0 * took), over=True))

    @property
    def started(self) -> bool:
        """The peer's end of it is known."""
        return self._remote is not None

    @property
    def opening(self) -> bool:
        """It was started, and how that went is not known yet."""
        return self._remote is not None and self.transport.usable and not self.transport.connected

    def serves(self, remote: TransportParameters) -> bool:
        """It was started with these very credentials."""
        return self._remote is not None and self._remote.same_path(remote)

    def start(self, remote: TransportParameters, *, controlling: bool, setup: str) -> None:
        """Connect; nothing when it was started before."""
        if self._remote is None:
            self._remote, self.setup = remote, setup
            self.transport.start(remote, controlling=controlling, client=setup == "active")

    def rtp(self, data: bytes, now: Seconds) -> None:
        """An RTP packet came."""
        self._owner.arrived(self, data, now)

    def rtcp(self, data: bytes, now: Seconds) -> None:
        """An RTCP packet came."""
        self._owner.reported(self, data, now)

    def connected(self) -> None:
        """ICE and DTLS are through."""
        self._owner.connected(self)

    def failed(self, reason: str) -> None:
        """There is no path any more."""
        self._owner.failed(self, reason)


class Paths:
    """Which paths a session has. Whatever carries sound goes on with it until its replacement is open."""

    def __init__(self) -> None:
        self.present: Path | None = None
        """The one that was agreed on last."""
        self.next: Path | None = None
        """What an offer without an answer is about, if it is not the present path."""
        self._former: Path | None = None
        self._leaving: set[Path] = set()
        self._tasks = TaskSet("former paths")

    @property
    def open(self) -> Path | None:
        """Where packets of ours go."""
        paths = (self.present, self._former)
        return next((path for path in paths if path is not None and path.transport.connected), None)

    async def check_address(self, gone: Callable[[str], bool]) -> None:
        """Give up the path that is in use if it begins at an address of this machine that is `gone`."""
        path = self.open
        if path is not None and gone(path.transport.local_address):
            await path.transport.give_up("this machine no longer has the address that the path began at")

    def carries(self, path: Path) -> bool:
        """What comes on `path` is the peer's, now."""
        return path is self.present or path is self._former or path in self._leaving

    async def forget_next(self) -> None:
        """Close what an offer was about that the peer did not follow."""
        path, self.next = self.next, None
        if path is not None:
            await path.transport.close()

    async def switch(self, path: Path, start: Callable[[], None]) -> None:
        """Make `path` the present one and `start` it; close what nobody needs any more."""
        every = (self.present, self._former, self.next)
        others = [other for other in every if other is not None and other is not path]
        self._former = next((other for other in others if other.transport.connected), None)
        self.present, self.next = path, None
        start()
        for other in others:
            if other is not self._former:
                await other.transport.close()

    def opened(self) -> None:
        """The present path is open: the former one is left."""
        if self._former is not None:
            self._leave(self._former)
            self._former = None

    def failed(self, path: Path) -> bool:
        """`path` failed; True if that leaves the session without any. One that did not open gives way to the former."""
        if path is self._former:
            self._former = None
            self._leave(path)
            return False
        if path is not self.present:
            return False
        if self._former is not None:
            self.present, self._former = self._former, None
            self._leave(path)
            return False
        return True

    def _leave(self, path: Path) -> None:
        self._leaving.add(path)
        self._tasks.start("former path", self._left(path))

    async def _left(self, path: Path) -> None:
        await asyncio.sleep(_OVERLAP)
        await path.transport.close()
        self._leaving.discard(path)

    async def close(self) -> None:
        """Close every path there is."""
        await self._tasks.close()
        for path in {self.present, self._former, self.next, *self._leaving}:
            if path is not None:
                await path.transport.close()
        self.present = self.next = self._former = None
        self._leaving.clear()
