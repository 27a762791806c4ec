"""Calls that nobody picks up and that are answered all the same: by whom, after what beep, and when not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from appliance.calls.auto_answer import AutoAnswer
from appliance.calls.call import Call
from appliance.calls.client import Client, ClientSettings
from appliance.calls.events import CallAnswered, CallFailed, IncomingCall
from appliance.calls.service_events import AutoAnswered, CallTurnedAway
from appliance.calls.service_settings import ServiceSettings
from appliance.media.settings import MediaSettings
from appliance.sip.events import HeaderPairs
from tests.flows.phones import USERS, Phone, exchange
from tests.support.client_log import ClientLog
from tests.support.tones import amplitude

ASKS: HeaderPairs = (("Call-Info", "<sip:sip.invalid>;answer-after=0"),)
_BEEP = 1000.0


@pytest.fixture
async def where() -> AsyncIterator[dict[str, Any]]:
    async with exchange("embedded") as found:
        yield found


async def asking(phone: Phone, dest: str, headers: HeaderPairs = ASKS) -> Call:
    """A call whose INVITE says more than the call API lets its users say."""
    board = phone.client._board
    call = board.outgoing(f"sip:{dest}@{board.settings.sip_domain}")
    await call.leg.place(call.info.dest, headers)
    return call


async def test_allowed_callers_after_a_beep(tmp_path: Path, where: dict[str, Any]) -> None:
    services = ServiceSettings(auto_answer=AutoAnswer(callers=("alice",)))
    async with AsyncExitStack() as stack:
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", 440.0, **where))
        bob = await stack.enter_async_context(
            Phone(tmp_path, "bob", 300.0, services=services, allow_multiple_incoming=True, **where)
        )
        carol = await stack.enter_async_context(Phone(tmp_path, "carol", 700.0, **where))
        for phone in (alice, bob, carol):
            await phone.login()

        not_allowed = await asking(carol, "bob")
        await bob.rung()
        not_asking = await alice.client.call("bob")
        await bob.rung(count=2)
        assert bob.all(AutoAnswered) == []
        for call in (not_allowed, not_asking):
            call.hang_up()
            await call.wait_ended()

        call = await asking(alice, "bob")
        told = await bob.told(AutoAnswered)
        assert (told.by, told.call.src.partition("@")[0]) == ("call-info", "sip:alice")
        beeped = bob.recently(1.0)
        assert amplitude(beeped, _BEEP) > 0.02, "the beep came before the microphone opened"
        assert await call.wait_answered()
        await bob.told(CallAnswered)
        names = [type(event) for event in bob.heard if isinstance(event, IncomingCall | AutoAnswered | CallAnswered)]
        assert names[-3:] == [IncomingCall, AutoAnswered, CallAnswered]
        await alice.listen(bob)

        refused = await asking(carol, "bob", (("Answer-Mode", "Auto;require"),))
        assert not await refused.wait_answered()
        assert (await carol.told(CallFailed, count=2)).status == 403
        assert (await bob.told(CallTurnedAway)).why == "auto_answer"


async def test_by_policy_and_never_into_a_conversation(tmp_path: Path, where: dict[str, Any]) -> None:
    policy = ServiceSettings(auto_answer=AutoAnswer(callers=("alice", "carol"), always=True))
    async with AsyncExitStack() as stack:
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", 440.0, **where))
        bob = await stack.enter_async_context(
            Phone(tmp_path, "bob", 300.0, services=policy, allow_multiple_incoming=True, **where)
        )
        carol = await stack.enter_async_context(Phone(tmp_path, "carol", 700.0, **where))
        for phone in (alice, bob, carol):
            await phone.login()
        call = await alice.client.call("bob")
        assert (await bob.told(AutoAnswered)).by == "policy"
        assert await call.wait_answered()
        second = await carol.client.call("bob")
        rings = await bob.rung(count=2)
        call.hang_up()
        await call.wait_ended()
        assert rings.waiting, "it came while somebody talked, and waits for a person"
        second.hang_up()


async def test_no_speaker_no_answer(tmp_path: Path, where: dict[str, Any]) -> None:
    settings = ClientSettings(
        **where,
        media=MediaSettings(loopback=True),
        services=ServiceSettings(auto_answer=AutoAnswer(callers=("alice",), always=True)),
    )
    async with Phone(tmp_path, "alice", 440.0, **where) as alice, Client(settings) as bob:
        log = ClientLog(bob)
        await alice.login()
        await bob.login("bob", USERS["bob"])
        call = await alice.client.call("bob")
        await log.wait(IncomingCall)
        await asyncio.sleep(1.2)  # twice as long as the beep would take
        assert "auto_answered" not in log.names()
        assert len(bob.incoming_calls) == 1
        call.hang_up()
