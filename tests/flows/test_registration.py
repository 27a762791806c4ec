"""Registering with a real registrar: Kamailio over ws and wss."""

import asyncio

import pytest

from appliance.sip.events import Connected, Disconnected, Registered, RegistrationFailed, Unregistered
from tests.flows.user_agents import user_agent
from tests.support.kamailio import Kamailio

USERS = {"alice": "alice's word", "bob": "bob's word"}


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
async def test_registered_and_gone_again(kamailio: Kamailio, secure: bool) -> None:
    async with user_agent(kamailio, "alice", secure=secure) as alice:
        registered = next(event for event in alice.seen if isinstance(event, Registered))
        assert registered.aor == "sip:alice@sip.test"
        assert ";gr=urn:uuid:" in registered.contact
        (binding,) = kamailio.bindings("alice")
        assert binding.contact.endswith(".invalid;transport=ws")
        assert binding.instance in f"<{registered.contact.partition(';gr=')[2]}>"
        assert 110 <= binding.expires <= 120
        assert alice.agent.connected
        assert alice.agent.registered

        alice.agent.unregister()
        assert (await alice.wait(Unregistered)).requested
        assert kamailio.bindings("alice") == []
        assert alice.agent.connected


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_digest_algorithms(algorithm: str) -> None:
    async with Kamailio(USERS, algorithm=algorithm) as registrar, user_agent(registrar, "alice"):
        assert registrar.bindings("alice")


async def test_the_registrar_sees_the_refresh() -> None:
    async with (
        Kamailio(USERS, max_expires=6, nonce_expire=2) as registrar,
        user_agent(registrar, "alice") as alice,
    ):
        first = next(event for event in alice.seen if isinstance(event, Registered))
        assert (first.expires, first.refresh) == (6, False)
        for _ in range(2):  # the nonce is stale by then
            assert (await alice.wait(Registered)).refresh
            (binding,) = registrar.bindings("alice")
            assert binding.expires >= 4
        assert alice.count(RegistrationFailed) == alice.count(Unregistered) == 0


@pytest.mark.parametrize(("user", "password"), [("alice", "wrong"), ("mallory", "alice's word")])
async def test_a_wrong_password_and_an_unknown_user(kamailio: Kamailio, user: str, password: str) -> None:
    async with user_agent(kamailio, user, register=False) as agent:
        agent.agent.register(user, password)
        failed = await agent.wait(RegistrationFailed)
        assert failed.status in (401, 403)
        assert not agent.agent.registered
        assert kamailio.bindings() == []
        assert password not in repr(agent.seen)
        await asyncio.sleep(0.5)
        assert agent.count(RegistrationFailed) == 1

        # The right ones still work on the same connection.
        agent.agent.register("alice", USERS["alice"])
        if user == "alice":
            await agent.wait(Registered)


async def test_a_registrar_that_dies_and_comes_back(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "alice", secure=True) as alice, user_agent(kamailio, "bob") as bob:
        await asyncio.to_thread(kamailio.kill)
        for agent in (alice, bob):
            lost = await agent.wait(Disconnected)
            assert lost.was_connected
            assert not (await agent.wait(Unregistered)).requested
        refused = await alice.wait(Disconnected)
        assert (refused.was_connected, refused.reason) == (False, "127.0.0.1 refused the connection")
        await asyncio.to_thread(kamailio.restart)
        for agent in (alice, bob):
            await agent.wait(Connected, seconds=40)
            assert not (await agent.wait(Registered)).refresh
        assert {binding.user for binding in kamailio.bindings()} == {"alice", "bob"}


async def test_a_registrar_in_trouble_is_told_and_tried_again_on_demand(kamailio: Kamailio) -> None:
    kamailio.refuse_register(500)
    async with user_agent(kamailio, "alice", register=False) as alice:
        alice.agent.register("alice", USERS["alice"])
        assert (await alice.wait(RegistrationFailed)).status == 500
        kamailio.refuse_register(None)
        alice.agent.register("alice", USERS["alice"])
        await alice.wait(Registered)


async def test_the_next_registrar_is_tried(kamailio: Kamailio) -> None:
    registrars = ("ws://127.0.0.1:9/ws", f"{kamailio.ws_url}")
    async with user_agent(kamailio, "alice", registrars=registrars) as alice:
        refused = next(event for event in alice.seen if isinstance(event, Disconnected))
        assert refused.url == registrars[0]
        assert next(event for event in alice.seen if isinstance(event, Connected)).url == registrars[1]


async def test_close_removes_the_binding(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "alice"):
        assert kamailio.bindings("alice")
    assert kamailio.bindings("alice") == []


async def test_a_certificate_that_nobody_vouches_for(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "alice", secure=True, register=False, ca_file=None) as alice:
        refused = await alice.wait(Disconnected)
        assert refused.reason.startswith("TLS failed: the certificate of 127.0.0.1 is not accepted")
        assert not refused.was_connected
