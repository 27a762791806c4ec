"""What other phones and proxies do in a call, on the wire: early media, forks, offers late and anew, digits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.calls.events import (
    CallAnswered,
    CallConnected,
    CallFailed,
    Calling,
    CallRemoteRinging,
    CallTerminated,
    HoldChanged,
    IncomingCall,
    IncomingCallCanceled,
    MediaConnected,
    MediaFailed,
)
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from appliance.sip.events import (
    Acknowledged,
    Answered,
    Ended,
    Failed,
    Incoming,
    Offered,
    Reanswered,
    Reason,
    ReofferFailed,
)
from appliance.units import Seconds
from tests.flows.phones import USERS, Phone
from tests.flows.scripted_far_end import ScriptedFarEnd


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    async with Registrar(USERS) as registrar:
        yield registrar


@pytest.fixture
async def alice(registrar: Registrar, tmp_path: Path) -> AsyncIterator[Phone]:
    media = MediaSettings(loopback=True, connecting=Seconds(2.0))
    async with Phone(
        tmp_path, "alice", 440.0, registrars=registrar.url, domain=registrar.domain, media=media, media_timeout=0.5
    ) as phone:
        await phone.login()
        yield phone


@pytest.fixture
async def far(registrar: Registrar) -> AsyncIterator[ScriptedFarEnd]:
    async with ScriptedFarEnd(registrar, "bob") as far:
        yield far


def without(body: bytes, *parts: bytes) -> bytes:
    """A description without the lines that contain one of `parts`."""
    return b"".join(line for line in body.splitlines(keepends=True) if not any(part in line for part in parts))


async def answered(alice: Phone, far: ScriptedFarEnd) -> Incoming:
    """A call that the far end has answered."""
    call = await alice.client.call("bob")
    incoming, body = await far.called()
    far.agent.answer(incoming.invite, body)
    assert await call.wait_answered()
    await alice.told(MediaConnected)
    return incoming


@pytest.mark.parametrize("rings_first", [False, True])
async def test_early_media_is_heard_before_the_answer(alice: Phone, far: ScriptedFarEnd, rings_first: bool) -> None:
    call = await alice.client.call("bob")
    incoming, body = await far.called()
    if rings_first:
        far.agent.provisional(incoming.invite, 180)
        await alice.told(CallRemoteRinging)
    far.agent.provisional(incoming.invite, 183, body=body)
    far.agent.provisional(incoming.invite, 183, body=body)
    await alice.told(MediaConnected)
    assert [event.early_media for event in alice.all(CallRemoteRinging)] == [not rings_first]
    assert len(alice.all(CallConnected)) == 1
    assert alice.all(CallAnswered) == []
    await asyncio.sleep(0.5)
    assert call.counters().packets_received > 5
    far.agent.answer(incoming.invite, body)
    assert await call.wait_answered()
    await asyncio.sleep(0.3)
    assert len(alice.all(MediaConnected)) == len(alice.all(CallConnected)) == 1


async def test_another_branch_answers_than_the_one_that_was_heard(
    alice: Phone, far: ScriptedFarEnd, registrar: Registrar
) -> None:
    async with ScriptedFarEnd(registrar, "bob", hertz=700.0) as winner:
        call = await alice.client.call("bob")
        heard, early = await far.called()
        far.agent.provisional(heard.invite, 183, body=early)
        await alice.told(MediaConnected)
        incoming, body = await winner.called()
        winner.agent.answer(incoming.invite, body)
        assert await call.wait_answered()
        offered = await winner.told(Offered)
        assert offered.body is not None
        winner.agent.accept_offer(offered.offer_id, (await winner.media.accept_offer(offered.body.decode())).encode())
        await alice.told(MediaConnected, count=2)
        before = call.counters().packets_received
        await asyncio.sleep(0.5)
        assert call.counters().packets_received - before > 10
        call.hang_up()
        assert not (await winner.told(Ended)).local


async def test_the_far_ends_name_for_the_call_is_adopted(alice: Phone, far: ScriptedFarEnd) -> None:
    call = await alice.client.call("bob")
    ours = call.uuid
    incoming = await far.told(Incoming)
    far.agent.provisional(incoming.invite, 180, headers=(("X-CallUUID", "11111111-2222-4333-8444-555555555555"),))
    ringing = await alice.told(CallRemoteRinging)
    assert ringing.call.call_uuid == call.uuid == "11111111-2222-4333-8444-555555555555"
    assert alice.all(Calling)[0].call.call_uuid == ours
    assert alice.client.call_by_uuid(ours) is alice.client.call_by_uuid(call.uuid) is call
    call.hang_up()
    assert alice.client.last_call_uuid == ringing.call.call_uuid


async def test_an_invite_without_an_offer_gets_ours(alice: Phone, far: ScriptedFarEnd) -> None:
    invite = far.agent.invite("sip:alice@sip.invalid", None)
    call = await alice.rung()
    answering = asyncio.create_task(call.answer())
    told = await far.told(Answered)
    assert told.body is not None
    far.agent.acknowledge(invite, (await far.media.accept_offer(told.body.decode())).encode())
    assert await answering
    await alice.told(MediaConnected)
    far.agent.bye(invite)
    await alice.told(CallTerminated)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_the_far_end_changes_the_codec(alice: Phone, far: ScriptedFarEnd, method: str) -> None:
    incoming = await answered(alice, far)
    call = alice.client.calls[0]
    assert call.counters().codec == "opus"
    offer = (await far.media.create_offer()).encode()
    far.agent.reoffer(incoming.invite, without(offer, b"opus", b"useinbandfec"), method=method)
    reanswered = await far.told(Reanswered)
    assert reanswered.body is not None
    assert b"opus" not in reanswered.body
    assert call.counters().codec == "G722"
    assert alice.all(HoldChanged) == []


async def test_an_offer_that_nothing_can_be_built_on_changes_nothing(alice: Phone, far: ScriptedFarEnd) -> None:
    incoming = await answered(alice, far)
    far.agent.reoffer(incoming.invite, b"v=0\r\n")
    assert (await far.told(ReofferFailed)).status == 488
    call = alice.client.calls[0]
    before = call.counters().packets_received
    await asyncio.sleep(0.5)
    assert call.answered
    assert call.counters().packets_received > before


async def test_the_far_end_asks_for_our_offer_in_the_call(alice: Phone, far: ScriptedFarEnd) -> None:
    incoming = await answered(alice, far)
    call = alice.client.calls[0]
    far.agent.reoffer(incoming.invite, b"")
    told = await far.told(Reanswered)
    assert told.body is not None
    assert call.answered


async def test_why_the_far_end_hung_up_is_told(alice: Phone, far: ScriptedFarEnd) -> None:
    incoming = await answered(alice, far)
    far.agent.bye(incoming.invite, cause=Reason(protocol="Q.850", code=31, text="Normal, unspecified"))
    call = (await alice.told(CallTerminated)).call
    assert (call.originator, call.protocol, call.code, call.reason) == ("remote", "Q.850", 31, "Normal, unspecified")


async def test_an_answer_that_is_no_description_ends_the_call(alice: Phone, far: ScriptedFarEnd) -> None:
    call = await alice.client.call("bob")
    incoming = await far.told(Incoming)
    far.agent.answer(incoming.invite, b"hello")
    assert not await call.wait_answered()
    assert (await alice.told(CallFailed)).cause == "Bad Media Description"
    assert not (await far.told(Ended)).local


async def test_an_offer_that_is_no_description_does_not_ring(alice: Phone, far: ScriptedFarEnd) -> None:
    far.agent.invite("sip:alice@sip.invalid", b"v=0\r\nnothing\r\n")
    assert (await far.told(Failed)).status == 488
    assert alice.all(IncomingCall) == []


async def test_an_offer_without_a_codec_of_ours_is_refused_when_answered(alice: Phone, far: ScriptedFarEnd) -> None:
    offer = (await far.media.create_offer()).replace(" 9 0 8 ", " 96 97 98 ").replace("opus", "speex")
    far.agent.invite("sip:alice@sip.invalid", without(offer.encode(), b"PCM", b"G722"))
    call = await alice.rung()
    assert not await call.answer()
    assert (await alice.told(CallFailed)).cause == "Incompatible SDP"
    assert (await far.told(Failed)).status == 488


async def test_a_call_whose_media_never_comes_is_ended_with_that_cause(alice: Phone, far: ScriptedFarEnd) -> None:
    call = await alice.client.call("bob")
    incoming, body = await far.called()
    nobody = body.replace(b"a=ice-pwd:", b"a=ice-pwd:not")
    far.agent.answer(incoming.invite, nobody)
    assert await call.wait_answered()
    await alice.told(MediaFailed)
    ended = await alice.told(CallTerminated)
    assert (ended.cause, ended.call.originator) == ("WebRTC Error", "local")
    assert not (await far.told(Ended)).local


async def test_who_hangs_up_with_the_same_breath_had_a_call(alice: Phone, far: ScriptedFarEnd) -> None:
    await alice.client.call("bob")
    incoming, body = await far.called()
    far.agent.answer(incoming.invite, body)
    await far.told(Acknowledged)
    far.agent.bye(incoming.invite)
    await alice.told(CallTerminated)
    assert len(alice.all(CallAnswered)) == 1
    assert alice.all(CallFailed) == []


async def test_a_call_that_another_phone_took_is_told_apart(registrar: Registrar, alice: Phone, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        phones = []
        for name in ("desk", "door"):
            folder = tmp_path / name
            folder.mkdir()
            phone = Phone(folder, "bob", 1000.0, registrars=registrar.url, domain=registrar.domain)
            phones.append(await stack.enter_async_context(phone))
            await phone.login()
        await alice.client.call("bob")
        calls = [await phone.rung() for phone in phones]
        assert await calls[0].answer()
        assert (await phones[1].told(IncomingCallCanceled)).elsewhere
