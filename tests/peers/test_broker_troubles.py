"""Brokers that are not there, fall silent, refuse, or are not who they say: none of them costs a call anything."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from appliance.calls.events import Login
from appliance.config.secret import Secret
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.outbox import Limits
from appliance.mqtt.settings import BrokerSettings
from appliance.units import Seconds
from tests.support.mosquitto import UNIT, UNIT_PASSWORD, Mosquitto, Observer
from tests.support.mqtt_unit import (
    LoopLag,
    bridge,
    connected,
    digit,
    digits,
    link,
    quick,
    settings,
    until,
    until_problem,
)
from tests.support.ports import LOOPBACK, free_port


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


@pytest.fixture(params=["refused", "silent", "full", "garbage", "closed"])
async def bad_port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """A port where no broker is: nobody, one that says nothing, one that accepts nobody, one that talks nonsense…"""
    if request.param == "refused":
        yield free_port()
        return
    if request.param == "full":
        # A full backlog swallows what comes, as a network does that drops packets.
        with socket.socket() as listener:
            listener.bind((LOOPBACK, 0))
            listener.listen(0)
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
            yield listener.getsockname()[1]
            for filler in fillers:
                filler.close()
        return

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if request.param == "garbage":
            await reader.read(10)
            writer.write(b"\x20\xff\xff\xff\x7fHTTP/1.1 400 Bad Request\r\n\r\n" * 10)
        if request.param != "closed":
            await asyncio.sleep(60)
        writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_broker_that_is_not_there_costs_the_loop_nothing(bad_port: int) -> None:
    bad = BrokerSettings(host=LOOPBACK, port=bad_port, connect_timeout=Seconds(4.0))
    limits = Limits(events=300)
    began = time.monotonic()
    async with LoopLag() as lag, BrokerLink(bad, bridge(), limits=limits, backoff=quick()) as unit:
        for number in range(1_000):
            unit.publish_event(digit(number))
            if number % 50 == 0:
                await asyncio.sleep(0.01)
        assert await until_problem(unit)
        assert not unit.connected
        assert unit.dropped.events == 700
        # A few ms on an idle machine; a connection that the loop waits for would cost the timeout's 4 s.
        assert lag.longest < 1.0
        left = time.monotonic()
    assert time.monotonic() - left < 3.5, "nobody to say goodbye to: nothing to wait for"
    assert time.monotonic() - began < 30.0


async def test_a_broker_that_falls_silent_is_noticed_and_costs_nothing(mosquitto: Mosquitto) -> None:
    impatient = BrokerSettings(
        host=mosquitto.host,
        port=mosquitto.plain,
        user=UNIT,
        password=Secret(UNIT_PASSWORD),
        connect_timeout=Seconds(1.0),
        acknowledge_timeout=Seconds(4.0),
        drain_jitter=Seconds(0.0),
    )
    async with BrokerLink(impatient, bridge(), backoff=quick()) as unit:
        await connected(unit)
        mosquitto.pause()
        try:
            async with LoopLag() as lag:
                for number in range(1_000):
                    unit.publish_event(digit(number))
                    if number % 50 == 0:
                        await asyncio.sleep(0.01)
                assert "acknowledges nothing" in await until_problem(unit)
            assert lag.longest < 1.0
        finally:
            mosquitto.resume()
        with Observer(mosquitto) as observer:
            await connected(unit)
            last = "999"
            await observer.wait(lambda seen: seen.value.get("digit") == last, seconds=30)
    assert digits(observer)[-900:] == list(range(100, 1_000))


async def test_closing_on_a_silent_broker_keeps_its_deadline(mosquitto: Mosquitto) -> None:
    async with link(mosquitto) as unit:
        await connected(unit)
        mosquitto.pause()
        try:
            for number in range(100):
                unit.publish_event(digit(number))
            began = time.monotonic()
            await unit.close(deadline=1.0)
            assert time.monotonic() - began < 10.0
        finally:
            mosquitto.resume()
    with Observer(mosquitto) as observer:
        status = await observer.wait(lambda seen: seen.tail == "status" and seen.value["state"] == "offline")
        assert status.value["reason"] in {"lost", "shutdown"}


async def test_a_wrong_password_is_said_once_and_never_shown(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = settings(mosquitto, password="not the word at all")
    async with BrokerLink(wrong, bridge(), backoff=quick()) as unit:
        problem = await until_problem(unit)
        await asyncio.sleep(1.0)
    assert problem == "it refuses the connection for user 'phone': Not authorized"
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING and problem in record.message]
    assert len(warnings) == 1, "the same sentence again and again helps nobody"
    assert "not the word" not in caplog.text
    assert "not the word" not in repr(wrong)


async def test_a_certificate_of_another_authority_is_refused(
    mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.support.authority import Authority

    stranger = Authority(tmp_path, "Somebody else").root
    for trusted in (stranger, None):
        doubting = BrokerSettings(host=mosquitto.host, port=mosquitto.tls, tls=True, ca_file=trusted)
        async with BrokerLink(doubting, bridge(), backoff=quick()) as unit:
            problem = await until_problem(unit)
        assert problem.startswith("its certificate is not trusted: ")
    missing = BrokerSettings(host=mosquitto.host, port=mosquitto.tls, tls=True, ca_file=tmp_path / "none.pem")
    async with BrokerLink(missing, bridge(), backoff=quick()) as unit:
        assert await until_problem(unit) == f"the file of trusted certificates is missing: {tmp_path / 'none.pem'}"
    assert "Traceback" not in caplog.text


async def test_a_topic_the_broker_forbids_holds_nothing_up(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """Mosquitto 2.0 says no, and closes the connection nevertheless."""
    guest = Bridge("lobby", "guest", "boot-1")
    with Observer(mosquitto) as observer:
        async with BrokerLink(settings(mosquitto), guest, backoff=quick()) as unit:
            await connected(unit)
            unit.publish_event(Login(aor="sip:201@sip.example.org"))
            unit.publish_event(digit(1))
            await until(lambda: unit.dropped.refused == 2, seconds=30)
            await observer.wait(lambda seen: seen.tail == "state/dropped" and seen.value["refused"] == 2, seconds=30)
    assert not observer.of("event/")
    assert observer.of("state/registration")[-1].value["state"] == "registered"
    assert "it refuses intercom/v1/lobby/guest/event/login: " in caplog.text
    assert "check its access rules" in caplog.text


async def test_what_the_broker_says_at_the_end_is_passed_on() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"\x20\x03\x00\x00\x00")  # CONNACK: success, no properties
        writer.write(b"\xe0\x01\x8e")  # DISCONNECT: session taken over (MQTT 5 §3.14.2.1)
        while await reader.read(1024):  # a close with something unread would take the words back
            pass
        writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    takeover = BrokerSettings(host=LOOPBACK, port=server.sockets[0].getsockname()[1])
    async with BrokerLink(takeover, bridge(), backoff=quick()) as unit:
        assert (
            await until_problem(unit) == "it ended the connection: Session taken over; another unit has the same name"
        )
    server.close()
