"""Telephones without a panel: clients with a tone for a voice, a recorder for an ear, and a memory for events."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from appliance.calls.call import Call
from appliance.calls.client import Client, ClientSettings
from appliance.calls.events import ClientEvent, IncomingCall, MediaConnected
from appliance.media.ports import AudioDevice
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from appliance.sim.wav_audio import ToneAudio
from tests.support import witness
from tests.support.kamailio import Kamailio
from tests.support.tones import RATE, Heard, Samples, hear, read_wav

E = TypeVar("E")
T = TypeVar("T")

USERS = {"alice": "wonder", "bob": "builder", "carol": "song"}
_WAV_HEADER = 44
MORE = {"dave": "drum", "erin": "harp", "frank": "flute", "grace": "viola", "heidi": "horn"}
PATIENCE = 10.0
"""Seconds for anything that should happen at once; a busy machine may take its time."""


class Phone:
    """A client and what it was told. `hertz` is its voice, unless a setting `audio` is its device."""

    def __init__(self, folder: Path, user: str, hertz: float, **settings: Any) -> None:
        self.user = user
        self.hertz = hertz
        self.heard: list[ClientEvent] = []
        self._recording = folder / f"{user}.wav"
        self._news = asyncio.Event()
        self._doing: asyncio.Future[Any] | None = None
        settings.setdefault("media", MediaSettings(loopback=True))
        device: AudioDevice = settings.pop("audio", None) or ToneAudio(hertz, record=self._recording)
        self.client = Client(ClientSettings(**settings), audio=device)
        self.client.subscribe(self._happened)
        self.client.subscribe(witness.saw)

    def _happened(self, event: ClientEvent) -> None:
        self.heard.append(event)
        self._news.set()

    async def __aenter__(self) -> Self:
        await self.client.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.close()

    async def login(self, password: str = "") -> None:
        await self.client.login(self.user, password or (USERS | MORE)[self.user])

    def all(self, kind: type[E]) -> list[E]:
        """The events of a kind, up to now."""
        return [event for event in self.heard if isinstance(event, kind)]

    async def told(
        self, kind: type[E], which: Callable[[E], bool] = lambda _: True, *, count: int = 1, seconds: float = PATIENCE
    ) -> E:
        """Wait until `count` events of a kind have been told; the last of them."""
        try:
            async with asyncio.timeout(seconds):
                while len(found := [event for event in self.all(kind) if which(event)]) < count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            names = [type(event).__name__ for event in self.heard]
            raise AssertionError(f"{self.user} was not told {count}× {kind.__name__}: {names}") from None
        return found[count - 1]

    def do(self, work: Coroutine[Any, Any, T]) -> None:
        """Begin something that waits for others; `done` waits for what came of it."""
        self._doing = asyncio.ensure_future(work)

    async def done(self) -> Any:
        """What came of the last `do`."""
        assert self._doing is not None
        async with asyncio.timeout(PATIENCE):
            return await self._doing

    async def listen(self, other: "Phone") -> None:
        """Wait until each hears the other, and nobody else."""
        for listener, speaker in ((self, other), (other, self)):
            await listener.hears(speaker)

    async def hears(self, speaker: "Phone", *, seconds: float = PATIENCE) -> None:
        """Wait until half a second of the speaker's voice has come out of our speaker."""
        heard = None
        for _ in range(round(seconds / 0.1)):
            await asyncio.sleep(0.1)
            heard = hear(self.recently(), speaker.hertz)
            if heard.share > 0.9:
                return
        raise AssertionError(f"{self.user} does not hear {speaker.user}: {heard}")

    async def rung(self, *, count: int = 1) -> Call:
        """Wait for the incoming call."""
        event = await self.told(IncomingCall, count=count)
        call = self.client.call_by_uuid(event.call.call_uuid)
        assert call is not None
        return call

    def recently(self, seconds: float = 0.5) -> Samples:
        """The last of what has come out of the speaker, while it goes on."""
        whole = np.fromfile(self._recording, dtype=np.int16, offset=_WAV_HEADER)
        return whole[-round(seconds * RATE) :]

    def recording(self) -> Samples:
        """What came out of the speaker up to now; complete once the phone is closed or its calls are over."""
        samples, rate = read_wav(self._recording)
        assert rate == RATE
        return samples


def latest(samples: Samples, seconds: float) -> Samples:
    """`seconds` of sound, without the last moments before it ended for good: there one side has hung up already."""
    audible = np.flatnonzero(np.abs(samples) > 300)
    end = (int(audible[-1]) if len(audible) else len(samples)) - round(0.3 * RATE)
    return samples[max(0, end - round(seconds * RATE)) : end]


def heard_of(listener: Phone, speaker: Phone, seconds: float = 2.0) -> Heard:
    """How much of the speaker's voice is in the end of the listener's recording."""
    return hear(latest(listener.recording(), seconds), speaker.hertz)


async def connect(caller: Phone, callee: Phone) -> tuple[Call, Call]:
    """A call between two phones, answered, with media."""
    before = len(callee.all(IncomingCall))
    media = {phone: len(phone.all(MediaConnected)) for phone in (caller, callee)}
    placed = await caller.client.call(callee.user)
    received = await callee.rung(count=before + 1)
    assert await received.answer()
    assert await placed.wait_answered()
    for phone, known in media.items():
        await phone.told(MediaConnected, count=known + 1)
    return placed, received


@asynccontextmanager
async def exchange(kind: str) -> AsyncIterator[dict[str, Any]]:
    """A registrar of the kind "embedded" or "kamailio": where clients find it."""
    async with AsyncExitStack() as stack:
        if kind == "kamailio":
            kamailio = await stack.enter_async_context(Kamailio(USERS))
            yield {"registrars": kamailio.ws_url, "domain": kamailio.domain}
        else:
            registrar = await stack.enter_async_context(Registrar(USERS | MORE))
            yield {"registrars": registrar.url, "domain": registrar.domain}
