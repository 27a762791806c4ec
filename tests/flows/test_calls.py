"""Two of our phones through a real registrar: every way a call can go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from appliance.calls.call import Call
from appliance.calls.call_info import CallState
from appliance.calls.events import (
    CallAnswered,
    CallConnected,
    CallFailed,
    Calling,
    CallRemoteRinging,
    CallTerminated,
    DtmfReceived,
    HoldChanged,
    IncomingCall,
    IncomingCallCanceled,
    IncomingCallIgnored,
    MediaConnected,
    MuteChanged,
    Sample,
)
from appliance.calls.state import Status
from appliance.errors import StateError, UsageError
from tests.flows.phones import Phone, connect, exchange, heard_of, latest
from tests.support.tones import hear

Pair = tuple[Phone, Phone]


@pytest.fixture(params=["embedded", "kamailio"])
async def phones(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(exchange(request.param))
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", 440.0, display_name="Alice", **where))
        bob = await stack.enter_async_context(Phone(tmp_path, "bob", 1000.0, **where))
        await alice.login()
        await bob.login()
        yield alice, bob


def calls_events(phone: Phone) -> list[str]:
    """The names of what was told of calls, without the samples."""
    return [type(event).__name__ for event in phone.heard if hasattr(event, "call") and not isinstance(event, Sample)]


def holds(call: Call, other: Call) -> tuple[bool, bool, bool, bool]:
    """Who holds: one by itself, the other by itself, one by the far end, the other by the far end."""
    return call.held, other.held, call.remote_held, other.remote_held


@pytest.mark.parametrize("caller_ends", [True, False])
async def test_a_call_is_heard_both_ways_and_ends_from_either_side(phones: Pair, caller_ends: bool) -> None:
    alice, bob = phones
    placed, received = await connect(alice, bob)
    assert (placed.status, received.status) == (Status.OPEN, Status.OPEN)
    assert alice.client.call_uuid == placed.uuid
    await asyncio.sleep(3.0)
    (placed if caller_ends else received).hang_up()
    first, second = await alice.told(CallTerminated), await bob.told(CallTerminated)
    assert first.call.originator == ("local" if caller_ends else "remote")
    assert second.call.originator == ("remote" if caller_ends else "local")
    assert first.cause == second.cause == "Terminated"
    assert 2.5 < first.duration < 10.0
    assert first.call.state is CallState.ENDED
    assert alice.client.calls == ()
    assert alice.client.last_call_uuid == placed.uuid
    for phone in phones:
        await phone.client.logout()
    for listener, speaker in ((alice, bob), (bob, alice)):
        tone = heard_of(listener, speaker)
        assert tone.share >= 0.95
        assert tone.longest_gap <= 60
        assert heard_of(listener, listener).share == 0.0, "its own voice came back"


async def test_each_event_is_told_once_and_in_order(phones: Pair) -> None:
    alice, bob = phones
    placed, received = await connect(alice, bob)
    await alice.told(Sample, count=2)
    placed.hang_up()
    await bob.told(CallTerminated)
    told = calls_events(alice)
    assert told == sorted(set(told), key=told.index), "told twice"
    assert [name for name in told if name != "MediaConnected"] == [
        "Calling",
        "CallRemoteRinging",
        "CallConnected",
        "CallAnswered",
        "CallTerminated",
    ]
    assert [name for name in calls_events(bob) if name != "MediaConnected"] == [
        "IncomingCall",
        "CallConnected",
        "CallAnswered",
        "CallTerminated",
    ]
    incoming = bob.all(IncomingCall)[0]
    assert incoming.caller_name == "Alice"
    assert incoming.caller_id.startswith("sip:alice@")
    assert incoming.call.sip_call_id == alice.all(Calling)[0].call.sip_call_id == placed.info.sip_call_id
    assert received.uuid == incoming.call.call_uuid
    states = [event.call.state for event in (alice.all(CallRemoteRinging)[0], alice.all(CallAnswered)[0])]
    assert states == [CallState.RINGING, CallState.ANSWERED]
    summary = alice.all(CallTerminated)[0].summary
    assert summary.codec == "opus"
    assert summary.packets_received > 50
    assert summary.mean_mos is not None
    assert summary.mean_mos > 3.5


async def test_headers_travel_with_the_call(phones: Pair) -> None:
    alice, bob = phones
    call = await alice.client.call("bob", {"X-PH-Door": "3", "X-PH-Floor": "2%"})
    incoming = await bob.told(IncomingCall)
    assert dict(incoming.call.extra_headers) == {"X-PH-Door": "3", "X-PH-Floor": "2%"}
    call.hang_up()


async def test_what_can_not_be_sent_is_refused_before_anything_is(phones: Pair) -> None:
    alice, bob = phones
    with pytest.raises(UsageError, match=r"'Subject'.*'X-PH-Bad'"):
        await alice.client.call("bob", {"Subject": "x", "X-PH-Bad": "a\r\nb"})
    with pytest.raises(UsageError, match="destination"):
        await alice.client.call("bob\r\nVia: x")
    assert alice.client.calls == ()
    assert calls_events(alice) == calls_events(bob) == []


async def test_two_calls_at_once_never_share_the_line(phones: Pair) -> None:
    alice, bob = phones
    outcomes = await asyncio.gather(alice.client.call("bob"), alice.client.call("bob"), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(refused) == 1
    assert isinstance(refused[0], StateError)
    await bob.rung()
    assert len(alice.all(Calling)) == 1


@pytest.mark.parametrize(
    ("status", "cause", "state"),
    [(486, "Busy", CallState.FAILED), (603, "Rejected", CallState.REJECTED), (480, "Unavailable", CallState.FAILED)],
)
async def test_a_call_is_refused(phones: Pair, status: int, cause: str, state: CallState) -> None:
    alice, bob = phones
    placed = await alice.client.call("bob")
    (await bob.rung()).reject(status)
    assert not await placed.wait_answered()
    failed = await alice.told(CallFailed)
    assert (failed.cause, failed.status, failed.call.state) == (cause, status, state)
    assert failed.call.originator == "remote"
    assert await placed.wait_ended() is failed
    told = await bob.told(CallFailed)
    assert (told.cause, told.call.originator, told.call.state) == ("Rejected", "local", CallState.REJECTED)


async def test_nobody_is_there(phones: Pair) -> None:
    alice, _ = phones
    placed = await alice.client.call("carol")
    assert not await placed.wait_answered()
    failed = await alice.told(CallFailed)
    assert (failed.cause, failed.status) == ("Unavailable", 480)
    placed = await alice.client.call("nobody")
    assert not await placed.wait_answered()
    assert (await alice.told(CallFailed, count=2)).cause == "Not Found"


async def test_a_caller_who_is_ignored_goes_on_hearing_ringback(phones: Pair) -> None:
    alice, bob = phones
    placed = await alice.client.call("bob")
    call = await bob.rung()
    await alice.told(CallRemoteRinging)
    call.ignore()
    ignored = await bob.told(IncomingCallIgnored)
    assert ignored.call.state is CallState.IGNORED
    assert bob.client.incoming_calls == ()
    await asyncio.sleep(0.5)
    assert placed.state is CallState.RINGING
    placed.hang_up()
    assert (await alice.told(CallFailed)).cause == "Canceled"
    await asyncio.sleep(0.3)
    assert calls_events(bob) == ["IncomingCall", "IncomingCallIgnored"]


async def test_the_caller_takes_the_call_back(phones: Pair) -> None:
    alice, bob = phones
    placed = await alice.client.call("bob")
    call = await bob.rung()
    placed.hang_up()
    failed = await alice.told(CallFailed)
    assert (failed.cause, failed.call.state, failed.call.originator) == ("Canceled", CallState.CANCELED, "local")
    canceled = await bob.told(IncomingCallCanceled)
    assert not canceled.elsewhere
    assert (canceled.call.state, canceled.call.originator) == (CallState.CANCELED, "remote")
    assert not await call.wait_answered()
    with pytest.raises(StateError):
        await call.answer()


async def test_hold_and_resume_from_both_sides(phones: Pair) -> None:
    alice, bob = phones
    placed, received = await connect(alice, bob)
    for number, (holder, held, call, other) in enumerate(
        ((alice, bob, placed, received), (bob, alice, received, placed)), start=1
    ):
        assert await call.hold()
        assert holds(call, other) == (True, False, False, True)
        assert (await held.told(HoldChanged, lambda told: told.by == "remote" and told.held)).held
        before = call.counters().packets_sent
        await asyncio.sleep(0.5)
        assert call.counters().packets_sent - before <= 2, "sound went on while on hold"
        assert await call.resume()
        await held.told(HoldChanged, lambda told: told.by == "remote" and not told.held)
        assert holds(call, other) == (False, False, False, False)
        assert [(told.held, told.by) for told in holder.all(HoldChanged) if told.by == "local"] == [
            (True, "local"),
            (False, "local"),
        ]
        assert len(held.all(HoldChanged)) == 2 * number
    await asyncio.sleep(2.0)
    placed.hang_up()
    await bob.told(CallTerminated)
    for phone in phones:
        await phone.client.logout()
    for listener, speaker in ((alice, bob), (bob, alice)):
        assert heard_of(listener, speaker, 1.5).share >= 0.8, "the sound did not come back"


async def test_both_hold_at_the_same_moment(phones: Pair) -> None:
    alice, bob = phones
    placed, received = await connect(alice, bob)
    assert all(await asyncio.gather(placed.hold(), received.hold()))
    assert (placed.held, received.held) == (True, True)
    assert all(await asyncio.gather(placed.resume(), received.resume()))
    await alice.told(HoldChanged, lambda told: told.by == "local" and not told.held)
    await asyncio.sleep(0.3)
    assert holds(placed, received) == (False, False, False, False)


async def test_digits_go_both_ways(phones: Pair) -> None:
    alice, bob = phones
    placed, received = await connect(alice, bob)
    with pytest.raises(UsageError):
        placed.send_dtmf("1x")
    placed.send_dtmf("12w")
    placed.send_dtmf("D#")
    received.send_dtmf("90")
    await bob.told(DtmfReceived, count=4)
    await alice.told(DtmfReceived, count=2)
    await asyncio.sleep(0.5)
    assert "".join(told.digit for told in bob.all(DtmfReceived)) == "12D#"
    assert "".join(told.digit for told in alice.all(DtmfReceived)) == "90"
    assert {told.method for told in bob.all(DtmfReceived)} == {"rfc4733"}
    placed.hang_up()
    with pytest.raises(StateError):
        placed.send_dtmf("1")


async def test_mute_is_one_flag_a_call(phones: Pair) -> None:
    alice, bob = phones
    alice.client.mute()
    placed, _ = await connect(alice, bob)
    assert placed.muted
    await asyncio.sleep(1.0)
    assert await placed.hold()
    assert await placed.resume()
    assert placed.muted
    alice.client.unmute()
    alice.client.unmute()
    await asyncio.sleep(2.0)
    placed.hang_up()
    assert [told.muted for told in alice.all(MuteChanged)] == [True, False]
    placed, _ = await connect(alice, bob)
    assert not placed.muted, "mute leaked into the next call"
    placed.mute()
    await asyncio.sleep(2.0)
    placed.hang_up()
    await bob.told(CallTerminated, count=2)
    await bob.client.logout()
    recording = bob.recording()
    assert hear(latest(recording, 1.0), alice.hertz).share >= 0.9
    loud = np.flatnonzero(np.abs(recording) > 300)
    assert len(recording) - loud[-1] > 48_000, "it was heard although it was muted"


async def test_leaving_ends_the_call_for_the_other_side(phones: Pair) -> None:
    alice, bob = phones
    await connect(alice, bob)
    await alice.client.close()
    ended = await bob.told(CallTerminated)
    assert ended.call.originator == "remote"
    assert alice.all(CallTerminated)[0].call.originator == "local"


async def test_connected_media_is_told(phones: Pair) -> None:
    alice, bob = phones
    placed, _ = await connect(alice, bob)
    assert len(alice.all(MediaConnected)) == len(bob.all(MediaConnected)) == 1
    assert len(alice.all(CallConnected)) == 1
    placed.hang_up()
