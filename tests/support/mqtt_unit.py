"""A unit as tests put it on a broker, and how they wait for it."""

import asyncio
import time
from collections.abc import Callable
from typing import Self

from appliance.calls.events import DtmfReceived
from appliance.config.secret import Secret
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.outbox import Limits
from appliance.mqtt.settings import BrokerSettings
from appliance.mqtt.unit_states import UnitInfo
from appliance.tasks import Backoff
from appliance.units import Seconds
from tests.support.client_events import call
from tests.support.mosquitto import UNIT, UNIT_PASSWORD, Mosquitto, Observer


def bridge(boot_id: str = "boot-1") -> Bridge:
    return Bridge("lobby", "door-1", boot_id, info=UnitInfo(software="0.1.0", model="desk"))


def settings(broker: Mosquitto, *, password: str = UNIT_PASSWORD) -> BrokerSettings:
    return BrokerSettings(
        host=broker.host, port=broker.plain, user=UNIT, password=Secret(password), drain_jitter=Seconds(0.0)
    )


def quick() -> Backoff:
    return Backoff(first=0.1, cap=0.3)


def link(broker: Mosquitto, *, limits: Limits | None = None) -> BrokerLink:
    return BrokerLink(settings(broker), bridge(), limits=limits, backoff=quick())


def digit(number: int) -> DtmfReceived:
    return DtmfReceived(call=call(), digit=str(number), duration=100.0, method="rfc4733")


def digits(observer: Observer) -> list[int]:
    """The digits in the order in which they were seen first: QoS 1 may bring one twice."""
    return list(dict.fromkeys(int(seen.value["digit"]) for seen in observer.of("event/dtmf_received")))


async def until(condition: Callable[[], bool], *, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def connected(unit: BrokerLink, *, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        await unit.wait_connected()


async def until_problem(unit: BrokerLink, *, seconds: float = 15.0) -> str:
    await until(lambda: bool(unit.problem), seconds=seconds)
    return unit.problem


class LoopLag:
    """How long the loop was kept from its work, at most."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._measure())
        await asyncio.sleep(0.05)
        self.longest = 0.0
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _measure(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.002)
            self.longest = max(self.longest, time.monotonic() - before - 0.002)
