"""The examples of the call API's reference, run as they stand there."""

import asyncio
import re
import textwrap
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from appliance import Client, ClientSettings, MediaSettings, ToneAudio
from appliance.calls import events
from appliance.calls.events import CallFailed, ClientEvent
from appliance.sim.far_end import Behaviour, FarEnd
from appliance.sim.registrar import Registrar
from appliance.units import Seconds
from tests.support import reference, witness

USERS = {"alice": "wonder", "bob": "builder", "100": "echo", "101": "song"}
EXAMPLES = dict(
    re.findall(r"^### ([^\n]+)\n\n```python\n(.*?)```", reference.README.read_text(), re.MULTILINE | re.DOTALL)
)


def test_every_group_has_one() -> None:
    assert len(EXAMPLES) >= 7


def _compiled(title: str) -> Callable[[str, Client], Awaitable[None]]:
    """The example as a coroutine function of the registrar's address and a client."""
    source = f"async def example(registrar, client):\n{textwrap.indent(EXAMPLES[title], '    ')}"
    names: dict[str, Any] = {
        "Client": Client,
        "ClientSettings": ClientSettings,
        "MediaSettings": MediaSettings,
        "ToneAudio": ToneAudio,
        "asyncio": asyncio,
        "events": events,
    }
    exec(compile(source, f"{reference.README.name}, {title}", "exec"), names)
    example: Callable[[str, Client], Awaitable[None]] = names["example"]
    return example


async def _caller(url: str) -> None:
    """Bob calls alice once, and hangs up soon after she answers."""
    async with Client(
        ClientSettings(registrars=url, media=MediaSettings(loopback=True)), audio=ToneAudio(660.0)
    ) as bob:
        await bob.login("bob", USERS["bob"])
        call = await bob.call("alice", {"X-PH-Door": "front"})
        assert await call.wait_answered()
        await asyncio.sleep(0.3)
        call.hang_up()
        await call.wait_ended()


@pytest.mark.parametrize("title", EXAMPLES)
async def test_an_example(title: str, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[ClientEvent] = []
    media = MediaSettings(loopback=True)
    async with (
        Registrar(USERS) as registrar,
        FarEnd(registrar.url, "100", USERS["100"], Behaviour.ECHO, ringing=Seconds(0.1)),
        FarEnd(registrar.url, "101", USERS["101"], Behaviour.SPEAK, ringing=Seconds(0.1)),
        Client(ClientSettings(registrars=registrar.url, media=media), audio=ToneAudio(440.0)) as client,
        asyncio.TaskGroup() as group,
        asyncio.timeout(40.0),
    ):
        client.subscribe(told.append)
        client.subscribe(witness.saw)
        if "async with Client" not in EXAMPLES[title]:
            await client.login("alice", USERS["alice"])
        if "IncomingCall" in EXAMPLES[title]:
            group.create_task(_caller(registrar.url))
        await _compiled(title)(registrar.url, client)
    assert [event for event in told if isinstance(event, CallFailed)] == []
    if "print(" in EXAMPLES[title]:
        assert capsys.readouterr().out
