"""Candidates from STUN and TURN servers, and calls that have only the relay."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from aioice import stun

from appliance.media.ice_servers import _link
from appliance.media.settings import MediaSettings
from appliance.media.transport import Transport
from appliance.units import Seconds
from tests.support.coturn import Coturn
from tests.support.ports import LOOPBACK, free_port
from tests.unit.media.test_transport import SETTINGS, Ear, arrived, connect, made

OUTSIDE = ("203.0.113.7", 4711)
PACKET = b"\x80\x00" + bytes(40)
RELAYED = MediaSettings(loopback=True, relay_only=True, gathering=Seconds(5.0), connecting=Seconds(10.0))


class Mirror(asyncio.DatagramProtocol):
    """A STUN server behind a translator: says that everybody comes from `OUTSIDE`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = stun.parse_message(data)
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = OUTSIDE
        self.transport.sendto(bytes(answer), addr)


class Detour(asyncio.DatagramProtocol):
    """Passes datagrams on to `target` and back, each `delay` seconds late."""

    def __init__(self, target: tuple[str, int], delay: float) -> None:
        self._target, self._delay = target, delay
        self._near: tuple[str, int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr != self._target:
            self._near = addr
        to = self._target if addr != self._target else self._near
        if to is not None:
            asyncio.get_running_loop().call_later(self._delay, self._pass, data, to)

    def _pass(self, data: bytes, to: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, to)


def of_kind(transport: Transport, kind: str) -> list[list[str]]:
    """The candidates of a kind that the description lists."""
    return [line.split() for line in transport.parameters("actpass").candidates if f"typ {kind}" in line]


async def test_the_first_answer_counts_and_silent_servers_do_not_matter() -> None:
    loop = asyncio.get_running_loop()
    mirror, _ = await loop.create_datagram_endpoint(Mirror, local_addr=(LOOPBACK, 0))
    port = mirror.get_extra_info("sockname")[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as black_hole:
        black_hole.bind((LOOPBACK, 0))
        silent = f"stun:{LOOPBACK}:{black_hole.getsockname()[1]}"
        servers = (silent, f"stun:{LOOPBACK}:{free_port()}", f"stun:localhost:{port}", f"stun:{LOOPBACK}:{port}")
        began = time.monotonic()
        transport, _ = await made(replace(SETTINGS, stun=servers, gathering=Seconds(30.0)))
        took = time.monotonic() - began
    outside = of_kind(transport, "srflx")
    await transport.close()
    mirror.close()
    assert [(line[4], int(line[5])) for line in outside] == [OUTSIDE]
    assert "raddr" in outside[0]
    assert took < 3.0


@pytest.fixture(scope="module")
def coturn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    with Coturn(tmp_path_factory.mktemp("coturn")) as server:
        yield server


async def relayed_call(settings: MediaSettings) -> tuple[Transport, Ear, Transport, Ear]:
    """Two ends that are connected; the first has nothing but its relay."""
    a, ear_a = await made(settings)
    b, ear_b = await made()
    await connect(a, b)
    await asyncio.gather(ear_a.until_told(), ear_b.until_told())
    assert ear_a.states == ear_b.states == ["connected"]
    return a, ear_a, b, ear_b


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_relay_alone_is_enough(coturn: Coturn, transport: str) -> None:
    a, ear_a, b, ear_b = await relayed_call(replace(RELAYED, turn=coturn.server(transport)))
    assert len(of_kind(a, "relay")) == len(a.parameters("actpass").candidates) == 1
    a.send(PACKET)
    b.send(PACKET)
    await asyncio.gather(arrived(ear_b, ear_b.packets), arrived(ear_a, ear_a.packets))
    assert ear_a.packets == ear_b.packets == [PACKET]
    relay = a._agent._protocols[0]
    assert _link(relay).get_extra_info("socket").getsockopt(socket.IPPROTO_IP, socket.IP_TOS) == 46 << 2
    assert await a.peer_answers()
    await a.close()
    await b.close()


async def test_the_quickest_way_to_a_relay_is_taken_and_a_silent_one_costs_nothing(coturn: Coturn) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as black_hole:
        black_hole.bind((LOOPBACK, 0))
        turn = coturn.server("tls")
        silent = f"turn:{LOOPBACK}:{black_hole.getsockname()[1]}"
        began = time.monotonic()
        transport, _ = await made(replace(RELAYED, turn=replace(turn, urls=(silent, *turn.urls))))
        assert len(of_kind(transport, "relay")) == 1
        assert time.monotonic() - began < 3.0
        await transport.close()


async def test_a_relay_that_answers_late_is_used_without_being_named(coturn: Coturn) -> None:
    loop = asyncio.get_running_loop()
    detour, _ = await loop.create_datagram_endpoint(
        lambda: Detour((LOOPBACK, coturn.port), 0.15), local_addr=(LOOPBACK, 0)
    )
    with closing(detour):
        turn = replace(coturn.server("udp"), urls=(f"turn:{LOOPBACK}:{detour.get_extra_info('sockname')[1]}",))
        a, ear_a = await made(replace(RELAYED, turn=turn, gathering=Seconds(0.1)))
        assert a.parameters("actpass").candidates == ()
        b, ear_b = await made()
        await connect(a, b)
        await asyncio.gather(ear_a.until_told(), ear_b.until_told())
        assert ear_a.states == ear_b.states == ["connected"]
        await a.close()
        await b.close()


async def test_a_wrong_password_or_authority_leaves_the_other_candidates(coturn: Coturn) -> None:
    for turn in (
        replace(coturn.server("udp"), password="wrong"),
        replace(coturn.server("tls"), ca_file=None),
        replace(coturn.server("udp"), urls=(f"turn:{LOOPBACK}:{free_port()}?transport=tcp",)),
    ):
        transport, _ = await made(replace(SETTINGS, turn=turn, gathering=Seconds(5.0)))
        assert of_kind(transport, "host")
        assert not of_kind(transport, "relay")
        await transport.close()


async def test_a_relay_that_is_gone_is_noticed_and_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with Coturn(tmp_path) as server:
        a, ear_a, b, _ = await relayed_call(replace(RELAYED, turn=server.server("tcp")))
        other, _ = await made(replace(RELAYED, turn=server.server("udp")))
        server.kill()
        await ear_a.until_told(2)
        assert ear_a.states == ["connected", "the relay has ended the connection"]
        began = time.monotonic()
        for transport in (a, b, other):
            await transport.close()
        assert time.monotonic() - began < 10.0, "the relay is asked for a minute"


def test_the_password_is_not_shown(tmp_path: Path) -> None:
    assert "secret" not in repr(MediaSettings(turn=Coturn(tmp_path).server("udp")))
