"""Calls that live through trouble: media lost and found, a machine that is unplugged, one that moves.

alice ──┐
        ├── switch ── a registrar
bob ────┘
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

from appliance.calls.call import Call
from appliance.calls.call_info import CallEvent
from appliance.calls.events import (
    CallTerminated,
    HoldChanged,
    Login,
    MediaConnected,
    MediaFailed,
    Reconnected,
    Reconnecting,
    Sample,
)
from appliance.calls.state import Status
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from tests.flows.phones import USERS, Phone, heard_of
from tests.support.network import Doorway, Machine, Network
from tests.support.tones import loudest

T = TypeVar("T")
E = TypeVar("E")


@dataclass
class Resident:
    """A phone on a machine of its own."""

    machine: Machine
    phone: Phone
    calls: list[Call] = field(default_factory=list)

    @property
    def call(self) -> Call:
        return self.calls[-1]

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        return await self.machine.run(work)

    async def told(self, kind: type[E], *, count: int = 1, seconds: float = 10.0) -> E:
        return await self.run(self.phone.told(kind, count=count, seconds=seconds))

    async def do(self, command: Callable[[], T]) -> T:
        async def done() -> T:
            return command()

        return await self.run(done())

    def names(self) -> list[str]:
        """What was told of calls, without the samples."""
        told = [event for event in self.phone.heard if isinstance(event, CallEvent) and not isinstance(event, Sample)]
        return [type(event).__name__ for event in told]


Street = tuple[Resident, Resident]


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    """Alice and Bob in a call; the registrar is on a third machine."""
    async with Network("alice", "bob", "registrar") as (first, second, third):
        registrar = Registrar(USERS)
        await third.run(registrar.__aenter__())
        doorway = Doorway(third.address, urlsplit(registrar.url).port or 0)
        await third.run(doorway.open())
        url = registrar.url.replace("127.0.0.1", third.address)
        residents = [
            Resident(
                machine,
                Phone(
                    tmp_path, user, hertz, registrars=url, domain=registrar.domain, media=MediaSettings(), tones=True
                ),
            )
            for machine, user, hertz in ((first, "alice", 440.0), (second, "bob", 1000.0))
        ]
        try:
            for resident in residents:
                await resident.run(resident.phone.__aenter__())
                await resident.run(resident.phone.login())
            alice, bob = residents
            alice.calls.append(await alice.run(alice.phone.client.call("bob")))
            bob.calls.append(await bob.run(bob.phone.rung()))
            assert await bob.run(bob.call.answer())
            for resident in residents:
                await resident.told(MediaConnected)
            await asyncio.sleep(1.0)
            yield alice, bob
        finally:
            for resident in residents:
                resident.machine.unplugged = resident.machine.deaf_to_udp = False
                await resident.run(resident.phone.__aexit__(None, None, None))
            await third.run(doorway.close())
            await third.run(registrar.__aexit__(None, None, None))


async def both(street: Street, wait: Callable[[Resident], Awaitable[T]]) -> tuple[T, T]:
    first, second = await asyncio.gather(*(wait(resident) for resident in street))
    return first, second


async def still_heard(street: Street) -> None:
    """Both hear each other now, and end the call as if nothing had been."""
    await asyncio.sleep(3.0)
    await street[0].do(street[0].call.hang_up)
    await both(street, lambda resident: resident.told(CallTerminated))
    for listener, speaker in (street, street[::-1]):
        assert listener.phone.all(CallTerminated)[0].cause == "Terminated"
        assert heard_of(listener.phone, speaker.phone).share >= 0.7


async def test_media_that_is_lost_for_a_while(street: Street) -> None:
    for resident in street:
        resident.machine.deaf_to_udp = True
    began = asyncio.get_running_loop().time()
    await both(street, lambda resident: resident.told(Reconnecting))
    assert 1.0 < asyncio.get_running_loop().time() - began < 8.0
    for resident in street:
        assert resident.phone.all(Reconnecting)[0].reason == "media"
        assert resident.call.status is Status.RECONNECTING
    lost = len(street[0].phone.recording())
    await asyncio.sleep(max(0.0, began + 8.0 - asyncio.get_running_loop().time()))
    silence = street[0].phone.recording()[lost:]
    assert loudest(silence, 425.0) > 0.01, "a soft tone in place of silence"
    assert loudest(silence, 1000.0) < 0.001
    for resident in street:
        resident.machine.deaf_to_udp = False
    await both(street, lambda resident: resident.told(Reconnected, seconds=15.0))
    for resident in street:
        names = resident.names()
        assert [names.count(name) for name in ("Reconnecting", "MediaFailed", "Reconnected")] == [1, 1, 1]
        assert 3.0 < resident.phone.all(Reconnected)[0].duration < 20.0
        assert resident.call.status is Status.OPEN
    await still_heard(street)


async def test_a_machine_that_is_unplugged_for_a_while(street: Street) -> None:
    alice, _ = street
    alice.machine.unplugged = True
    await both(street, lambda resident: resident.told(Reconnecting))
    await asyncio.sleep(5.0)
    alice.machine.unplugged = False
    await both(street, lambda resident: resident.told(Reconnected, seconds=20.0))
    for resident in street:
        assert len(resident.phone.all(Reconnecting)) == len(resident.phone.all(Reconnected)) == 1
    await still_heard(street)


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_a_machine_that_moves(street: Street, who: str) -> None:
    mover = next(resident for resident in street if resident.phone.user == who)
    mover.machine.move(20)
    await both(street, lambda resident: resident.told(Reconnecting))
    await both(street, lambda resident: resident.told(Reconnected, seconds=30.0))
    await mover.told(Login, count=2)
    for resident in street:
        assert len(resident.phone.all(Reconnecting)) == len(resident.phone.all(Reconnected)) == 1
    await still_heard(street)


async def test_media_that_is_lost_for_good_ends_the_call(street: Street) -> None:
    for resident in street:
        resident.machine.deaf_to_udp = True
    endings = await both(street, lambda resident: resident.told(CallTerminated, seconds=50.0))
    # Who gives up first says so in its BYE; both may at the same moment.
    assert "RTP Timeout" in {ending.cause for ending in endings if ending.call.originator == "local"}
    for resident in street:
        assert resident.names().count("Reconnecting") == 1
        assert not resident.phone.all(Reconnected)
        assert resident.phone.all(CallTerminated)[0].duration > 25.0


async def test_a_machine_that_is_unplugged_for_good_ends_the_call_at_both(street: Street) -> None:
    alice, bob = street
    alice.machine.unplugged = True
    first, second = await both(street, lambda resident: resident.told(CallTerminated, seconds=50.0))
    assert (first.cause, first.call.originator) == ("Connection Error", "local")
    assert (second.cause, second.call.originator) == ("RTP Timeout", "local")
    assert alice.phone.client.calls == bob.phone.client.calls == ()


async def test_a_held_call_is_saved_too(street: Street) -> None:
    alice, bob = street
    assert await alice.run(alice.call.hold())
    await bob.told(HoldChanged)
    for resident in street:
        resident.machine.deaf_to_udp = True
    await both(street, lambda resident: resident.told(MediaFailed, seconds=20.0))
    for resident in street:
        resident.machine.deaf_to_udp = False
    await both(street, lambda resident: resident.told(Reconnected, seconds=20.0))
    assert alice.call.held
    assert bob.call.remote_held
    assert await alice.run(alice.call.resume())
    await still_heard(street)


async def test_silence_on_purpose_is_no_trouble(street: Street) -> None:
    alice, _ = street
    await alice.do(alice.call.mute)
    await asyncio.sleep(8.0)
    assert await alice.run(alice.call.hold())
    await asyncio.sleep(12.0)
    for resident in street:
        assert not resident.phone.all(Reconnecting)
        assert not resident.phone.all(MediaFailed)
