"""A street: couples in calls, each telephone on a machine of its own, and a registrar that all of them use.

alice1 ──┐
bob1 ────┼── switch ── a registrar
alice2 … ┘
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import numpy as np

from appliance.calls.call import Call
from appliance.calls.call_info import CallEvent
from appliance.calls.events import CallTerminated, MediaConnected
from appliance.calls.quality_events import MediaMetrics, QualityEvent
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from tests.flows.phones import Phone, heard_of
from tests.support.network import Doorway, Machine, Network
from tests.support.tones import RATE, hear

T = TypeVar("T")
E = TypeVar("E")

WORD = "of the street"
"""Everybody's password."""


@dataclass
class Resident:
    """A phone on a machine of its own."""

    machine: Machine
    phone: Phone
    settings: dict[str, Any]
    calls: list[Call] = field(default_factory=list)

    @property
    def call(self) -> Call:
        return self.calls[-1]

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        return await self.machine.run(work)

    async def told(
        self, kind: type[E], which: Callable[[E], bool] = lambda _: True, *, count: int = 1, seconds: float = 10.0
    ) -> E:
        return await self.run(self.phone.told(kind, which, count=count, seconds=seconds))

    async def do(self, command: Callable[[], T]) -> T:
        async def done() -> T:
            return command()

        return await self.run(done())

    def names(self) -> list[str]:
        """What was told of calls, their quality aside."""
        told = [event for event in self.phone.heard if isinstance(event, CallEvent)]
        return [type(event).__name__ for event in told if not isinstance(event, QualityEvent | MediaMetrics)]


@dataclass
class Couple:
    """Two residents in a call; the first has made it."""

    alice: Resident
    bob: Resident

    def __iter__(self) -> Any:
        return iter((self.alice, self.bob))

    async def both(self, wait: Callable[[Resident], Awaitable[T]]) -> tuple[T, T]:
        first, second = await asyncio.gather(wait(self.alice), wait(self.bob))
        return first, second

    async def still_heard(self) -> None:
        """Both hear each other now, and end the call as if nothing had been; how long neither was heard is printed."""
        await asyncio.sleep(2.5)
        await self.alice.do(self.alice.call.hang_up)
        await self.both(lambda resident: resident.told(CallTerminated))
        for listener, speaker in ((self.alice, self.bob), (self.bob, self.alice)):
            assert listener.phone.all(CallTerminated)[0].cause == "Terminated"
            assert heard_of(listener.phone, speaker.phone, 1.5).share >= 0.7

    def silence(self) -> tuple[float, float]:
        """The longest time, in seconds, for which each did not hear the other in the call, its ends aside."""
        silences = []
        for listener, speaker in ((self.alice, self.bob), (self.bob, self.alice)):
            samples = listener.phone.recording()
            audible = np.flatnonzero(np.abs(samples) > 300)
            begin, end = int(audible[0]) + RATE // 2, int(audible[-1]) - RATE // 2
            silences.append(hear(samples[begin:end], speaker.phone.hertz).longest_gap / 1000.0)
        return silences[0], silences[1]


@asynccontextmanager
async def street(
    folder: Path,
    couples: int,
    own: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    version: int = 4,
    **settings: Any,
) -> AsyncIterator[list[Couple]]:
    """So many couples in calls that have lasted a second: alice0 and bob0 … `own` are settings of one of them.

    `version` is that of IP: with 6 there is no other.
    """
    names = [f"{name}{number}" for number in range(couples) for name in ("alice", "bob")]
    async with Network(*names, "registrar", version=version) as (*machines, last):
        registrar = Registrar(dict.fromkeys(names, WORD))
        await last.run(registrar.__aenter__())
        doorway = Doorway(last.address, urlsplit(registrar.url).port or 0)
        await last.run(doorway.open())
        place = {
            "registrars": registrar.url.replace("127.0.0.1", last.address if version == 4 else f"[{last.address}]"),
            "domain": registrar.domain,
        }
        settings = {"media": MediaSettings(), "tones": True, **place, **settings}
        residents = [
            _resident(machine, folder, name, settings | dict((own or {}).get(name, {})))
            for machine, name in zip(machines, names, strict=True)
        ]
        homes = [Couple(alice, bob) for alice, bob in zip(residents[::2], residents[1::2], strict=True)]
        try:
            await asyncio.gather(*(move_in(resident) for resident in residents))
            await asyncio.gather(*(_call(couple) for couple in homes))
            await asyncio.sleep(1.0)
            yield homes
        finally:
            for resident in residents:
                resident.machine.unplugged = resident.machine.deaf_to_udp = resident.machine.deaf_to_sound = False
            await asyncio.gather(*(each.run(each.phone.__aexit__(None, None, None)) for each in residents))
            await last.run(doorway.close())
            await last.run(registrar.__aexit__(None, None, None))


def _resident(machine: Machine, folder: Path, name: str, settings: dict[str, Any]) -> Resident:
    settings = {"calls_folder": folder / "calls" / name, **settings}
    return Resident(machine, Phone(folder, name, 1000.0 if name.startswith("bob") else 660.0, **settings), settings)


async def move_in(resident: Resident) -> None:
    """Start the phone, and log it in."""
    await resident.run(resident.phone.__aenter__())
    await resident.run(resident.phone.login(WORD))


async def _call(couple: Couple) -> None:
    alice, bob = couple
    alice.calls.append(await alice.run(alice.phone.client.call(bob.phone.user)))
    bob.calls.append(await bob.run(bob.phone.rung()))
    assert await bob.run(bob.call.answer())
    await couple.both(lambda resident: resident.told(MediaConnected))
