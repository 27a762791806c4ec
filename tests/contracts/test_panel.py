"""What every driver of a panel does, whatever is behind it."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import pytest
from luma.core.device import dummy
from luma.core.interface.serial import i2c
from PIL import Image

from appliance.devices.buttons import GpioButtons
from appliance.devices.gpio_header import GpioHeader
from appliance.devices.hook_switch import HookSwitch as GpioHookSwitch
from appliance.devices.keypad import MatrixKeypad
from appliance.devices.oled import Oled, woken
from appliance.errors import UsageError
from appliance.phone.gallery import STORIES, told
from appliance.phone.ports import KEYS, Buttons, Display, HookSwitch, Keypad
from appliance.phone.screen_image import render
from appliance.sim.script_panel import ScriptButtons, ScriptDisplay, ScriptHook, ScriptKeypad
from tests.support.ssd1306 import Ssd1306
from tests.support.wiring import Bench

PATIENCE = 20.0
LEGENDS = ("123A", "456B", "789C", "*0#D")
ROWS, COLUMNS, HOOK = (22, 25, 16, 26), (5, 6, 8, 7), 4
BLANK = bytes(1024)


def bench() -> Bench:
    return Bench(rows=ROWS, columns=COLUMNS, legends=LEGENDS, hook=HOOK)


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return true()


class KeypadUnderTest(Protocol):
    keypad: Keypad

    def press(self, key: str) -> None:
        """Press it and let go; long enough for anybody."""


class Scripted:
    def __init__(self) -> None:
        self.keypad = ScriptKeypad()

    def press(self, key: str) -> None:
        self.keypad.press(key)


class Matrix:
    def __init__(self) -> None:
        self.bench = bench()
        self.matrix = self.bench.matrix
        self.keypad = MatrixKeypad(GpioHeader(self.bench.pins), rows=ROWS, columns=COLUMNS, keys=LEGENDS)
        self.started = False

    def press(self, key: str) -> None:
        self.matrix.press(key)
        if self.bench.factory.pins:
            self.matrix.swept(8)
        self.matrix.press("")
        if self.bench.factory.pins:
            self.matrix.at_rest()


@pytest.mark.parametrize("kind", [Scripted, Matrix])
def test_a_keypad_reports_each_press_once_and_in_order(kind: Callable[[], KeypadUnderTest]) -> None:
    under_test = kind()
    heard: list[str] = []
    under_test.keypad.start(heard.append)
    for key in KEYS + "11":
        under_test.press(key)
    under_test.keypad.stop()
    assert "".join(heard) == KEYS + "11"


@pytest.mark.parametrize("kind", [Scripted, Matrix])
def test_a_keypad_that_was_stopped_is_silent_and_can_be_started_again(kind: Callable[[], KeypadUnderTest]) -> None:
    under_test = kind()
    first: list[str] = []
    second: list[str] = []
    under_test.keypad.start(first.append)
    under_test.press("1")
    under_test.keypad.stop()
    under_test.press("2")
    under_test.keypad.start(second.append)
    under_test.press("3")
    under_test.keypad.stop()
    under_test.keypad.stop()
    assert (first, second) == (["1"], ["3"])


class HookUnderTest(Protocol):
    hook: HookSwitch

    def move(self, *, off_hook: bool) -> None:
        """Lift the handset or put it down, and let it rest long enough for anybody."""


class ScriptedHook:
    def __init__(self) -> None:
        self.hook = ScriptHook()

    def move(self, *, off_hook: bool) -> None:
        if off_hook:
            self.hook.lift()
        else:
            self.hook.replace()


class Switch:
    closed_off_hook = True

    def __init__(self) -> None:
        self.bench = bench()
        self.bench.hook_closed = not self.closed_off_hook
        self.hook = GpioHookSwitch(GpioHeader(self.bench.pins), HOOK, closed_off_hook=self.closed_off_hook)

    def move(self, *, off_hook: bool) -> None:
        self.bench.hook_closed = off_hook is self.closed_off_hook
        if self.bench.factory.pins:
            self.bench.looked(12)


class SwitchThatOpens(Switch):
    closed_off_hook = False


HOOKS = [ScriptedHook, Switch, SwitchThatOpens]


@pytest.mark.parametrize("kind", HOOKS)
def test_a_hook_switch_tells_its_position_at_once_and_every_change(kind: Callable[[], HookUnderTest]) -> None:
    under_test = kind()
    heard: list[bool] = []
    under_test.hook.start(heard.append)
    assert heard == [False]
    for off_hook in (True, True, False, False, True):
        under_test.move(off_hook=off_hook)
    under_test.hook.stop()
    assert heard == [False, True, False, True]


@pytest.mark.parametrize("kind", HOOKS)
def test_a_hook_switch_that_was_stopped_is_silent_and_starts_with_what_is(kind: Callable[[], HookUnderTest]) -> None:
    under_test = kind()
    first: list[bool] = []
    second: list[bool] = []
    under_test.hook.start(first.append)
    under_test.hook.stop()
    under_test.move(off_hook=True)
    under_test.hook.start(second.append)
    under_test.hook.stop()
    under_test.hook.stop()
    assert (first, second) == ([False], [True])


class ButtonsUnderTest(Protocol):
    buttons: Buttons

    def push(self, name: str) -> None:
        """Press it and let go; long enough for anybody."""


class ScriptedButtons:
    def __init__(self) -> None:
        self.buttons = ScriptButtons()

    def push(self, name: str) -> None:
        self.buttons.press(name)


class Contacts:
    """Buttons on pins; the bench's hook pin is one of them."""

    def __init__(self) -> None:
        self.bench = bench()
        self.buttons = GpioButtons(GpioHeader(self.bench.pins), {"bell": HOOK})

    def push(self, name: str) -> None:
        for closed in (True, False):
            self.bench.hook_closed = closed and name == "bell"
            if self.bench.factory.pins:
                self.bench.looked(12)


