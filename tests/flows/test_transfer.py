"""Calls that are transferred, picked up, and sent elsewhere: three phones, each doing what its user asked for."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.calls.call import Call
from appliance.calls.call_info import CallState
from appliance.calls.events import CallAnswered, CallFailed, CallTerminated, HoldChanged, IncomingCall
from appliance.calls.ports import RedirectBy
from appliance.calls.service_events import (
    CallRedirected,
    CallReplaced,
    TransferFailed,
    TransferProgress,
    Transferred,
    TransferRequested,
)
from appliance.calls.service_settings import ServiceSettings
from appliance.errors import StateError, UsageError
from tests.flows.phones import Phone, connect, exchange

Three = tuple[Phone, Phone, Phone]


@pytest.fixture(params=["embedded", "kamailio"])
async def phones(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Three]:
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(exchange(request.param))
        made = [
            await stack.enter_async_context(Phone(tmp_path, user, hertz, allow_multiple_incoming=True, **where))
            for user, hertz in (("alice", 440.0), ("bob", 1000.0), ("carol", 700.0))
        ]
        for phone in made:
            await phone.login()
        alice, bob, carol = made
        yield alice, bob, carol


async def other_call(phone: Phone, former: Call) -> Call:
    """The call that took the place of `former`, once it is answered."""
    event = await phone.told(CallAnswered, lambda told: told.call.replaces == former.uuid)
    call = phone.client.call_by_uuid(event.call.call_uuid)
    assert call is not None
    return call


async def test_a_blind_transfer(phones: Three) -> None:
    alice, bob, carol = phones
    placed, received = await connect(alice, bob)
    alice.client.mute()
    bob.do(received.transfer("carol"))
    ringing = await carol.rung()
    assert ringing.info.src.startswith("sip:alice@")
    requested = await alice.told(TransferRequested)
    assert (requested.target.partition("@")[0], requested.attended) == ("sip:carol", False)
    assert requested.referred_by.startswith("sip:bob@")
    await bob.told(TransferProgress, lambda told: told.status == 180)
    assert await ringing.answer()
    call = await other_call(alice, placed)
    assert call.muted, "who was muted is not heard by somebody else"
    call.unmute()
    assert (await bob.told(Transferred)).target.startswith("sip:carol@")
    assert (await bob.told(CallTerminated)).call.originator == "local"
    assert (await alice.told(CallTerminated)).call.call_uuid == placed.uuid
    assert (await alice.told(CallReplaced)).by == call.uuid
    assert await bob.done() is True
    assert bob.client.calls == ()
    assert alice.client.call_uuid == call.uuid
    await alice.listen(carol)
    call.hang_up()
    await carol.told(CallTerminated)


async def test_an_attended_transfer(phones: Three) -> None:
    alice, bob, carol = phones
    placed, received = await connect(alice, bob)
    assert await received.hold()
    enquiry, answered = await connect(bob, carol)
    assert await received.transfer(to=enquiry)
    theirs, hers = await other_call(alice, placed), await other_call(carol, answered)
    assert (theirs.info.dest.partition("@")[0], hers.info.src.partition("@")[0]) == ("sip:carol", "sip:alice")
    assert (await alice.told(TransferRequested)).attended
    assert len(carol.all(IncomingCall)) == 1, "nothing rings for the second time"
    assert (await carol.told(CallTerminated)).cause == "Replaced"
    await alice.told(CallTerminated)
    assert bob.client.calls == ()
    assert (alice.client.calls, carol.client.calls) == ((theirs,), (hers,))
    await alice.listen(carol)


async def test_a_transfer_that_comes_to_nothing(phones: Three) -> None:
    alice, bob, carol = phones
    placed, received = await connect(alice, bob)
    bob.do(received.transfer("carol"))
    (await carol.rung()).reject(603)
    assert await bob.done() is False
    failed = await bob.told(TransferFailed)
    assert (failed.status, failed.call.call_uuid) == (603, received.uuid)
    await alice.told(HoldChanged, lambda told: not told.held and told.by == "remote")
    assert (placed.answered, received.held) == (True, False)
    assert not await received.transfer("nobody-there")
    assert (await bob.told(TransferFailed, count=2)).status == 404
    await alice.listen(bob)

    with pytest.raises(UsageError, match="transfer"):
        await received.transfer()
    with pytest.raises(UsageError, match="transfer"):
        await received.transfer("carol", to=placed)
    with pytest.raises(UsageError):
        await received.transfer("mailto:carol")
    enquiry = await carol.client.call("bob")
    with pytest.raises(StateError, match="answered"):
        await received.transfer(to=await bob.rung(count=2))
    enquiry.hang_up()


async def test_who_may_not_be_transferred(tmp_path: Path) -> None:
    async with (
        exchange("embedded") as where,
        Phone(tmp_path, "alice", 440.0, services=ServiceSettings(transfers="domain"), **where) as alice,
        Phone(tmp_path, "bob", 1000.0, services=ServiceSettings(transfers="refuse"), **where) as bob,
    ):
        for phone in (alice, bob):
            await phone.login()
        placed, received = await connect(alice, bob)
        assert not await placed.transfer("carol")
        assert (await alice.told(TransferFailed)).status == 603
        assert not await received.transfer("sip:carol@elsewhere.example")
        assert (await bob.told(TransferFailed)).status == 603
        assert placed.answered
        assert received.answered
        assert alice.all(TransferRequested) == bob.all(TransferRequested) == []


async def test_a_caller_is_sent_elsewhere(phones: Three) -> None:
    alice, bob, carol = phones
    ways: tuple[tuple[RedirectBy, int], ...] = (("302", 1), ("refer", 2))
    for by, count in ways:
        call = await alice.client.call("bob")
        received = await bob.rung(count=count)
        assert await bob.client.redirect("carol", by=by)
        ended = await bob.told(CallFailed, count=count)
        assert (ended.cause, ended.call.state) == ("Redirected", CallState.REDIRECTED)
        assert received.over
        redirected = await alice.told(CallRedirected, count=count)
        assert redirected.call.call_uuid == call.uuid
        ringing = await carol.rung(count=count)
        assert await ringing.answer()
        assert await call.wait_answered(), "it is the same call"
        call.hang_up()
        await carol.told(CallTerminated, count=count)
    assert bob.client.calls == alice.client.calls == ()
    with pytest.raises(StateError):
        await bob.client.redirect("carol")


async def test_a_call_is_picked_up_by_another_unit(phones: Three, tmp_path: Path) -> None:
    alice, bob, carol = phones
    placed, received = await connect(alice, bob)
    token = placed.connect_token
    assert token is not None
    call = await carol.client.connect(connect_token=token)
    assert await call.wait_answered()
    theirs = await other_call(bob, received)
    ended = await alice.told(CallTerminated)
    assert (ended.call.originator, ended.call.reason) == ("remote", "Call completed elsewhere")
    assert (await bob.told(CallReplaced)).by == theirs.uuid
    assert len(bob.all(IncomingCall)) == 1
    assert call.info.replaces == placed.uuid
    await carol.listen(bob)
    call.hang_up()
    await bob.told(CallTerminated, count=2)

    again = await carol.client.connect(connect_token=token)
    assert not await again.wait_answered()
    assert (await carol.told(CallFailed)).status == 481
    with pytest.raises(UsageError, match="connect token"):
        await carol.client.connect(connect_token=token[:-9])
    assert again.connect_token is None
