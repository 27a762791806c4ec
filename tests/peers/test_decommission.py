"""A unit that is taken off its broker leaves nothing behind; one that is seen twice says so."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.cli.main import main
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.discovery import announcement
from tests.support.mosquitto import UNIT, UNIT_PASSWORD, Mosquitto, Observer
from tests.support.mqtt_unit import bridge, connected, digit, link, quick, settings

DISCOVERY = "homeassistant/device/lobby/door-1/config"


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


def configuration(mosquitto: Mosquitto, folder: Path) -> str:
    (folder / "word").write_text(UNIT_PASSWORD)
    (folder / "word").chmod(0o600)
    file = folder / "unit.toml"
    file.write_text(
        f"""
        [unit]
        site = "lobby"
        name = "door-1"
        [line]
        registrars = ["wss://sip.test"]
        user = "201"
        password_file = "word"
        [broker]
        host = "{mosquitto.host}"
        port = {mosquitto.plain}
        user = "{UNIT}"
        password_file = "word"
        home_assistant = "homeassistant"
        """
    )
    return str(file)


async def kept(mosquitto: Mosquitto) -> set[str]:
    """What is retained."""
    with Observer(mosquitto, "#", strict=False) as late:
        await asyncio.sleep(0.5)
        return {seen.topic for seen in late.seen if seen.retained and not seen.topic.startswith("$SYS")}


async def test_nothing_of_a_decommissioned_unit_stays(
    mosquitto: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configuration(mosquitto, tmp_path)
    async with link(mosquitto) as unit:
        await connected(unit)
        unit.publish_event(digit(1))
        unit.publish([announcement(unit.bridge.topics, "homeassistant", unit.bridge.info)])
        with Observer(mosquitto, "#", strict=False) as manager:
            manager.send("intercom/v1/lobby/door-1/cfg/desired", b"{}", retain=True)
            await manager.wait(lambda seen: seen.topic == DISCOVERY)
        assert await asyncio.to_thread(main, ["decommission", "--config", file]) == 2
        assert "is online: stop its service first" in capsys.readouterr().err
    assert {"intercom/v1/lobby/door-1/status", DISCOVERY} <= await kept(mosquitto)
    assert await asyncio.to_thread(main, ["decommission", "--config", file]) == 0
    said = capsys.readouterr().out
    assert "cleared intercom/v1/lobby/door-1/state/call" in said
    assert "left to a manager: intercom/v1/lobby/door-1/cfg/desired" in said
    assert await kept(mosquitto) == {"intercom/v1/lobby/door-1/cfg/desired"}


async def test_a_broker_that_is_not_there_is_said(
    mosquitto: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configuration(mosquitto, tmp_path)
    mosquitto.kill()
    assert await asyncio.to_thread(main, ["decommission", "--config", file]) == 4
    assert "Connection refused" in capsys.readouterr().err


async def test_two_units_of_one_name_are_seen_and_said(mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    with Observer(mosquitto) as observer:
        async with (
            BrokerLink(settings(mosquitto), bridge("original"), backoff=quick()) as original,
        ):
            await connected(original)
            async with BrokerLink(settings(mosquitto), bridge("copy"), backoff=quick()):
                seen = await observer.wait(
                    lambda seen: seen.tail == "event/twin_seen" and bool(seen.value["other_boot_id"]), seconds=30
                )
    assert {seen.value["boot_id"], seen.value["other_boot_id"]} == {"original", "copy"}
    assert "another unit speaks as intercom/v1/lobby/door-1" in caplog.text