@pytest.mark.parametrize("kind", [ScriptedButtons, Contacts])
def test_a_button_is_reported_once_a_press_and_not_after_the_stop(kind: Callable[[], ButtonsUnderTest]) -> None:
    under_test = kind()
    heard: list[str] = []
    under_test.buttons.start(heard.append)
    for _ in range(3):
        under_test.push("bell")
    under_test.buttons.stop()
    under_test.buttons.stop()
    under_test.push("bell")
    assert heard == ["bell"] * 3


def test_a_button_that_is_stuck_at_the_start_is_no_press() -> None:
    stuck = Contacts()
    stuck.bench.hook_closed = True
    heard: list[str] = []
    stuck.buttons.start(heard.append)
    stuck.bench.looked(12)
    assert heard == []
    stuck.bench.hook_closed = False
    stuck.bench.looked(12)
    stuck.push("bell")
    stuck.buttons.stop()
    assert heard == ["bell"]


class DisplayUnderTest(Protocol):
    display: Display

    def seen(self) -> bytes:
        """What is on it."""

    def hold_up(self, held: bool) -> None:
        """Make it take its time."""


class ScriptedDisplay:
    def __init__(self) -> None:
        self.display = ScriptDisplay()

    def seen(self) -> bytes:
        return self.display.image

    def hold_up(self, held: bool) -> None:
        """It is as fast as the caller."""


class SlowDummy(dummy):  # type: ignore[misc]  # luma has no types
    """luma's display in memory, which waits for `go`."""

    def __init__(self, go: threading.Event) -> None:
        super().__init__(mode="1")
        self.go = go

    def display(self, image: Image.Image) -> None:
        self.go.wait(PATIENCE)
        super().display(image)


class LumaDummy:
    name = "luma's dummy"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.device: Any = None
        self.display = Oled(self)

    def check(self) -> None:
        """It is always there."""

    def connect(self) -> Any:
        self.device = SlowDummy(self.go)
        return self.device

    def seen(self) -> bytes:
        image = None if self.device is None else self.device.image
        return BLANK if image is None else bytes(image.tobytes())

    def hold_up(self, held: bool) -> None:
        if held:
            self.go.clear()
        else:
            self.go.set()


class Chip:
    """luma's own I2C and SSD1306 code on the wire."""

    name = "a chip in memory"

    def __init__(self) -> None:
        self.chip = Ssd1306()
        self.display = Oled(self)

    def check(self) -> None:
        """Its bus is always there."""

    def connect(self) -> Any:
        return woken(i2c(bus=self.chip, address=0x3C), "ssd1306")

    def seen(self) -> bytes:
        return self.chip.picture

    def hold_up(self, held: bool) -> None:
        if held:
            self.chip.slow.clear()
        else:
            self.chip.slow.set()


def shows(under_test: DisplayUnderTest, picture: bytes) -> bool:
    return under_test.seen() == picture


DISPLAYS = [ScriptedDisplay, LumaDummy, Chip]
PICTURES = [render(told(story)) for story in list(STORIES.values())[:4]]
assert len({BLANK, *PICTURES}) == 5


@pytest.mark.parametrize("kind", DISPLAYS)
def test_a_display_shows_what_it_was_told_last_and_goes_dark_in_the_end(kind: Callable[[], DisplayUnderTest]) -> None:
    under_test = kind()
    under_test.display.start()
    for picture in PICTURES:
        under_test.display.show(picture)
        assert eventually(partial(shows, under_test, picture))
    under_test.display.stop()
    assert under_test.seen() == BLANK
    under_test.display.stop()


@pytest.mark.parametrize("kind", DISPLAYS)
def test_a_display_never_keeps_the_caller_waiting_and_skips_what_is_stale(kind: Callable[[], DisplayUnderTest]) -> None:
    under_test = kind()
    under_test.display.start()
    under_test.display.show(PICTURES[0])
    assert eventually(lambda: under_test.seen() == PICTURES[0])
    under_test.hold_up(True)
    begin = time.monotonic()
    for _ in range(500):
        for picture in PICTURES:
            under_test.display.show(picture)
    assert time.monotonic() - begin < PATIENCE / 2
    under_test.hold_up(False)
    assert eventually(lambda: under_test.seen() == PICTURES[-1])
    under_test.display.stop()


@pytest.mark.parametrize("kind", DISPLAYS)
def test_a_display_that_was_stopped_starts_dark(kind: Callable[[], DisplayUnderTest]) -> None:
    under_test = kind()
    under_test.display.start()
    under_test.display.show(PICTURES[0])
    assert eventually(lambda: under_test.seen() == PICTURES[0])
    under_test.display.stop()
    under_test.display.start()
    assert under_test.seen() == BLANK
    under_test.display.show(PICTURES[1])
    assert eventually(lambda: under_test.seen() == PICTURES[1])
    under_test.display.stop()


@pytest.mark.parametrize("kind", DISPLAYS)
def test_a_display_refuses_what_is_no_image(kind: Callable[[], DisplayUnderTest]) -> None:
    under_test = kind()
    under_test.display.start()
    with pytest.raises(UsageError, match="1024 bytes, not 3"):
        under_test.display.show(b"abc")
    under_test.display.stop()
