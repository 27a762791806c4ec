"""User agents whose events can be waited for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

from appliance.sip.events import Event, Registered, RequestReceived
from appliance.sip.settings import UserAgentSettings
from appliance.sip.user_agent import UserAgent
from tests.support.kamailio import Kamailio

E = TypeVar("E")
OFFER, ANSWER, OTHER = b"v=0\r\ns=offer\r\n", b"v=0\r\ns=answer\r\n", b"v=0\r\ns=other\r\n"


class Observed:
    """A user agent and what it told. It answers requests that are for its owner to decide on with 200."""

    def __init__(self, agent: UserAgent, name: str = "") -> None:
        self.agent = agent
        self.name = name
        self.seen: list[Event] = []
        self._waiting: list[Event] = []
        self._news = asyncio.Event()
        agent.events.subscribe(self._heard)

    def _heard(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self.agent.respond(event.request, 200)
        self.seen.append(event)
        self._waiting.append(event)
        self._news.set()

    async def wait(self, kind: type[E], wanted: Callable[[E], bool] = lambda _: True, *, seconds: float = 20.0) -> E:
        """The next event of a kind, those before it passed over."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    while self._waiting:
                        event = self._waiting.pop(0)
                        if isinstance(event, kind) and wanted(event):
                            return event
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name} saw no {kind.__name__} in {seconds} s but {self.seen}") from None

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.seen)


def settings_for(registrar: Kamailio, user: str, *, secure: bool = False) -> UserAgentSettings:
    return UserAgentSettings(
        registrars=(registrar.wss_url if secure else registrar.ws_url,),
        domain=registrar.domain,
        user=user,
        display_name=user.title(),
        ca_file=str(registrar.ca_file) if secure else None,
    )


@asynccontextmanager
async def user_agent(
    registrar: Kamailio, user: str, *, secure: bool = False, register: bool = True, **changes: object
) -> AsyncIterator[Observed]:
    """A user agent, registered unless said otherwise; closed at the end."""
    change: Callable[..., UserAgentSettings] = replace
    agent = UserAgent(change(settings_for(registrar, user, secure=secure), **changes))
    observed = Observed(agent, user)
    await agent.start()
    try:
        if register:
            agent.register(user, registrar.users[user])
            await observed.wait(Registered)
        yield observed
    finally:
        await agent.close()
