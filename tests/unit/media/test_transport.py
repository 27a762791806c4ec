"""Two transports on loopback, as two phones would have them."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import psutil
import pytest
from aioice.ice import CandidatePair
from aiortc.rtcdtlstransport import generate_certificate
from cryptography.hazmat.primitives.asymmetric import rsa

from appliance.clock import SystemClock
from appliance.media.association import Certificate
from appliance.media.description import TransportParameters
from appliance.media.packet import RtpPacket, is_rtcp
from appliance.media.settings import MediaSettings
from appliance.media.transport import Transport
from appliance.units import Seconds
from tests.support.ports import free_port

SETTINGS = MediaSettings(loopback=True, connecting=Seconds(5.0))
PACKET = RtpPacket(payload_type=0, sequence_number=7, timestamp=160, ssrc=1, payload=b"\x7f" * 160).serialise()
REPORT = bytes.fromhex("80c90001") + b"\0\0\0\1"


class Ear:
    """Notes what a transport tells."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.reports: list[bytes] = []
        self.states: list[str] = []
        self.changed = asyncio.Event()

    def rtp(self, data: bytes, now: Seconds) -> None:  # noqa: ARG002 -- the listener's port
        self.packets.append(data)
        self.changed.set()

    def rtcp(self, data: bytes, now: Seconds) -> None:  # noqa: ARG002 -- the listener's port
        self.reports.append(data)
        self.changed.set()

    def connected(self) -> None:
        self.states.append("connected")
        self.changed.set()

    def failed(self, reason: str) -> None:
        self.states.append(reason)
        self.changed.set()

    async def until_told(self, count: int = 1, seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while len(self.states) < count:
                self.changed.clear()
                await self.changed.wait()


async def made(settings: MediaSettings = SETTINGS) -> tuple[Transport, Ear]:
    ear = Ear()
    transport = Transport(settings, SystemClock())
    transport.tell(ear)
    await transport.gather()
    return transport, ear


@asynccontextmanager
async def pair(settings: MediaSettings = SETTINGS) -> AsyncIterator[tuple[Transport, Ear, Transport, Ear]]:
    a, ear_a = await made(settings)
    b, ear_b = await made(settings)
    try:
        yield a, ear_a, b, ear_b
    finally:
        await a.close()
        await b.close()


async def connect(a: Transport, b: Transport) -> None:
    a.start(b.parameters("passive"), controlling=True, client=True)
    b.start(a.parameters("active"), controlling=False, client=False)


async def arrived(ear: Ear, what: list[bytes]) -> None:
    async with asyncio.timeout(5):
        while not what:
            ear.changed.clear()
            await ear.changed.wait()


async def test_both_hear_of_the_connection_and_of_packets() -> None:
    async with pair() as (a, ear_a, b, ear_b):
        await connect(a, b)
        await asyncio.gather(ear_a.until_told(), ear_b.until_told())
        assert ear_a.states == ear_b.states == ["connected"]
        a.send(PACKET)
        b.send(REPORT)
        await asyncio.gather(arrived(ear_b, ear_b.packets), arrived(ear_a, ear_a.reports))
        assert ear_b.packets == [PACKET]
        assert is_rtcp(ear_a.reports[0])


async def test_roles_may_be_the_other_way_round_and_may_conflict() -> None:
    async with pair() as (a, ear_a, b, ear_b):
        # Both believe they control ICE (RFC 8445 §7.3.1.1); the DTLS client is the answerer.
        a.start(b.parameters("active"), controlling=True, client=False)
        b.start(a.parameters("passive"), controlling=True, client=True)
        await asyncio.gather(ear_a.until_told(), ear_b.until_told())
        assert ear_a.states == ear_b.states == ["connected"]


async def test_a_pair_that_the_peer_nominates_later_is_followed() -> None:
    async with pair() as (a, ear_a, b, ear_b):
        b.start(a.parameters("active"), controlling=True, client=False)
        a.start(b.parameters("passive"), controlling=False, client=True)
        await asyncio.gather(ear_a.until_told(), ear_b.until_told())
        first = a._agent.chosen
        assert first is not None
        socket_ = next(one for one in b._agent._protocols if one.local_candidate.host != first.remote_addr[0])
        there = next(each for each in b._agent._remote_candidates if each.host == socket_.local_candidate.host)
        other = CandidatePair(socket_, there)
        request = b._agent.build_request(other, nominate=True)
        await socket_.request(request, other.remote_addr, integrity_key=(b._agent.remote_password or "").encode())
        async with asyncio.timeout(5):
            while a._agent.chosen is first:  # noqa: ASYNC110 -- aioice tells nobody
                await asyncio.sleep(0.01)
        b._agent._nominated[1] = other
        a.send(PACKET)
        b.send(PACKET)
        await asyncio.gather(arrived(ear_b, ear_b.packets), arrived(ear_a, ear_a.packets))
        assert a._agent.chosen is not None
        assert a._agent.chosen.remote_addr == (other.local_addr[0], other.local_addr[1])


async def test_a_wrong_fingerprint_is_refused() -> None:
    async with pair() as (a, ear_a, b, _):
        wrong = replace(b.parameters("passive"), fingerprints=(("sha-256", ":".join(["00"] * 32)),))
        a.start(wrong, controlling=True, client=True)
        b.start(a.parameters("active"), controlling=False, client=False)
        await ear_a.until_told()
        assert "certificate" in ear_a.states[0]
        assert not a.connected


async def test_a_fingerprint_that_cannot_be_checked_is_refused() -> None:
    async with pair() as (a, ear_a, b, _):
        a.start(replace(b.parameters("passive"), fingerprints=(("sha-1", "00"),)), controlling=True, client=True)
        await ear_a.until_told()
        assert "fingerprint" in ear_a.states[0]


async def test_a_peer_that_never_answers_is_reported_in_time() -> None:
    settings = replace(SETTINGS, connecting=Seconds(1.0))
    async with pair(settings) as (a, ear_a, b, _):
        began = time.monotonic()
        a.start(b.parameters("passive"), controlling=True, client=True)
        # The peer's agent answers checks before it has our description, so it is DTLS that finds nobody.
        await ear_a.until_told()
        assert "in 1 s" in ear_a.states[0]
        assert time.monotonic() - began < 10.0


async def test_names_that_cannot_be_found_do_not_keep_a_call_from_connecting() -> None:
    async with pair() as (a, ear_a, b, ear_b):
        hidden = "candidate:1 1 udp 2122260223 0c2d1f7e-1111-4222-8333-444455556666.local 50000 typ host"
        a.start(b.parameters("passive"), controlling=True, client=True)
        b.start(replace(a.parameters("active"), candidates=(hidden,)), controlling=False, client=False)
        await asyncio.gather(ear_a.until_told(), ear_b.until_told())
        assert ear_a.states == ear_b.states == ["connected"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "candidate:",
        "candidate:1 1 udp x 127.0.0.1 9 typ host",
        "candidate:1 2 udp 1 127.0.0.1 9 typ host",
        "candidate:1 1 tcp 1 127.0.0.1 9 typ host tcptype active",
        "candidate:1 1 udp 1 127.0.0.1 70000 typ host",
        "candidate:1 1 udp 1 example.com 9 typ host",
        "candidate:1 1 udp 1 127.0.0.1 9 typ strange",
        "candidate:1 1 udp 1 255.255.255.255 9 typ host",
        "candidate:1 1 udp 1 ::ffff:1.2.3.4%lo 9 typ host",
        "candidate:1 1 udp 99999999999999999999 127.0.0.1 1 typ host raddr",
    ],
)
async def test_damaged_and_useless_candidates_are_passed_over(line: str) -> None:
    async with pair() as (a, ear_a, b, ear_b):
        there = b.parameters("passive")
        a.start(replace(there, candidates=(line, *there.candidates)), controlling=True, client=True)
        b.start(a.parameters("active"), controlling=False, client=False)
        await asyncio.gather(ear_a.until_told(), ear_b.until_told())
        assert ear_a.states == ear_b.states == ["connected"]


