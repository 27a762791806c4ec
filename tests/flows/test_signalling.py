"""Calls between two user agents through Kamailio; the bodies are dummies."""

import asyncio
from collections.abc import Callable

import pytest

from appliance.sip.events import (
    Acknowledged,
    Answered,
    Cancelled,
    Connected,
    Disconnected,
    Ended,
    Event,
    Failed,
    Incoming,
    InviteId,
    Offered,
    Progress,
    Reanswered,
    Registered,
    RequestReceived,
    ResponseReceived,
)
from tests.flows.user_agents import ANSWER, OFFER, OTHER, Observed, user_agent
from tests.support.kamailio import Kamailio


async def ring(
    caller: Observed, callee: Observed, headers: tuple[tuple[str, str], ...] = ()
) -> tuple[InviteId, InviteId]:
    ours = caller.agent.invite(callee.name, OFFER, headers=headers)
    incoming = await callee.wait(Incoming)
    assert incoming.offer == OFFER
    assert incoming.call_id == caller.agent.call_id(ours)
    callee.agent.provisional(incoming.invite, 180)
    assert (await caller.wait(Progress)).status == 180
    return ours, incoming.invite


async def talk(caller: Observed, callee: Observed) -> tuple[InviteId, InviteId]:
    ours, theirs = await ring(caller, callee)
    callee.agent.answer(theirs, ANSWER)
    assert (await caller.wait(Answered)).body == ANSWER
    await callee.wait(Acknowledged)
    return ours, theirs


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("caller_ends", [True, False])
async def test_ring_answer_bye(kamailio: Kamailio, secure: bool, caller_ends: bool) -> None:
    async with (
        user_agent(kamailio, "alice", secure=secure) as alice,
        user_agent(kamailio, "bob", secure=not secure) as bob,
    ):
        ours, theirs = await talk(alice, bob)
        if caller_ends:
            alice.agent.bye(ours)
        else:
            bob.agent.bye(theirs)
        assert (await alice.wait(Ended)).local is caller_ends
        assert (await bob.wait(Ended)).local is not caller_ends


async def test_headers_arrive(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "alice") as alice, user_agent(kamailio, "bob") as bob:
        ours, _ = await ring(alice, bob, (("X-PH-Door", "front gate"),))
        incoming = next(event for event in bob.seen if isinstance(event, Incoming))
        assert ("X-PH-Door", "front gate") in incoming.headers
        assert (incoming.from_uri, incoming.from_name) == ("sip:alice@sip.test", "Alice")
        alice.agent.cancel(ours)
        await bob.wait(Cancelled)
        assert (await alice.wait(Failed)).status == 487


@pytest.mark.parametrize("status", [486, 603, 480])
async def test_refused(kamailio: Kamailio, status: int) -> None:
    async with user_agent(kamailio, "alice") as alice, user_agent(kamailio, "bob") as bob:
        _, theirs = await ring(alice, bob)
        bob.agent.reject(theirs, status)
        failed = await alice.wait(Failed)
        assert (failed.status, failed.local) == (status, False)


async def test_refused_by_the_registrar(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "alice") as alice:
        for target, status in (("nobody", 404), ("bob", 480), ("code-486", 486)):
            alice.agent.invite(target, OFFER)
            assert (await alice.wait(Failed)).status == status


async def test_who_never_registered_may_call(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "alice", register=False) as alice, user_agent(kamailio, "bob") as bob:
        alice.agent.authenticate("alice", kamailio.users["alice"])
        await alice.wait(Connected)
        ours, _ = await talk(alice, bob)
        alice.agent.bye(ours)
        await bob.wait(Ended)


