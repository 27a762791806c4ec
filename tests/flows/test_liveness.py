"""Registrars that fall silent, are slow or in trouble, a clock that is not set, and the way back to the nearest."""

import asyncio
from datetime import datetime, timedelta
from time import monotonic

import pytest

from appliance.clock import SystemClock
from appliance.errors import TransportError
from appliance.sip.connector import Connector
from appliance.sip.events import Connected, Disconnected, Registered, RegistrationFailed
from appliance.sip.failover import Failover
from appliance.sip.settings import LivenessSettings, Question
from appliance.sip.transport import Connection
from tests.conftest import USERS
from tests.flows.user_agents import user_agent
from tests.support.kamailio import Kamailio
from tests.support.ports import free_port
from tests.support.slow_link import SlowLink

QUICK = LivenessSettings(interval=0.2, patience=0.25)


@pytest.mark.parametrize("question", [None, *Question])
async def test_a_registrar_that_falls_silent_with_the_connection_open(
    kamailio: Kamailio, question: Question | None
) -> None:
    liveness = QUICK
    if question is not None:
        liveness = LivenessSettings(interval=0.2, patience=0.25, questions=(question,))
    async with user_agent(kamailio, "alice", liveness=liveness) as alice:
        await asyncio.sleep(1.0)
        assert alice.count(Disconnected) == 0, "it answered"
        began = monotonic()
        kamailio.pause()
        lost = await alice.wait(Disconnected)
        assert monotonic() - began < 4.5, "ten times what it should take"
        assert (lost.was_connected, lost.reason) == (True, "the registrar has fallen silent")
        kamailio.resume()
        await alice.wait(Registered, seconds=40)


async def test_a_slow_registrar_is_no_dead_one(kamailio: Kamailio) -> None:
    async with SlowLink(kamailio.ws, 0.2) as link:
        registrars = (f"ws://127.0.0.1:{link.port}/ws",)
        patient = LivenessSettings(interval=0.1, patience=8.0)
        async with user_agent(kamailio, "alice", registrars=registrars, liveness=patient) as alice:
            await asyncio.sleep(1.5)
            assert alice.count(Connected) == 1
            assert alice.count(Disconnected) == 0
        impatient = LivenessSettings(interval=0.1, patience=0.1)
        async with user_agent(kamailio, "alice", register=False, registrars=registrars, liveness=impatient) as alice:
            assert (await alice.wait(Disconnected)).was_connected


async def test_the_next_registrar_and_back_to_the_nearest(kamailio: Kamailio) -> None:
    async with Kamailio(USERS) as far:
        registrars = (kamailio.ws_url, far.ws_url)
        async with user_agent(kamailio, "alice", registrars=registrars, failback=1.0) as alice:
            await asyncio.to_thread(kamailio.kill)
            lost = await alice.wait(Disconnected)
            assert lost.url == kamailio.ws_url
            assert (await alice.wait(Connected)).url == far.ws_url
            await alice.wait(Registered)
            assert far.bindings("alice")
            await asyncio.to_thread(kamailio.restart)
            left = await alice.wait(Disconnected, lambda event: event.was_connected)
            assert (left.url, left.reason) == (far.ws_url, "a nearer registrar can be reached again")
            assert (await alice.wait(Connected)).url == kamailio.ws_url
            await alice.wait(Registered)


async def test_a_registrar_in_trouble_is_left_for_the_next(kamailio: Kamailio) -> None:
    kamailio.refuse_register(500)
    async with Kamailio(USERS) as far:
        registrars = (kamailio.ws_url, far.ws_url)
        async with user_agent(kamailio, "alice", registrars=registrars) as alice:
            (failed,) = [event for event in alice.seen if isinstance(event, RegistrationFailed)]
            assert (failed.status, failed.elsewhere) == (500, True)
            assert alice.agent.registered
            assert far.bindings("alice")


async def test_a_clock_that_is_not_set_is_told_and_heals() -> None:
    async with (
        Kamailio(USERS, certificate_starts=3.0) as registrar,
        user_agent(registrar, "alice", secure=True) as alice,
    ):
        first = next(event for event in alice.seen if isinstance(event, Disconnected))
        assert (first.wrong_clock, first.was_connected) == (True, False)
        assert "not yet valid" in first.reason


class SetClock(SystemClock):
    """A clock whose time of day is wrong until it is set."""

    def __init__(self) -> None:
        self.off_by = timedelta(days=-2000)

    def wall(self) -> datetime:
        return super().wall() + self.off_by


async def test_who_waits_for_the_clock_tries_again_once_it_is_set() -> None:
    clock = SetClock()

    async def connect(url: str) -> Connection:
        raise TransportError(url)

    connector = Connector(connect, Failover((f"wss://127.0.0.1:{free_port()}",), 0.0), clock, lambda *_: None)
    for _ in range(12):
        connector._round.next()  # as if it had been tried for long
    waiting = asyncio.create_task(connector._clock_set(600.0))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    clock.off_by = timedelta()
    await asyncio.wait_for(waiting, 10.0)
