"""Calls that do not ring where they were sent: do not disturb, forwarding, and who is told."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.calls.call_info import CallState
from appliance.calls.events import CallFailed, CallTerminated, IncomingCall
from appliance.calls.screening import Forwarding
from appliance.calls.service_events import CallRedirected, CallTurnedAway, DoNotDisturbChanged
from appliance.calls.service_settings import ServiceSettings
from appliance.errors import UsageError
from appliance.units import Seconds
from tests.flows.phones import Phone, connect, exchange

Three = tuple[Phone, Phone, Phone]


@pytest.fixture(params=["embedded", "kamailio"])
async def phones(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Three]:
    """Alice follows no redirection."""
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(exchange(request.param))
        stays = ServiceSettings(follow_redirects=0)
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", 440.0, services=stays, **where))
        bob = await stack.enter_async_context(Phone(tmp_path, "bob", 1000.0, **where))
        carol = await stack.enter_async_context(Phone(tmp_path, "carol", 700.0, **where))
        for phone in (alice, bob, carol):
            await phone.login()
        yield alice, bob, carol


async def refused(caller: Phone, callee: Phone) -> CallFailed:
    call = await caller.client.call(callee.user)
    assert not await call.wait_answered()
    return await caller.told(CallFailed, lambda told: told.call.call_uuid == call.uuid)


async def test_do_not_disturb(phones: Three) -> None:
    alice, bob, carol = phones
    assert not bob.client.do_not_disturb
    for _ in range(2):
        bob.client.do_not_disturb = True
    assert (await refused(alice, bob)).status == 486
    away = await bob.told(CallTurnedAway)
    assert (away.why, away.caller_id.partition("@")[0], away.target) == ("do_not_disturb", "sip:alice", "")
    bob.client.do_not_disturb = False
    assert [event.on for event in bob.all(DoNotDisturbChanged)] == [True, False]
    assert bob.all(IncomingCall) == []
    await connect(carol, bob)


async def test_forwarding(phones: Three) -> None:
    alice, bob, carol = phones
    bob.client.forward(always="alice")
    failed = await refused(alice, bob)
    assert (failed.cause, failed.status) == ("Redirected", 302)
    assert (await bob.told(CallTurnedAway)).why == "forward_always"
    call = await carol.client.call("bob")
    assert await (await alice.rung()).answer()
    assert await call.wait_answered()
    assert (await carol.told(CallRedirected)).target == bob.client.forwarding.always
    call.hang_up()
    await alice.told(CallTerminated)

    bob.client.forward(always="", busy="alice", no_answer="alice", after=Seconds(1.0))
    unanswered = await carol.client.call("bob")
    rings = await bob.rung()
    assert await (await alice.rung(count=2)).answer()
    assert await unanswered.wait_answered()
    ended = await bob.told(CallFailed)
    assert (ended.call.call_uuid, ended.call.state) == (rings.uuid, CallState.REDIRECTED)
    unanswered.hang_up()
    await alice.told(CallTerminated, count=2)

    placed, _ = await connect(bob, carol)
    assert (await refused(alice, bob)).status == 302
    assert (await bob.told(CallTurnedAway, count=3)).why == "forward_busy"
    assert placed.answered


async def test_where_calls_can_not_be_sent(tmp_path: Path) -> None:
    services = ServiceSettings(forwarding=Forwarding(always="sip:carol@sip.invalid"))
    async with exchange("embedded") as where, Phone(tmp_path, "bob", 1000.0, services=services, **where) as bob:
        await bob.login()
        before = bob.client.forwarding
        for wrong in ("mailto:x", "bob", "sip:bob@sip.invalid;user=phone"):
            with pytest.raises(UsageError):
                bob.client.forward(always=wrong)
        with pytest.raises(UsageError, match="1 to 180"):
            bob.client.forward(after=Seconds(0.0))
        assert bob.client.forwarding == before == Forwarding(always="sip:carol@sip.invalid")
        assert bob.client.contact_uri.startswith("sip:bob@sip.invalid;gr=")
