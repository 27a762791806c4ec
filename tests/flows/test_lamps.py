"""Lamps and waiting messages: what telephones tell each other, and what a presence server tells all of them."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.calls import dialog_info
from appliance.calls.dialog_info import DialogInfo, Lamp
from appliance.calls.events import CallTerminated
from appliance.calls.message_summary import MessageSummary
from appliance.calls.service_events import LampChanged, MessagesWaiting
from appliance.calls.service_settings import ServiceSettings
from appliance.errors import UsageError
from appliance.sip.events import HeaderPairs, ResponseReceived
from tests.flows.phones import USERS, Phone, connect, exchange
from tests.flows.user_agents import Observed, user_agent
from tests.support.kamailio import Kamailio


def shown(phone: Phone) -> list[Lamp]:
    return [event.lamp for event in phone.all(LampChanged)]


@pytest.mark.parametrize("kind", ["embedded", "kamailio"])
async def test_a_telephone_shows_what_another_does(tmp_path: Path, kind: str) -> None:
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(exchange(kind))
        voices = (("alice", 440.0), ("bob", 1000.0), ("carol", 700.0))
        made = [await stack.enter_async_context(Phone(tmp_path, user, hertz, **where)) for user, hertz in voices]
        alice, bob, carol = made
        uri = f"sip:bob@{where['domain']}"
        assert alice.client.watch("bob") is Lamp.UNKNOWN
        for phone in (carol, bob, alice):
            await phone.login()
        await alice.told(LampChanged, lambda told: told.lamp is Lamp.IDLE)
        call = await bob.client.call("carol")
        await alice.told(LampChanged, lambda told: told.lamp is Lamp.CALLING)
        await (await carol.rung()).answer()
        assert await call.wait_answered()
        busy = await alice.told(LampChanged, lambda told: told.lamp is Lamp.BUSY)
        assert (busy.uri, busy.remote) == (uri, ""), "with whom is not told"
        call.hang_up()
        await alice.told(LampChanged, lambda told: told.lamp is Lamp.IDLE, count=2)
        call = await carol.client.call("bob")
        await alice.told(LampChanged, lambda told: told.lamp is Lamp.RINGING)
        call.hang_up()
        await alice.told(LampChanged, lambda told: told.lamp is Lamp.IDLE, count=3)
        assert alice.client.lamps == {uri: Lamp.IDLE}
        assert alice.client.watch("bob") is Lamp.IDLE

        alice.client.unwatch(uri)
        before = len(shown(alice))
        await connect(bob, carol)
        assert len(shown(alice)) == before
        assert alice.client.lamps == {}
        with pytest.raises(UsageError):
            alice.client.watch("mailto:bob")


async def test_who_does_not_want_to_be_watched_and_who_comes_back(tmp_path: Path) -> None:
    private = ServiceSettings(lamp_watchers="nobody")
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(exchange("embedded"))
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", 440.0, **where))
        bob = await stack.enter_async_context(Phone(tmp_path, "bob", 1000.0, services=private, **where))
        carol = await stack.enter_async_context(Phone(tmp_path, "carol", 700.0, **where))
        for phone in (alice, bob, carol):
            await phone.login()
        alice.client.watch("bob")
        alice.client.watch("carol")
        await alice.told(LampChanged, lambda told: "carol" in told.uri and told.lamp is Lamp.IDLE)
        await carol.client.logout()
        await alice.told(LampChanged, lambda told: "carol" in told.uri and told.lamp is Lamp.UNKNOWN)
        await alice.client.logout()
        await alice.login()
        placed, _ = await connect(alice, bob)
        placed.hang_up()
        await bob.told(CallTerminated)
        assert not [event for event in alice.all(LampChanged) if "bob" in event.uri]


async def published(agent: Observed, package: str, content_type: str, body: bytes, tag: str = "") -> str:
    """Tell the presence server something (RFC 3903); the entity tag of what it keeps now."""
    headers: HeaderPairs = (("Event", package), ("Expires", "600"), *((("SIP-If-Match", tag),) if tag else ()))
    agent.agent.request("PUBLISH", agent.name, headers=headers, content_type=content_type, body=body)
    answered = await agent.wait(ResponseReceived)
    assert answered.status == 200
    return next(value for name, value in answered.headers if name == "SIP-ETag")


async def test_a_presence_server(tmp_path: Path) -> None:
    mailbox = ServiceSettings(message_waiting=True)
    summary = "application/simple-message-summary"
    async with AsyncExitStack() as stack:
        kamailio = await stack.enter_async_context(Kamailio(USERS, presence=True))
        where = {"registrars": kamailio.ws_url, "domain": kamailio.domain}
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", 440.0, services=mailbox, **where))
        bob = await stack.enter_async_context(user_agent(kamailio, "bob"))
        voicemail = await stack.enter_async_context(user_agent(kamailio, "alice", register=False))
        voicemail.agent.authenticate("alice", USERS["alice"])
        await alice.login()
        alice.client.watch("bob")

        kept = await published(
            voicemail, "message-summary", summary, b"Messages-Waiting: yes\r\nVoice-Message: 2/8\r\n"
        )
        waiting = await alice.told(MessagesWaiting, lambda told: told.summary.waiting)
        assert waiting.summary == MessageSummary(waiting=True, new=2, old=8)
        await published(voicemail, "message-summary", summary, b"Messages-Waiting: no\r\nVoice-Message: 0/10\r\n", kept)
        assert (
            await alice.told(MessagesWaiting, lambda told: not told.summary.waiting and told.summary.old > 0)
        ).summary.old == 10

        talking = dialog_info.render("sip:bob@sip.test", 0, {"a": DialogInfo(state="confirmed")})
        kept = await published(bob, "dialog", dialog_info.CONTENT_TYPE, talking)
        await alice.told(LampChanged, lambda told: told.lamp is Lamp.BUSY)
        idle = dialog_info.render("sip:bob@sip.test", 1, {})
        await published(bob, "dialog", dialog_info.CONTENT_TYPE, idle, kept)
        await alice.told(LampChanged, lambda told: told.lamp is Lamp.IDLE)


async def test_waiting_messages_that_are_told_without_asking(tmp_path: Path) -> None:
    async with Kamailio(USERS) as kamailio:
        where = {"registrars": kamailio.ws_url, "domain": kamailio.domain}
        async with Phone(tmp_path, "alice", 440.0, **where) as alice, user_agent(kamailio, "bob") as bob:
            await alice.login()
            for event, status in (("message-summary", 200), ("presence", 481)):
                headers: HeaderPairs = (("Event", event), ("Subscription-State", "active"))
                bob.agent.request(
                    "NOTIFY",
                    "alice",
                    headers=headers,
                    content_type="application/simple-message-summary",
                    body=b"Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n",
                )
                assert (await bob.wait(ResponseReceived)).status == status
            assert (await alice.told(MessagesWaiting)).summary.new == 1
            await asyncio.sleep(0)
            assert len(alice.all(MessagesWaiting)) == 1
