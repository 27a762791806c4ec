"""A 128×64 drawing surface of one bit: bitmap fonts, fitting text, icons."""

import gzip
import io
import unicodedata
from enum import Enum
from functools import cache
from importlib import resources
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from appliance.phone.icons import Icon
from appliance.phone.ports import DISPLAY_HEIGHT, DISPLAY_WIDTH

ELLIPSIS: Final = "…"


class Font(Enum):
    """The bitmap fonts in `fonts/`: file and pixels per em."""

    SMALL = ("helvR08", 8)
    SMALL_BOLD = ("helvB08", 8)
    BODY = ("helvR10", 10)
    BODY_BOLD = ("helvB10", 10)
    MEDIUM = ("helvB12", 12)
    LARGE = ("helvB14", 14)
    HUGE = ("helvB18", 18)
    GIANT = ("helvB24", 24)


HEADLINE: Final = (Font.GIANT, Font.HUGE, Font.LARGE, Font.MEDIUM, Font.BODY_BOLD)
"""From the largest to the smallest a headline is ever set in."""

_PUNCTUATION: Final = frozenset("\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2022\u2026\u20ac")


@cache
def _face(font: Font) -> ImageFont.FreeTypeFont:
    name, size = font.value
    packed = resources.files("appliance.phone").joinpath("fonts", f"{name}.pcf.gz").read_bytes()
    return ImageFont.truetype(io.BytesIO(gzip.decompress(packed)), size, layout_engine=ImageFont.Layout.BASIC)


def drawable(text: str) -> str:
    """`text` with the characters that the fonts have: Latin letters with their marks; others lose them or become `?`.

    A caller's name comes from the network, so control characters and right-to-left marks end here too.
    """
    return "".join(_drawable(char) for char in unicodedata.normalize("NFC", text))


def _drawable(char: str) -> str:
    point = ord(char)
    if 0x20 <= point < 0x7F or 0xA0 <= point < 0x17F or char in _PUNCTUATION:
        return " " if char == "\u00a0" else char.replace("\u00ad", "-")
    if unicodedata.category(char) in {"Cc", "Cf", "Mn"}:
        return ""
    plain = unicodedata.normalize("NFKD", char)[0]
    return plain if 0x20 <= ord(plain) < 0x7F else "?"


_TRACKING: Final = {Font.SMALL_BOLD: 1}
"""Pixels added between letters, where the strokes of a font would run into each other."""


def width(text: str, font: Font) -> int:
    """Pixels that `text` takes in a row."""
    return round(_face(font).getlength(text)) + _TRACKING.get(font, 0) * max(0, len(text) - 1)


def shortened(text: str, font: Font, room: int) -> str:
    """`text`, or as much of its beginning as fits into `room` pixels with an ellipsis."""
    if width(text, font) <= room:
        return text
    for end in range(len(text) - 1, 0, -1):
        cut = text[:end].rstrip() + ELLIPSIS
        if width(cut, font) <= room:
            return cut
    return ELLIPSIS


def tail(text: str, font: Font, room: int) -> str:
    """`text`, or as much of its end as fits into `room` pixels behind an ellipsis: for numbers being keyed in."""
    if width(text, font) <= room:
        return text
    for start in range(1, len(text)):
        cut = ELLIPSIS + text[start:]
        if width(cut, font) <= room:
            return cut
    return ELLIPSIS


def wrapped(text: str, font: Font, room: int, lines: int) -> list[str]:
    """`text` broken at spaces into at most `lines` rows; the last one is shortened if it must be."""
    rows: list[str] = []
    words = text.split()
    while words and len(rows) < lines - 1:
        count = 1
        while count < len(words) and width(" ".join(words[: count + 1]), font) <= room:
            count += 1
        rows.append(shortened(" ".join(words[:count]), font, room))
        words = words[count:]
    if words:
        rows.append(shortened(" ".join(words), font, room))
    return rows


class Canvas:
    """The surface. Text is placed by its baseline, `y` counted from the top."""

    def __init__(self) -> None:
        self.image = Image.new("1", (DISPLAY_WIDTH, DISPLAY_HEIGHT))
        self._draw = ImageDraw.Draw(self.image)
        self._draw.fontmode = "1"

    def text(self, x: int, y: int, text: str, font: Font, *, anchor: str = "l", lit: bool = True) -> None:
        """One row of text; `anchor` l, m or r says what `x` is of it."""
        face = _face(font)
        left = x - {"l": 0, "m": width(text, font) // 2, "r": width(text, font)}[anchor]
        tracking = _TRACKING.get(font, 0)
        for char in text if tracking else (text,):
            self._draw.text((left, y), char, fill=int(lit), font=face, anchor="ls")
            left += width(char, font) + tracking

    def icon(self, x: int, y: int, icon: Icon, *, lit: bool = True) -> None:
        """A picture with its top left corner at (x, y)."""
        for row, line in enumerate(icon):
            for column, char in enumerate(line):
                if char == "#":
                    self._draw.point((x + column, y + row), fill=int(lit))

    def box(self, x: int, y: int, right: int, bottom: int, *, lit: bool = True) -> None:
        """A filled rectangle, its corners included."""
        self._draw.rectangle((x, y, right, bottom), fill=int(lit))

    def frame(self, x: int, y: int, right: int, bottom: int) -> None:
        """The outline of a rectangle."""
        self._draw.rectangle((x, y, right, bottom), outline=1)

    def pill(self, x: int, y: int, right: int, bottom: int) -> None:
        """A filled rectangle with round corners."""
        self._draw.rounded_rectangle((x, y, right, bottom), radius=2, fill=1)

    def line(self, y: int) -> None:
        """A dotted line across."""
        for x in range(0, DISPLAY_WIDTH, 2):
            self._draw.point((x, y), fill=1)
