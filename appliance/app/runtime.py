"""[I/O] Runs a unit: from its first connection to its last goodbye.

Whatever the registrar and the broker do, the unit stays: it logs in again and again, and only a signal, its panel or
the caller's `stop` ends it.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

from appliance.app import memory
from appliance.app.build import Unit
from appliance.app.settings import GOODBYE
from appliance.app.stopping import stopping_signals
from appliance.app.supervisor import Supervisor
from appliance.app.token_file import tokens_of
from appliance.errors import DriverError, LoginError, TransportError, UsageError
from appliance.tasks import Backoff, TaskSet, retry
from appliance.units import Seconds

log = logging.getLogger(__name__)

_PATIENCE: Final = Seconds(30.0)


@contextlib.asynccontextmanager
async def running(unit: Unit) -> AsyncIterator[Unit]:
    """Everything of `unit` at work, its login under way; on exit calls, registration and broker end properly.

    Raises:
        DriverError: its panel or its door's relay can't be used.
    """
    async with contextlib.AsyncExitStack() as stack:
        if unit.broker is not None:
            await stack.enter_async_context(unit.broker)
            # First out is last in: the broker hears about everything that ends before it.
            stack.push_async_callback(unit.broker.close, deadline=GOODBYE)
        await stack.enter_async_context(unit.client)
        await stack.enter_async_context(unit.phone)
        if unit.door is not None:
            await stack.enter_async_context(unit.door)
        if unit.management is not None:
            await stack.enter_async_context(unit.management)
        tasks = await stack.enter_async_context(TaskSet("unit"))
        tasks.start("login", log_in(unit))
        tasks.start("sounds", _choose_sounds(unit))
        memory.settle()
        yield unit


async def _choose_sounds(unit: Unit) -> None:
    """Set the ringtone and ringback that are configured; a file or address that gives none leaves the default."""
    tones, client = unit.configuration.tones, unit.client
    meant: dict[str, bool | None] = {"default": True, "none": False, "auto": None}
    for name, value, choose in (
        ("ring_tone", tones.ring_tone, client.set_ring_tone),
        ("ring_tone_back", tones.ring_tone_back, client.set_ring_tone_back),
    ):
        choice: str | bool | None = meant.get(value, value)
        try:
            if choice is not None:
                await choose(choice)
        except (UsageError, DriverError, TransportError) as error:
            log.warning("tones.%s: %s", name, error)


async def serve(unit: Unit, stop: asyncio.Event, supervisor: Supervisor) -> bool:
    """Run `unit` until `stop` is set, a signal comes or a restart is asked for; whether it is to start again.

    Raises:
        DriverError: its panel can't be used.
    """

    def signalled() -> None:
        if stop.is_set():
            unit.client.end_protection()
        stop.set()

    with stopping_signals(signalled):
        async with running(unit), TaskSet("service") as tasks:
            tasks.start("watchdog", _watch(supervisor))
            supervisor.ready(f"telephone {unit.configuration.line.user}")
            ends = [tasks.start("stop", stop.wait()), tasks.start("restart", unit.restart.wanted.wait())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            supervisor.stopping()
            again = unit.restart.wanted.is_set() and not stop.is_set()
            log.info("starting again" if again else "stopping")
            if unit.configuration.unit.close_protection and unit.client.calls:
                log.info("waiting for the end of the call; another signal ends it")
                tasks.start("patience", _ask_for_patience(supervisor))
                await unit.client.calls_ended()
            return again


async def log_in(unit: Unit) -> None:
    """Log in, however often it takes. Afterwards the client stays registered by itself."""
    line, client = unit.configuration.line, unit.client
    file = line.access_token_file

    async def attempt() -> None:
        try:
            if file is None:
                await client.login(line.user, line.password.reveal())
            else:
                await client.login_with_access_token_generator(tokens_of(file))
        except LoginError as error:
            # Somebody has to correct the account, here or at the registrar; until then, ask now and then.
            log.warning("the registrar refuses %s: %s", line.user or "the access token", error)
            raise

    await retry("login", attempt, backoff=Backoff(first=1.0, cap=60.0, floor=0.5), on=(LoginError, TransportError))
    log.info("logged in as %s", line.user or "the access token says")


async def _ask_for_patience(supervisor: Supervisor) -> None:
    """Keep the service manager from ending what waits for a call."""
    while True:
        supervisor.waiting(_PATIENCE)
        await asyncio.sleep(_PATIENCE / 3)


async def _watch(supervisor: Supervisor) -> None:
    """Tell the service manager that this loop runs; a lost registrar or broker is no reason for a restart."""
    period = supervisor.watchdog_period
    while period is not None:
        supervisor.alive()
        await asyncio.sleep(period)
