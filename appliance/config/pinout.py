"""A board file as a table for whoever solders: part, wire, GPIO number and position on the 40-pin header."""

from typing import Final

from appliance.config.board import Board

POSITIONS: Final = {
    2: 3,
    3: 5,
    4: 7,
    14: 8,
    15: 10,
    17: 11,
    18: 12,
    27: 13,
    22: 15,
    23: 16,
    24: 18,
    10: 19,
    9: 21,
    25: 22,
    11: 23,
    8: 24,
    7: 26,
    5: 29,
    6: 31,
    12: 32,
    13: 33,
    19: 35,
    16: 36,
    26: 37,
    20: 38,
    21: 40,
}
"""Where each GPIO is on the header of every Raspberry Pi with 40 pins."""
GROUNDS: Final = (6, 9, 14, 20, 25, 30, 34, 39)
_POWER: Final = 1
"""3.3 V."""

Row = tuple[str, str, str, str]


def rows(board: Board) -> list[Row]:
    """The table's rows."""
    keypad, hook, strike = board.keypad, board.hook, board.strike
    table: list[Row] = []
    if keypad is not None:
        for number, (legends, gpio) in enumerate(zip(keypad.legends, keypad.rows, strict=True), 1):
            table.append(_pin("keypad", f"row {number}: {' '.join(legends)}", gpio))
        table += [_pin("keypad", f"column {number}", gpio) for number, gpio in enumerate(keypad.columns, 1)]
    if hook is not None:
        table += _contact("hook switch", hook.gpio)
    for name, gpio in board.buttons.items():
        table += _contact(f"button {name}", gpio)
    if strike is not None:
        table.append(_pin("strike", f"input of the one-shot, {strike.held} opens", strike.gpio))
    if board.display.bus == 1:
        table += [_pin("display", "SDA", 2), _pin("display", "SCL", 3)]
        table += [("display", "VCC", "3.3 V", str(_POWER)), ("display", "GND", "ground", str(GROUNDS[0]))]
    return table


def markdown(board: Board) -> str:
    """The table as a page of documentation has it."""
    lines = ("part", "wire", "GPIO", "header pin"), ("---",) * 4, *rows(board)
    return "\n".join(f"| {' | '.join(line)} |" if line[0] != "---" else "|---|---|---|---|" for line in lines)


def _pin(part: str, wire: str, gpio: int) -> Row:
    return part, wire, str(gpio), str(POSITIONS[gpio])


def _contact(part: str, gpio: int) -> list[Row]:
    """A switch between a pin and the ground in the same row of the header that is nearest."""
    position = POSITIONS[gpio]
    ground = min((each for each in GROUNDS if each % 2 == position % 2), key=lambda each: abs(each - position))
    return [_pin(part, "one", gpio), (part, "other", "ground", str(ground))]
