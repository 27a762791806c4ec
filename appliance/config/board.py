"""A board file: what is connected to which pin. One frozen dataclass for each of its tables.

GPIO numbers are the SoC's, as in `GPIO17`; they are not the positions on the header.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from appliance.config import formats
from appliance.config.positions import positions
from appliance.config.table import Problems, Table
from appliance.errors import ConfigError

LOWEST_GPIO: Final = 2
HIGHEST_GPIO: Final = 27
"""The GPIOs on the header; 0 and 1 belong to the memory that identifies a HAT."""
HIGHEST_PULLED_UP: Final = 8
"""GPIOs up to here are pulled up at reset, all others down (BCM2711 ARM Peripherals §5.3; the same on every Pi)."""
I2C_PINS: Final = (2, 3)
"""The GPIOs of I2C bus 1, which is the header's."""
_LEGENDS: Final = "0123456789*#ABCD"
"""The keys of a telephone (ITU-T Q.23)."""


class Contact(StrEnum):
    """What a switch does."""

    OPEN = "open"
    CLOSED = "closed"


class Controller(StrEnum):
    """The chip of a display."""

    SSD1306 = "ssd1306"
    """Most displays of 0.96″."""
    SH1106 = "sh1106"
    """Most displays of 1.3″."""


@dataclass(frozen=True, kw_only=True)
class KeypadWiring:
    """[keypad]: a matrix of keys."""

    rows: tuple[int, ...]
    """GPIO numbers, from the top to the bottom."""
    columns: tuple[int, ...]
    """GPIO numbers, from left to right."""
    legends: tuple[str, ...]
    """What stands on the keys: one text a row, one character a column."""


@dataclass(frozen=True, kw_only=True)
class HookWiring:
    """[hook]: the switch under the handset, between its pin and ground."""

    gpio: int
    """Its GPIO number."""
    off_hook: Contact
    """What the contact is while the handset is lifted."""


@dataclass(frozen=True, kw_only=True)
class DisplayWiring:
    """[display]: 128×64 pixels on I2C."""

    controller: Controller
    """Its chip."""
    bus: int
    """The I2C bus; the header's is 1."""
    address: int
    """On the bus: 0x3C or 0x3D."""
    turned: bool = False
    """Mounted upside down."""


