"""The peers themselves: two browsers through Kamailio, before anything of ours is between them."""

import pytest

from tests.support.browser import Browser, JsSipPeer, OnCall
from tests.support.kamailio import Kamailio
from tests.support.tones import digits, hear, loudest


async def _registered(
    browser: Browser, kamailio: Kamailio, user: str, tone: float, on_call: OnCall = "ring"
) -> JsSipPeer:
    peer = await browser.peer(kamailio.wss_url, kamailio.domain, user, kamailio.users[user], tone=tone, on_call=on_call)
    await peer.wait("registered")
    return peer


async def test_two_browsers_hear_each_other(browser: Browser, kamailio: Kamailio) -> None:
    alice = await _registered(browser, kamailio, "alice", 1000.0)
    bob = await _registered(browser, kamailio, "bob", 440.0, "answer")
    assert {binding.user for binding in kamailio.bindings()} == {"alice", "bob"}
    await alice.call(f"sip:bob@{kamailio.domain}", {"X-PH-Test": "1"})
    assert (await bob.wait("incoming"))["headers"] == {"X-Ph-Test": "1"}
    for peer in (alice, bob):
        await peer.wait("recording")
        await peer.wait("confirmed")
    await alice.listen(1.0)
    heard = hear(await alice.listen(2.0), 440)
    assert heard.share >= 0.95
    assert loudest(alice.heard(), 1000) < 0.005
    assert hear(await bob.listen(2.0), 1000).share >= 0.95
    bob.forget()
    await alice.send_digits("12#")
    recorded = await bob.listen(2.0)
    assert "".join(press.digit for press in digits(recorded)) == "12#"
    assert any(row["type"] == "inbound-rtp" and row["packetsReceived"] > 100 for row in await bob.statistics())
    await bob.hang_up()
    assert (await alice.wait("ended"))["originator"] == "remote"


@pytest.mark.parametrize(("called", "status"), [("code-486", 486), ("code-603", 603), ("carol", 480), ("nobody", 404)])
async def test_numbers_that_answer_with_a_status(
    browser: Browser, kamailio: Kamailio, called: str, status: int
) -> None:
    alice = await _registered(browser, kamailio, "alice", 1000.0)
    await alice.call(f"sip:{called}@{kamailio.domain}")
    assert (await alice.wait("failed"))["status"] == status


async def test_a_browser_rejects_and_cancels(browser: Browser, kamailio: Kamailio) -> None:
    alice = await _registered(browser, kamailio, "alice", 1000.0)
    bob = await _registered(browser, kamailio, "bob", 440.0, 486)
    await alice.call(f"sip:bob@{kamailio.domain}")
    assert (await alice.wait("failed"))["status"] == 486
    await bob.on_call("ring")
    await alice.call(f"sip:bob@{kamailio.domain}")
    await alice.wait("progress")
    await bob.wait("progress")
    await alice.hang_up()
    assert (await bob.wait("failed"))["cause"] == "Canceled"


async def test_a_wrong_password_is_refused(browser: Browser, kamailio: Kamailio) -> None:
    peer = await browser.peer(kamailio.ws_url, kamailio.domain, "alice", "wrong")
    assert (await peer.wait("registrationFailed", "registered")).kind == "registrationFailed"


async def test_a_killed_registrar_is_found_again(browser: Browser, kamailio: Kamailio) -> None:
    alice = await _registered(browser, kamailio, "alice", 1000.0)
    kamailio.kill()
    await alice.wait("disconnected")
    kamailio.restart()
    assert kamailio.bindings() == []
    await alice.wait("registered")
    assert [binding.user for binding in kamailio.bindings("alice")] == ["alice"]
