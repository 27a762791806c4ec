"""Audit records over a broker that is away, a service that is killed, and a disk that is full."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.command_payloads import Audit, Progress
from appliance.mqtt.outbox_store import OutboxStore
from appliance.tasks import Backoff
from tests.support.mosquitto import UNIT, UNIT_PASSWORD, Mosquitto, Observer
from tests.support.mqtt_unit import bridge, connected, digit, digits, quick, settings, until_problem
from tests.support.small_disk import small_disk


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


def audit(number: int) -> Audit:
    return Audit(command="dnd", command_id=f"c-{number}", by="mara", status=Progress.DONE)


def audited(observer: Observer) -> list[int]:
    """The numbers of the audit records, in the order in which they were seen first."""
    numbers = (int(seen.value["command_id"][2:]) for seen in observer.of("event/audit"))
    return list(dict.fromkeys(numbers))


def record(unit: BrokerLink, number: int) -> None:
    unit.publish([unit.bridge.happened(audit(number), unit._clock.wall())])


async def outage(mosquitto: Mosquitto, folder: Path, seconds: float) -> None:
    """A unit that goes on while its broker is away; all that happened comes afterwards, in its order."""
    slow = Backoff(first=2.0, cap=2.0, floor=2.0)
    link = BrokerLink(settings(mosquitto), bridge(), backoff=slow, store=OutboxStore(folder / "outbox.db"))
    with Observer(mosquitto) as observer:
        async with link as unit:
            await connected(unit)
            observer.forget_subscription()
            mosquitto.kill()
            await until_problem(unit)
            count = round(seconds * 10)
            for number in range(count):
                unit.publish_event(digit(number))
                if number % 10 == 0:
                    record(unit, number)
                await asyncio.sleep(0.1)
            assert await unit.kept_safe() == ""
            mosquitto.restart()
            await observer.wait_subscribed()
            await observer.wait(lambda seen: seen.value.get("digit") == str(count - 1), seconds=30)
    assert digits(observer) == list(range(count))
    assert audited(observer) == list(range(0, count, 10))
    numbers = [seen.value["seq"] for seen in observer.of("event/")]
    assert list(dict.fromkeys(numbers)) == list(range(1, count + count // 10 + 1)), "one order of all events"
    assert (unit.dropped.events, unit.dropped.audit) == (0, 0)


async def test_ten_seconds_without_a_broker_lose_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    await outage(mosquitto, tmp_path, 10.0)


@pytest.mark.long
async def test_a_minute_without_a_broker_loses_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    await outage(mosquitto, tmp_path, 60.0)


PROGRAM = """\
import asyncio, os
from pathlib import Path
from typing import Self
from appliance.config.secret import Secret
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.outbox_store import OutboxStore
from appliance.mqtt.settings import BrokerSettings
from tests.peers.test_broker_outage import record
from tests.support.mqtt_unit import bridge
settings = BrokerSettings(host=os.environ['HOST'], port=int(os.environ['PORT']), user=os.environ['NAME'],
                          password=Secret(input()))
async def main():
    store = OutboxStore(Path(os.environ['FOLDER']) / 'outbox.db')
    async with BrokerLink(settings, bridge(os.environ['BOOT']), store=store) as unit:
        if os.environ['BOOT'] == 'first':
            await unit.wait_connected()
            print('connected', flush=True)
            input()
            for number in range(50):
                record(unit, number)
            print('kept:' + await unit.kept_safe(), flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


class Child:
    """A unit in a process of its own."""

    def __init__(self, mosquitto: Mosquitto, folder: Path, boot: str) -> None:
        self._environment = {
            **os.environ,
            "HOST": mosquitto.host,
            "PORT": str(mosquitto.plain),
            "NAME": UNIT,
            "FOLDER": str(folder),
            "BOOT": boot,
        }

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self.tell(UNIT_PASSWORD)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def line(self) -> str:
        assert self._process.stdout is not None
        return (await asyncio.wait_for(self._process.stdout.readline(), 30)).decode().strip()


async def test_wills_births_and_audit_records_over_kill_9(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with Observer(mosquitto) as observer:
        async with Child(mosquitto, tmp_path, "first") as first:
            assert await first.line() == "connected"
            mosquitto.pause()  # nothing more is acknowledged
            first.tell("now")
            assert await first.line() == "kept:"
        mosquitto.resume()
        await observer.wait(lambda seen: seen.tail == "status" and seen.value["state"] == "offline", seconds=60)
        async with Child(mosquitto, tmp_path, "second"):
            await observer.wait(lambda seen: seen.value.get("command_id") == "c-49" and seen.value["seq"], seconds=30)
            await observer.wait(lambda seen: seen.tail == "status" and seen.value["boot_id"] == "second", seconds=30)
        await observer.wait(
            lambda seen: seen.tail == "status" and (seen.value["boot_id"], seen.value["state"]) == ("second", "offline")
        )
    statuses = [(seen.value["boot_id"], seen.value["state"], seen.value["reason"]) for seen in observer.of("status")]
    assert statuses == [
        ("first", "online", ""),
        ("first", "offline", "lost"),
        ("second", "online", ""),
        ("second", "offline", "lost"),
    ]
    assert audited(observer) == list(range(50))
    assert {seen.value["boot_id"] for seen in observer.of("event/audit")} == {"first"}


async def test_a_full_disk_costs_the_link_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, Observer(mosquitto) as observer:
        store = OutboxStore(disk.folder / "outbox.db")
        async with BrokerLink(settings(mosquitto), bridge(), backoff=quick(), store=store) as unit:
            await connected(unit)
            disk.fill()
            for number in range(100):
                record(unit, number)
            problem = await unit.kept_safe()
            await observer.wait(lambda seen: seen.value.get("command_id") == "c-99")
            disk.free()
            record(unit, 100)
            assert await unit.kept_safe() == ""
            assert unit.disk_problem == ""
    assert audited(observer)[:100] == list(range(100))
    assert "full" in problem or problem == "", "what the broker took at once need not be on the disk"
