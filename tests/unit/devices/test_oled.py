import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from luma.core.interface.serial import i2c

from appliance.devices.oled import CONTROLLERS, I2cLink, Oled, woken
from appliance.errors import DriverError
from appliance.phone.gallery import STORIES, told
from appliance.phone.screen_image import render
from tests.support.ssd1306 import Ssd1306

FIRST, SECOND, *_ = (render(told(story)) for story in STORIES.values())
BLANK = bytes(1024)


class Wire:
    name = "the display"

    def __init__(self, *, address: int = 0x3C, turned: bool = False) -> None:
        self.chip = Ssd1306()
        self._address, self._turned = address, turned

    def check(self) -> None:
        """The bus is there, whatever is on it."""

    def connect(self) -> Any:
        return woken(i2c(bus=self.chip, address=self._address), "ssd1306", turned=self._turned)


@contextmanager
def running(wire: Wire) -> Iterator[Oled]:
    display = Oled(wire)
    display.start()
    yield display
    display.stop()


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20.0
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return true()


def test_a_display_that_goes_and_comes_back_shows_the_latest_image(caplog: pytest.LogCaptureFixture) -> None:
    wire = Wire()
    with caplog.at_level(logging.WARNING), running(wire) as display:
        display.show(FIRST)
        assert eventually(lambda: wire.chip.picture == FIRST)
        wire.chip.unplug()
        display.show(SECOND)
        assert eventually(lambda: bool(caplog.records))
        wire.chip.plug()
        assert eventually(lambda: wire.chip.picture == SECOND)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["display"]


def test_a_display_that_goes_while_nothing_changes_is_missed_and_comes_back_with_its_image(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wire = Wire()
    with caplog.at_level(logging.WARNING), running(wire) as display:
        display.show(FIRST)
        assert eventually(lambda: wire.chip.picture == FIRST)
        wire.chip.unplug()
        assert eventually(lambda: bool(caplog.records))
        wire.chip.plug()
        assert eventually(lambda: wire.chip.picture == FIRST)


def test_a_display_that_is_not_there_at_first_is_found(caplog: pytest.LogCaptureFixture) -> None:
    wire = Wire()
    wire.chip.unplug()
    with caplog.at_level(logging.WARNING), running(wire) as display:
        display.show(FIRST)
        assert eventually(lambda: bool(caplog.records))
        wire.chip.plug()
        assert eventually(lambda: wire.chip.picture == FIRST)
    assert "the display does not answer" in caplog.records[0].getMessage()


def test_one_that_never_comes_does_not_hold_anybody_up() -> None:
    wire = Wire(address=0x3D)
    with running(wire) as display:
        display.show(FIRST)
        time.sleep(0.1)
    assert wire.chip.frames == 0
    assert not [thread for thread in threading.enumerate() if thread.name == "display"]


def test_images_that_come_faster_than_the_bus_are_skipped() -> None:
    wire = Wire()
    with running(wire) as display:
        assert eventually(lambda: wire.chip.on)
        wire.chip.slow.clear()
        for _ in range(100):
            display.show(FIRST)
            display.show(SECOND)
        wire.chip.slow.set()
        assert eventually(lambda: wire.chip.picture == SECOND)
        # Blank, one that was under way, the last: and not the two hundred.
        assert wire.chip.frames <= 5


def test_the_end_leaves_it_dark_and_off() -> None:
    wire = Wire()
    with running(wire) as display:
        display.show(FIRST)
        assert eventually(lambda: wire.chip.picture == FIRST)
    assert not wire.chip.on
    wire.chip.on = True
    assert wire.chip.picture == BLANK


def test_what_it_showed_before_it_was_stopped_is_gone_when_it_starts_again() -> None:
    wire = Wire()
    display = Oled(wire)
    display.start()
    display.show(FIRST)
    assert eventually(lambda: wire.chip.picture == FIRST)
    display.stop()
    display.start()
    assert eventually(lambda: wire.chip.on)
    time.sleep(0.2)
    assert wire.chip.picture == BLANK
    display.stop()


def test_a_display_mounted_upside_down_is_turned() -> None:
    wire = Wire(turned=True)
    with running(wire) as display:
        display.show(FIRST)
        turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in reversed(FIRST))
        assert eventually(lambda: wire.chip.picture == turned)


def test_luma_knows_every_controller() -> None:
    from luma.oled import device

    assert all(callable(getattr(device, controller)) for controller in CONTROLLERS)


def test_a_bus_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(DriverError, match="there is no I2C bus 99"):
        Oled(I2cLink("ssd1306", bus=99, address=0x3C)).start()


def test_a_display_is_started_once() -> None:
    with running(Wire()) as display, pytest.raises(DriverError, match="the display is in use"):
        display.start()
