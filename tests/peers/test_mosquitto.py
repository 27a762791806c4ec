"""A unit on a real broker: what others see of it, whatever happens to it, to the broker or to the network."""

import asyncio
import contextlib
import dataclasses
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from appliance.calls.events import IncomingCall, Login, Sample
from appliance.config.secret import Secret
from appliance.errors import DriverError
from appliance.events import event_name
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.catalogue import UNPUBLISHED
from appliance.mqtt.document import MAX_TEXT
from appliance.mqtt.outbox import Limits
from appliance.mqtt.publication import Publication
from appliance.mqtt.settings import BrokerSettings
from appliance.sim.broker import PrivateBroker
from appliance.tasks import Backoff
from tests.support.client_events import SAMPLE, call, every_event
from tests.support.mosquitto import UNIT, UNIT_PASSWORD, Mosquitto, Observer
from tests.support.mqtt_unit import (
    bridge,
    connected,
    digit,
    digits,
    link,
    quick,
    settings,
    until_problem,
)
from tests.support.ports import LOOPBACK

BASE = "intercom/v1/lobby/door-1"


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


def shown_by_the_system(pid: int) -> bytes:
    """What everybody sees of a process."""
    return b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))


async def test_status_is_retained_from_birth_to_farewell(mosquitto: Mosquitto) -> None:
    with Observer(mosquitto) as early:
        async with link(mosquitto) as unit:
            await connected(unit)
            birth = await early.wait(lambda seen: seen.tail == "status")
            assert (birth.value["state"], birth.value["boot_id"], birth.qos) == ("online", "boot-1", 1)
            await early.wait(lambda seen: seen.tail == "state/call")
            with Observer(mosquitto) as late:
                kept = await late.wait(lambda seen: seen.tail == "status")
                assert kept.retained
                assert kept.value["state"] == "online"
                info = await late.wait(lambda seen: seen.tail == "info")
                assert info.value["software"] == "0.1.0"
                assert (await late.wait(lambda seen: seen.tail == "state/registration")).retained
        last = await early.wait(lambda seen: seen.tail == "status" and seen.value["state"] == "offline")
        assert last.value["reason"] == "shutdown"
        await asyncio.sleep(0.3)
        assert [seen.value["state"] for seen in early.of("status")] == ["online", "offline"], "no will after a farewell"
    assert early.seen[0].tail == "status", "the birth comes first"
    with Observer(mosquitto) as later:
        assert (await later.wait(lambda seen: seen.tail == "status")).value["reason"] == "shutdown"


async def test_every_event_of_the_call_api_arrives_in_order(mosquitto: Mosquitto) -> None:
    with Observer(mosquitto) as observer:
        async with link(mosquitto) as unit:
            await connected(unit)
            for event in every_event():
                unit.publish_event(event)
        await observer.wait(lambda seen: seen.tail == "status" and seen.value["state"] == "offline")
    arrived = observer.of("event/")
    expected = [event_name(event) for event in every_event() if not isinstance(event, (Sample, *UNPUBLISHED))]
    names = [seen.tail.removeprefix("event/") for seen in arrived]
    assert names == [seen.value["event"] for seen in arrived]
    assert [name for name in names if name != "call_record"] == expected
    assert not any(seen.retained for seen in arrived)
    numbers = [seen.value["seq"] for seen in observer.seen if "seq" in seen.value]
    assert numbers == list(range(1, len(numbers) + 1)), "no gap, none twice"
    quality = {seen.value["kind"]: seen for seen in observer.of("quality/")}
    assert {kind: seen.qos for kind, seen in quality.items()} == {"interval": 0, "summary": 1}
    assert quality["interval"].value["mos"] == SAMPLE.mos
    assert observer.of("state/last_call")[-1].value["cause"] == "Busy"
    assert observer.of("state/call")[-1].value["state"] == "idle"
    assert observer.of("state/registration")[-1].value["state"] == "unregistered"


