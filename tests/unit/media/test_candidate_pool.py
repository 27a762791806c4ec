"""Candidates gathered ahead: taken, refreshed, let go."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import psutil
import pytest

from appliance.clock import SystemClock
from appliance.media.candidate_pool import CandidatePool
from appliance.units import Seconds
from tests.support.ports import LOOPBACK, free_port
from tests.unit.media.test_transport import SETTINGS


@pytest.fixture
async def pool() -> AsyncIterator[CandidatePool]:
    made = CandidatePool(replace(SETTINGS, stun=(f"stun:{LOOPBACK}:{free_port()}",)), SystemClock())
    yield made
    await made.close()


async def test_what_is_gathered_is_taken_once(pool: CandidatePool) -> None:
    assert pool.take() is None
    pool.fill(Seconds(30.0))
    pool.fill(Seconds(30.0))
    await asyncio.sleep(0)
    taken = pool.take()
    assert taken is not None
    assert pool.take() is None
    await taken.gather()
    assert taken.parameters("actpass").candidates
    pool.fill(Seconds(30.0))
    await asyncio.sleep(0.1)
    another = pool.take()
    assert another is not None
    assert another.parameters("actpass").fingerprints != taken.parameters("actpass").fingerprints
    for transport in (taken, another):
        await transport.close()


async def test_what_nobody_takes_is_let_go(pool: CandidatePool) -> None:
    descriptors = psutil.Process().num_fds()
    pool.fill(Seconds(1.0))
    await asyncio.sleep(0.3)
    assert psutil.Process().num_fds() > descriptors
    assert pool._keeper is not None
    await asyncio.wait_for(pool._keeper, 10)
    assert psutil.Process().num_fds() == descriptors
    assert pool.take() is None


async def test_what_was_gathered_elsewhere_is_not_taken(pool: CandidatePool) -> None:
    pool.fill(Seconds(30.0))
    await asyncio.sleep(0.1)
    assert pool._spare is not None
    assert pool._spare.current
    pool._spare._agent._addresses = frozenset({"192.0.2.1"})
    assert pool.take() is None
