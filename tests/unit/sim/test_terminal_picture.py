"""The panel as lines of a terminal."""

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from appliance.phone.gallery import STORIES, told
from appliance.phone.screen_image import render
from appliance.sim.terminal_picture import HELP, Drawn, Size, braille, half_blocks, picture

IMAGE = render(told(STORIES["in call"]))


def visible(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def dots(*lit: tuple[int, int]) -> bytes:
    image = bytearray(1024)
    for x, y in lit:
        image[y * 16 + x // 8] |= 0x80 >> x % 8
    return bytes(image)


def test_half_blocks_are_two_dots_each() -> None:
    lines = half_blocks(dots((0, 0), (1, 1), (2, 0), (2, 1), (127, 63)))
    assert (len(lines), {len(line) for line in lines}) == (32, {128})
    assert lines[0][:4] == "▀▄█ "
    assert lines[-1][-1] == "▄"


def test_braille_is_eight_dots_each() -> None:
    lines = braille(dots((0, 0), (3, 3), (4, 0), (4, 1), (4, 2), (4, 3), (5, 0), (5, 1), (5, 2), (5, 3)))
    assert (len(lines), {len(line) for line in lines}) == (16, {64})
    assert lines[0][:4] == "⠁⢀⣿⠀"


def test_an_ordinary_window_shows_everything() -> None:
    lines = picture(Drawn(image=IMAGE, title="front door", off_hook=True, pressed="5"), Size(80, 24))
    text = "\n".join(map(visible, lines))
    assert len(lines) <= 24
    assert "front door" in text
    assert "handset LIFTED   key 5" in text
    assert all(line in text for line in HELP)
    assert braille(IMAGE)[5] in text


def test_a_large_window_gets_the_large_picture_and_the_latest_notes() -> None:
    lines = picture(Drawn(image=IMAGE, notes=[f"note {n}" for n in range(50)]), Size(132, 42))
    text = "\n".join(map(visible, lines))
    assert half_blocks(IMAGE)[5] in text
    assert lines[-1] == " note 49"


def test_a_tiny_window_says_so() -> None:
    assert picture(Drawn(image=IMAGE), Size(60, 20)) == ["The window is too small: 66x19 needed"]


def test_without_colour_there_are_no_escapes() -> None:
    assert not any("\x1b" in line for line in picture(Drawn(image=IMAGE), Size(132, 42), colour=False))


@given(st.integers(1, 200), st.integers(1, 60), st.text(max_size=300), st.lists(st.text(max_size=300), max_size=9))
def test_it_always_fits_and_no_text_steers_the_terminal(columns: int, rows: int, title: str, notes: list[str]) -> None:
    lines = picture(Drawn(image=IMAGE, title=title, notes=notes), Size(columns, rows))
    assert len(lines) <= rows
    for line in map(visible, lines):
        assert sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line) <= columns
        assert "\x1b" not in line
        assert "\n" not in line
