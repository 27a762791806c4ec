"""The panel that code drives."""

import asyncio

import pytest

from appliance.errors import UsageError
from appliance.phone.screen import Screen, ScreenKind
from appliance.sim.script_panel import ScriptPanel
from appliance.units import Seconds


def test_keys_and_hook_are_reported() -> None:
    panel = ScriptPanel()
    keys: list[str] = []
    hook: list[bool] = []
    panel.keypad.start(keys.append)
    panel.hook.start(hook.append)
    panel.lift()
    panel.lift()
    panel.press("10#")
    panel.replace()
    panel.keypad.stop()
    panel.hook.stop()
    panel.press("5")
    panel.lift()
    assert (keys, hook) == (["1", "0", "#"], [False, True, False])


def test_a_wrong_key_presses_none() -> None:
    panel = ScriptPanel()
    keys: list[str] = []
    panel.keypad.start(keys.append)
    with pytest.raises(UsageError, match="'x'"):
        panel.press("12x")
    assert keys == []


def test_it_keeps_the_last_image_until_it_is_switched_off() -> None:
    panel = ScriptPanel()
    panel.display.start()
    panel.display.show(b"\xff" * 1024)
    assert panel.display.image == b"\xff" * 1024
    with pytest.raises(UsageError, match="1024"):
        panel.display.show(b"")
    panel.display.stop()
    assert panel.display.image == bytes(1024)


async def test_it_waits_for_words_on_the_screen() -> None:
    panel = ScriptPanel()
    assert not panel.text
    assert not await panel.shows("Ringing", within=Seconds(0.01))
    screen = Screen(kind=ScreenKind.RINGING, title="Ringing", headline="101")
    asyncio.get_running_loop().call_later(0.01, panel.screen_changed, screen)
    assert await panel.shows("ringing", within=Seconds(5.0))
    assert panel.says("101")
    assert not panel.says("102")
    assert panel.text == ("Ringing", "101")
