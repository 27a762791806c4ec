"""How long from a dialled number until there is media, through a SIP registrar on loopback.

Ours: two processes, a third (the benchmark's own) is the registrar. JsSIP: two pages of one Chromium, same registrar.
Counted at the caller, from `call()` to ICE and DTLS done; the callee answers at once.
"""

import asyncio
import multiprocessing
import time
from multiprocessing.connection import Connection
from typing import Final

from appliance.calls.client import Client, ClientSettings
from appliance.calls.events import CallFailed, CallTerminated, ClientEvent, IncomingCall, MediaConnected
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from tests.support.browser import Browser, JsSipPeer

CALLS: Final = 7
_USERS: Final = {"alice": "wonder", "bob": "builder"}
_BETWEEN: Final = 0.5
_PATIENCE: Final = 30.0


async def ours() -> list[float]:
    """ms of each call between two of our clients."""
    context = multiprocessing.get_context("spawn")
    async with Registrar(_USERS) as registrar:
        pipes, processes = [], []
        for work, user in ((_answer, "bob"), (_call, "alice")):
            pipe, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, registrar.url, user), daemon=True)
            process.start()
            pipes.append(pipe)
            processes.append(process)
            await _received(pipe)
        pipes[1].send("go")
        times = await _received(pipes[1])
        pipes[0].send("end")
        for process in processes:
            await asyncio.to_thread(process.join, _PATIENCE)
    return times


async def _received(pipe: Connection) -> list[float]:
    """What a process says: times, or none, which says that it has logged in."""
    if not await asyncio.to_thread(pipe.poll, _PATIENCE):
        raise RuntimeError("an end does not answer")
    answer: list[float] = pipe.recv()
    return answer


def _client(url: str) -> Client:
    return Client(ClientSettings(registrars=url, media=MediaSettings(loopback=True)))


def _answer(pipe: Connection, url: str, user: str) -> None:
    async def run() -> None:
        answering: set[asyncio.Task[object]] = set()
        async with _client(url) as client:

            def hear(event: ClientEvent) -> None:
                if isinstance(event, IncomingCall):
                    answering.add(asyncio.ensure_future(client.answer(event.call.call_uuid)))

            client.subscribe(hear)
            await client.login(user, _USERS[user])
            pipe.send([])
            await asyncio.to_thread(pipe.recv)

    asyncio.run(run())


def _call(pipe: Connection, url: str, user: str) -> None:
    async def run() -> None:
        times: list[float] = []
        async with _client(url) as client:
            news: asyncio.Queue[ClientEvent] = asyncio.Queue()
            client.subscribe(news.put_nowait)
            await client.login(user, _USERS[user])
            pipe.send([])
            await asyncio.to_thread(pipe.recv)
            for _ in range(CALLS):
                began = time.monotonic()
                await client.call("bob")
                await _until(news, MediaConnected)
                times.append(1000.0 * (time.monotonic() - began))
                await asyncio.sleep(_BETWEEN)
                client.hang_up()
                await _until(news, CallTerminated)
                await asyncio.sleep(_BETWEEN)
        pipe.send(times)

    asyncio.run(run())


async def _until(news: "asyncio.Queue[ClientEvent]", kind: type[ClientEvent]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not isinstance(event := await news.get(), kind):
            failed = isinstance(event, CallFailed)
            if failed:
                raise RuntimeError(f"a call failed: {event}")


async def jssip(browser: Browser) -> list[float]:
    """ms of each call between two JsSIP user agents; a hop of the browser's remote control is in it, about 2 ms."""
    times: list[float] = []
    async with Registrar(_USERS) as registrar:
        domain = "localhost"
        bob = await _registered(browser, registrar.url, domain, "bob")
        alice = await _registered(browser, registrar.url, domain, "alice")
        for _ in range(CALLS):
            began = time.monotonic()
            await alice.call(f"sip:bob@{domain}")
            while (await alice.wait("media"))["state"] != "connected":
                pass
            times.append(1000.0 * (time.monotonic() - began))
            await asyncio.sleep(_BETWEEN)
            await alice.hang_up()
            await bob.wait("ended")
            await asyncio.sleep(_BETWEEN)
        await alice.close()
        await bob.close()
    return times


async def _registered(browser: Browser, url: str, domain: str, user: str) -> JsSipPeer:
    peer = await browser.peer(url, domain, user, _USERS[user], on_call="answer")
    await peer.wait("registered")
    return peer
