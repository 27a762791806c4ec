"""The broker as `deploy/broker` configures it: who may what, by certificate and by account."""

import asyncio
import os
import subprocess
import urllib.request
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.app.fleet.broker import FleetBroker
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.settings import BrokerSettings
from appliance.provision.authority_folder import AuthorityFolder, Files
from tests.support.fleet_client import FleetClient
from tests.support.mqtt_unit import bridge, connected, digit, quick, until, until_problem
from tests.support.require import require

DEPLOY = Path(__file__).parents[2] / "deploy" / "broker"
DOOR, DESK = "intercom/v1/lobby/door", "intercom/v1/lobby/desk"
REFUSED, TAKEN = "Not authorized", ("Success", "No matching subscribers")


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[FleetBroker]:
    require("mosquitto", package="mosquitto")
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html><title>Fleet</title>" + "." * 300_000)
    async with FleetBroker(tmp_path / "broker", DEPLOY, page) as running:
        yield running


def unit(broker: FleetBroker, name: str) -> Files:
    files = broker.certificates.unit(name)
    return files if files.certificate.exists() else broker.certificates.certify_unit(name)


def lets_in(broker: FleetBroker, files: Files) -> bool:
    with FleetClient(broker, files=files) as client:
        return client.connected


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return bytes(answer.read())


def installed(folder: Path, root: Path, *page: Path) -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "DESTDIR": str(root)}
    return subprocess.run([DEPLOY / "install.sh", folder, *page], env=environment, capture_output=True, check=False)


async def test_a_unit_says_what_is_its_own_and_nothing_else(broker: FleetBroker) -> None:
    with (
        FleetClient(broker, account="dashboard", topic="#") as wall,
        FleetClient(broker, files=unit(broker, "lobby/desk"), topic="#") as desk,
        FleetClient(broker, files=unit(broker, "lobby/door"), topic="#") as door,
    ):
        for own in ("status", "info", "state/call", "event/calling", "quality/1", "resp/reboot", "cfg/reported", "log"):
            assert door.publish(f"{DOOR}/{own}", own) in TAKEN
        refused = [
            f"{DESK}/status",
            f"{DESK}/event/calling",
            "intercom/v1/lobby/status",
            "intercom/v1/dashboard/x/status",
        ]
        refused += [
            f"{DOOR}/cmd/reboot",
            f"{DOOR}/cfg/desired",
            f"{DESK}/cmd/door_open",
            "homeassistant/status",
            "homeassistant/device/lobby/desk/config",
            "homeassistant/device/lobby/door/x/config",
            "other",
        ]
        for topic in refused:
            assert door.publish(topic, "forged") == REFUSED, topic
        door.publish(f"{DOOR}/log", "last")
        await wall.wait(lambda seen: seen.payload == b"last")
        await door.wait(lambda seen: seen.payload == b"last")
        assert desk.publish(f"{DESK}/log", "own") in TAKEN
        await desk.wait(lambda seen: seen.payload == b"own")
    assert [seen.tail for seen in wall.seen if "/door/" in seen.topic][:8][-1] == "log"
    assert not any(seen.payload == b"forged" for seen in wall.seen)
    assert {seen.topic for seen in desk.seen} == {f"{DESK}/log"}, "a unit sees nothing of another"


async def test_the_client_id_is_no_way_around_the_certificate(broker: FleetBroker) -> None:
    with FleetClient(broker, files=unit(broker, "lobby/door"), client_id="intercom-lobby-desk", topic="#") as door:
        assert door.publish(f"{DESK}/status", "forged") == REFUSED
        assert door.publish(f"{DOOR}/status", "own") in TAKEN


def settings(broker: FleetBroker, files: Files) -> BrokerSettings:
    return BrokerSettings(
        host=broker.host,
        port=broker.port,
        tls=True,
        ca_file=broker.certificates.root,
        certificate_file=files.certificate,
        key_file=files.key,
    )


async def test_the_very_unit_is_known_by_its_certificate(broker: FleetBroker, tmp_path: Path) -> None:
    files = unit(broker, "lobby/door-1")
    with FleetClient(broker, account="dashboard", topic="intercom/#") as wall:
        async with BrokerLink(settings(broker, files), bridge(), backoff=quick()) as link:
            await connected(link)
            link.publish_event(digit(1))
            await wall.wait(lambda seen: seen.tail == "event/dtmf_received")
        farewell = await wall.wait(lambda seen: seen.tail == "status" and seen.value["state"] == "offline")
    assert farewell.value["reason"] == "shutdown"
    assert link.dropped.refused == 0
    missing = Files(tmp_path / "none.crt", tmp_path / "none.key")
    async with BrokerLink(settings(broker, missing), bridge(), backoff=quick()) as link:
        problem = await until_problem(link)
    assert problem == (
        f"the unit's own certificate can't be used: No such file or directory ({missing.certificate}, {missing.key})"
    )


async def test_the_wall_sees_everything_and_changes_nothing(broker: FleetBroker) -> None:
    with (
        FleetClient(broker, account="dashboard", topic="intercom/#") as wall,
        FleetClient(broker, files=unit(broker, "lobby/door"), topic=f"{DOOR}/cmd/#") as door,
    ):
        for topic in (f"{DOOR}/cmd/reboot", f"{DOOR}/status", f"{DOOR}/cfg/desired", "intercom/v1/dashboard/x/status"):
            assert wall.publish(topic, "no", retain=True) == REFUSED, topic
        door.publish(f"{DOOR}/status", "online", retain=True)
        assert (await wall.wait(lambda seen: seen.tail == "status")).payload == b"online"
    assert door.seen == []
    with FleetClient(broker, account="dashboard", topic="intercom/#") as late:
        assert (await late.wait(lambda seen: seen.tail == "status")).retained
    assert [seen.topic for seen in late.seen] == [f"{DOOR}/status"]


