"""A phone that makes and takes many calls and says what it has at two moments: run as a program of its own.

    python -m tests.support.busy_phone REGISTRAR DOMAIN CA_FILE USER PASSWORD_FILE WARM_UP CALLS

What it needs of its far end, "bob", it says on standard output, a line each: `call` (call me), `hang up`. At the end
comes one line of JSON: what it had after the first WARM_UP calls, and after CALLS more.
"""

import asyncio
import gc
import json
import sys
import threading
from collections import Counter
from pathlib import Path

import psutil

from appliance.app import memory
from appliance.calls.client import Client
from appliance.calls.events import CallTerminated, IncomingCall, MediaConnected
from appliance.calls.settings import ClientSettings
from appliance.media.settings import MediaSettings
from appliance.sim.wav_audio import ToneAudio
from tests.support.client_log import ClientLog


def _say(line: str) -> None:
    print(line, flush=True)


async def _call(client: Client, log: ClientLog, number: int) -> None:
    """One call; who makes it and who ends it takes turns."""
    if number % 2:
        call = await client.call("bob")
        assert await call.wait_answered()
    else:
        _say("call")
        await log.wait(IncomingCall)
        assert await client.answer()
    await log.wait(MediaConnected)
    if number % 5 == 0:
        await _restart_ice(client)
        await log.wait(MediaConnected)
    await asyncio.sleep(0.2)
    if number % 4 < 2:
        client.hang_up()
    else:
        _say("hang up")
    assert (await log.wait(CallTerminated)).summary.packets_received > 0
    log.clear()


async def _restart_ice(client: Client) -> None:
    call = client.current_call
    assert call is not None
    assert call.invite is not None
    assert await call.leg.negotiation.reoffer(call.invite, call.media.restart) == ""


async def _belongings(client: Client) -> dict[str, object]:
    """What there is once the last transactions have timed out (32 s, RFC 3261 §17.1.1.2)."""
    core = client.agent._core
    transactions = core._endpoint.transactions
    async with asyncio.timeout(40.0):
        while core._usages or transactions._clients or transactions._servers:  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.5)
    gc.collect()
    process = psutil.Process()
    loops = (asyncio.get_running_loop(), client.media._home.loop._loop)
    tasks = [task for loop in loops if loop is not None for task in asyncio.all_tasks(loop)]
    return {
        "tasks": Counter(getattr(task.get_coro(), "__qualname__", "") for task in tasks),
        "threads": Counter(thread.name for thread in threading.enumerate()),
        "sockets": Counter(f"{socket.type.name} {socket.status}" for socket in process.net_connections("inet")),
        "descriptors": process.num_fds(),
        "calls written down": len(client._keeper._names),
        "dialogs": len(core._usages),
        "memory": process.memory_info().rss,
    }


async def main(registrar: str, domain: str, ca_file: str, user: str, password: str, *counts: str) -> None:
    """Make the calls."""
    settings = ClientSettings(
        registrars=registrar,
        domain=domain,
        ca_file=ca_file,
        media=MediaSettings(loopback=True),
        calls_folder=Path(ca_file).parent / "calls",
    )
    async with Client(settings, audio=ToneAudio(1000.0)) as client:
        log = ClientLog(client)
        await client.login(user, password)
        memory.settle()
        found = []
        for count in map(int, counts):
            for number in range(count):
                await _call(client, log, number)
            found.append(await _belongings(client))
    _say(json.dumps(found))


if __name__ == "__main__":
    *addresses, file, warm_up, calls = sys.argv[1:]
    asyncio.run(main(*addresses, Path(file).read_text(), warm_up, calls))
