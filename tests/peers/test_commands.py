"""Commands to a whole unit over Mosquitto: what is done, what is refused, and what is said of both."""

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.https_inbox import https_inbox
from tests.support.managed_unit import BASE, managed_unit, now
from tests.support.mosquitto import Mosquitto, Observer
from tests.support.mqtt_unit import until


@pytest.fixture(scope="module")
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


async def test_every_command_is_done_answered_and_audited(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with managed_unit(mosquitto, tmp_path) as managed:
        assert (await managed.ask("identify", seconds=5))["status"] == "done"
        await managed.state("controls", identify=True)
        assert managed.panel.says("This is")
        assert (await managed.ask("dnd", on=True))["status"] == "done"
        await managed.state("controls", dnd=True)
        assert managed.unit.client.do_not_disturb
        assert (await managed.ask("show_text", text="Back at 14:00"))["status"] == "done"
        await managed.state("controls", text="Back at 14:00")
        tested = await managed.ask("self_test")
        assert tested["status"] == "done"
        checks = {check["name"]: check for check in (await managed.state("self_test")).value["checks"]}
        assert checks["registration"]["passed"]
        assert checks["broker"]["passed"]
        assert checks["audit_store"]["passed"]
        assert managed.audits("c-0") == ["accepted", "done"]
        audit = managed.manager.of("event/audit")[0].value
        assert (audit["by"], audit["arguments"]) == ("mara", {"seconds": 5})
        health = (await managed.state("health")).value
        assert health["service_memory"] > 0
        assert health["outbox_problem"] == ""


async def test_a_call_is_offered_and_made_by_whoever_lifts_the_handset(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with managed_unit(mosquitto, tmp_path) as managed:
        managed.send("call", {"id": "call-1", "time": now(), "number": "100"})
        offered = await managed.answer("call", "call-1", last=False)
        assert offered["status"] == "accepted"
        await until(lambda: managed.panel.says("Please call"))
        await asyncio.sleep(0.5)
        assert not managed.unit.client.calls, "nobody has lifted the handset: no microphone is open"
        managed.panel.lift()
        assert (await managed.answer("call", "call-1"))["status"] == "done"
        await managed.state("call", state="in_call")
        busy = await managed.ask("call", number="100")
        assert (busy["status"], busy["reason"]) == ("refused", "busy")
        assert (await managed.ask("hang_up"))["status"] == "done"
        record = await managed.manager.wait(lambda seen: seen.tail == "event/call_record")
        assert record.value["result"] == "answered"
        again = await managed.ask("hang_up")
        assert (again["status"], again["reason"], again["detail"]) == ("refused", "unavailable", "there is no call")


DOOR_REFUSALS: dict[str, dict[str, object]] = {
    "retained": {},
    "malformed": {"door": 7},
    "without_id": {"id": ""},
    "without_time": {"time": None},
    "stale": {"time": (datetime.now(UTC) - timedelta(seconds=60)).isoformat()},
    "clock": {},
    "oversized": {"padding": "x" * 5_000},
}


async def test_a_door_opens_for_what_is_new_and_nothing_else(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with managed_unit(mosquitto, tmp_path) as managed:
        for reason, change in DOOR_REFUSALS.items():
            command = {"id": f"d-{reason}", "time": now(), "by": "mara", "door": "front"} | change
            managed.synchronised = reason != "clock"
            managed.send("door_open", json.dumps(command).encode(), retain=reason == "retained")
            assert (await managed.refused("door_open", reason))["status"] == "refused"
        managed.send("door_open", b"", retain=True)  # take the retained one away again
        assert managed.door.released == []
        opened = await managed.ask("door_open", id="d-1", door="front")
        assert (opened["status"], opened["detail"]) == ("done", "the door was released")
        managed.send("door_open", {"id": "d-1", "time": now(), "door": "front"})
        await until(lambda: managed.audits("d-1") == ["accepted", "done", "refused"])
        repeated = managed.manager.of("resp/door_open")[-1].value
        assert (repeated["reason"], repeated["result"]) == (
            "repeated",
            {"status": "done", "detail": "the door was released"},
        )
        managed.door.stuck = "the relay does not answer"
        failed = await managed.ask("door_open", door="front")
        assert (failed["status"], failed["reason"], failed["detail"]) == (
            "failed",
            "failed",
            "door front: the relay does not answer",
        )
        assert managed.door.released == ["front"]


async def test_an_id_stays_used_over_a_restart(mosquitto: Mosquitto, tmp_path: Path) -> None:
    command = {"id": "d-once", "time": now(), "door": "front"}
    for status in ("done", "refused"):
        async with managed_unit(mosquitto, tmp_path) as managed:
            managed.send("door_open", command | {"time": now()})
            answer = await managed.answer("door_open", "d-once")
            assert answer["status"] == status
    assert answer["reason"] == "repeated"


async def test_a_door_that_is_not_there_and_one_whose_record_is_not_kept(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with managed_unit(mosquitto, tmp_path, has_door=False) as managed:
        none = await managed.ask("door_open")
        assert (none["status"], none["reason"], none["detail"]) == (
            "refused",
            "unavailable",
            "no door is configured at this unit",
        )
    (tmp_path / "file").write_text("")
    for folder, words in ((None, "no folder for the unit's state is configured"), (tmp_path / "file", "file")):
        async with managed_unit(mosquitto, folder) as managed:
            kept = await managed.ask("door_open", door="front")
            assert (kept["status"], kept["reason"]) == ("refused", "not_kept")
            assert words in kept["detail"]
            assert managed.door.released == []
            assert (await managed.ask("identify"))["status"] == "done", "the others go on"


async def test_the_answer_goes_where_it_is_wanted_but_never_to_another(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with managed_unit(mosquitto, tmp_path) as managed:
        wanted = f"{BASE}/resp/dashboard/7"
        managed.send("identify", {}, reply=wanted, correlation=b"\x00\x01")
        done = await managed.manager.wait(lambda seen: seen.topic == wanted and seen.value["status"] == "done")
        assert done.correlation == b"\x00\x01"
        with Observer(mosquitto, strict=False) as other:
            managed.send("hang_up", {}, reply="intercom/v1/lobby/door-2/cmd/reboot", correlation=b"2")
            seen = await other.wait(lambda seen: seen.correlation == b"2" and "/cmd/" not in seen.topic)
        assert seen.topic == f"{BASE}/resp/hang_up"


async def test_do_not_disturb_outlives_a_restart(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with managed_unit(mosquitto, tmp_path) as managed:
        assert (await managed.ask("dnd", on=True))["status"] == "done"
    async with managed_unit(mosquitto, tmp_path) as managed:
        await managed.state("controls", dnd=True)
        assert managed.unit.client.do_not_disturb


async def test_home_assistant_is_told_of_the_unit_and_again_when_it_starts(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    with Observer(mosquitto, "homeassistant/device/#", strict=False) as home:
        async with managed_unit(mosquitto, tmp_path) as managed:
            topic = "homeassistant/device/lobby/door-1/config"
            first = await home.wait(lambda seen: seen.topic == topic)
            components = first.value["components"]
            assert {"ring", "call", "door", "dnd", "identify"} <= set(components)
            assert not components["door"]["enabled_by_default"]
            managed.manager.send("homeassistant/status", b"online")
            await until(lambda: len(home.seen) == 2, seconds=30)
            assert home.seen[0].payload == home.seen[1].payload


async def test_logs_go_to_the_address_in_the_configuration(
    mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with https_inbox(tmp_path) as (inbox, ca_file):
        async with managed_unit(mosquitto, tmp_path / "state", logs_to=inbox.url, logs_ca_file=ca_file) as managed:
            sent = await managed.ask("logs", minutes=5)
            assert (sent["status"], sent["detail"]) == ("done", "")
            inbox.answers += [403]
            refused = await managed.ask("logs")
            assert (refused["status"], refused["detail"]) == ("failed", "logs: localhost answered 403")
    text = inbox.posted[0][1]
    assert text.startswith("lobby/door-1\n")
    assert " INFO appliance." in text
    assert not any(secret in text for secret in ("unit's word", "phone's word"))


async def test_a_restart_waits_for_the_end_of_a_call(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with managed_unit(mosquitto, tmp_path) as managed:
        managed.panel.lift()
        managed.panel.press("100")
        await managed.state("call", state="in_call")
        managed.send("reboot", {"id": "r-1"})
        await managed.manager.wait(
            lambda seen: seen.tail == "resp/reboot" and seen.value["detail"] == "it waits for the end of a call"
        )
        assert not managed.unit.restart.wanted.is_set()
        managed.panel.replace()
        assert (await managed.answer("reboot", "r-1"))["detail"] == "the service starts anew"
        await asyncio.wait_for(managed.unit.restart.wanted.wait(), 5.0)


async def test_the_log_is_published_without_secrets(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with managed_unit(mosquitto, tmp_path) as managed:
        logging.getLogger("appliance.test").warning("the password=hunter2 was wrong")
        logging.getLogger("appliance.test").info("not asked for")
        line = await managed.manager.wait(lambda seen: seen.tail == "log" and "was wrong" in seen.value["message"])
        assert line.value["message"] == "the password=******** was wrong"
        for number in range(200):
            logging.getLogger("appliance.test").warning("flood %d", number)
        await asyncio.sleep(0.5)
        floods = [seen for seen in managed.manager.of("log") if seen.value["message"].startswith("flood")]
        assert len(floods) < 80
    assert not any("not asked" in seen.value["message"] for seen in managed.manager.of("log"))
