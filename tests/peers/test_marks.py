"""The marks of packets on the wire, as tshark sees them: EF on media by every way, CS3 on signalling."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from appliance.media.ice_servers import _link
from appliance.media.transport import Transport
from tests.flows.phones import Phone, exchange
from tests.support.capture import Capture
from tests.support.coturn import Coturn
from tests.unit.media.test_relays import PACKET, RELAYED
from tests.unit.media.test_transport import SETTINGS, Ear, made

EF, CS3 = 46, 24


def _port(transport: Transport) -> int:
    pair = transport._agent.chosen
    assert pair is not None
    return int(_link(pair.protocol).get_extra_info("sockname")[1])


async def _between(a: Transport, ear_a: Ear, fits: Callable[[str], bool]) -> tuple[int, ...]:
    """The ports of a connection of `a` with another end, of which it is told those candidates that fit."""
    b, ear_b = await made()
    there = b.parameters("passive")
    a.start(replace(there, candidates=tuple(filter(fits, there.candidates))), controlling=True, client=True)
    b.start(
        replace(a.parameters("active"), candidates=tuple(filter(fits, a.parameters("active").candidates))),
        controlling=False,
        client=False,
    )
    await asyncio.gather(ear_a.until_told(), ear_b.until_told())
    assert ear_a.states == ear_b.states == ["connected"]
    ports = _port(a), _port(b)
    for _ in range(10):
        a.send(PACKET)
        b.send(PACKET)
    await asyncio.sleep(0.1)
    await a.close()
    await b.close()
    return ports


async def test_what_the_wire_shows(tmp_path: Path) -> None:
    with Coturn(tmp_path) as coturn:
        async with Capture(tmp_path) as capture:
            four = await _between(*await made(SETTINGS), lambda line: " 127.0.0.1 " in line)
            none = await _between(*await made(replace(SETTINGS, dscp=0)), lambda line: " 127.0.0.1 " in line)
            six = await _between(*await made(SETTINGS), lambda line: " ::1 " in line)
            relays = {
                way: await _between(*await made(replace(RELAYED, turn=coturn.server(way))), lambda _: True)
                for way in ("udp", "tcp", "tls")
            }
            async with exchange("embedded") as place, Phone(tmp_path, "alice", 440.0, **place) as alice:
                await alice.login()
            registrar = int(str(place["registrars"]).split(":")[2].split("/")[0])
    assert set(capture.marks(source=none[0])) == {0}, "not marked where that is not wanted"
    for name, ports in (("IPv4", four), ("IPv6", six)):
        for port in ports:
            marks = capture.marks(source=port)
            print(f"{name}: {len(marks)} packets, marks {set(marks)}")
            assert len(marks) > 10
            assert set(marks) == {EF}
    for way, ports in relays.items():
        marks = capture.marks(source=ports[0], target=coturn.tls_port if way == "tls" else coturn.port)
        print(f"TURN over {way}: {len(marks)} packets, {marks.count(EF)} marked")
        assert len(marks) > 10
        assert set(marks[-10:]) == {EF}, "all but what opened the way to the relay"
    marks = capture.marks(target=registrar)
    print(f"SIP: {marks}")
    assert set(marks[1:]) == {CS3}, "all but the HTTP request that opened the WebSocket"
    assert len(marks) > 3
