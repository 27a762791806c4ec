"""Our media engine as an end of a measured call, without SIP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from appliance.media.engine import MediaEngine
from appliance.media.events import MediaConnected, MediaEvent, MediaFailed
from appliance.media.ports import AudioEndpoint
from appliance.media.session import MediaSession
from appliance.media.settings import MediaSettings
from appliance.media.ticker import PERIOD, Ticker
from tests.bench.endpoint import Desk, Engine


class DeskAudio:
    """The desk as an audio device, with a clock as a sound card has."""

    name = "desk"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ticker: Ticker | None = None

    def start(self, endpoint: AudioEndpoint) -> None:
        began = time.monotonic()
        count = 0

        def tick() -> None:
            nonlocal count
            now = time.monotonic()
            endpoint.captured(self._desk.captured(now, late=now - began - count * PERIOD))
            count += 1
            now = time.monotonic()
            self._desk.played(now, endpoint.wanted())

        self._ticker = Ticker(self.name, tick)
        self._ticker.start()

    def stop(self) -> None:
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None


class OurEngine:
    """A session of a media engine."""

    def __init__(self, session: MediaSession, opened: "asyncio.Future[float]") -> None:
        self._session = session
        self._opened = opened

    async def offer(self) -> str:
        return await self._session.create_offer()

    async def answer(self, offer: str) -> str:
        return await self._session.accept_offer(offer)

    async def accept(self, answer: str) -> None:
        await self._session.accept_answer(answer)

    async def connected(self) -> float:
        return await self._opened

    def played(self) -> tuple[float, float]:
        counters = self._session.counters()
        return counters.played / 1000.0, counters.concealed / 1000.0


@asynccontextmanager
async def our_end(desk: Desk, codec: str) -> AsyncIterator[Engine]:
    opened: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def hear(event: MediaEvent) -> None:
        if isinstance(event, MediaConnected) and not opened.done():
            opened.set_result(time.monotonic())
        elif isinstance(event, MediaFailed) and not opened.done():
            opened.set_exception(RuntimeError(event.reason))

    settings = MediaSettings(codecs=(codec,), loopback=True)
    async with MediaEngine(settings, DeskAudio(desk)) as engine:
        session = engine.session(hear)
        yield OurEngine(session, opened)
        await session.close()
