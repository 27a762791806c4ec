"""New paths and new keys in a session that lives: what is heard meanwhile, and what stays."""

import asyncio
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from appliance.errors import DescriptionError
from appliance.media.events import MediaConnected, MediaFailed
from appliance.units import Seconds
from tests.unit.media.two_ends import SETTINGS, connect, line_of, negotiate, two_ends


@pytest.mark.parametrize("wish", ["restart", "renew"])
async def test_a_new_path_is_built_and_the_sound_goes_on(tmp_path: Path, wish: str) -> None:
    async with two_ends(tmp_path) as (a, b):
        first = await a.session.create_offer()
        await a.session.accept_answer(await b.session.accept_offer(first))
        await asyncio.gather(a.until_connected(), b.until_connected())
        await asyncio.sleep(0.5)
        begin = b.seconds
        before = a.session.counters().packets_received
        getattr(a.session, wish)()
        second = await a.session.create_offer()
        await a.session.accept_answer(await b.session.accept_offer(second))
        assert line_of(first, "a=ice-ufrag") != line_of(second, "a=ice-ufrag")
        assert (line_of(first, "a=fingerprint") == line_of(second, "a=fingerprint")) == (wish == "restart")
        await asyncio.gather(a.until_connected(2), b.until_connected(2))
        await asyncio.sleep(1.5)
        end = b.seconds
        assert a.session.counters().packets_received > before + 50
        assert a.session.counters().packets_lost == 0
        # A later offer keeps the new path.
        await negotiate(b, a)
        await asyncio.sleep(0.3)
        assert a.events == b.events == [MediaConnected(), MediaConnected()]
    assert b.heard(1000.0, begin, end) >= 0.9


async def test_both_sides_restart_one_after_the_other_many_times_under_the_same_keys(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        await connect(a, b)
        keys = [one.session._paths.present.transport.association for one in (a, b)]  # type: ignore[union-attr]
        descriptors = psutil.Process().num_fds()
        for turn in range(2, 8):
            offerer, answerer = (a, b) if turn % 2 else (b, a)
            offerer.session.restart()
            await negotiate(offerer, answerer)
            await asyncio.gather(a.until_connected(turn), b.until_connected(turn))
        assert keys == [one.session._paths.present.transport.association for one in (a, b)]  # type: ignore[union-attr]
        await asyncio.sleep(1.2)
        assert psutil.Process().num_fds() == descriptors, "former paths are closed"
        begin = b.seconds
        await asyncio.sleep(1.0)
        end = b.seconds
    assert b.heard(1000.0, begin, end) >= 0.9


async def test_a_far_end_that_does_not_follow_a_restart_keeps_the_path(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        answer = await b.session.accept_offer(await a.session.create_offer())
        await a.session.accept_answer(answer)
        await asyncio.gather(a.until_connected(), b.until_connected())
        a.session.restart()
        await a.session.create_offer()
        await a.session.accept_answer(answer + "a=x-later:1\r\n")
        assert not a.session.opening
        assert await a.session.peer_answers()
        assert a.session._paths.next is None


async def test_a_far_end_that_restarts_with_another_certificate_gets_new_keys(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        await connect(a, b)
        a.session.restart()
        b.session.renew()
        offer = await a.session.create_offer()
        answer = await b.session.accept_offer(offer)
        await a.session.accept_answer(answer)
        await asyncio.gather(a.until_connected(2), b.until_connected(2))
        assert await a.session.peer_answers()
        await asyncio.sleep(0.7)
        begin = b.seconds
        await asyncio.sleep(1.0)
        end = b.seconds
    assert b.heard(1000.0, begin, end) >= 0.9


async def test_keys_outlive_a_path_that_is_lost(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        first = await a.session.create_offer()
        await a.session.accept_answer(await b.session.accept_offer(first))
        await asyncio.gather(a.until_connected(), b.until_connected())
        for one in (a, b):
            path = one.session._paths.present
            assert path is not None
            await one.engine._home.run(path.transport._agent._lose("the test cut it"))
        lost = MediaFailed("the test cut it")
        await asyncio.gather(a.until(lambda: lost in a.events), b.until(lambda: lost in b.events))
        second = await a.session.create_offer()
        await a.session.accept_answer(await b.session.accept_offer(second))
        assert line_of(first, "a=fingerprint") == line_of(second, "a=fingerprint")
        await asyncio.gather(a.until_connected(2), b.until_connected(2))
        await asyncio.sleep(0.7)
        begin = b.seconds
        await asyncio.sleep(1.0)
        end = b.seconds
    assert b.heard(1000.0, begin, end) >= 0.9


async def test_the_former_path_carries_the_sound_until_the_new_one_is_open(tmp_path: Path) -> None:
    async with two_ends(tmp_path, replace(SETTINGS, connecting=Seconds(2.0))) as (a, b):
        await connect(a, b)
        await asyncio.sleep(0.5)
        begin = b.seconds
        a.session.renew()
        answer = await b.session.accept_offer(await a.session.create_offer())
        await a.session.accept_answer(answer.replace("a=ice-pwd:", "a=ice-pwd:not"))
        assert [one.session.opening for one in (a, b)] == [True, True]
        async with asyncio.timeout(10.0):
            while any(one.session.opening for one in (a, b)):  # noqa: ASYNC110 -- a path that is not needed tells nobody
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        end = b.seconds
        assert a.events == b.events == [MediaConnected()], "sound was never lost"
        for one in (a, b):
            assert await one.session.peer_answers()
        # What did not open is not offered again.
        await negotiate(a, b)
        await asyncio.gather(a.until_connected(2), b.until_connected(2))
    assert end - begin > 1.5
    assert b.heard(1000.0, begin, end) >= 0.9


async def test_an_answer_that_moves_the_path_is_refused(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        await connect(a, b)
        stranger = a.engine.session(lambda _event: None)
        answer = await stranger.accept_offer(await a.session.create_offer())
        with pytest.raises(DescriptionError, match="restart"):
            await a.session.accept_answer(answer)
        await stranger.close()
        assert a.session.counters().codec == "opus"
