"""A far end that does exactly what a test says, on the wire: a user agent and a media session, and no policy."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from appliance.media.engine import MediaEngine
from appliance.media.events import DigitReceived, MediaEvent
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from appliance.sim.wav_audio import ToneAudio
from appliance.sip.events import Event, Incoming, Registered, RequestReceived
from appliance.sip.settings import UserAgentSettings
from appliance.sip.user_agent import UserAgent
from tests.flows.phones import PATIENCE, USERS

E = TypeVar("E")


class ScriptedFarEnd:
    """`agent` and `media` are the test's to use; `told` waits for what the agent says."""

    def __init__(self, registrar: Registrar, user: str, *, hertz: float = 1000.0) -> None:
        self._user = user
        self.heard: list[Event] = []
        self.answers = 200
        """What requests are answered that are for the owner to decide on."""
        self.media_events: list[MediaEvent] = []
        self._news = asyncio.Event()
        self.agent = UserAgent(UserAgentSettings(registrars=(registrar.url,), domain=registrar.domain, user=user))
        self.agent.events.subscribe(self._happened)
        self._engine = MediaEngine(MediaSettings(loopback=True), ToneAudio(hertz))

    def _happened(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self.agent.respond(event.request, self.answers)
        self.heard.append(event)
        self._news.set()

    def _media_happened(self, event: MediaEvent) -> None:
        self.media_events.append(event)
        self._news.set()

    async def pressed(self, digits: str) -> list[DigitReceived]:
        """Wait until so many digits have been heard in the media; all of them."""
        async with asyncio.timeout(PATIENCE):
            while len(found := [event for event in self.media_events if isinstance(event, DigitReceived)]) < len(
                digits
            ):
                self._news.clear()
                await self._news.wait()
        assert "".join(event.digit for event in found) == digits
        return found

    async def __aenter__(self) -> Self:
        await self._engine.__aenter__()
        self.media = self._engine.session(self._media_happened)
        await self.agent.start()
        self.agent.register(self._user, USERS[self._user])
        await self.told(Registered)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.agent.close()
        await self._engine.__aexit__(kind, error, trace)

    async def told(self, kind: type[E], which: Callable[[E], bool] = lambda _: True, *, count: int = 1) -> E:
        """Wait for the `count`th event of a kind."""
        try:
            async with asyncio.timeout(PATIENCE):
                while len(found := [event for event in self.heard if isinstance(event, kind) and which(event)]) < count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            names = [type(event).__name__ for event in self.heard]
            raise AssertionError(f"the far end was not told {count}× {kind.__name__}: {names}") from None
        return found[count - 1]

    async def called(self, *, count: int = 1) -> tuple[Incoming, bytes]:
        """Wait for the `count`th call; its INVITE, and an answer to its offer that works."""
        incoming = await self.told(Incoming, count=count)
        assert incoming.offer is not None
        return incoming, (await self.media.accept_offer(incoming.offer.decode())).encode()