class Level(StrEnum):
    """What a pin does to what hangs on it."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, kw_only=True)
class StrikeWiring:
    """[strike]: the relay of the door."""

    gpio: int
    """Its GPIO number: one that is pulled so until the program runs that the relay stays released."""
    held: Level
    """The level that holds the relay, and so opens the door."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """A whole board."""

    name: str
    """What it is, for people."""
    display: DisplayWiring
    keypad: KeypadWiring | None = None
    hook: HookWiring | None = None
    buttons: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """[buttons]: GPIO numbers by name; pressing one connects its pin to ground."""
    strike: StrikeWiring | None = None


def load_board(file: Path) -> Board:
    """The board that `file` describes.

    Raises:
        ConfigError: with every problem of the file, each one sentence that begins with the file and its line.
    """
    try:
        text = file.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise ConfigError([f"{file}: can't be read: {error.strerror}"]) from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise ConfigError([f"{file}: is not TOML: {error}"]) from error
    problems = Problems(str(file), positions(text))
    top = Table("", document, problems, file.parent)
    board = Board(
        name=top.text("name", required=True),
        keypad=_keypad(top.table("keypad")) if "keypad" in top else None,
        hook=_hook(top.table("hook")) if "hook" in top else None,
        buttons=_buttons(top.table("buttons")),
        display=_display(top.table("display")),
        strike=_strike(top.table("strike")) if "strike" in top else None,
    )
    _check_pins(board, problems)
    if board.keypad is None and board.hook is None and not board.buttons:
        problems.add("", "there is nothing to press or to lift on it: [keypad], [hook] or [buttons] is needed")
    top.finish()
    if problems.found:
        raise ConfigError(problems.sentences())
    return board


def _keypad(table: Table) -> KeypadWiring:
    keypad = KeypadWiring(
        rows=table.integers("rows", LOWEST_GPIO, HIGHEST_GPIO),
        columns=table.integers("columns", LOWEST_GPIO, HIGHEST_GPIO),
        legends=table.texts("legends"),
    )
    if sentence := _wrong_legends(keypad):
        table.complain("legends", f"keypad.legends {sentence}")
    table.finish()
    return keypad


def _wrong_legends(keypad: KeypadWiring) -> str:
    if not keypad.legends:
        return 'is missing: one text a row, like ["123", "456", "789", "*0#"]'
    if wrong := sorted(set("".join(keypad.legends)) - set(_LEGENDS)):
        return f"has {' '.join(wrong)}: a telephone has the keys {_LEGENDS}"
    if twice := [legend for legend, count in Counter("".join(keypad.legends)).items() if count > 1]:
        return f"has {' '.join(twice)} more than once"
    rows, columns = len(keypad.rows), len(keypad.columns)
    if rows and columns and [len(row) for row in keypad.legends] != [columns] * rows:
        return f"does not fit the rows and columns, which ask for {rows} texts of {columns} characters"
    return ""


def _hook(table: Table) -> HookWiring:
    hook = HookWiring(
        gpio=table.integer("gpio", 0, LOWEST_GPIO, HIGHEST_GPIO, required=True),
        off_hook=table.choice("off_hook", Contact.OPEN),
    )
    if "off_hook" not in table:
        table.complain("off_hook", "hook.off_hook is missing: whether lifting the handset leaves the contact open")
    table.finish()
    return hook


def _display(table: Table) -> DisplayWiring:
    display = DisplayWiring(
        controller=table.choice("controller", Controller.SSD1306),
        bus=table.integer("bus", 1, 0, 31),
        address=table.integer("address", 0x3C, 0x08, 0x77),
        turned=table.flag("turned"),
    )
    if "controller" not in table:
        table.complain("controller", f"display.controller is missing: {' or '.join(Controller)}")
    table.finish()
    return display


def _strike(table: Table) -> StrikeWiring:
    strike = StrikeWiring(
        gpio=table.integer("gpio", 0, LOWEST_GPIO, HIGHEST_GPIO, required=True),
        held=table.choice("held", Level.HIGH),
    )
    if "held" not in table:
        table.complain("held", "strike.held is missing: the level of the pin that opens the door, high or low")
    pulled = Level.HIGH if strike.gpio <= HIGHEST_PULLED_UP else Level.LOW
    if strike.gpio and strike.held is pulled:
        sentence = f"strike.gpio: GPIO {strike.gpio} is {pulled} until the program runs, and that opens the door"
        table.complain("gpio", sentence)
    table.finish()
    return strike


def _buttons(table: Table) -> Mapping[str, int]:
    buttons = {name: table.integer(name, 0, LOWEST_GPIO, HIGHEST_GPIO) for name in table.names}
    for name in buttons:
        if problem := formats.topic_name(name):
            table.complain(name, f"buttons: {name} can't be a name: allowed are {problem}")
    return MappingProxyType(buttons)


def _check_pins(board: Board, problems: Problems) -> None:
    """No pin has two uses."""
    uses = []
    if board.keypad is not None:
        uses += [(number, "keypad.rows") for number in board.keypad.rows]
        uses += [(number, "keypad.columns") for number in board.keypad.columns]
    uses += [(board.hook.gpio, "hook.gpio")] if board.hook is not None and board.hook.gpio else []
    uses += [(number, f"buttons.{name}") for name, number in board.buttons.items() if number]
    uses += [(board.strike.gpio, "strike.gpio")] if board.strike is not None and board.strike.gpio else []
    taken = dict.fromkeys(I2C_PINS, "the display") if board.display.bus == 1 else {}
    for number, name in uses:
        if number in taken:
            problems.add(name, f"{name}: GPIO {number} has a use already: {taken[number]}")
        taken.setdefault(number, name)
