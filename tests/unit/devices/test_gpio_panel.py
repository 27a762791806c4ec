import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from appliance.devices.gpio_header import GpioHeader
from appliance.devices.hook_switch import HookSwitch
from appliance.devices.keypad import MatrixKeypad
from appliance.errors import DriverError
from tests.support.wiring import Bench

LEGENDS = ("123A", "456B", "789C", "*0#D")
ROWS, COLUMNS, HOOK = (22, 25, 16, 26), (5, 6, 8, 7), 4


def bench() -> Bench:
    return Bench(rows=ROWS, columns=COLUMNS, legends=LEGENDS, hook=HOOK)


def keypad(header: GpioHeader) -> MatrixKeypad:
    return MatrixKeypad(header, rows=ROWS, columns=COLUMNS, keys=LEGENDS)


def nobody(_: object) -> None:
    pass


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20.0
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return true()


def test_keys_held_together_never_short_a_high_pin_to_a_low_one() -> None:
    board = bench()
    told: list[str] = []
    keys = keypad(GpioHeader(board.pins))
    keys.start(told.append)
    for held in ("147*", "123A", "159D", "1245", "123456789*0#ABCD"):
        board.matrix.press(held)
        board.matrix.swept(8)
        board.matrix.press("")
        board.matrix.at_rest()
    keys.stop()
    assert board.matrix.shorts == 0
    assert "".join(told) == "147*" + "123A" + "159D"


def test_a_ghost_is_not_a_key() -> None:
    board = bench()
    told: list[str] = []
    keys = keypad(GpioHeader(board.pins))
    keys.start(told.append)
    for held, news in (("1", "1"), ("13", "3"), ("137", ""), ("13", ""), ("", "")):
        before = len(told)
        board.matrix.press(held)
        if held:
            board.matrix.swept(20)
        else:
            board.matrix.at_rest()
        assert "".join(told[before:]) == news
    keys.stop()


def test_keypad_and_hook_switch_share_the_header_until_the_last_has_stopped() -> None:
    board = bench()
    header = GpioHeader(board.pins)
    keys, hook = keypad(header), HookSwitch(header, HOOK, closed_off_hook=False)
    told: list[object] = []
    keys.start(told.append)
    hook.start(told.append)
    factory = board.factory
    keys.stop()
    board.hook_closed = True
    assert eventually(lambda: told == [True, False])
    assert factory.pins
    hook.stop()
    assert not factory.pins
    assert board.opened == 1


def test_a_contact_that_bounces_is_one_change() -> None:
    board = bench()
    told: list[bool] = []
    hook = HookSwitch(GpioHeader(board.pins), HOOK, closed_off_hook=True)
    hook.start(told.append)
    for closed in [True, False, True, False, False, True] + [True] * 8:
        board.hook_closed = closed
        board.looked(1)
    assert told == [False, True]
    hook.stop()


def test_when_stop_has_returned_no_report_is_under_way() -> None:
    board = bench()
    under_way, go_on = threading.Event(), threading.Event()

    def pressed(_: str) -> None:
        under_way.set()
        go_on.wait(20.0)

    keys = keypad(GpioHeader(board.pins))
    keys.start(pressed)
    board.matrix.press("5")
    assert under_way.wait(20.0)
    stopping = threading.Thread(target=keys.stop)
    stopping.start()
    stopping.join(0.2)
    assert stopping.is_alive()
    go_on.set()
    stopping.join(20.0)
    assert not stopping.is_alive()


def test_pins_that_another_driver_has_are_refused_and_given_back() -> None:
    board = bench()
    header = GpioHeader(board.pins)
    keys = keypad(header)
    keys.start(nobody)
    with pytest.raises(DriverError, match=r"the hook switch can't use its pins: .*GPIO22"):
        HookSwitch(header, ROWS[0], closed_off_hook=True).start(nobody)
    with pytest.raises(DriverError, match="the keypad is in use"):
        keys.start(nobody)
    keys.stop()
    assert not board.factory.pins
    hook = HookSwitch(header, ROWS[0], closed_off_hook=True)
    hook.start(nobody)
    hook.stop()


def test_a_header_that_does_not_open_leaves_nothing_behind() -> None:
    def absent() -> object:
        raise DriverError("no header here")

    hook = HookSwitch(GpioHeader(absent), HOOK, closed_off_hook=True)
    for _ in range(2):
        with pytest.raises(DriverError, match="no header here"):
            hook.start(nobody)
    hook.stop()


def test_pins_that_fail_for_a_while_are_told_of_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    board = bench()
    told: list[bool] = []
    hook = HookSwitch(GpioHeader(board.pins), HOOK, closed_off_hook=True)
    with caplog.at_level(logging.ERROR):
        hook.start(told.append)
        board.broken = True
        assert eventually(lambda: bool(caplog.records))
        board.hook_closed = True
        board.broken = False
        assert eventually(lambda: told == [False, True])
        hook.stop()
    assert [record.getMessage() for record in caplog.records] == ["the hook switch does not work: the wire is loose"]


WITHOUT = """
import sys
import threading
sys.modules[{missing!r}] = None
from appliance.app.drivers import panel_drivers
from appliance.config.board import load_board
from appliance.config.model import Panel, PanelDriver
from appliance.errors import DriverError
from pathlib import Path
panel = panel_drivers(
    Panel(driver=PanelDriver.GPIO, board=load_board(Path("hardware/boards/desk-phone.toml"))), title="", on_quit=int
)
try:
    panel.{part}
except DriverError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("missing", "part", "sentence"),
    [
        ("gpiozero", "panel.hook.start(bool)", "the GPIO needs gpiozero (pip install 'intercom-appliance[panel]')"),
        ("gpiozero", "panel.keypad.start(str)", "the GPIO needs gpiozero (pip install 'intercom-appliance[panel]')"),
        ("luma", "panel.display.start()", "the display needs luma.oled (pip install 'intercom-appliance[panel]')"),
    ],
)
def test_a_missing_package_is_named(missing: str, part: str, sentence: str) -> None:
    program = WITHOUT.format(missing=missing, part=part)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == sentence
