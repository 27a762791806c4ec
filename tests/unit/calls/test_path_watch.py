import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls.path_watch import PERIOD, QUIET, QUIET_IDLE, PathWatch
from appliance.units import Seconds


class Listener:
    """Looks every `PERIOD` seconds while packets come at the times that a test says."""

    def __init__(self) -> None:
        self.now = Seconds(50.0)
        self.heard: Seconds | None = None
        self.watch = PathWatch(self.now)

    def listen(self, seconds: float, *, every: float | None, expected: bool = True) -> float | None:
        """Let time pass with a packet `every` so many seconds; after how long there was a suspicion."""
        began: float = self.now
        due: float | None = None if every is None else began
        while self.now < began + seconds:
            self.now = Seconds(self.now + PERIOD)
            while due is not None and every is not None and due <= self.now:
                self.heard = Seconds(due)
                due += every
            if self.watch.doubtful(self.heard, expected=expected, now=self.now):
                return self.now - began
        return None


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        pytest.param(0.02, True, id="speech, or a muted microphone"),
        pytest.param(0.4, True, id="Opus that saves on silence"),
        pytest.param(1.4, True, id="a report a second, and nothing to say"),
        pytest.param(5.0, False, id="reports alone while somebody holds"),
    ],
)
def test_what_comes_often_enough_is_no_suspicion(every: float, expected: bool) -> None:
    assert Listener().listen(60.0, every=every, expected=expected) is None


@pytest.mark.parametrize(("expected", "quiet"), [(True, QUIET), (False, QUIET_IDLE)])
def test_silence_is_a_suspicion_soon_after(expected: bool, quiet: float) -> None:
    listener = Listener()
    assert listener.listen(10.0, every=0.02, expected=expected) is None
    suspicion = listener.listen(20.0, every=None, expected=expected)
    assert suspicion is not None
    assert quiet - PERIOD <= suspicion <= quiet + PERIOD


def test_a_path_on_which_nothing_ever_came_is_suspect_too() -> None:
    assert Listener().listen(5.0, every=None) is not None


def test_a_sign_of_life_begins_the_count_anew() -> None:
    listener = Listener()
    assert listener.listen(5.0, every=None) is not None
    listener.watch.reassured(listener.now)
    suspicion = listener.listen(5.0, every=None)
    assert suspicion is not None
    assert suspicion >= QUIET


def test_who_may_send_again_gets_the_time_to_begin() -> None:
    listener = Listener()
    assert listener.listen(6.0, every=None, expected=False) is None
    suspicion = listener.listen(6.0, every=None, expected=True)
    assert suspicion is not None
    assert suspicion >= QUIET


def test_a_unit_that_slept_suspects_nobody() -> None:
    listener = Listener()
    assert listener.listen(5.0, every=0.02) is None
    listener.now = Seconds(listener.now + 600.0)
    assert listener.listen(1.0, every=None) is None


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.booleans(), st.booleans()), max_size=50))
def test_never_before_its_time(steps: list[tuple[float, bool, bool]]) -> None:
    listener = Listener()
    last = listener.now
    for wait, packet, expected in steps:
        listener.now = Seconds(listener.now + wait)
        if packet:
            listener.heard = last = listener.now
        if listener.watch.doubtful(listener.heard, expected=expected, now=listener.now):
            assert listener.now - last >= (QUIET if expected else QUIET_IDLE)
