from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls.call_info import CallState, Direction
from appliance.calls.state import LAST_STATES, CallProgress, Status

TOLD: dict[str, Callable[[CallProgress], bool]] = {
    "ring": CallProgress.ring,
    "describe": CallProgress.describe,
    "accept": CallProgress.accept,
    "answer": CallProgress.answer,
    **{f"end {state}": lambda progress, state=state: progress.end(state) for state in CallState},  # type: ignore[misc]
}
UNTOLD: dict[str, Callable[[CallProgress], None]] = {
    "signalling up": lambda progress: progress.signalling(up=True),
    "signalling down": lambda progress: progress.signalling(up=False),
    "media up": lambda progress: progress.media(up=True),
    "media down": lambda progress: progress.media(up=False),
}


@given(st.sampled_from(Direction), st.lists(st.sampled_from([*TOLD, *UNTOLD]), max_size=30))
def test_each_step_happens_once_and_nothing_after_the_end(direction: Direction, steps: list[str]) -> None:
    progress = CallProgress(direction)
    happened: list[str] = []
    for step in steps:
        was_over, state = progress.over, progress.state
        if step in UNTOLD:
            UNTOLD[step](progress)
            assert progress.state is state
            continue
        if TOLD[step](progress):
            assert not was_over
            happened.append("end" if step.startswith("end") else step)
        if was_over:
            assert progress.state is state
        assert (progress.status is Status.CLOSED) == progress.over == (progress.state in LAST_STATES)
    assert len(happened) == len(set(happened))
    assert "end" not in happened[:-1]
    assert (progress.state is CallState.ENDED) == ("answer" in happened and "end" in happened)
    if direction is Direction.OUTGOING:
        assert "accept" not in happened


def test_the_words_of_an_outgoing_call() -> None:
    progress = CallProgress(Direction.OUTGOING)
    words = [progress.status]
    for step in (progress.ring, progress.answer, progress.end):
        assert step()
        words.append(progress.status)
    assert words == [Status.CONNECTING, Status.RINGING, Status.OPEN, Status.CLOSED]


def test_the_words_of_an_incoming_call() -> None:
    progress = CallProgress(Direction.INCOMING)
    words = [progress.status]
    for step in (progress.ring, progress.accept, progress.answer, progress.end):
        assert step()
        words.append(progress.status)
    assert words == [Status.PENDING, Status.PENDING, Status.CONNECTING, Status.OPEN, Status.CLOSED]


@pytest.mark.parametrize("lost", ["signalling", "media"])
def test_an_answered_call_is_reconnecting_while_something_is_lost(lost: str) -> None:
    progress = CallProgress(Direction.OUTGOING)
    progress.answer()
    change = progress.signalling if lost == "signalling" else progress.media
    words = []
    for up in (False, True):
        change(up=up)
        assert progress.answered
        words.append(progress.status)
    assert words == [Status.RECONNECTING, Status.OPEN]


def test_an_answered_call_can_only_end() -> None:
    progress = CallProgress(Direction.INCOMING)
    progress.answer()
    assert progress.end(CallState.REJECTED)
    assert progress.state is CallState.ENDED


def test_a_call_that_was_not_answered_never_ended() -> None:
    progress = CallProgress(Direction.OUTGOING)
    assert progress.end(CallState.ENDED)
    assert progress.state is CallState.FAILED
