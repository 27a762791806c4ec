"""Supplementary services with a telephone that is not ours: JsSIP is transferred, transfers, and is picked up."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.calls.events import CallAnswered, CallTerminated, DtmfReceived
from appliance.calls.service_events import (
    CallReplaced,
    MessageReceived,
    MessageSent,
    TransferProgress,
    Transferred,
    TransferRequested,
)
from tests.flows import phones
from tests.flows.phones import Phone
from tests.support.browser import Browser, JsSipPeer
from tests.support.kamailio import Kamailio
from tests.support.tones import hear

Three = tuple[Phone, JsSipPeer, Phone]
BOB = 440.0


@pytest.fixture
async def three(browser: Browser, tmp_path: Path) -> AsyncIterator[Three]:
    """Alice and Carol are ours, Bob is JsSIP's and answers whoever calls."""
    async with AsyncExitStack() as stack:
        kamailio = await stack.enter_async_context(Kamailio(phones.USERS))
        where = {"registrars": kamailio.ws_url, "domain": kamailio.domain}
        alice = await stack.enter_async_context(Phone(tmp_path, "alice", 1000.0, **where))
        carol = await stack.enter_async_context(Phone(tmp_path, "carol", 700.0, **where))
        bob = await browser.peer(
            kamailio.ws_url, kamailio.domain, "bob", phones.USERS["bob"], tone=BOB, on_call="answer"
        )
        for phone in (alice, carol):
            await phone.login()
        await bob.wait("registered")
        yield alice, bob, carol


async def heard_by(bob: JsSipPeer, speaker: Phone) -> None:
    """Bob hears this phone, and nobody else, once the new path is open."""
    for _ in range(8):
        found = hear(await bob.listen(0.7), speaker.hertz)
        if found.share >= 0.95:
            return
    raise AssertionError(found)


async def test_we_transfer_it(three: Three) -> None:
    alice, bob, carol = three
    call = await alice.client.call("bob")
    assert await call.wait_answered()
    await bob.wait("confirmed")
    alice.do(call.transfer("carol"))
    assert (await bob.wait("refer"))["target"].startswith("sip:carol@")
    ringing = await carol.rung()
    assert ringing.info.src.startswith("sip:bob@")
    assert await ringing.answer()
    assert await alice.done() is True
    assert (await alice.told(Transferred)).status == 200
    assert alice.all(TransferProgress), "JsSIP told how it went"
    await bob.wait("confirmed")
    await heard_by(bob, carol)
    ringing.hang_up()
    await bob.wait("ended")


async def test_it_transfers_us(three: Three) -> None:
    alice, bob, carol = three
    call = await alice.client.call("bob")
    assert await call.wait_answered()
    await bob.wait("confirmed")
    await bob.refer("sip:carol@sip.test")
    requested = await alice.told(TransferRequested)
    assert requested.target == "sip:carol@sip.test"
    assert await (await carol.rung()).answer()
    assert (await bob.wait("transferred"))["status"] == 200
    other = await alice.told(CallAnswered, lambda told: told.call.replaces == call.uuid)
    assert (await alice.told(CallTerminated)).call.call_uuid == call.uuid
    assert alice.client.call_uuid == other.call.call_uuid
    await alice.listen(carol)


async def test_another_unit_takes_its_call(three: Three) -> None:
    alice, bob, carol = three
    call = await alice.client.call("bob")
    assert await call.wait_answered()
    await bob.wait("confirmed")
    token = call.connect_token
    assert token is not None
    taken = await carol.client.connect(connect_token=token)
    await bob.wait("replaces")
    assert await taken.wait_answered()
    assert (await alice.told(CallTerminated)).call.originator == "remote"
    await heard_by(bob, carol)


async def test_messages_and_digits_in_the_call(three: Three) -> None:
    alice, bob, _ = three
    call = await alice.client.call("bob")
    assert await call.wait_answered()
    await bob.wait("confirmed")
    call.send_message({"door": 1}, message_type="door")
    arrived = await bob.wait("message")
    assert (arrived["body"], arrived["about"], arrived["originator"]) == ('{"door":1}', "door", "remote")
    await alice.told(MessageSent)
    await bob.send_message('{"answer": 2}')
    assert (await alice.told(MessageReceived)).message.content == '{"answer": 2}'
    await bob.send_digits("5", via="INFO")
    assert (await alice.told(DtmfReceived)).digit == "5"
    assert alice.all(CallReplaced) == []
