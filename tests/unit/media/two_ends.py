"""Two engines in one process, each with a session: what it told, and what its speaker played."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from appliance.media.engine import MediaEngine
from appliance.media.events import DeviceChanged, DigitReceived, MediaConnected, MediaEvent
from appliance.media.settings import MediaSettings
from appliance.sim.wav_audio import ToneAudio
from appliance.units import Seconds
from tests.support.tones import RATE, hear, read_wav

SETTINGS = MediaSettings(loopback=True, connecting=Seconds(8.0))


class End:
    """An engine, one session of it, what the session told, and what its speaker played."""

    def __init__(self, engine: MediaEngine, recording: Path) -> None:
        self.engine = engine
        self.recording = recording
        self.events: list[MediaEvent] = []
        self._told = asyncio.Event()
        self.session = engine.session(self.hear)

    def hear(self, event: MediaEvent) -> None:
        if not isinstance(event, DeviceChanged):  # of the card, not of this session
            self.events.append(event)
            self._told.set()

    async def until(self, fits: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not fits():
                self._told.clear()
                await self._told.wait()

    async def until_connected(self, times: int = 1) -> None:
        await self.until(lambda: self.events.count(MediaConnected()) >= times)

    @property
    def digits(self) -> str:
        return "".join(event.digit for event in self.events if isinstance(event, DigitReceived))

    def heard(self, hertz: float, begin: float, end: float) -> float:
        """The share of 100 ms windows of the speaker that are the tone, between two times of the recording."""
        samples, _ = read_wav(self.recording)
        return hear(samples[int(begin * RATE) : int(end * RATE)], hertz).share

    @property
    def seconds(self) -> float:
        """What was recorded so far; the header may lag by a second."""
        return (self.recording.stat().st_size - 44) / 2 / RATE


@asynccontextmanager
async def two_ends(tmp_path: Path, settings: MediaSettings = SETTINGS) -> AsyncIterator[tuple[End, End]]:
    a_wav, b_wav = tmp_path / "a.wav", tmp_path / "b.wav"
    async with (
        MediaEngine(settings, ToneAudio(1000.0, record=a_wav)) as a,
        MediaEngine(settings, ToneAudio(440.0, record=b_wav)) as b,
    ):
        yield End(a, a_wav), End(b, b_wav)


async def negotiate(a: End, b: End) -> None:
    await a.session.accept_answer(await b.session.accept_offer(await a.session.create_offer()))


async def connect(a: End, b: End) -> None:
    await negotiate(a, b)
    await asyncio.gather(a.until_connected(), b.until_connected())


def line_of(sdp: str, beginning: str) -> str:
    """The first line of a description that begins so."""
    return next(line for line in sdp.split("\r\n") if line.startswith(beginning))
