"""A telephone of real keys and a real display, up to their pins and bus: from a key press to a far end and back."""

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from luma.core.interface.serial import i2c

from appliance.app.drivers import PanelDrivers
from appliance.app.simulation import simulation
from appliance.calls.events import CallAnswered, CallTerminated, ClientEvent
from appliance.config.board import Contact, load_board
from appliance.devices.gpio_header import GpioHeader
from appliance.devices.hook_switch import HookSwitch
from appliance.devices.keypad import MatrixKeypad
from appliance.devices.oled import Oled, woken
from appliance.errors import DriverError
from appliance.phone.ports import Panel
from appliance.phone.screen import Screen
from appliance.phone.screen_image import render
from appliance.sim.wav_audio import ToneAudio
from tests.support.ssd1306 import Ssd1306
from tests.support.wiring import Bench

ROOT = Path(__file__).parents[2]
BOARD = ROOT / "hardware" / "boards" / "desk-phone.toml"


class Wire:
    name = "the display"

    def __init__(self) -> None:
        self.chip = Ssd1306()

    def check(self) -> None:
        """Always there."""

    def connect(self) -> Any:
        return woken(i2c(bus=self.chip, address=0x3C), "ssd1306")


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30.0):
        while not true():  # noqa: ASYNC110 -- what is waited for happens in threads
            await asyncio.sleep(0.01)


async def test_a_number_on_the_keypad_is_a_call_and_the_display_says_so() -> None:
    board = load_board(BOARD)
    keypad, switch = board.keypad, board.hook
    assert keypad is not None
    assert switch is not None
    bench = Bench(rows=keypad.rows, columns=keypad.columns, legends=keypad.legends, hook=switch.gpio)
    lifted_closes = switch.off_hook is Contact.CLOSED
    bench.hook_closed = not lifted_closes
    header, wire = GpioHeader(bench.pins), Wire()
    screens: list[Screen] = []
    parts = Panel(
        keypad=MatrixKeypad(header, rows=keypad.rows, columns=keypad.columns, keys=keypad.legends),
        hook=HookSwitch(header, switch.gpio, closed_off_hook=lifted_closes),
        display=Oled(wire),
    )
    panel = PanelDrivers(panel=parts, screen_changed=screens.append)
    events: list[ClientEvent] = []

    def saw(kind: type[ClientEvent]) -> bool:
        return any(isinstance(event, kind) for event in events)

    async with simulation(panel, ToneAudio(1000.0)) as running:
        running.unit.client.subscribe(events.append)
        await until(lambda: running.unit.client.is_registered)
        bench.hook_closed = lifted_closes
        await asyncio.to_thread(bench.looked, 12)
        for key in "100":
            bench.matrix.press(key)
            await asyncio.to_thread(bench.matrix.swept, 8)
            bench.matrix.press("")
            await asyncio.to_thread(bench.matrix.at_rest)
        await until(lambda: saw(CallAnswered))
        await until(lambda: screens[-1].says("In call"))
        await until(lambda: wire.chip.picture == render(screens[-1]))
        bench.hook_closed = not lifted_closes
        await until(lambda: saw(CallTerminated))
    assert wire.chip.picture == bytes(1024)
    assert not bench.factory.pins


async def test_a_panel_of_which_a_part_is_missing_is_given_back_whole() -> None:
    def absent() -> object:
        raise DriverError("no header here")

    header, wire = GpioHeader(absent), Wire()
    parts = Panel(
        keypad=MatrixKeypad(header, rows=(22,), columns=(5,), keys=("1",)),
        hook=HookSwitch(header, 4, closed_off_hook=True),
        display=Oled(wire),
    )
    panel = PanelDrivers(panel=parts)
    with pytest.raises(DriverError, match="no header here"):
        async with simulation(panel, ToneAudio(1000.0)):
            pass
    assert not wire.chip.on
    assert "display" not in [thread.name for thread in threading.enumerate()]


async def test_the_service_says_what_its_panel_needs(tmp_path: Path) -> None:
    (tmp_path / "board.toml").write_text(BOARD.read_text().replace("bus = 1", "bus = 31"))
    (tmp_path / "unit.toml").write_text(
        '[line]\nregistrars = ["ws://127.0.0.1:9/ws"]\nuser = "201"\npassword = "x"\n'
        '[panel]\ndriver = "gpio"\nboard = "board.toml"\n[audio]\ndriver = "none"\n'
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.cli.main", "run", "--config", str(tmp_path / "unit.toml")),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60.0):
        _, complaint = await process.communicate()
    assert process.returncode == 2
    assert "intercom run: there is no I2C bus 31" in complaint.decode()
