from pathlib import Path

import pytest

from appliance.config.board import Contact, Controller, load_board
from appliance.config.load import load
from appliance.config.model import PanelDriver
from appliance.errors import ConfigError

BOARD = """\
name = "Bench"
[keypad]
rows = [22, 25, 16, 26]
columns = [5, 6, 8]
legends = ["123", "456", "789", "*0#"]
[hook]
gpio = 4
off_hook = "closed"
[display]
controller = "sh1106"
bus = 1
address = 0x3D
turned = true
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "board.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_board(file)
    return [problem.removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_a_board(tmp_path: Path) -> None:
    (tmp_path / "board.toml").write_text(BOARD)
    board = load_board(tmp_path / "board.toml")
    assert board.name == "Bench"
    assert board.keypad is not None
    assert board.hook is not None
    assert board.keypad.rows == (22, 25, 16, 26)
    assert board.keypad.columns == (5, 6, 8)
    assert board.keypad.legends == ("123", "456", "789", "*0#")
    assert (board.hook.gpio, board.hook.off_hook) == (4, Contact.CLOSED)
    assert (board.display.controller, board.display.bus, board.display.address) == (Controller.SH1106, 1, 0x3D)
    assert board.display.turned


GPIOS = "a list of whole numbers from 2 to 27"
ERRORS = [
    (
        "rows = [22, 25, 16, 26]",
        "rows = [22, 25, 16]",
        "board.toml:5: keypad.legends does not fit the rows and columns",
    ),
    ("rows = [22, 25, 16, 26]", "", "board.toml:2: keypad.rows is missing"),
    ("rows = [22,", "rows = [1,", f"board.toml:3: keypad.rows = [1, 25, 16, 26] can't be used: allowed is {GPIOS}"),
    ("rows = [22,", "rows = [true,", f"can't be used: allowed is {GPIOS}"),
    ("rows = [22, 25, 16, 26]", "rows = []", f"keypad.rows = [] can't be used: allowed is {GPIOS}"),
    ("rows = [22,", "rows = [25,", "board.toml:3: keypad.rows: GPIO 25 has a use already: keypad.rows"),
    ("[5, 6, 8]", "[5, 6, 16]", "board.toml:4: keypad.columns: GPIO 16 has a use already: keypad.rows"),
    ("gpio = 4", "gpio = 3", "board.toml:7: hook.gpio: GPIO 3 has a use already: the display"),
    ("gpio = 4", "", "board.toml:6: hook.gpio is missing"),
    ("gpio = 4", "gpoi = 4", "gpoi is not known in [hook]; did you mean gpio?"),
    ('"123"', '"12E"', "keypad.legends has E: a telephone has the keys 0123456789*#ABCD"),
    ('"123"', '"122"', "board.toml:5: keypad.legends has 2 more than once"),
    ('legends = ["123", "456", "789", "*0#"]', "", "board.toml:2: keypad.legends is missing"),
    ('off_hook = "closed"', "", "board.toml:6: hook.off_hook is missing"),
    (
        '"closed"',
        '"close"',
        'hook.off_hook = "close" can\'t be used: allowed is one of open, closed; did you mean closed?',
    ),
    ('controller = "sh1106"', "", "board.toml:9: display.controller is missing: ssd1306 or sh1106"),
    ("0x3D", "0x78", "display.address = 120 can't be used: allowed is a whole number from 8 to 119"),
    ('name = "Bench"', "", "board.toml: name is missing"),
    ("[hook]", "[hook", "board.toml: is not TOML: "),
]


@pytest.mark.parametrize(("old", "new", "sentence"), ERRORS)
def test_errors_name_the_place_and_what_is_allowed(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in BOARD
    found = problems(tmp_path, BOARD.replace(old, new, 1))
    assert any(sentence in problem for problem in found), found


def test_an_empty_board_says_all_that_is_missing(tmp_path: Path) -> None:
    found = problems(tmp_path, "")
    assert len(found) == 3, found
    assert "nothing to press or to lift" in " ".join(found)
    assert len(problems(tmp_path, "[keypad]\n[hook]\n")) == 7


def test_pins_of_another_bus_leave_two_more_to_use(tmp_path: Path) -> None:
    (tmp_path / "board.toml").write_text(BOARD.replace("bus = 1", "bus = 3").replace("gpio = 4", "gpio = 3"))
    hook = load_board(tmp_path / "board.toml").hook
    assert hook is not None
    assert hook.gpio == 3


def test_a_configuration_names_its_board(tmp_path: Path) -> None:
    line = '[line]\nregistrars = ["wss://sip.test/ws"]\nuser = "201"\npassword = "x"\n'
    unit = tmp_path / "unit.toml"
    unit.write_text(line + '[panel]\ndriver = "gpio"\nboard = "board.toml"\n')
    (tmp_path / "board.toml").write_text(BOARD)
    panel = load(unit).panel
    assert panel.driver is PanelDriver.GPIO
    assert panel.board == load_board(tmp_path / "board.toml")

    (tmp_path / "board.toml").write_text(BOARD.replace("gpio = 4", "gpio = 40"))
    with pytest.raises(ConfigError) as caught:
        load(unit)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{unit}:7: panel.board: {tmp_path}/board.toml:7: hook.gpio = 40 can't be used")


def test_a_strike_on_a_pin_that_opens_the_door_at_reset_is_refused(tmp_path: Path) -> None:
    board = tmp_path / "board.toml"
    board.write_text(BOARD + '\n[strike]\ngpio = 17\nheld = "high"\n')
    strike = load_board(board).strike
    assert strike is not None
    assert (strike.gpio, strike.held) == (17, "high")
    for gpio, held, pulled in ((17, "low", "low"), (7, "high", "high")):
        board.write_text(BOARD + f'\n[strike]\ngpio = {gpio}\nheld = "{held}"\n')
        with pytest.raises(ConfigError, match=f"GPIO {gpio} is {pulled} until the program runs, and that"):
            load_board(board)


def test_a_door_station_has_buttons_and_neither_keypad_nor_hook(tmp_path: Path) -> None:
    display = '[display]\ncontroller = "sh1106"\n'
    (tmp_path / "board.toml").write_text(f'name = "Door"\n[buttons]\nbell = 5\n{display}')
    board = load_board(tmp_path / "board.toml")
    assert (dict(board.buttons), board.keypad, board.hook) == ({"bell": 5}, None, None)
    (problem,) = problems(tmp_path, f'name = "Door"\n[buttons]\nbell = 5\nlight = 5\n{display}')
    assert "buttons.light: GPIO 5 has a use already: buttons.bell" in problem
    (problem,) = problems(tmp_path, f'name = "Door"\n[buttons]\nbell = 99\n{display}')
    assert "buttons.bell = 99 can't be used: allowed is a whole number from 2 to 27" in problem