async def test_the_will_follows_a_unit_that_is_killed(mosquitto: Mosquitto) -> None:
    program = (
        "import asyncio, os\n"
        "from appliance.config.secret import Secret\n"
        "from appliance.mqtt.broker import BrokerLink\n"
        "from appliance.mqtt.settings import BrokerSettings\n"
        "from tests.support.mqtt_unit import bridge\n"
        "settings = BrokerSettings(host=os.environ['HOST'], port=int(os.environ['PORT']), user=os.environ['NAME'],\n"
        "                          password=Secret(input()))\n"
        "async def main():\n"
        "    async with BrokerLink(settings, bridge('killed')) as unit:\n"
        "        await unit.wait_connected()\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "HOST": mosquitto.host, "PORT": str(mosquitto.plain), "NAME": UNIT}
    with Observer(mosquitto) as observer:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, env=environment, stdin=asyncio.subprocess.PIPE
        )
        try:
            assert child.stdin is not None
            child.stdin.write(f"{UNIT_PASSWORD}\n".encode())
            await child.stdin.drain()
            await observer.wait(lambda seen: seen.tail == "status" and seen.value["state"] == "online", seconds=30)
            await observer.wait(lambda seen: seen.tail == "state/call")
            assert UNIT_PASSWORD.encode() not in shown_by_the_system(child.pid)
        finally:
            child.send_signal(signal.SIGKILL)
            await child.wait()
        will = await observer.wait(lambda seen: seen.tail == "status" and seen.value["state"] == "offline")
        assert (will.value["reason"], will.value["boot_id"]) == ("lost", "killed")
    with Observer(mosquitto) as later:
        assert (await later.wait(lambda seen: seen.tail == "status")).value["reason"] == "lost"


async def test_a_broker_that_comes_back_is_told_everything_in_order(mosquitto: Mosquitto) -> None:
    with Observer(mosquitto) as observer:
        # It comes back slowly enough for the observer to be there first; what is published to nobody is lost to it.
        slow = BrokerLink(settings(mosquitto), bridge(), backoff=Backoff(first=4.0, cap=4.0, floor=4.0))
        async with slow as unit:
            await connected(unit)
            unit.publish_event(Login(aor="sip:201@sip.example.org"))
            for number in range(5):
                unit.publish_event(digit(number))
            await observer.wait(lambda seen: seen.tail == "event/dtmf_received" and seen.value["digit"] == "4")
            observer.forget_subscription()
            mosquitto.kill()
            await until_problem(unit)
            for number in range(5, 500):
                unit.publish_event(digit(number))
            before = len(observer.seen)
            mosquitto.restart()
            await observer.wait_subscribed()
            assert not unit.connected, "too early for this test to mean anything"
            await connected(unit)
            await observer.wait(lambda seen: seen.tail == "event/dtmf_received" and seen.value["digit"] == "499")
            with Observer(mosquitto) as late:
                kept = await late.wait(lambda seen: seen.tail == "state/registration")
                assert kept.retained
                assert kept.value["state"] == "registered"
                assert (await late.wait(lambda seen: seen.tail == "status")).value["state"] == "online"
    assert digits(observer) == list(range(500))
    assert observer.seen[before].tail == "status", "the birth comes first again"
    assert unit.dropped.events == 0


async def test_beyond_the_bound_the_oldest_go_and_it_is_said(mosquitto: Mosquitto) -> None:
    mosquitto.kill()
    with pytest.raises(OSError):
        socket.create_connection((mosquitto.host, mosquitto.plain), timeout=1)
    slow = BrokerLink(
        settings(mosquitto), bridge(), limits=Limits(events=100), backoff=Backoff(first=4.0, cap=4.0, floor=4.0)
    )
    async with slow as unit:
        await until_problem(unit)
        for number in range(250):
            unit.publish_event(digit(number))
        mosquitto.restart()
        with Observer(mosquitto) as observer:
            told = await observer.wait(lambda seen: seen.tail == "state/dropped")
            await observer.wait(lambda seen: seen.tail == "event/dtmf_received" and seen.value["digit"] == "249")
    assert told.value["events"] == 150
    assert digits(observer) == list(range(150, 250))


async def test_tls_with_our_authority(mosquitto: Mosquitto) -> None:
    trusting = BrokerSettings(
        host=mosquitto.host,
        port=mosquitto.tls,
        tls=True,
        ca_file=mosquitto.ca_file,
        user=UNIT,
        password=Secret(UNIT_PASSWORD),
    )
    with Observer(mosquitto) as observer:
        async with BrokerLink(trusting, bridge(), backoff=quick()) as unit:
            await connected(unit)
            for number in range(300):
                unit.publish_event(digit(number))
        await observer.wait(lambda seen: seen.tail == "status" and seen.value["state"] == "offline")
    assert digits(observer) == list(range(300))