async def test_offers_in_the_dialog_and_info(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "alice") as alice, user_agent(kamailio, "bob") as bob:
        ours, theirs = await talk(alice, bob)
        for offerer, answerer, invite in ((alice, bob, ours), (bob, alice, theirs)):
            for method in ("INVITE", "UPDATE"):
                offerer.agent.reoffer(invite, OTHER, method=method)
                offered = await answerer.wait(Offered)
                assert (offered.method, offered.body) == (method, OTHER)
                answerer.agent.accept_offer(offered.offer_id, ANSWER)
                assert (await offerer.wait(Reanswered)).body == ANSWER
            offerer.agent.request("INFO", invite, content_type="application/dtmf-relay", body=b"Signal=1\r\n")
            assert (await answerer.wait(RequestReceived)).body == b"Signal=1\r\n"
            assert (await offerer.wait(ResponseReceived)).status == 200


async def test_glare(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "alice") as alice, user_agent(kamailio, "bob") as bob:
        ours, theirs = await talk(alice, bob)
        for agent in (alice, bob):
            agent.agent.events.subscribe(accepting(agent))
        alice.agent.reoffer(ours, OTHER)
        bob.agent.reoffer(theirs, OTHER)
        for agent in (alice, bob):
            assert (await agent.wait(Reanswered)).body == ANSWER


def accepting(observed: Observed) -> Callable[[Event], None]:
    """A subscriber that accepts every offer of the peer's."""

    def accept(event: Event) -> None:
        if isinstance(event, Offered):
            observed.agent.accept_offer(event.offer_id, ANSWER)

    return accept


async def test_an_offerless_call(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "alice") as alice, user_agent(kamailio, "bob") as bob:
        ours = alice.agent.invite("bob", None)
        incoming = await bob.wait(Incoming)
        assert incoming.offer is None
        bob.agent.answer(incoming.invite, OFFER)
        assert (await alice.wait(Answered)).body == OFFER
        alice.agent.acknowledge(ours, ANSWER)
        assert (await bob.wait(Acknowledged)).body == ANSWER


async def test_two_telephones_ring_and_one_is_answered(kamailio: Kamailio) -> None:
    async with (
        user_agent(kamailio, "alice") as alice,
        user_agent(kamailio, "bob") as desk,
        user_agent(kamailio, "bob") as hall,
    ):
        alice.agent.invite("bob", OFFER)
        at_desk, in_hall = await desk.wait(Incoming), await hall.wait(Incoming)
        desk.agent.provisional(at_desk.invite, 180)
        hall.agent.provisional(in_hall.invite, 180)
        early = {(await alice.wait(Progress)).early, (await alice.wait(Progress)).early}
        hall.agent.answer(in_hall.invite, ANSWER)
        answered = await alice.wait(Answered)
        assert answered.early in early
        cancelled = await desk.wait(Cancelled)
        assert cancelled.cause is not None
        assert (cancelled.cause.code, cancelled.cause.text) == (200, "Call completed elsewhere")


@pytest.mark.parametrize("caller_ends", [True, False])
async def test_a_call_outlives_the_registrar(kamailio: Kamailio, caller_ends: bool) -> None:
    async with user_agent(kamailio, "alice") as alice, user_agent(kamailio, "bob", secure=True) as bob:
        ours, theirs = await talk(alice, bob)
        await asyncio.to_thread(kamailio.kill)
        for agent in (alice, bob):
            await agent.wait(Disconnected)
        await asyncio.to_thread(kamailio.restart)
        for agent in (alice, bob):
            await agent.wait(Registered, seconds=40)
        if caller_ends:
            alice.agent.bye(ours)
            assert not (await bob.wait(Ended)).local
        else:
            bob.agent.bye(theirs)
            assert not (await alice.wait(Ended)).local
        assert alice.count(Ended) == bob.count(Ended) == 1


async def test_close_ends_the_call(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "bob") as bob:
        async with user_agent(kamailio, "alice") as alice:
            await talk(alice, bob)
        ended = await bob.wait(Ended)
        assert (ended.local, ended.status) == (False, 0)
        assert kamailio.bindings("alice") == []
