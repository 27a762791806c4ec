"""A registrar that is killed, and a WebSocket that is cut, at each moment of a call; with the silence that it costs."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.calls.events import (
    CallTerminated,
    IncomingCallCanceled,
    Login,
    Logout,
    MediaConnected,
    Reconnected,
    Reconnecting,
)
from appliance.sim.registrar import Registrar
from tests.flows.phones import USERS, Phone, connect, heard_of
from tests.flows.scripted_far_end import ScriptedFarEnd
from tests.support.kamailio import Kamailio
from tests.support.network import Doorway
from tests.support.tones import RATE, hear

ALICE, BOB = 660.0, 1000.0


def _silence(listener: Phone, hertz: float) -> float:
    """The longest time without the tone in the call, in seconds, its ends aside."""
    return hear(listener.recording()[2 * RATE : -RATE], hertz).longest_gap / 1000.0


async def killed_for(folder: Path, seconds: float) -> None:
    """Two phones talk while their registrar is away, and hang up through the one that is back."""
    async with Kamailio(USERS) as kamailio, AsyncExitStack() as stack:
        await asyncio.to_thread(folder.mkdir)
        place = {"registrars": kamailio.ws_url, "domain": kamailio.domain}
        alice = await stack.enter_async_context(Phone(folder, "alice", ALICE, **place))
        bob = await stack.enter_async_context(Phone(folder, "bob", BOB, **place))
        await alice.login()
        await bob.login()
        placed, _ = await connect(alice, bob)
        await asyncio.sleep(1.0)
        kamailio.kill()
        await asyncio.sleep(seconds)
        await asyncio.to_thread(kamailio.restart)
        back = asyncio.get_running_loop().time()
        for phone in (alice, bob):
            await phone.told(Reconnected, seconds=60.0)
            await phone.told(Login, count=2, seconds=10.0)
            assert [event.reason for event in phone.all(Reconnecting)] == ["signalling"]
        took = asyncio.get_running_loop().time() - back
        await asyncio.sleep(2.5)
        assert await placed.hold()
        assert await placed.resume()
        placed.hang_up()
        assert (await bob.told(CallTerminated)).call.originator == "remote"
        await alice.told(CallTerminated)
        silences = _silence(alice, BOB), _silence(bob, ALICE)
    print(f"registrar killed for {seconds:g} s: back {took:.1f} s after it, {max(silences):.2f} s of silence")


@pytest.mark.parametrize(
    "seconds",
    [pytest.param((1.0, 10.0), id="1 s and 10 s"), pytest.param((30.0,), id="30 s", marks=pytest.mark.long)],
)
@pytest.mark.timeout(180)
async def test_a_registrar_that_is_killed(tmp_path: Path, seconds: tuple[float, ...]) -> None:
    await asyncio.gather(*(killed_for(tmp_path / f"{each:g}", each) for each in seconds))


async def test_a_connection_that_is_cut_while_it_rings_and_in_the_call(tmp_path: Path) -> None:
    async with Kamailio(USERS) as kamailio, AsyncExitStack() as stack:
        door = Doorway("127.0.0.2", kamailio.ws)
        await door.open()
        stack.push_async_callback(door.close)
        url = kamailio.ws_url.replace("127.0.0.1", "127.0.0.2")
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", ALICE, registrars=url, domain=kamailio.domain))
        await alice.login()
        bob = await stack.enter_async_context(
            Phone(tmp_path, "bob", BOB, registrars=kamailio.ws_url, domain=kamailio.domain)
        )
        await bob.login()
        call = await alice.client.call("bob")
        await bob.rung()
        door.cut()
        await bob.told(IncomingCallCanceled, seconds=20.0)
        print("cut while it rings: the far end stops ringing, and rings again")
        assert await (await bob.rung(count=2)).answer()
        assert await call.wait_answered()
        await alice.told(MediaConnected)
        await bob.told(MediaConnected)
        await asyncio.sleep(1.0)
        lost = len(alice.all(Logout))
        door.cut()
        await alice.told(Logout, count=lost + 1)
        await alice.told(Reconnected, count=2, seconds=20.0)
        await asyncio.sleep(2.5)
        call.hang_up()
        assert (await bob.told(CallTerminated)).call.originator == "remote"
        assert min(heard_of(alice, bob).share, heard_of(bob, alice).share) >= 0.8
        print(f"cut in the call: {_silence(alice, BOB):.2f} s of silence")


async def test_early_media_that_is_lost_with_the_connection(tmp_path: Path) -> None:
    async with Registrar(USERS) as registrar, AsyncExitStack() as stack:
        place = {"registrars": registrar.url, "domain": registrar.domain}
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", ALICE, **place))
        await alice.login()
        far = await stack.enter_async_context(ScriptedFarEnd(registrar, "bob", hertz=BOB))
        call = await alice.client.call("bob")
        incoming, body = await far.called()
        far.agent.provisional(incoming.invite, 183, body=body)
        await alice.told(MediaConnected)
        await asyncio.sleep(1.0)
        await registrar.drop("alice")
        again, answer = await far.called(count=2)
        assert again.call_id != incoming.call_id
        far.agent.answer(again.invite, answer)
        assert await call.wait_answered()
        await alice.told(MediaConnected, count=2)
        await asyncio.sleep(2.5)
        call.hang_up()
        await alice.told(CallTerminated)
        heard = hear(alice.recording()[-2 * RATE : -RATE], BOB)
        print(f"cut in early media: answered after it, {heard.share:.0%} of the last second heard")
        assert heard.share >= 0.8
