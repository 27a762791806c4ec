"""Calls through a PBX's media relay: ICE-lite, RSA certificates, either DTLS role, and a restart of ICE."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.support.rtpengine import RtpEngine
from tests.unit.media.two_ends import End, two_ends


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtpEngine]:
    with RtpEngine(tmp_path_factory.mktemp("rtpengine")) as running:
        yield running


async def negotiate(relay: RtpEngine, a: End, b: End, call: str, role: str) -> str:
    """An offer of `a` and the answer to it, both as the relay rewrites them; the offer."""
    offer = await a.session.create_offer()
    offered = await asyncio.to_thread(relay.offer, call, offer, ICE_lite="both", DTLS=role)
    answer = await b.session.accept_offer(offered)
    await a.session.accept_answer(await asyncio.to_thread(relay.answer, call, answer, ICE_lite="both", DTLS=role))
    return offered


@pytest.mark.parametrize("role", ["passive", "active"])
async def test_a_lite_peer_with_an_rsa_certificate(tmp_path: Path, relay: RtpEngine, role: str) -> None:
    async with two_ends(tmp_path) as (a, b):
        assert "a=ice-lite" in await negotiate(relay, a, b, role, role)
        await asyncio.gather(a.until_connected(), b.until_connected())
        for one in (a, b):
            path = one.session._paths.present
            assert path is not None
            assert path.transport.association._ssl is not None
            certificate = path.transport.association._ssl.get_peer_certificate(as_cryptography=True)
            assert certificate is not None
            assert isinstance(certificate.public_key(), RSAPublicKey)
        await asyncio.sleep(1.2)
        begins = [(a.seconds, b.seconds)]
        await asyncio.sleep(1.0)
        ends = [(a.seconds, b.seconds)]
        a.session.restart()
        await negotiate(relay, a, b, role, role)
        await a.until_connected(2)  # the relay keeps the other side as it is
        begins.append((a.seconds, b.seconds))
        await asyncio.sleep(1.0)
        ends.append((a.seconds, b.seconds))
    for begin, end in zip(begins, ends, strict=True):
        assert a.heard(440.0, begin[0], end[0]) >= 0.9
        assert b.heard(1000.0, begin[1], end[1]) >= 0.9
