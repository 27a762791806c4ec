"""A display at rest: it moves, goes dark, and is back at once."""

from hypothesis import given
from hypothesis import strategies as st

from appliance.phone.gallery import STORIES, told
from appliance.phone.screen_image import render
from appliance.phone.screen_rest import ScreenRest, moved
from appliance.units import Seconds

IDLE = render(told(STORIES["idle"]))
DARK = bytes(1024)


def lit(image: bytes) -> set[tuple[int, int]]:
    return {(x, y) for y in range(64) for x in range(128) if image[y * 16 + x // 8] >> (7 - x % 8) & 1}


@given(st.binary(min_size=1024, max_size=1024), st.integers(-2, 2), st.integers(-2, 2))
def test_every_dot_moves_alike(image: bytes, right: int, down: int) -> None:
    wanted = {(x + right, y + down) for x, y in lit(image)}
    assert lit(moved(image, right, down)) == {(x, y) for x, y in wanted if 0 <= x < 128 and 0 <= y < 64}


def test_in_use_a_picture_stands_still_for_ever() -> None:
    rest = ScreenRest(Seconds(600.0))
    assert all(rest.image(IDLE, resting=False, now=Seconds(minute * 60.0)) == IDLE for minute in range(100))


def test_at_rest_no_dot_is_lit_all_the_time_and_none_is_lost_for_long() -> None:
    rest = ScreenRest(None)
    shown = [lit(rest.image(IDLE, resting=True, now=Seconds(minute * 60.0))) for minute in range(9)]
    assert len(set(map(frozenset, shown))) == 9
    always = set.intersection(*shown)
    assert len(always) < len(lit(IDLE)) / 4, "what stays lit is inside of thick strokes only"


def test_it_goes_dark_and_a_touch_lights_it() -> None:
    rest = ScreenRest(Seconds(600.0))
    assert rest.image(IDLE, resting=True, now=Seconds(0.0)) == IDLE
    assert rest.image(IDLE, resting=True, now=Seconds(599.0)) != DARK
    assert rest.image(IDLE, resting=True, now=Seconds(600.0)) == DARK
    rest.touched()
    assert rest.image(IDLE, resting=True, now=Seconds(601.0)) == IDLE
    assert rest.image(IDLE, resting=True, now=Seconds(1201.0)) == DARK
    assert rest.image(IDLE, resting=False, now=Seconds(1202.0)) == IDLE