async def test_a_stun_server_that_never_answers_costs_half_a_second() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as black_hole:
        black_hole.bind(("127.0.0.1", 0))
        settings = replace(
            SETTINGS, stun=(f"stun:127.0.0.1:{black_hole.getsockname()[1]}", f"stun:127.0.0.1:{free_port()}")
        )
        began = time.monotonic()
        transport, _ = await made(settings)
        assert time.monotonic() - began < 2.0
        assert transport.parameters("actpass").candidates
        await transport.close()


async def test_loopback_is_offered_when_asked_for() -> None:
    transport, _ = await made()
    lines = transport.parameters("actpass").candidates
    assert any(" 127.0.0.1 " in line for line in lines)
    await transport.close()


async def test_every_socket_is_marked_for_expedited_forwarding() -> None:
    transport, _ = await made()
    marks = set()
    for protocol in transport._agent._protocols:
        link = protocol.transport.get_extra_info("socket")
        if link.family == socket.AF_INET:
            marks.add(link.getsockopt(socket.IPPROTO_IP, socket.IP_TOS))
        else:
            marks.add(link.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS))
    assert marks == {46 << 2}
    await transport.close()


async def test_packets_before_the_keys_are_dropped_and_the_inbox_is_bounded() -> None:
    transport, ear = await made()
    here = next(line.split() for line in transport.parameters("actpass").candidates if " 127.0.0.1 " in line)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for first in (b"\x80", b"\x16", b""):
            for _ in range(600):
                stranger.sendto(first + b"\0" * 30 if first else b"", (here[4], int(here[5])))
    await asyncio.sleep(0.2)
    assert ear.packets == []
    assert transport.association._wire.records.qsize() <= 64
    await transport.close()