async def test_operators_command_and_doorkeepers_open_doors(broker: FleetBroker) -> None:
    keeper = broker.certificates.certify_person("doorkeeper/bob")
    with (
        FleetClient(broker, files=unit(broker, "lobby/door"), topic=f"{DOOR}/#") as door,
        FleetClient(broker, account="operator") as operator,
        FleetClient(broker, files=keeper) as doorkeeper,
    ):
        assert operator.publish(f"{DOOR}/cmd/reboot", "by an operator") in TAKEN
        assert operator.publish(f"{DOOR}/cmd/door_open", "by an operator") == REFUSED
        assert operator.publish(f"{DOOR}/event/audit", "forged") == REFUSED
        assert operator.publish("intercom/v1/operator/x/cmd/reboot", "own site") == REFUSED
        assert doorkeeper.publish(f"{DOOR}/event/audit", "forged") == REFUSED
        assert doorkeeper.publish(f"{DOOR}/cmd/door_open", "by a doorkeeper") in TAKEN
        await door.wait(lambda seen: seen.tail == "cmd/door_open")
    assert [seen.payload for seen in door.seen] == [b"by an operator", b"by a doorkeeper"]


async def test_home_assistant_meets_the_units_that_announce_themselves(broker: FleetBroker) -> None:
    files = broker.certificates.certify_person("homeassistant/kitchen")
    with (
        FleetClient(broker, files=files, topic="homeassistant/#") as home,
        FleetClient(broker, files=unit(broker, "lobby/door"), topic="homeassistant/status") as door,
    ):
        assert home.publish("homeassistant/status", "online") in TAKEN
        await door.wait(lambda seen: seen.payload == b"online")
        assert door.publish("homeassistant/device/lobby/door/config", "it", retain=True) in TAKEN
        await home.wait(lambda seen: seen.payload == b"it")
        assert home.publish(f"{DOOR}/cmd/dnd", "on") in TAKEN
        assert home.publish(f"{DOOR}/cmd/door_open", "no") == REFUSED
        assert home.publish(f"{DOOR}/event/audit", "forged") == REFUSED


async def test_strangers_are_refused(broker: FleetBroker, tmp_path: Path) -> None:
    with FleetClient(broker) as nobody:
        assert nobody.ended == REFUSED
    stranger = AuthorityFolder(tmp_path / "other", datetime.now(UTC)).certify_unit("lobby/door")
    with FleetClient(broker, files=stranger) as forged:
        assert await forged.wait_ended()
        assert not forged.connected
    assert "certificate verify failed" in broker.log_text()


async def test_a_revoked_certificate_is_refused_and_a_new_one_is_not(broker: FleetBroker) -> None:
    lost = unit(broker, "lobby/door")
    kept = [path.read_bytes() for path in (lost.certificate, lost.key)]
    with FleetClient(broker, files=lost) as before:
        assert before.publish(f"{DOOR}/log", "still mine") in TAKEN
    broker.certificates.revoke("lobby/door")
    broker.reload()
    stolen = Files(lost.certificate.with_suffix(".stolen"), lost.key.with_suffix(".stolen.key"))
    for path, octets in zip((stolen.certificate, stolen.key), kept, strict=True):
        path.write_bytes(octets)
    await until(lambda: not lets_in(broker, stolen))
    assert "certificate verify failed" in broker.log_text()
    with FleetClient(broker, files=unit(broker, "lobby/door")) as replaced:
        assert replaced.publish(f"{DOOR}/log", "mine again") in TAKEN


async def test_the_page_comes_from_the_broker(broker: FleetBroker) -> None:
    page = await asyncio.to_thread(fetched, broker.url)
    assert page.startswith(b"<!doctype html>")
    assert len(page) > 300_000


async def test_the_installer_puts_everything_where_the_configuration_looks(tmp_path: Path) -> None:
    require("mosquitto_passwd", package="mosquitto")
    folder, root, page = tmp_path / "authority", tmp_path / "root", tmp_path / "page"
    authority = AuthorityFolder(folder, datetime.now(UTC))
    authority.certify_server(["localhost"])
    page.mkdir()
    (page / "index.html").write_text("page")
    intercom = root / "etc/mosquitto/intercom"
    intercom.mkdir(parents=True)
    (intercom / "accounts").write_text("dashboard:x\noperator:x\ndoorkeeper:x\n")
    done = installed(folder, root, page)
    assert done.returncode == 0, done.stderr
    lines = [line for file in ("intercom.conf", "stunnel.conf") for line in (DEPLOY / file).read_text().splitlines()]
    named = [line.split()[-1] for line in lines if " /" in line and line[0] not in "#;"]
    assert len(named) == 9
    assert [path for path in named if not (root / path[1:]).exists()] == []
    assert not (intercom / "authority.key").exists()
    assert (intercom / "server.key").stat().st_mode & 0o007 == 0
    authority.server.key.unlink()
    failed = installed(folder, root)
    assert failed.returncode == 1
    assert b"server.key is missing: intercom fleet authority" in failed.stderr
