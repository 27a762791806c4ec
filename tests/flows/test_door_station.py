"""A door station as its configuration makes it: the bell calls the house, the house opens the door by a code."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from appliance.app.build import build
from appliance.app.drivers import scripted
from appliance.app.runtime import running
from appliance.calls.client import Client
from appliance.calls.settings import ClientSettings
from appliance.config.load import load
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from appliance.sim.script_panel import ScriptPanel
from appliance.sim.wav_audio import WavAudio

CONFIGURATION = """\
[line]
registrars = ["{url}"]
domain = "{domain}"
user = "door"
password = "one"
[media]
loopback = true
[phone]
longest_call = 60
[[phone.button]]
name = "bell"
call = ["away", "house"]
[door]
pulse = 0.5
audit = "door.log"
paper_relay = "relay"
[[door.code]]
name = "House"
digits = "4711"
"""


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30.0):
        while not true():  # noqa: ASYNC110 -- other programs and devices
            await asyncio.sleep(0.01)


async def test_the_bell_calls_the_house_which_opens_the_door(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        registrar = await stack.enter_async_context(Registrar({"door": "one", "house": "two", "away": "three"}))
        house = await stack.enter_async_context(
            Client(
                ClientSettings(registrars=registrar.url, domain=registrar.domain, media=MediaSettings(loopback=True)),
                audio=WavAudio(),
            )
        )
        await house.login("house", "two")
        file = tmp_path / "unit.toml"
        file.write_text(CONFIGURATION.format(url=registrar.url, domain=registrar.domain))
        panel = ScriptPanel()
        unit = await stack.enter_async_context(running(build(load(file), scripted(panel), audio=WavAudio())))
        await until(lambda: unit.client.is_registered)

        panel.push("bell")
        await until(lambda: bool(house.incoming_calls))  # nobody is at "away": the second target is called at once
        await house.answer()
        assert await panel.shows("In call")
        house.send_dtmf("4711#")
        relay = tmp_path / "relay"
        await until(lambda: [line[0] for line in relay.read_text().splitlines()] == ["0", "0", "1", "0"])
        house.hang_up()
        assert await panel.shows("Call ended")
        await until(lambda: not unit.phone.state.hook.off_hook)
        assert '"name": "House"' in (tmp_path / "door.log").read_text()