async def test_packets_larger_than_the_broker_takes_are_left_out() -> None:
    with Mosquitto(configuration="max_packet_size 2000") as narrow, Observer(narrow, strict=False) as observer:
        async with link(narrow) as unit:
            await connected(unit)
            huge = Publication(topic=f"{BASE}/event/huge", payload=b'"%s"' % (b"x" * 3_000), qos=1, retain=False)
            unit.publish([huge])
            unit.publish_event(digit(7))
            await observer.wait(lambda seen: seen.tail == "event/dtmf_received")
            told = await observer.wait(lambda seen: seen.tail == "state/dropped")
            assert told.value["oversized"] == 1
            assert unit.connected


@contextlib.asynccontextmanager
async def old_broker(mosquitto: Mosquitto, versions: list[int]) -> AsyncIterator[int]:
    """The port of a broker that closes the door on MQTT 5, in front of one that speaks 3.1.1."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start = await reader.readuntil(b"\x00\x04MQTT") + await reader.readexactly(1)
        versions.append(start[-1])
        if start[-1] == 5:
            writer.write(b"\x20\x02\x00\x01")  # CONNACK: unacceptable protocol version (MQTT 3.1.1 §3.2.2.3)
            writer.close()
            return
        behind, ahead = await asyncio.open_connection(mosquitto.host, mosquitto.plain)
        ahead.write(start)
        await asyncio.gather(pipe(reader, ahead), pipe(behind, writer))

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_an_older_broker_is_spoken_to_in_its_language(mosquitto: Mosquitto) -> None:
    versions: list[int] = []
    with Observer(mosquitto) as observer:
        async with old_broker(mosquitto, versions) as port:
            old = BrokerSettings(host=LOOPBACK, port=port, user=UNIT, password=Secret(UNIT_PASSWORD))
            async with BrokerLink(old, bridge(), backoff=quick()) as unit:
                await connected(unit)
                unit.publish_event(digit(1))
                await observer.wait(lambda seen: seen.tail == "event/dtmf_received")
            await observer.wait(lambda seen: seen.tail == "status" and seen.value["state"] == "offline")
    assert versions == [5, 4]


async def test_the_simulations_own_broker() -> None:
    async with PrivateBroker() as broker:
        own = BrokerSettings(host=broker.host, port=broker.port)
        async with BrokerLink(own, bridge(), backoff=quick()) as unit:
            await connected(unit)
    with pytest.raises(OSError):
        socket.create_connection((broker.host, broker.port), timeout=1)


async def test_no_broker_of_our_own_without_mosquitto_or_a_port() -> None:
    with pytest.raises(DriverError, match="apt install mosquitto"):
        async with PrivateBroker(program="mosquitto-is-not-installed"):
            pass
    async with PrivateBroker() as first:
        with pytest.raises(DriverError, match="Address already in use"):
            async with PrivateBroker(first.port):
                pass


async def test_whatever_a_peer_calls_itself_arrives_as_json(mosquitto: Mosquitto) -> None:
    names = ["", "\U0001f514" * 5_000, 'nul\0 quote" back\\ \ud800 end', "{}[],:", "#/+/$SYS", "\r\n\r\n"]
    with Observer(mosquitto) as observer:
        async with link(mosquitto) as unit:
            await connected(unit)
            for name in names:
                odd = dataclasses.replace(call(uuid=name), caller_name=name, extra_headers={f"X-PH-{name}": name})
                unit.publish_event(IncomingCall(call=odd, caller_id=name, caller_name=name))
                unit.publish_event(Sample(call=odd, sample=SAMPLE))
        await observer.wait(lambda seen: seen.tail == "status" and seen.value["state"] == "offline")
    arrived = [seen.value["caller_name"] for seen in observer.of("event/incoming_call")]
    assert arrived[0] == ""
    assert arrived[1] == "\U0001f514" * (MAX_TEXT - 1) + "…"
    assert arrived[2] == 'nul\ufffd quote" back\\ ? end'
    assert arrived[3:5] == names[3:5]
    assert len(arrived) == len(observer.of("quality/")) == len(names)
    assert all(seen.topic.count("/") == 5 for seen in observer.of("quality/"))