async def test_what_strangers_send_as_media_ends_nothing() -> None:
    async with pair() as (a, ear_a, b, ear_b):
        await connect(a, b)
        await asyncio.gather(ear_a.until_told(), ear_b.until_told())
        here = next(line.split() for line in a.parameters("actpass").candidates if " 127.0.0.1 " in line)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for size in (0, 1, 11, 30, 1_500, 1_501, 9_000):
                for first in (b"\x80\x00", b"\x80\xc8", b"\xff\xff"):
                    stranger.sendto(first + b"\0" * size, (here[4], int(here[5])))
            stranger.sendto(b"\x80", (here[4], int(here[5])))
        await asyncio.sleep(0.1)
        b.send(PACKET)
        await asyncio.sleep(0.1)
        assert ear_a.packets == [PACKET]
        assert ear_a.states == ["connected"]


async def test_a_peer_that_closes_is_noticed() -> None:
    async with pair() as (a, ear_a, b, ear_b):
        await connect(a, b)
        await asyncio.gather(ear_a.until_told(), ear_b.until_told())
        await b.close()
        await ear_a.until_told(2)
        assert ear_a.states == ["connected", "the far end has closed the media transport"]
        a.send(PACKET)


async def test_nothing_is_left_behind() -> None:
    process = psutil.Process()
    for _ in range(2):
        async with pair() as (a, ear_a, b, ear_b):
            await connect(a, b)
            await asyncio.gather(ear_a.until_told(), ear_b.until_told())
    tasks, descriptors = len(asyncio.all_tasks()), process.num_fds()
    for _ in range(8):
        async with pair() as (a, ear_a, b, ear_b):
            await connect(a, b)
            await asyncio.gather(ear_a.until_told(), ear_b.until_told())
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == tasks
    assert process.num_fds() == descriptors


async def test_closing_is_possible_at_any_stage_and_twice() -> None:
    transport = Transport(SETTINGS, SystemClock())
    await transport.close()
    half, ear = await made()
    other, _ = await made()
    half.start(other.parameters("passive"), controlling=True, client=True)
    await asyncio.sleep(0.05)
    await half.close()
    await half.close()
    await other.close()
    assert ear.states == []
    gathering = Transport(replace(SETTINGS, stun=("stun:127.0.0.1:9",)), SystemClock())
    begun = asyncio.create_task(gathering.gather())
    await asyncio.sleep(0)
    await gathering.close()
    await begun


async def test_the_password_goes_into_the_description_only() -> None:
    transport, _ = await made()
    parameters = transport.parameters("actpass")
    assert isinstance(parameters, TransportParameters)
    assert len(parameters.ice_ufrag) >= 4
    assert len(parameters.ice_pwd) >= 22
    assert [name for name, _ in parameters.fingerprints] == ["sha-256"]
    await transport.close()


async def test_a_dtls_server_may_present_an_rsa_certificate() -> None:
    async with pair() as (a, ear_a, b, ear_b):
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        # aiortc makes elliptic keys only; a PBX has what its administrator bought.
        certificate = Certificate(key, generate_certificate(key))  # type: ignore[arg-type]
        b.association._RTCDtlsTransport__local_certificate = certificate  # type: ignore[attr-defined]
        await connect(a, b)
        await asyncio.gather(ear_a.until_told(), ear_b.until_told())
        assert ear_a.states == ear_b.states == ["connected"]


@pytest.mark.slow
async def test_a_peer_that_falls_silent_for_half_a_minute_is_lost() -> None:
    async with pair() as (a, ear_a, b, ear_b):
        await connect(a, b)
        await asyncio.gather(ear_a.until_told(), ear_b.until_told())
        for protocol in b._agent._protocols:
            protocol.transport.pause_reading()  # type: ignore[attr-defined]
        b._agent._query_consent_task.cancel()  # type: ignore[union-attr]
        await ear_a.until_told(2, seconds=90)
        assert "consent" in ear_a.states[1]
