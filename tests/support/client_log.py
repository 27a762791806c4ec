"""The events of a client, kept and awaited."""

import asyncio
from typing import TypeVar

from appliance.calls.client import Client
from appliance.calls.events import ClientEvent, Sample
from appliance.events import event_name
from tests.support import witness

E = TypeVar("E")


class ClientLog:
    """Every event of `client` from now on; for the loop that entered it."""

    def __init__(self, client: Client) -> None:
        self.events: list[ClientEvent] = []
        self._seen = 0
        self._changed = asyncio.Event()
        client.subscribe(self._happened)
        client.subscribe(witness.saw)

    async def wait(self, kind: type[E], *, seconds: float = 10.0) -> E:
        """The next event of `kind` after the one waited for last; those in between are passed over."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for index in range(self._seen, len(self.events)):
                        event = self.events[index]
                        if isinstance(event, kind):
                            self._seen = index + 1
                            return event
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"no {event_name(kind)} in {seconds} s; had {self.names()}") from None

    def names(self, *, start: int = 0) -> list[str]:
        """What has happened, the samples of quality aside."""
        return [event_name(event) for event in self.events[start:] if not isinstance(event, Sample)]

    def clear(self) -> None:
        """Forget what has happened."""
        self.events.clear()
        self._seen = 0

    def _happened(self, event: ClientEvent) -> None:
        self.events.append(event)
        self._changed.set()
