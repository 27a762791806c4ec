"""Calls that live through trouble: media lost and found, a machine that is unplugged, one that moves.

Troubles of calls that don't disturb each other happen at the same time; each prints how long nothing was heard.
"""

import asyncio
from pathlib import Path

import pytest

from appliance.calls.events import CallTerminated, HoldChanged, Login, MediaFailed, Reconnected, Reconnecting
from appliance.calls.quality_events import MediaMetrics
from appliance.calls.state import Status
from appliance.units import Seconds
from tests.flows.street import Couple, Resident, street
from tests.support.tones import loudest


async def told_once(couple: Couple, *, seconds: float = 20.0) -> None:
    """Both have lost something, once, and have it back."""
    await couple.both(lambda resident: resident.told(Reconnected, seconds=seconds))
    for resident in couple:
        assert len(resident.phone.all(Reconnecting)) == len(resident.phone.all(Reconnected)) == 1


async def spoken_of(couple: Couple, what: str) -> None:
    """Both hear each other to the end; prints what the trouble cost."""
    await couple.still_heard()
    here, there = couple.silence()
    print(f"{what}: {here:.2f} s of silence for the caller, {there:.2f} s for the called")


async def media_is_lost_for_a_while(couple: Couple, seconds: float) -> None:
    for resident in couple:
        resident.machine.deaf_to_udp = True
    began = asyncio.get_running_loop().time()
    await couple.both(lambda resident: resident.told(Reconnecting))
    assert 1.0 < asyncio.get_running_loop().time() - began < 8.0
    for resident in couple:
        assert resident.phone.all(Reconnecting)[0].reason == "media"
        assert resident.call.status is Status.RECONNECTING
    lost = len(couple.alice.phone.recording())
    await asyncio.sleep(max(0.0, began + seconds - asyncio.get_running_loop().time()))
    silence = couple.alice.phone.recording()[lost:]
    assert loudest(silence, 425.0) > 0.01, "a soft tone in place of silence"
    assert loudest(silence, 1000.0) < 0.001
    for resident in couple:
        resident.machine.deaf_to_udp = False
    await told_once(couple)
    for resident in couple:
        assert resident.names().count("MediaFailed") == 1
        assert 3.0 < resident.phone.all(Reconnected)[0].duration < seconds + 10.0
        assert resident.call.status is Status.OPEN
    await spoken_of(couple, f"{seconds:g} s without UDP")


async def a_machine_is_unplugged_for_a_while(couple: Couple, seconds: float) -> None:
    began = asyncio.get_running_loop().time()
    couple.alice.machine.unplugged = True
    await couple.both(lambda resident: resident.told(Reconnecting))
    await asyncio.sleep(max(0.0, began + seconds - asyncio.get_running_loop().time()))
    couple.alice.machine.unplugged = False
    await told_once(couple)
    await spoken_of(couple, f"{seconds:g} s of nothing")


async def a_machine_moves(couple: Couple, mover: Resident, number: int) -> None:
    mover.machine.move(number)
    # The far end follows so soon that it may not even miss anything.
    await mover.told(Reconnected, seconds=30.0)
    await mover.told(Login, count=2)
    assert len(mover.phone.all(Reconnecting)) == len(mover.phone.all(Reconnected)) == 1
    assert mover.phone.all(Reconnected)[0].duration < 5.0
    await spoken_of(couple, f"{mover.phone.user} has another address")


@pytest.mark.parametrize(
    "seconds", [pytest.param(7.0, id="7 s"), pytest.param(20.0, id="20 s", marks=pytest.mark.long)]
)
async def test_calls_that_live_through_trouble(tmp_path: Path, seconds: float) -> None:
    async with street(tmp_path, 4) as (lost, unplugged, first, second):
        await asyncio.gather(
            media_is_lost_for_a_while(lost, seconds),
            a_machine_is_unplugged_for_a_while(unplugged, seconds),
            a_machine_moves(first, first.alice, 101),
            a_machine_moves(second, second.bob, 102),
        )


async def media_is_lost_for_good(couple: Couple, patience: float) -> None:
    for resident in couple:
        resident.machine.deaf_to_udp = True
    endings = await couple.both(lambda resident: resident.told(CallTerminated, seconds=patience + 20.0))
    # Who gives up first says so in its BYE; both may at the same moment.
    assert "RTP Timeout" in {ending.cause for ending in endings if ending.call.originator == "local"}
    for resident in couple:
        assert resident.names().count("Reconnecting") == 1
        assert not resident.phone.all(Reconnected)
        assert resident.phone.all(CallTerminated)[0].duration > patience - 5.0
    told = [event for resident in couple for event in resident.phone.all(MediaMetrics)]
    states = {event.value for event in told if event.type == "ice_connection" and event.active}
    assert states == {"disconnected", "failed"}


async def a_machine_is_unplugged_for_good(couple: Couple, patience: float) -> None:
    couple.alice.machine.unplugged = True
    first, second = await couple.both(lambda resident: resident.told(CallTerminated, seconds=patience + 20.0))
    assert (first.cause, first.call.originator) == ("Connection Error", "local")
    assert (second.cause, second.call.originator) == ("RTP Timeout", "local")
    for resident in couple:
        assert resident.phone.client.calls == ()


async def a_held_call_is_saved_too(couple: Couple) -> None:
    alice, bob = couple
    assert await alice.run(alice.call.hold())
    await bob.told(HoldChanged)
    for resident in couple:
        resident.machine.deaf_to_udp = True
    await couple.both(lambda resident: resident.told(MediaFailed, seconds=20.0))
    for resident in couple:
        resident.machine.deaf_to_udp = False
    await couple.both(lambda resident: resident.told(Reconnected, seconds=20.0))
    assert alice.call.held
    assert bob.call.remote_held
    assert await alice.run(alice.call.resume())
    await couple.still_heard()


async def silence_on_purpose_is_no_trouble(couple: Couple) -> None:
    alice = couple.alice
    await alice.do(alice.call.mute)
    await asyncio.sleep(5.0)
    assert await alice.run(alice.call.hold())
    await asyncio.sleep(11.0)
    for resident in couple:
        assert not resident.phone.all(Reconnecting)
        assert not resident.phone.all(MediaFailed)


@pytest.mark.parametrize(
    "patience", [pytest.param(8.0, id="8 s"), pytest.param(30.0, id="30 s", marks=pytest.mark.long)]
)
async def test_calls_that_end_calls_that_are_held_and_calls_that_are_silent(tmp_path: Path, patience: float) -> None:
    async with street(tmp_path, 4, reconnect_timeout=Seconds(patience)) as (lost, unplugged, held, silent):
        await asyncio.gather(
            media_is_lost_for_good(lost, patience),
            a_machine_is_unplugged_for_good(unplugged, patience),
            a_held_call_is_saved_too(held),
            silence_on_purpose_is_no_trouble(silent),
        )


async def test_a_network_of_ipv6_alone(tmp_path: Path) -> None:
    async with street(tmp_path, 1, version=6) as (couple,):
        path = couple.alice.call.media._paths.open
        assert path is not None
        assert path.transport.local_address == couple.alice.machine.address
        assert ":" in path.transport.local_address
        await a_machine_moves(couple, couple.bob, 103)
