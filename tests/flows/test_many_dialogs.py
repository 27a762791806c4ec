"""Many dialogs at once: each lives and dies for itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.calls.events import (
    CallFailed,
    CallTerminated,
    HoldChanged,
    IncomingCall,
    IncomingCallCanceled,
)
from appliance.calls.service_events import CallTurnedAway, MessageFailed
from appliance.sim.registrar import Registrar
from appliance.sip.events import Acknowledged, Failed, Progress
from tests.flows.phones import USERS, Phone, connect
from tests.flows.scripted_far_end import ScriptedFarEnd

_LIMIT = 50


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    async with Registrar(USERS) as running:
        yield running


async def test_fifty_calls_at_once(tmp_path: Path, registrar: Registrar) -> None:
    where = {"registrars": registrar.url, "domain": registrar.domain}
    async with (
        Phone(tmp_path, "alice", 440.0, allow_multiple_incoming=True, **where) as alice,
        ScriptedFarEnd(registrar, "bob") as far,
    ):
        await alice.login()
        offer = (await far.media.create_offer()).encode()
        invites = [far.agent.invite("alice", offer) for _ in range(_LIMIT + 2)]
        await alice.told(IncomingCall, count=_LIMIT)
        await far.told(Progress, lambda event: event.status == 180, count=_LIMIT)
        refused = await far.told(Failed, count=2)
        assert refused.status == 486
        assert {event.why for event in alice.all(CallTurnedAway)} <= {"busy"}
        assert len(alice.client.incoming_calls) == _LIMIT
        assert len({call.uuid for call in alice.client.incoming_calls}) == _LIMIT

        first = alice.client.incoming_calls[0]
        for invite in invites[1:11]:
            far.agent.cancel(invite)
        await alice.told(IncomingCallCanceled, count=10)
        assert first.waiting, "the end of others is none of its business"
        assert await alice.client.answer(first.uuid, on_others="letring")
        await alice.told(IncomingCallCanceled, count=10)
        assert len(alice.client.incoming_calls) == _LIMIT - 11
        for call in alice.client.incoming_calls:
            call.reject()
        await alice.told(CallFailed, count=_LIMIT - 11)
        assert alice.client.calls == (first,)
        first.hang_up()
        await alice.told(CallTerminated)


async def test_a_dialog_that_is_gone_leaves_the_others_alone(tmp_path: Path, registrar: Registrar) -> None:
    where = {"registrars": registrar.url, "domain": registrar.domain}
    async with AsyncExitStack() as stack:
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", 440.0, **where))
        carol = await stack.enter_async_context(Phone(tmp_path, "carol", 700.0, **where))
        far = await stack.enter_async_context(ScriptedFarEnd(registrar, "bob"))
        for phone in (alice, carol):
            await phone.login()
        kept, _ = await connect(alice, carol)
        assert await kept.hold()
        lost = await alice.client.call("bob")
        incoming, answer = await far.called()
        far.agent.answer(incoming.invite, answer)
        assert await lost.wait_answered()
        await far.told(Acknowledged)
        far.answers = 481
        lost.send_message("{}")
        ended = await alice.told(CallTerminated)
        assert (ended.call.call_uuid, ended.cause) == (lost.uuid, "Dialog Error")
        assert (await alice.told(MessageFailed)).call.call_uuid == lost.uuid
        assert alice.client.calls == (kept,)
        assert await kept.resume()
        await alice.listen(carol)


async def test_both_sides_re_invite_at_once(tmp_path: Path, registrar: Registrar) -> None:
    where = {"registrars": registrar.url, "domain": registrar.domain}
    async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
        for phone in (alice, bob):
            await phone.login()
        placed, received = await connect(alice, bob)
        assert all(await asyncio.gather(placed.hold(), received.hold()))
        for phone in (alice, bob):
            await phone.told(HoldChanged, lambda told: told.held and told.by == "local")
            await phone.told(HoldChanged, lambda told: told.held and told.by == "remote")
        assert all(await asyncio.gather(placed.resume(), received.resume()))
        await alice.listen(bob)
