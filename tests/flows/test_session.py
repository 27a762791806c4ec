"""The session in steps and with its options, against Kamailio: registering by hand, regions, close protection …"""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.calls.call_info import CallState
from appliance.calls.cause import Cause
from appliance.calls.events import (
    CallTerminated,
    ClientEvent,
    ConnectionChange,
    CrashReported,
    IncomingCall,
    Login,
    Logout,
    WebSocketConnected,
)
from appliance.calls.sound_events import MediaPermission
from appliance.errors import StateError, UsageError
from tests.flows.phones import USERS, Phone, connect
from tests.support.https_inbox import https_inbox
from tests.support.kamailio import Kamailio
from tests.support.ports import LOOPBACK, free_port


@pytest.fixture
async def kamailio() -> AsyncIterator[Kamailio]:
    async with Kamailio(USERS) as registrar:
        yield registrar


@pytest.fixture
def where(kamailio: Kamailio) -> dict[str, Any]:
    return {"registrars": kamailio.ws_url, "domain": kamailio.domain}


def names(phone: Phone) -> list[str]:
    kinds = (WebSocketConnected, ConnectionChange, Login, Logout)
    return [type(event).__name__ for event in phone.heard if isinstance(event, kinds)]


async def test_connecting_registering_and_leaving_are_steps(
    kamailio: Kamailio, where: dict[str, Any], tmp_path: Path
) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where, auto_register=False) as alice:
        client = alice.client
        with pytest.raises(StateError):
            await client.register()
        await alice.login()
        assert (client.is_connected, client.is_registered, client.is_logged_in) == (True, False, True)
        assert client.contact_uri == ""
        assert kamailio.bindings() == []
        with pytest.raises(StateError):
            await client.unregister()

        await client.register({"X-PH-Floor": "3"})
        assert client.is_registered
        assert client.contact_uri.startswith(f"sip:alice@{kamailio.domain};gr=urn:uuid:")
        assert len(kamailio.bindings("alice")) == 1

        await client.unregister()
        assert (client.is_connected, client.is_registered, client.contact_uri) == (True, False, "")
        assert kamailio.bindings() == []
        await client.register()
        await client.disconnect()
        assert (client.is_connected, client.is_registered, client.is_logged_in) == (False, False, False)
        assert kamailio.bindings() == []
        assert names(alice) == [
            *("WebSocketConnected", "ConnectionChange", "Login", "ConnectionChange", "Logout"),
            *("ConnectionChange", "Login", "ConnectionChange", "Logout"),
        ]


async def test_which_unit_of_a_user_this_is(kamailio: Kamailio, where: dict[str, Any], tmp_path: Path) -> None:
    async with (
        Phone(tmp_path, "alice", 440.0, **where, identifier="hall") as alice,
        Phone(tmp_path, "bob", 1000.0, **where) as bob,
    ):
        await alice.login()
        await bob.login()
        (binding,) = kamailio.bindings("alice")
        assert binding.user_agent.endswith(" (hall)")
        assert alice.all(Login)[0].identifier == alice.client.identifier == "hall"
        for wrong in ("a b", "x" * 65, "a\r\nb", "(x)"):
            with pytest.raises(UsageError, match="identifier"):
                alice.client.set_identifier(wrong)
        alice.client.set_identifier("desk-2")
        await alice.client.call("bob")
        event = await bob.told(IncomingCall)
        assert event.call.identifier == ""
        assert alice.client.current_call is not None
        assert alice.client.current_call.info.identifier == "desk-2"


async def test_the_region_comes_first_and_the_others_stand_in(kamailio: Kamailio, tmp_path: Path) -> None:
    async with Kamailio(USERS) as other:
        settings: dict[str, Any] = {
            "registrars": other.ws_url,
            "domain": kamailio.domain,
            "regions": {"europe": (f"ws://{LOOPBACK}:{free_port()}/ws", kamailio.ws_url), "asia": ("ws://192.0.2.1",)},
        }
        with pytest.raises(UsageError, match=r"client_region: 'mars' is not one of asia, europe"):
            Phone(tmp_path, "alice", 440.0, **settings, client_region="mars")
        async with Phone(tmp_path, "alice", 440.0, **settings, client_region="europe", failback=0.0) as alice:
            await alice.login()
            assert alice.all(WebSocketConnected)[-1].url == kamailio.ws_url
            call = await alice.client.call("bob")
            assert not await call.wait_answered()
            line = await asyncio.to_thread(kamailio.wait_log, lambda line: "REGION" in line)
            assert line.endswith("REGION europe")
            await asyncio.to_thread(kamailio.kill)
            await alice.told(Logout)
            back = await alice.told(Login, count=2, seconds=40.0)
            assert back.reason == "connection_lost"
            assert alice.all(WebSocketConnected)[-1].url == other.ws_url


