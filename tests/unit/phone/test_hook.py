"""What the reports of the hook switch mean, and the key for hands-free talk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import UsageError
from appliance.phone.hook import FlashTimes, Hook, HookMove
from appliance.units import Seconds

FLASH = FlashTimes()
NOW = Seconds(50.0)


@pytest.mark.parametrize(
    ("before", "report", "move"),
    [
        (None, True, HookMove.FOUND_OFF),
        (None, False, HookMove.REPLACED),
        (False, True, HookMove.LIFTED),
        (True, False, HookMove.REPLACED),
        (True, True, HookMove.NONE),
        (False, False, HookMove.NONE),
    ],
)
def test_moves_where_nothing_is_a_flash(before: bool | None, report: bool, move: HookMove) -> None:
    assert Hook(handset=before).moved(report, NOW, None) == (Hook(handset=report), move)


@pytest.mark.parametrize(
    ("down", "move"),
    [(0.02, HookMove.NONE), (0.079, HookMove.NONE), (0.081, HookMove.FLASHED), (0.499, HookMove.FLASHED)],
)
def test_a_handset_that_is_down_for_a_moment(down: float, move: HookMove) -> None:
    hook, first = Hook(handset=True).moved(False, NOW, FLASH)
    assert (first, hook.off_hook) == (HookMove.NONE, True), "nothing has happened yet"
    assert hook.deadline(FLASH) == NOW + 0.5
    assert hook.moved(True, Seconds(NOW + down), FLASH) == (Hook(handset=True), move)


def test_a_handset_that_stays_down_is_down() -> None:
    hook, _ = Hook(handset=True).moved(False, NOW, FLASH)
    assert hook.settled() == Hook(handset=False)
    assert hook.settled().deadline(FLASH) is None


def test_down_twice_is_down_once() -> None:
    hook, _ = Hook(handset=True).moved(False, NOW, FLASH)
    assert hook.moved(False, Seconds(NOW + 0.3), FLASH) == (hook, HookMove.NONE)


def test_found_on_hook_is_no_flash() -> None:
    assert Hook().moved(False, NOW, FLASH) == (Hook(handset=False), HookMove.REPLACED)


def test_hands_free_talk_and_the_handset() -> None:
    down = Hook(handset=False)
    talking, move = down.hands_free_pressed()
    assert (move, talking.off_hook) == (HookMove.LIFTED, True)
    assert talking.hands_free_pressed() == (down, HookMove.REPLACED)
    lifted, move = talking.moved(True, NOW, FLASH)
    assert (lifted, move) == (Hook(handset=True), HookMove.NONE), "the handset takes over"
    speaker, move = lifted.hands_free_pressed()
    assert (move, speaker.hands_free) == (HookMove.NONE, True)
    assert speaker.moved(False, NOW, FLASH) == (talking, HookMove.NONE), "and is put down without an end"
    assert speaker.left() == lifted


@pytest.mark.parametrize(("shortest", "longest"), [(0.0, 0.5), (0.5, 0.5), (0.6, 0.5), (0.1, 2.5)])
def test_times_that_are_no_times(shortest: float, longest: float) -> None:
    with pytest.raises(UsageError, match="hook flash from"):
        FlashTimes(shortest=Seconds(shortest), longest=Seconds(longest))


MOVES = st.lists(st.tuples(st.floats(0.0, 0.6), st.sampled_from(("down", "up", "speaker"))), max_size=40)


@given(MOVES)
def test_off_hook_changes_only_with_a_move_that_says_so(moves: list[tuple[float, str]]) -> None:
    hook, now = Hook(), NOW
    for pause, what in moves:
        now = Seconds(now + pause)
        due = hook.deadline(FLASH)
        if due is not None and now >= due:
            hook = hook.settled()
        before = hook.off_hook
        hook, move = hook.hands_free_pressed() if what == "speaker" else hook.moved(what == "up", now, FLASH)
        match move:
            case HookMove.LIFTED | HookMove.FOUND_OFF:
                assert (bool(before), hook.off_hook) == (False, True)
            case HookMove.REPLACED:
                assert hook.off_hook is False
                assert before is not False
            case _:
                assert hook.off_hook == before
