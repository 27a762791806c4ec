"""A door between two telephones: whom it calls opens it by digits, and nobody else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.app.door import build_door, door_settings
from appliance.calls.client import Client
from appliance.calls.settings import ClientSettings
from appliance.config import door as config_door
from appliance.config import model
from appliance.config.door import Code
from appliance.config.secret import Secret
from appliance.door.codes import Way
from appliance.door.door import Door
from appliance.door.policy import Verdict
from appliance.errors import DriverError, UsageError
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from appliance.units import Seconds
from tests.unit.door.test_relay_guard import changes, until_released

USERS = {"door": "one", "house": "two"}


@dataclass
class Scene:
    station: Client
    house: Client
    door: Door
    paper: Path
    verdicts: list[Verdict]


def configuration(folder: Path) -> model.Configuration:
    table = config_door.Door(
        code=(Code(name="House", digits=Secret("4711")),),
        pulse=Seconds(0.5),
        audit=folder / "door.log",
        paper_relay=folder / "relay",
        commands=True,
    )
    line = model.Line(registrars=("ws://127.0.0.1:9",), user="door", password=Secret("one"), domain="sip.invalid")
    return model.Configuration(line=line, door=table)


def client(registrar: Registrar) -> Client:
    settings = ClientSettings(registrars=registrar.url, domain=registrar.domain, media=MediaSettings(loopback=True))
    return Client(settings)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        registrar = await stack.enter_async_context(Registrar(USERS))
        station = await stack.enter_async_context(client(registrar))
        house = await stack.enter_async_context(client(registrar))
        door = build_door(configuration(tmp_path), station)
        assert door is not None
        await stack.enter_async_context(door)
        verdicts: list[Verdict] = []
        door.verdicts.subscribe(verdicts.append)
        await station.login("door", "one")
        await house.login("house", "two")
        yield Scene(station, house, door, tmp_path / "relay", verdicts)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20.0):
        while not true():  # noqa: ASYNC110 -- what is waited for happens in other programs
            await asyncio.sleep(0.01)


async def connected(caller: Client, callee: Client, number: str) -> None:
    call = await caller.call(number)
    await until(lambda: bool(callee.incoming_calls))
    await callee.answer()
    assert await call.wait_answered()


async def test_whom_the_door_has_called_opens_it_by_a_code(scene: Scene) -> None:
    await connected(scene.station, scene.house, "house")
    scene.house.send_dtmf("4711#")
    await until(lambda: bool(scene.verdicts))
    assert scene.verdicts == [Verdict(way=Way.DTMF, opens=True, name="House")]
    assert await until_released(scene.paper, 20.0) >= 0.5
    written = (scene.paper.parent / "door.log").read_text()
    assert '"name": "House"' in written
    assert "4711" not in written


async def test_wrong_codes_lock_out_and_a_restart_does_not_help(scene: Scene, tmp_path: Path) -> None:
    await connected(scene.station, scene.house, "house")
    scene.house.send_dtmf("1#2#3#4711#")
    await until(lambda: len(scene.verdicts) == 4)
    assert [verdict.opens for verdict in scene.verdicts] == [False] * 4
    assert "too many wrong codes" in scene.verdicts[-1].reason
    assert {held for held, _ in changes(scene.paper)} == {0}
    again = build_door(configuration(tmp_path), scene.station)
    assert again is not None
    scene.paper.unlink()
    async with again:
        verdicts: list[Verdict] = []
        again.verdicts.subscribe(verdicts.append)
        scene.house.send_dtmf("4711#")
        await until(lambda: bool(verdicts))
        assert not verdicts[0].opens


async def test_who_calls_the_door_does_not_open_it(scene: Scene) -> None:
    await connected(scene.house, scene.station, "door")
    scene.house.send_dtmf("4711#")
    await until(lambda: not scene.house.current_call or scene.house.current_call.answered)
    await asyncio.sleep(1.0)
    assert scene.verdicts == []
    assert {held for held, _ in changes(scene.paper)} == {0}


async def test_a_command_and_the_keypad_open_it(scene: Scene) -> None:
    with pytest.raises(UsageError, match="there is no door 'back'"):
        await scene.door.open("back")
    await scene.door.open("")
    with pytest.raises(DriverError, match="the strike did not answer"):
        await scene.door.open("")
    await until_released(scene.paper, 20.0)
    assert not (await scene.door.keypad("0815")).opens
    async with asyncio.timeout(20.0):
        while not (await scene.door.keypad("4711")).opens:  # noqa: ASYNC110 -- the strike rests
            await asyncio.sleep(0.2)


def test_a_door_needs_a_strike(tmp_path: Path) -> None:
    without = model.Configuration(line=configuration(tmp_path).line, door=config_door.Door())
    with pytest.raises(UsageError, match=r"\[door\] needs a strike"):
        door_settings(without)
