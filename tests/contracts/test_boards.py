"""The boards that ship: what their files say is sound, and what people read about them is the same."""

import re
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from appliance.cli.main import main
from appliance.config.board import Level, load_board
from appliance.config.pinout import GROUNDS, POSITIONS, markdown

HARDWARE = Path(__file__).parents[2] / "hardware"
BOARDS = sorted(HARDWARE.glob("boards/*.toml"))

_J8 = MockFactory().board_info.headers["J8"].pins
PULLED_UP = range(9)
"""At reset; all others are pulled down (BCM2711 ARM Peripherals §5.3)."""
SERIAL_CONSOLE = {14, 15}
I2S = {18, 19, 20, 21}


def test_the_header_is_as_gpiozero_knows_it() -> None:
    known = {pin.name: number for number, pin in sorted(_J8.items(), reverse=True)}
    assert {f"GPIO{gpio}": position for gpio, position in POSITIONS.items()}.items() <= known.items()
    assert tuple(sorted(number for number, pin in _J8.items() if pin.name == "GND")) == GROUNDS


def test_there_are_boards() -> None:
    assert [path.stem for path in BOARDS] == ["desk-phone", "door-station"]


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_the_readme_shows_the_pins_of_the_board_file(path: Path) -> None:
    text = (HARDWARE / "README.md").read_text(encoding="utf-8")
    shown = re.search(rf"<!-- pinout {path.stem}:.*?-->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert shown is not None
    expected = markdown(load_board(path))
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


def test_the_command_prints_the_table_or_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["board", str(BOARDS[0])]) == 0
    assert markdown(load_board(BOARDS[0])) in capsys.readouterr().out
    bad = tmp_path / "bad.toml"
    bad.write_text(BOARDS[0].read_text().replace("gpio = 4", "gpio = 5"))
    assert main(["board", str(bad)]) == 2
    assert "hook.gpio: GPIO 5 has a use already: keypad.columns" in capsys.readouterr().err
