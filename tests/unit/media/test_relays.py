"""Candidates from a STUN server and a TURN server, and a call that has only the relay."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from aioice import stun

from appliance.media.settings import MediaSettings, TurnServer
from appliance.units import Seconds
from tests.support.ports import LOOPBACK, free_port, free_ports
from tests.support.require import require
from tests.unit.media.test_transport import SETTINGS, arrived, made

OUTSIDE = ("203.0.113.7", 4711)
PACKET = b"\x80\x00" + bytes(40)


class Mirror(asyncio.DatagramProtocol):
    """A STUN server behind a translator: says that everybody comes from `OUTSIDE`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = stun.parse_message(data)
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = OUTSIDE
        self.transport.sendto(bytes(answer), addr)


async def test_the_address_outside_is_offered_once_and_a_silent_server_does_not_matter() -> None:
    loop = asyncio.get_running_loop()
    mirror, _ = await loop.create_datagram_endpoint(Mirror, local_addr=(LOOPBACK, 0))
    port = mirror.get_extra_info("sockname")[1]
    servers = (f"stun:{LOOPBACK}:{free_port()}", f"stun:localhost:{port}", f"stun:{LOOPBACK}:{port}")
    began = time.monotonic()
    transport, _ = await made(replace(SETTINGS, stun=servers))
    took = time.monotonic() - began
    outside = [line.split() for line in transport.parameters("actpass").candidates if "typ srflx" in line]
    await transport.close()
    mirror.close()
    assert [(line[4], int(line[5])) for line in outside] == [OUTSIDE]
    assert "raddr" in outside[0]
    assert took < 3.0


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[TurnServer]:
    program = require("turnserver", package="coturn")
    port, tls, low, high = free_ports(4)
    low, high = min(low, high), max(low, high)
    command = [str(program), "-n", "--no-cli", "--no-tls", "--no-dtls", "--allow-loopback-peers", "--lt-cred-mech"]
    command += [f"--listening-port={port}", f"--tls-listening-port={tls}", f"--listening-ip={LOOPBACK}"]
    command += [f"--relay-ip={LOOPBACK}", f"--min-port={low}", f"--max-port={high}", "--user=phone:secret"]
    command += ["--realm=sip.test", f"--pidfile={tmp_path / 'pid'}", f"--userdb={tmp_path / 'db'}"]
    command += ["--log-file=stdout", "--simple-log"]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        yield TurnServer(url=f"turn:{LOOPBACK}:{port}", username="phone", password="secret")
        os.kill(process.pid, signal.SIGKILL)


async def test_a_relay_alone_is_enough(relay: TurnServer) -> None:
    settings = MediaSettings(loopback=True, turn=relay, gathering=Seconds(1.0), connecting=Seconds(10.0))
    async with asyncio.timeout(15):
        while True:
            a, ear_a = await made(settings)
            relayed = tuple(line for line in a.parameters("actpass").candidates if "typ relay" in line)
            if relayed:
                break
            await a.close()
    direct = [each for each in a._agent._protocols if each.local_candidate.type == "host"]
    for protocol in direct:
        a._agent._protocols.remove(protocol)
        await protocol.close()
    b, ear_b = await made()
    b.start(replace(a.parameters("passive"), candidates=relayed), controlling=False, client=True)
    a.start(b.parameters("active"), controlling=True, client=False)
    await asyncio.gather(ear_a.until_told(), ear_b.until_told())
    assert ear_a.states == ear_b.states == ["connected"]
    a.send(PACKET)
    await arrived(ear_b, ear_b.packets)
    assert ear_b.packets == [PACKET]
    await a.close()
    await b.close()


async def test_a_wrong_relay_password_leaves_the_other_candidates(relay: TurnServer) -> None:
    transport, _ = await made(replace(SETTINGS, turn=replace(relay, password="wrong")))
    lines = transport.parameters("actpass").candidates
    assert lines
    assert not any("typ relay" in line for line in lines)
    await transport.close()


def test_the_password_is_not_shown(relay: TurnServer) -> None:
    assert "secret" not in repr(MediaSettings(turn=relay))
