"""Two calls become a conference: everybody is heard by everybody else, and by nobody twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.calls.events import CallTerminated
from appliance.calls.service_events import ConferenceChanged
from appliance.errors import StateError, UsageError
from tests.flows.phones import PATIENCE, Phone, connect, exchange
from tests.support.tones import amplitude

Three = tuple[Phone, Phone, Phone]
_HEARD, _SILENT = 0.02, 0.002
"""RMS of a tone, of full scale: a voice here has 0.07."""


@pytest.fixture
async def phones(tmp_path: Path) -> AsyncIterator[Three]:
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(exchange("embedded"))
        voices = (("alice", 440.0), ("bob", 1000.0), ("carol", 700.0))
        made = [await stack.enter_async_context(Phone(tmp_path, user, hertz, **where)) for user, hertz in voices]
        for phone in made:
            await phone.login()
        alice, bob, carol = made
        yield alice, bob, carol


async def voices_reach(listener: Phone, speakers: tuple[Phone, ...], everybody: Three) -> None:
    """Wait until the listener hears these speakers, and none else."""
    levels: dict[str, float] = {}
    for _ in range(round(PATIENCE / 0.1)):
        await asyncio.sleep(0.1)
        samples = listener.recently(0.4)
        levels = {phone.user: amplitude(samples, phone.hertz) for phone in everybody}
        heard = [
            levels[phone.user] > _HEARD if phone in speakers else levels[phone.user] < _SILENT for phone in everybody
        ]
        if all(heard):
            return
    wanted = [phone.user for phone in speakers]
    raise AssertionError(f"{listener.user} should hear {wanted}: {levels}")


async def test_three_hear_each_other(phones: Three) -> None:
    alice, bob, carol = phones
    first, _ = await connect(bob, alice)
    with pytest.raises(UsageError, match="2 to 4"):
        await bob.client.conference(first)
    assert await first.hold()
    second, _ = await connect(bob, carol)
    assert await bob.client.conference(first, second)
    assert (await bob.told(ConferenceChanged)).calls == (first.uuid, second.uuid)
    await voices_reach(alice, (bob, carol), phones)
    await voices_reach(carol, (alice, bob), phones)
    await voices_reach(bob, (alice, carol), phones)

    bob.client.mute()
    await voices_reach(alice, (carol,), phones)
    await voices_reach(carol, (alice,), phones)
    bob.client.unmute()

    assert await second.hold()
    assert (await bob.told(ConferenceChanged, count=2)).calls == ()
    await voices_reach(alice, (bob,), phones)
    await voices_reach(carol, (), phones)
    assert await second.resume()
    assert (await bob.told(ConferenceChanged, count=3)).calls == (first.uuid, second.uuid)

    second.hang_up()
    await carol.told(CallTerminated)
    assert (await bob.told(ConferenceChanged, count=4)).calls == ()
    await voices_reach(alice, (bob,), phones)
    with pytest.raises(StateError, match="closed"):
        await bob.client.conference(first, second)
