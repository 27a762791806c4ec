"""The boards that ship: what their files say is sound, and what people read about them is the same."""

import re
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from appliance.config.board import Board, Level, load_board

HARDWARE = Path(__file__).parents[2] / "hardware"
BOARDS = sorted(HARDWARE.glob("boards/*.toml"))

_J8 = MockFactory().board_info.headers["J8"].pins
POSITIONS = {pin.name: number for number, pin in sorted(_J8.items(), reverse=True)}
"""Where each signal is on the 40-pin header: the first place, for those that have several."""
PULLED_UP = range(9)
"""At reset; all others are pulled down (BCM2711 ARM Peripherals §5.3)."""
SERIAL_CONSOLE = {14, 15}
I2S = {18, 19, 20, 21}


def pinout(board: Board) -> list[str]:
    """The rows of the README's table."""
    keypad, hook, display, strike = board.keypad, board.hook, board.display, board.strike
    table: list[str] = []
    if keypad is not None:
        for number, (legends, gpio) in enumerate(zip(keypad.legends, keypad.rows, strict=True), 1):
            table.append(on_a_pin("keypad", f"row {number}: {' '.join(legends)}", gpio))
        table += [on_a_pin("keypad", f"column {number}", gpio) for number, gpio in enumerate(keypad.columns, 1)]
    if hook is not None:
        table += to_ground("hook switch", hook.gpio)
    for name, gpio in board.buttons.items():
        table += to_ground(f"button {name}", gpio)
    if strike is not None:
        table.append(on_a_pin("strike", f"input of the one-shot, {strike.held} opens", strike.gpio))
    if display.bus == 1:
        wires = [("SDA", "2", "GPIO2"), ("SCL", "3", "GPIO3"), ("VCC", "3.3 V", "3V3"), ("GND", "ground", "GND")]
        table += [f"| display | {wire} | {gpio} | {POSITIONS[signal]} |" for wire, gpio, signal in wires]
    return table


def on_a_pin(part: str, wire: str, gpio: int) -> str:
    return f"| {part} | {wire} | {gpio} | {POSITIONS[f'GPIO{gpio}']} |"


def to_ground(part: str, gpio: int) -> list[str]:
    ground = next_ground(POSITIONS[f"GPIO{gpio}"])
    return [on_a_pin(part, "one", gpio), f"| {part} | other | ground | {ground} |"]


def next_ground(position: int) -> int:
    """The ground pin in the same row of the header that is nearest."""
    grounds = [number for number, pin in _J8.items() if pin.name == "GND" and number % 2 == position % 2]
    return int(min(grounds, key=lambda ground: abs(ground - position)))


def test_there_are_boards() -> None:
    assert [path.stem for path in BOARDS] == ["desk-phone", "door-station"]


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_the_readme_shows_the_pins_of_the_board_file(path: Path) -> None:
    text = (HARDWARE / "README.md").read_text(encoding="utf-8")
    shown = re.search(rf"<!-- pinout {path.stem}:.*?-->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert shown is not None
    expected = "\n".join(["| part | wire | GPIO | header pin |", "|---|---|---|---|", *pinout(load_board(path))])
    assert shown[1].rstrip() == expected, f"the table should be\n{expected}"


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_pins_are_chosen_with_what_they_do_before_the_program_runs(path: Path) -> None:
    board = load_board(path)
    keypad, hook, strike = board.keypad, board.hook, board.strike
    pulled_up_later = set(board.buttons.values())
    pulled_up_later |= set(keypad.columns) if keypad is not None else set()
    pulled_up_later |= {hook.gpio} if hook is not None else set()
    assert pulled_up_later <= set(PULLED_UP)
    others = set(keypad.rows) if keypad is not None else set()
    others |= {strike.gpio} if strike is not None else set()
    assert not ((pulled_up_later | others) & (SERIAL_CONSOLE | I2S))
    assert strike is None or (strike.gpio in PULLED_UP) == (strike.held is Level.LOW)
