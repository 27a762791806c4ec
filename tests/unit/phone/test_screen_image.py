"""Screens as pixels, against pictures that a person has looked at. `UPDATE_GOLDEN=1` draws them anew."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from appliance.phone.canvas import ELLIPSIS, Canvas, Font, drawable, shortened, tail, width, wrapped
from appliance.phone.gallery import STORIES, enlarged, render_in_call, render_sheet, told
from appliance.phone.icons import LARGE, LINE_DOWN, MICROPHONE_OFF
from appliance.phone.screen import Screen, ScreenKind
from appliance.phone.screen_image import draw, render

GOLDEN = Path(__file__).parents[2] / "data" / "screens"


@pytest.mark.parametrize("name", STORIES)
def test_every_screen_looks_as_it_did(name: str) -> None:
    picture = GOLDEN / f"{name.replace(',', '').replace(' ', '_')}.png"
    drawn = draw(told(STORIES[name]))
    if os.environ.get("UPDATE_GOLDEN"):
        picture.parent.mkdir(parents=True, exist_ok=True)
        drawn.save(picture, optimize=True)
    with Image.open(picture) as golden:
        different = ImageChops.logical_xor(drawn, golden.convert("1"))
    assert different.getbbox() is None, f"{picture.name} differs within {different.getbbox()}"


def test_the_gallery_has_every_kind_of_screen() -> None:
    assert {told(story).kind for story in STORIES.values()} == set(ScreenKind)


def test_every_golden_picture_belongs_to_a_screen() -> None:
    names = {f"{name.replace(',', '').replace(' ', '_')}.png" for name in STORIES}
    assert {path.name for path in GOLDEN.glob("*.png")} == names


def test_a_display_gets_64_rows_of_16_bytes_with_the_first_dot_leftmost() -> None:
    canvas = Canvas()
    canvas.box(0, 0, 0, 0)
    canvas.box(127, 63, 127, 63)
    data = canvas.image.tobytes()
    assert len(data) == 1024
    assert (data[0], data[-1]) == (0x80, 0x01)
    assert len(render(told(STORIES["idle"]))) == 1024


@given(
    st.builds(
        Screen,
        kind=st.sampled_from(ScreenKind),
        title=st.text(max_size=200),
        headline=st.text(max_size=200),
        detail=st.text(max_size=200),
        hint=st.text(max_size=200),
        timer=st.sampled_from(("", "0:07", "59:59", "123:45:56")),
        codec=st.text(max_size=30),
        bars=st.none() | st.integers(0, 4),
        muted=st.booleans(),
        ready=st.booleans(),
    )
)
def test_any_text_can_be_drawn(screen: Screen) -> None:
    assert len(render(screen)) == 1024


@given(st.text(max_size=60), st.sampled_from(Font), st.integers(20, 128))
def test_shortened_text_fits(text: str, font: Font, room: int) -> None:
    clean = drawable(text)
    for cut in (shortened(clean, font, room), tail(clean, font, room), *wrapped(clean, font, room, 2)):
        assert width(cut, font) <= room or cut == ELLIPSIS


def test_what_is_cut_off_is_marked() -> None:
    long = "Wolfgang Amadeus Mozart"
    assert shortened(long, Font.LARGE, 90).endswith(ELLIPSIS)
    assert tail("0123456789012345678901234567890", Font.BODY, 100).startswith(ELLIPSIS)
    assert wrapped("No common codec", Font.MEDIUM, 96, 2) == ["No common", "codec"]


@pytest.mark.parametrize("font", Font)
def test_every_letter_that_is_called_drawable_has_a_picture(font: Font) -> None:
    nothing = _ink("\ue000", font)
    letters = (chr(point) for point in (*range(0x21, 0x7F), *range(0xA1, 0x17F)))
    missing = [letter for letter in letters if drawable(letter) == letter and _ink(letter, font) in {nothing, b""}]
    assert missing == []


def _ink(text: str, font: Font) -> bytes:
    canvas = Canvas()
    canvas.text(4, 40, text, font)
    return canvas.image.tobytes() if canvas.image.getbbox() else b""


def test_umlauts_are_drawn_as_umlauts() -> None:
    for plain, marked in ("aä", "oö", "uü", "AÄ", "OÖ", "UÜ", "eé", "cč"):
        assert _ink(plain, Font.LARGE) != _ink(marked, Font.LARGE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Jürgen Müßig", "Jürgen Müßig"),
        ("Ju\u0308rgen", "Jürgen"),
        ("a\x1b[2Jb\n", "a[2Jb"),
        ("\u202eevil", "evil"),
        ("\u1e68ola", "Sola"),
        ("日本", "??"),
        ("☎ 5", "? 5"),
        ("1\u00a02", "1 2"),
    ],
)
def test_texts_from_the_network_become_drawable(text: str, shown: str) -> None:
    assert drawable(text) == shown


def test_icons_are_rectangles_of_two_characters() -> None:
    for icon in (*LARGE.values(), LINE_DOWN, MICROPHONE_OFF):
        assert len({len(row) for row in icon}) == 1
        assert set("".join(icon)) == {"#", "."}


def test_the_sheet_and_the_photograph_are_pictures(tmp_path: Path) -> None:
    render_sheet(tmp_path / "sheet.png")
    render_in_call(tmp_path / "call.png")
    with Image.open(tmp_path / "sheet.png") as sheet, Image.open(tmp_path / "call.png") as call:
        assert sheet.size[0] > 4 * 128 * 2
        assert call.size == (128 * 4 + 24, 64 * 4 + 24)
    assert enlarged(told(STORIES["idle"]), 1).size == (134, 70)
