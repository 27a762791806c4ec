"""More than one call at a time: busy, the policies of answering, and the call on hold meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.calls.call_info import CallState
from appliance.calls.events import CallFailed, CallTerminated, HoldChanged, IncomingCall, IncomingCallIgnored
from appliance.calls.ports import Current, OnOthers
from appliance.errors import StateError, UnknownCall, UsageError
from tests.flows.phones import Phone, connect, exchange

Three = tuple[Phone, Phone, Phone]


@pytest.fixture(params=["embedded", "kamailio"])
async def phones(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Three]:
    """Bob takes several calls; Alice and Carol one at a time."""
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(exchange(request.param))
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", 440.0, **where))
        bob = await stack.enter_async_context(Phone(tmp_path, "bob", 1000.0, allow_multiple_incoming=True, **where))
        carol = await stack.enter_async_context(Phone(tmp_path, "carol", 700.0, **where))
        for phone in (alice, bob, carol):
            await phone.login()
        yield alice, bob, carol


async def test_who_takes_one_call_at_a_time_is_busy(phones: Three) -> None:
    alice, bob, carol = phones
    await connect(bob, alice)
    second = await carol.client.call("alice")
    assert not await second.wait_answered()
    failed = await carol.told(CallFailed)
    assert (failed.cause, failed.status) == ("Busy", 486)
    assert len(alice.all(IncomingCall)) == len(alice.client.calls) == 1, "it was told of the call it is too busy for"


async def test_an_unknown_call_is_not_mistaken_for_another(phones: Three) -> None:
    alice, bob, _ = phones
    with pytest.raises(StateError):
        bob.client.reject()
    call = await alice.client.call("bob")
    await bob.rung()
    for command in (bob.client.reject, bob.client.ignore):
        with pytest.raises(UnknownCall):
            command("no-such-call")
    with pytest.raises(UnknownCall):
        await bob.client.answer("no-such-call")
    with pytest.raises(UsageError, match="on_others"):
        await bob.client.answer(on_others="shout")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="current"):
        await bob.client.answer(current="drop")  # type: ignore[arg-type]
    assert len(bob.client.incoming_calls) == 1
    with pytest.raises(StateError, match="ringing"):
        await bob.client.call("carol")
    call.hang_up()


@pytest.mark.parametrize("on_others", ["reject", "ignored", "letring"])
async def test_what_becomes_of_the_other_caller(phones: Three, on_others: OnOthers) -> None:
    alice, bob, carol = phones
    first = await alice.client.call("bob")
    await bob.rung()
    second = await carol.client.call("bob")
    latest = await bob.rung(count=2)
    assert [call.uuid for call in bob.client.incoming_calls][-1] == latest.uuid
    assert await bob.client.answer(on_others=on_others), "the latest is answered"
    assert await second.wait_answered()
    assert bob.client.call_uuid == latest.uuid
    if on_others == "reject":
        assert (await alice.told(CallFailed)).status == 486
        assert (await bob.told(CallFailed)).call.state is CallState.REJECTED
        return
    await asyncio.sleep(0.3)
    assert first.state is CallState.RINGING
    assert len(bob.client.incoming_calls) == (1 if on_others == "letring" else 0)
    assert len(bob.all(IncomingCallIgnored)) == (0 if on_others == "letring" else 1)
    assert bob.all(CallFailed) == []


@pytest.mark.parametrize("current", ["end", "hold"])
async def test_what_becomes_of_the_call_in_progress(phones: Three, current: Current) -> None:
    alice, bob, carol = phones
    placed, received = await connect(alice, bob)
    second = await carol.client.call("bob")
    waiting = await bob.rung(count=2)
    assert await waiting.answer(current=current)
    assert await second.wait_answered()
    if current == "end":
        assert (await alice.told(CallTerminated)).call.originator == "remote"
        assert bob.client.calls == (waiting,)
        return
    await alice.told(HoldChanged, lambda told: told.held and told.by == "remote")
    assert received.held
    assert bob.client.call_uuid == waiting.uuid
    with pytest.raises(StateError, match="in progress"):
        await received.resume()
    waiting.hang_up()
    assert (await carol.told(CallTerminated)).call.originator == "remote"
    assert bob.client.call_uuid == received.uuid
    assert await received.resume()
    await alice.told(HoldChanged, lambda told: not told.held)
    placed.hang_up()
    await bob.told(CallTerminated, count=2)


async def test_the_end_of_one_call_is_none_of_the_others_business(phones: Three) -> None:
    alice, bob, carol = phones
    first = await alice.client.call("bob")
    await bob.rung()
    second = await carol.client.call("bob")
    await bob.rung(count=2)
    first.hang_up()
    await asyncio.sleep(0.3)
    assert [call.info.src.partition("@")[0] for call in bob.client.incoming_calls] == ["sip:carol"]
    second.hang_up()
    await asyncio.sleep(0.3)
    assert bob.client.incoming_calls == ()
    canceled = [type(event).__name__ for event in bob.heard if type(event).__name__ == "IncomingCallCanceled"]
    assert len(canceled) == 2


async def test_a_call_can_be_made_while_another_is_on_hold(phones: Three) -> None:
    alice, bob, carol = phones
    placed, _ = await connect(bob, alice)
    with pytest.raises(StateError, match="in progress"):
        await bob.client.call("carol")
    assert await placed.hold()
    enquiry, _ = await connect(bob, carol)
    assert bob.client.call_uuid == enquiry.uuid
    enquiry.hang_up()
    assert bob.client.call_uuid == placed.uuid
