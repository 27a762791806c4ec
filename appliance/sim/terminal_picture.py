"""A panel as lines of a terminal: the display in half blocks or braille, the help, the latest notes. Pure.

╭────────────────╮
│   128×64 dots  │   half blocks: 128 × 32 characters; braille: 64 × 16, for an ordinary 80×24 window
╰────────────────╯
 handset down · ring
 0-9 * # keys …
 notes
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.phone.ports import DISPLAY_HEIGHT, DISPLAY_WIDTH

HELP: Final = (
    "SPACE lift/replace handset   0-9 * # dial   ENTER = #   q quit",
    "a mute   b hold   c delete/reject   d redial   r flash   h hands-free",
)

_ROW: Final = DISPLAY_WIDTH // 8
_HALVES: Final = " ▀▄█"
_BRAILLE: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_ASIDE: Final = 2
"""Columns of the frame, and rows of it."""

AMBER: Final = "\x1b[38;5;214m"
DIM: Final = "\x1b[2m"
BOLD: Final = "\x1b[1m"
PLAIN: Final = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Size:
    """Of a terminal, in characters."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What there is to be seen."""

    image: bytes
    off_hook: bool = False
    title: str = ""
    notes: Sequence[str] = ()
    pressed: str = ""
    """The last key, to show that it arrived."""


def half_blocks(image: bytes) -> list[str]:
    """32 lines of 128 characters, two dots each."""
    return [
        "".join(_HALVES[_dot(image, x, y) + 2 * _dot(image, x, y + 1)] for x in range(DISPLAY_WIDTH))
        for y in range(0, DISPLAY_HEIGHT, 2)
    ]


def braille(image: bytes) -> list[str]:
    """16 lines of 64 characters, eight dots each (Unicode block Braille Patterns)."""
    return [
        "".join(
            chr(
                0x2800
                + sum(
                    bit
                    for row, bits in enumerate(_BRAILLE)
                    for column, bit in enumerate(bits)
                    if _dot(image, x + column, y + row)
                )
            )
            for x in range(0, DISPLAY_WIDTH, 2)
        )
        for y in range(0, DISPLAY_HEIGHT, 4)
    ]


def _dot(image: bytes, x: int, y: int) -> int:
    return image[y * _ROW + x // 8] >> (7 - x % 8) & 1


def picture(panel: Drawn, size: Size, *, colour: bool = True) -> list[str]:
    """The panel as at most `size.rows` lines of at most `size.columns` visible characters."""
    below = 2 + len(HELP)
    if _fits(size, DISPLAY_WIDTH, DISPLAY_HEIGHT // 2, below):
        dots = half_blocks(panel.image)
    elif _fits(size, DISPLAY_WIDTH // 2, DISPLAY_HEIGHT // 4, 1):
        dots = braille(panel.image)
    else:
        need = f"{DISPLAY_WIDTH // 2 + _ASIDE}x{DISPLAY_HEIGHT // 4 + _ASIDE + 1}"
        return [f"The window is too small: {need} needed"[: size.columns]][: size.rows]
    inside = len(dots[0])
    amber, dim, bold, plain = (AMBER, DIM, BOLD, PLAIN) if colour else ("", "", "", "")
    title = f" {panel.title} " if panel.title else ""
    lines = [dim + "╭" + _clipped(title, inside - 1).center(inside, "─") + "╮" + plain]
    lines += [f"{dim}│{plain}{amber}{row}{plain}{dim}│{plain}" for row in dots]
    lines.append(dim + "╰" + "─" * inside + "╯" + plain)
    handset = "handset LIFTED" if panel.off_hook else "handset down"
    key = f"   key {panel.pressed}" if panel.pressed else ""
    lines.append(bold + _clipped(f" {handset}{key}", size.columns) + plain)
    lines += [dim + _clipped(f" {text}", size.columns) + plain for text in HELP]
    room = size.rows - len(lines)
    if room > 0 and panel.notes:
        lines += [_clipped(f" {note}", size.columns) for note in panel.notes[-room:]]
    return lines[: size.rows]


def _fits(size: Size, columns: int, rows: int, below: int) -> bool:
    return size.columns >= columns + _ASIDE and size.rows >= rows + _ASIDE + below


def _clipped(text: str, columns: int) -> str:
    """`text` without what could steer the terminal, at most `columns` wide."""
    clean = "".join(char for char in text if unicodedata.category(char)[0] != "C")
    wide = 0
    for at, char in enumerate(clean):
        wide += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if wide > columns:
            return clean[:at]
    return clean
