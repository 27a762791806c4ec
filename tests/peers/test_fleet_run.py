"""`intercom fleet run` on the broker of `deploy/broker`: what a dashboard would see of forty units."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from appliance.app.fleet.broker import FleetBroker
from appliance.app.fleet.places import places
from tests.support.fleet_client import FleetClient
from tests.support.mosquitto import Seen
from tests.support.mqtt_unit import until
from tests.support.require import require

DEPLOY = Path(__file__).parents[2] / "deploy" / "broker"
UNITS = 40


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[FleetBroker]:
    require("mosquitto", package="mosquitto")
    async with FleetBroker(tmp_path, DEPLOY) as running:
        yield running


async def started(broker: FleetBroker, folder: Path, *more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.cli.main", "fleet", "run", "--json", "--every", "1"),
        *("--units", str(UNITS), "--broker", f"mqtts://{broker.host}:{broker.port}", "--authority", str(folder), *more),
        stdout=PIPE,
    )


async def figures(process: asyncio.subprocess.Process, **wanted: float) -> dict[str, Any]:
    """The first line of figures that has at least what is wanted."""
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while line := await process.stdout.readline():
            values: dict[str, Any] = json.loads(line)
            if all(values[name] >= least for name, least in wanted.items()):
                return values
    raise AssertionError("it has ended")


def numbers(wall: FleetClient) -> dict[tuple[str, str], list[int]]:
    """Of each start of each unit, the numbers of its events, in the order in which they came."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for seen in list(wall.seen):
        if "/event/" in seen.topic or ("/quality/" in seen.topic and seen.qos):
            unit = "/".join(seen.topic.split("/")[2:4])
            found[unit, seen.value["boot_id"]].append(seen.value["seq"])
    return found


def status(wall: FleetClient) -> dict[str, tuple[str, str]]:
    """What each unit's status is now."""
    last: dict[str, tuple[str, str]] = {}
    for seen in list(wall.seen):
        if seen.tail == "status":
            last["/".join(seen.topic.split("/")[2:4])] = (seen.value["state"], seen.value["reason"])
    return last


async def test_forty_units_live_lose_their_broker_and_die(broker: FleetBroker, tmp_path: Path) -> None:
    with FleetClient(broker, account="dashboard", topic="intercom/#") as wall:
        fleet = await started(broker, tmp_path, "--busy", "0.5")
        try:
            await figures(fleet, connected=UNITS)
            names = {place.name for place in places(UNITS)}
            await until(lambda: status(wall) == dict.fromkeys(names, ("online", "")), seconds=30)
            await wall.wait(lambda seen: seen.tail.startswith("quality/"))
            await wall.wait(lambda seen: seen.tail == "state/health")
            fleet.kill()
            await until(lambda: set(status(wall).values()) == {("offline", "lost")}, seconds=30)
        finally:
            await ended(fleet)
    assert set(status(wall)) == names
    for found in numbers(wall).values():
        assert found == list(range(1, len(found) + 1)), "none is missing, none comes twice"
    first: dict[str, Seen] = {}
    for seen in wall.seen:
        first.setdefault(seen.topic.split("/", 4)[3], seen)
    assert {seen.tail for seen in first.values()} == {"status"}, "the birth comes first"


async def test_a_broker_that_restarts_loses_nothing_and_a_stop_is_a_goodbye(
    broker: FleetBroker, tmp_path: Path
) -> None:
    fleet = await started(broker, tmp_path, "--busy", "0.5", "--pace", "0.01")
    try:
        with FleetClient(broker, account="dashboard", topic="intercom/#") as before:
            await figures(fleet, connected=UNITS)
            await broker.kill()
            await before.wait_ended()
        await figures(fleet, losses=UNITS)
        fleet.send_signal(signal.SIGSTOP)  # what is published while nobody has subscribed is seen by nobody
        await broker.start()
        with FleetClient(broker, account="dashboard", topic="intercom/#") as after:
            fleet.send_signal(signal.SIGCONT)
            back = await figures(fleet, connected=UNITS, connects=2 * UNITS)
            fleet.terminate()
            await until(lambda: list(status(after).values()) == [("offline", "shutdown")] * UNITS, seconds=30)
    finally:
        await ended(fleet)
    assert back["refused"] == 0, "the access rules let a unit say what it has to"
    earlier, later = numbers(before), numbers(after)
    for start in {*earlier, *later}:
        both = sorted({*earlier[start], *later[start]})
        assert both == list(range(1, len(both) + 1)), "each event came before, after, or both"
        assert all(first < second for first, second in pairwise(later[start]))


async def ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
