"""[I/O] A unit's announcement to Home Assistant: once, and again whenever Home Assistant has started."""

import asyncio
import logging
import random
from types import TracebackType
from typing import Final, Self

from appliance.mqtt import discovery
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.received import Received
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

JITTER: Final = 20.0
"""Seconds within which a fleet answers Home Assistant's start, each unit at a moment of its own."""


class HomeAssistant:
    """Announces inside `async with`. `volume` says that the unit's loudness can be set."""

    def __init__(self, link: BrokerLink, prefix: str, *, volume: bool, jitter: float = JITTER) -> None:
        self._link = link
        self._prefix = prefix
        self._volume = volume
        self._jitter = jitter
        self._tasks = TaskSet("home assistant")
        self._due = False

    async def __aenter__(self) -> Self:
        self._announce()
        self._unsubscribe = self._link.messages.subscribe(self._heard)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unsubscribe()
        await self._tasks.close()

    def _announce(self) -> None:
        bridge = self._link.bridge
        self._link.publish([discovery.announcement(bridge.topics, self._prefix, bridge.info, volume=self._volume)])

    def _heard(self, message: Received) -> None:
        if message.topic != discovery.birth_topic(self._prefix) or message.payload != b"online" or self._due:
            return
        self._due = True
        self._tasks.start("announce", self._announce_soon())

    async def _announce_soon(self) -> None:
        await asyncio.sleep(random.uniform(0.0, self._jitter))
        self._due = False
        self._announce()
