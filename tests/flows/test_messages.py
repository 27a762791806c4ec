"""Messages inside calls: between two phones, through a lost connection, and to a far end that takes none."""

import asyncio
import json
from pathlib import Path

import pytest

from appliance.calls.events import Reconnected, Reconnecting
from appliance.calls.service_events import MessageFailed, MessageReceived, MessageSent
from appliance.errors import StateError, UsageError
from appliance.sim.registrar import Registrar
from appliance.sip.events import RequestReceived
from tests.flows.phones import USERS, Phone, connect, exchange
from tests.flows.scripted_far_end import ScriptedFarEnd


@pytest.mark.parametrize("kind", ["embedded", "kamailio"])
async def test_both_ways_in_order(tmp_path: Path, kind: str) -> None:
    async with (
        exchange(kind) as where,
        Phone(tmp_path, "alice", 440.0, **where) as alice,
        Phone(tmp_path, "bob", 1000.0, **where) as bob,
    ):
        for phone in (alice, bob):
            await phone.login()
        placed, received = await connect(alice, bob)
        for sender, receiver, call in ((alice, bob, placed), (bob, alice, received)):
            sids = [call.send_message({"n": n}, message_type="count") for n in range(5)]
            assert len(set(sids)) == 5
            await sender.told(MessageSent, count=5)
            told = [event.message for event in receiver.all(MessageReceived)]
            assert [json.loads(message.content)["n"] for message in told] == list(range(5))
            assert [message.voice_event_sid for message in told] == sids
            assert {(message.content_type, message.message_type) for message in told} == {("application/json", "count")}
            assert [event.message.voice_event_sid for event in sender.all(MessageSent)] == sids
        with pytest.raises(UsageError, match="content"):
            placed.send_message(None)
        received.hang_up()
        await placed.wait_ended()
        with pytest.raises(StateError, match="not answered"):
            placed.send_message("{}")


async def test_kept_while_the_registrar_is_away(tmp_path: Path) -> None:
    async with Registrar(USERS) as registrar:
        where = {"registrars": registrar.url, "domain": registrar.domain}
        async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
            for phone in (alice, bob):
                await phone.login()
            placed, _ = await connect(alice, bob)
            assert await registrar.drop("alice")
            await alice.told(Reconnecting)
            sid = placed.send_message({"kept": True})
            await asyncio.sleep(0.1)
            assert alice.all(MessageSent) == []
            await alice.told(Reconnected)
            assert (await alice.told(MessageSent)).message.voice_event_sid == sid
            assert len(bob.all(MessageReceived)) == 1
            assert await registrar.drop("alice")
            await alice.told(Reconnecting, count=2)
            placed.send_message({"kept": False})
            placed.hang_up()
            failed = await alice.told(MessageFailed)
            assert (failed.status, failed.message.content) == (487, '{"kept":false}')


async def test_a_far_end_that_takes_none(tmp_path: Path) -> None:
    async with Registrar(USERS) as registrar:
        where = {"registrars": registrar.url, "domain": registrar.domain}
        async with Phone(tmp_path, "alice", 440.0, **where) as alice, ScriptedFarEnd(registrar, "bob") as far:
            await alice.login()
            call = await alice.client.call("bob")
            incoming, answer = await far.called()
            far.agent.answer(incoming.invite, answer)
            assert await call.wait_answered()
            far.answers = 415
            call.send_message("{}")
            failed = await alice.told(MessageFailed)
            assert (failed.status, failed.reason) == (415, "Unsupported Media Type")
            await far.told(RequestReceived, lambda event: event.method == "MESSAGE")
            for body, content_type in ((b"\xff", "text/plain"), (b"", "text/plain")):
                far.agent.request("MESSAGE", incoming.invite, content_type=content_type, body=body)
            far.agent.request("MESSAGE", incoming.invite, content_type="text/plain", body=b"hi")
            message = (await alice.told(MessageReceived)).message
            assert (message.content, message.message_type) == ("hi", "")
            assert len(alice.all(MessageReceived)) == 1
            assert call.answered