async def test_close_protection_waits_for_the_call(where: dict[str, Any], tmp_path: Path) -> None:
    async with Phone(tmp_path, "bob", 1000.0, **where) as bob, Phone(tmp_path, "carol", 700.0, **where) as carol:
        await bob.login()
        await carol.login()
        async with Phone(tmp_path, "alice", 440.0, **where, close_protection=True) as alice:
            await alice.login()
            call, received = await connect(alice, bob)
            closing = asyncio.create_task(alice.client.close())
            await asyncio.sleep(0.3)
            assert call.answered
            assert not closing.done()
            refused = await carol.client.call("alice")
            assert not await refused.wait_answered()
            with pytest.raises(StateError, match="closing"):
                await alice.client.call("carol")
            received.hang_up()
            await asyncio.wait_for(closing, 10.0)
            assert not alice.client.is_logged_in

        async with Phone(tmp_path, "alice", 440.0, **where, close_protection=True) as alice:
            await alice.login()
            ringing = await bob.client.call("alice")
            await alice.rung()
            closing = asyncio.create_task(alice.client.close())
            await asyncio.sleep(0.3)
            assert not closing.done(), "a ringing call counts"
            await alice.client.close(force=True)
            await asyncio.wait_for(closing, 10.0)
            assert not await ringing.wait_answered()


async def test_the_microphone_is_tried_at_the_start_unless_it_is_opened_for_calls_only(tmp_path: Path) -> None:
    url = f"ws://{LOOPBACK}:{free_port()}"
    async with Phone(tmp_path, "alice", 440.0, registrars=url, perm_on_click=False) as alice:
        assert (await alice.told(MediaPermission)).status == "success"
    async with Phone(tmp_path, "alice", 440.0, registrars=url) as alice:
        await asyncio.sleep(0.3)
        assert alice.all(MediaPermission) == []


async def test_set_debug_and_what_is_on_the_wire(
    where: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("appliance")
    before = logger.level
    try:
        async with Phone(tmp_path, "alice", 440.0, **where) as alice:
            with pytest.raises(UsageError, match="OFF, ERROR, WARN, INFO, DEBUG, ALL"):
                alice.client.set_debug("loud")
            alice.client.set_debug("ALL")
            await alice.login()
            text = caplog.text
            assert "REGISTER sip:" in text
            assert "SIP/2.0 200 OK" in text
            assert "Authorization: ********" in text
            assert 'response="' not in text
            caplog.clear()
            alice.client.set_debug("off")
            await alice.client.logout()
            assert caplog.text == ""
    finally:
        logger.setLevel(before)


async def test_what_the_client_says_of_itself(where: dict[str, Any], tmp_path: Path) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where) as alice:
        client = alice.client
        assert client.version[0].isdigit()
        assert (client.error_string(10006), client.error_string(486)) == ("ACCESS_TOKEN_EXPIRED", Cause.BUSY)
        with pytest.raises(UsageError, match="10001 to 10010"):
            client.error_string(7)
        support = client.media_support()
        assert support
        assert "opus" in support.codecs
        assert any("Raspberry Pi" in platform for platform in client.supported_platforms())


async def test_errors_that_nobody_caught_are_told_and_sent(where: dict[str, Any], tmp_path: Path) -> None:
    def broken(event: ClientEvent) -> None:
        if type(event) is Login:
            raise LookupError(f"the password is {USERS['alice']}")

    with https_inbox(tmp_path) as (inbox, trusted):
        crash: dict[str, Any] = {"crash_report_url": inbox.url, "crash_report_ca_file": str(trusted)}
        async with Phone(tmp_path, "alice", 440.0, **where, **crash) as alice:
            alice.client.subscribe(broken)
            await alice.login()
            told = await alice.told(CrashReported)
            assert (told.error, told.ours) == ("LookupError", False)
            assert "in broken" in told.trace
            await alice.client.logout()
            await alice.login()
            alice.client._board.tasks.start("broken", failing())
            told = await alice.told(CrashReported, count=2)
            assert (told.ours, told.where) == (True, "task calls/broken failed")
            async with asyncio.timeout(10.0):
                while len(inbox.posted) < 2:  # noqa: ASYNC110 -- the inbox is a thread of its own
                    await asyncio.sleep(0.05)
            assert len(alice.all(CrashReported)) == 2, "each place once"
        documents = [document for _, document in inbox.posted]
        assert [(document["error"], document["ours"]) for document in documents] == [
            ("LookupError", False),
            ("RuntimeError", True),
        ]
        assert USERS["alice"] not in f"{alice.heard}{documents}"

    async with Phone(tmp_path, "alice", 440.0, **where, capture_sdk_crash_only=True) as alice:
        alice.client.subscribe(broken)
        await alice.login()
        alice.client._board.tasks.start("broken", failing())
        assert (await alice.told(CrashReported)).ours
        assert len(alice.all(CrashReported)) == 1


async def failing() -> None:
    raise RuntimeError("as a bug would")


async def test_a_lost_connection_is_told_and_calls_go_on(
    kamailio: Kamailio, where: dict[str, Any], tmp_path: Path
) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
        await alice.login()
        await bob.login()
        call, _ = await connect(alice, bob)
        await asyncio.to_thread(kamailio.kill)
        assert (await alice.told(Logout)).reason == "connection_lost"
        await asyncio.to_thread(kamailio.restart)
        back = await alice.told(Login, count=2, seconds=40.0)
        await bob.told(Login, count=2, seconds=40.0)
        assert back.reason == "connection_lost"
        changes = [(event.state, event.reason) for event in alice.all(ConnectionChange)]
        assert changes[0] == ("connected", "registered")
        assert changes[1][0] == "disconnected"
        assert changes[2] == ("connected", "registered")
        assert call.state is CallState.ANSWERED
        assert alice.all(CallTerminated) == []
