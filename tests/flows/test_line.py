"""Logging in and out, and lines that are lost: what is told, and what is left."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from appliance.calls.cause import Cause
from appliance.calls.events import (
    CallFailed,
    Calling,
    CallRemoteRinging,
    CallTerminated,
    ClientEvent,
    ConnectionChange,
    IncomingCallCanceled,
    Login,
    LoginFailed,
    Logout,
    Reconnected,
    Reconnecting,
    WebSocketConnected,
)
from appliance.calls.state import Status
from appliance.errors import LoginError, StateError, TransportError, UsageError
from appliance.sim.registrar import Registrar
from tests.flows.phones import USERS, Phone, connect, exchange
from tests.support.kamailio import Kamailio
from tests.support.ports import free_port


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    async with Registrar(USERS) as registrar:
        yield registrar


@pytest.fixture
def where(registrar: Registrar) -> dict[str, Any]:
    return {"registrars": registrar.url, "domain": registrar.domain}


def line_events(phone: Phone) -> list[ClientEvent]:
    kinds = (WebSocketConnected, ConnectionChange, Login, LoginFailed, Logout)
    return [event for event in phone.heard if isinstance(event, kinds)]


@pytest.mark.parametrize("kind", ["embedded", "kamailio"])
async def test_a_session_from_login_to_logout(kind: str, tmp_path: Path) -> None:
    async with exchange(kind) as where, Phone(tmp_path, "alice", 440.0, **where) as alice:
        client = alice.client
        with pytest.raises(StateError, match="not logged in"):
            await client.call("bob")
        await alice.login()
        await alice.login()
        states = (client.is_connected, client.is_connecting, client.is_registered, client.is_logged_in)
        assert states == (True, False, True, True)
        with pytest.raises(StateError, match="alice"):
            await client.login("bob", USERS["bob"])
        await client.logout()
        states = (client.is_connected, client.is_connecting, client.is_registered, client.is_logged_in)
        assert states == (False, False, False, False)
        told = line_events(alice)
        assert [type(event).__name__ for event in told] == [
            "WebSocketConnected",
            "ConnectionChange",
            "Login",
            "ConnectionChange",
            "Logout",
        ]
        assert told[2] == Login(aor=f"sip:alice@{where['domain']}", reason="requested")
        assert told[4] == Logout(reason="requested")
        await alice.login()
        assert client.is_registered


@pytest.mark.parametrize("kind", ["embedded", "kamailio"])
@pytest.mark.parametrize(("user", "password"), [("alice", "wrong"), ("nobody", "x")])
async def test_a_login_that_is_refused(kind: str, user: str, password: str, tmp_path: Path) -> None:
    async with exchange(kind) as where, Phone(tmp_path, "alice", 440.0, **where) as alice:
        with pytest.raises(LoginError) as caught:
            await alice.client.login(user, password)
        assert caught.value.status in (401, 403, 404, 407)
        failed = alice.all(LoginFailed)
        assert [event.cause for event in failed] == ["Authentication Error"]
        assert failed[0].status == caught.value.status
        assert not alice.client.is_connecting
        assert password not in f"{caught.value}{failed}" or password == "x"
        await alice.login()
        assert alice.client.is_logged_in


async def test_nobody_listens(tmp_path: Path) -> None:
    url = f"ws://127.0.0.1:{free_port()}"
    async with Phone(tmp_path, "alice", 440.0, registrars=url, login_timeout=1.0) as alice:
        with pytest.raises(TransportError, match=r"127\.0\.0\.1"):
            await alice.login()
        assert [event.cause for event in alice.all(LoginFailed)] == ["Connection Error"]
        assert not alice.client.is_connecting


async def test_a_clock_that_is_not_set_has_its_own_cause(tmp_path: Path) -> None:
    async with Kamailio(USERS, certificate_starts=3600.0) as kamailio:
        where = {"registrars": kamailio.wss_url, "domain": kamailio.domain, "ca_file": str(kamailio.ca_file)}
        async with Phone(tmp_path, "alice", 440.0, **where, login_timeout=1.0) as alice:
            with pytest.raises(TransportError, match="not yet valid"):
                await alice.login()
            assert [event.cause for event in alice.all(LoginFailed)] == [Cause.WRONG_CLOCK]


async def test_leaving_while_logging_in_settles_the_login(tmp_path: Path) -> None:
    url = f"ws://127.0.0.1:{free_port()}"
    async with Phone(tmp_path, "alice", 440.0, registrars=url, login_timeout=60.0) as alice:
        login = asyncio.create_task(alice.login())
        await asyncio.sleep(0.2)
        with pytest.raises(StateError):
            await alice.login()
        await alice.client.logout()
        with pytest.raises(TransportError, match="meanwhile"):
            await asyncio.wait_for(login, 5.0)


async def test_who_hangs_up_in_the_middle_of_an_event_hears_no_more_of_the_call(
    where: dict[str, Any], tmp_path: Path
) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
        await alice.login()
        await bob.login()
        alice.client.mute()
        alice.client.subscribe(lambda event: alice.client.hang_up() if isinstance(event, Calling) else None)
        call = await alice.client.call("bob")
        assert call.over
        await asyncio.sleep(0.3)
        assert [type(event).__name__ for event in alice.heard if hasattr(event, "call")] == ["Calling", "CallFailed"]


async def test_the_second_registrar_is_tried(registrar: Registrar, tmp_path: Path) -> None:
    urls = (f"ws://127.0.0.1:{free_port()}", registrar.url)
    async with Phone(tmp_path, "alice", 440.0, registrars=urls, domain=registrar.domain) as alice:
        await alice.login()
        assert alice.all(WebSocketConnected)[0].url == registrar.url


async def test_nobody_without_a_name(where: dict[str, Any], tmp_path: Path) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where) as alice:
        with pytest.raises(UsageError):
            await alice.client.login("", "x")


async def test_connecting_without_registering(where: dict[str, Any], registrar: Registrar, tmp_path: Path) -> None:
    async with Phone(tmp_path, "alice", 440.0, auto_register=False, **where) as alice:
        client = alice.client
        await alice.login()
        assert (client.is_connected, client.is_registered) == (True, False)
        assert registrar.bindings("alice") == ()
        await client.register()
        assert len(registrar.bindings("alice")) == 1
        assert client.is_registered
        await client.unregister()
        assert registrar.bindings("alice") == ()
        assert (client.is_connected, client.is_logged_in) == (True, True)
        with pytest.raises(StateError):
            await client.unregister()
        await client.disconnect()
        with pytest.raises(StateError):
            await client.register()


async def test_a_lost_connection_logs_out_and_in_again_and_leaves_the_call_alone(
    where: dict[str, Any], registrar: Registrar, tmp_path: Path
) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
        await alice.login()
        await bob.login()
        placed, received = await connect(alice, bob)
        assert await registrar.drop("bob") == 1
        await bob.told(Logout)
        assert received.status is Status.RECONNECTING
        await bob.told(Login, count=2, seconds=30.0)
        told = line_events(bob)[3:]
        assert [type(event).__name__ for event in told] == [
            "ConnectionChange",
            "Logout",
            "WebSocketConnected",
            "ConnectionChange",
            "Login",
        ]
        assert isinstance(told[1], Logout)
        assert isinstance(told[4], Login)
        assert (told[1].reason, told[4].reason) == ("connection_lost", "connection_lost")
        assert [str(call.status) for call in (placed, received)] == ["open", "open"]
        placed.hang_up()
        assert (await bob.told(CallTerminated)).call.originator == "remote"


async def test_hanging_up_without_a_connection_reaches_the_far_end_later(
    where: dict[str, Any], registrar: Registrar, tmp_path: Path
) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
        await alice.login()
        await bob.login()
        _, received = await connect(alice, bob)
        await registrar.drop("bob")
        await bob.told(Logout)
        with pytest.raises(TransportError):
            await bob.client.call("alice")
        received.hang_up()
        assert bob.all(CallTerminated)[0].call.originator == "local"
        assert (await alice.told(CallTerminated, seconds=30.0)).call.originator == "remote"


@pytest.mark.parametrize("who", ["caller that redials", "caller", "callee"])
async def test_a_call_that_rings_when_a_connection_is_lost(
    who: str, where: dict[str, Any], registrar: Registrar, tmp_path: Path
) -> None:
    patience = 10.0 if who == "caller that redials" else 0.0
    async with (
        Phone(tmp_path, "alice", 440.0, redial_within=patience, **where) as alice,
        Phone(tmp_path, "bob", 1000.0, **where) as bob,
    ):
        await alice.login()
        await bob.login()
        call = await alice.client.call("bob")
        await bob.rung()
        loser = bob if who == "callee" else alice
        await registrar.drop(loser.user)
        if patience:
            await alice.told(Reconnected)
            await bob.told(IncomingCallCanceled)
            assert await (await bob.rung(count=2)).answer()
            assert await call.wait_answered()
            assert alice.all(Reconnecting)[0].reason == "signalling"
            assert len(alice.all(CallRemoteRinging)) == len(alice.all(Calling)) == 1
        else:
            failed = await loser.told(CallFailed)
            assert (failed.cause, failed.call.originator) == ("Connection Error", "local")
            assert loser.client.calls == ()


async def test_nobody_answers(where: dict[str, Any], tmp_path: Path) -> None:
    for patient, impatient in (("alice", "bob"), ("bob", "alice")):
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(
                Phone(tmp_path, "alice", 440.0, ring_timeout=30.0 if patient == "alice" else 0.5, **where)
            )
            second = await stack.enter_async_context(
                Phone(tmp_path, "bob", 1000.0, ring_timeout=30.0 if patient == "bob" else 0.5, **where)
            )
            await first.login()
            await second.login()
            call = await first.client.call("bob")
            assert not await call.wait_answered()
            ending = first.all(CallFailed)[0]
            if impatient == "alice":
                assert (ending.cause, ending.call.originator) == ("No Answer", "local")
            else:
                assert (ending.cause, ending.status, ending.call.originator) == ("Unavailable", 480, "remote")
                assert (await second.told(CallFailed)).cause == "No Answer"


async def test_nothing_is_left_behind(where: dict[str, Any], tmp_path: Path) -> None:
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
        await alice.login()
        await bob.login()
        stream = alice.client.stream()
        for _ in range(3):
            placed, _ = await connect(alice, bob)
            placed.hang_up()
        await alice.client.call("bob")
        await bob.rung(count=4)
    assert alice.client.calls == bob.client.calls == ()
    assert isinstance(alice.heard[-1], Logout)
    ended = [type(event).__name__ async for event in stream]
    assert ended.count("CallTerminated") == 3
    for _ in range(100):
        if not asyncio.all_tasks() - tasks:
            break
        await asyncio.sleep(0.05)  # the registrar's own end of the connections goes last
    assert asyncio.all_tasks() <= tasks
    assert set(threading.enumerate()) <= threads
