"""Feedback, to the letter of both documents; what does not fit is named with its value."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import UsageError
from appliance.quality.feedback import MAX_NOTE, Feedback, Issue, rated, scored

FIRST = [
    "AUDIO_LAG",
    "BROKEN_AUDIO",
    "CALL_DROPPPED",
    "CALLERID_ISSUES",
    "DIGITS_NOT_CAPTURED",
    "ECHO",
    "HIGH_CONNECT_TIME",
    "LOW_AUDIO_LEVEL",
    "ONE_WAY_AUDIO",
    "ROBOTIC_AUDIO",
    "OTHERS",
]
SECOND = ["dropped-call", "audio-latency", "one-way-audio", "choppy-audio", "noisy-call", "echo"]


@pytest.mark.parametrize("stars", [1, 2, 3, 4])
@pytest.mark.parametrize("issue", FIRST)
def test_every_documented_issue_and_score(stars: int, issue: str) -> None:
    feedback = rated(stars, [issue], "a note", logs=True)
    assert feedback.score == stars
    assert [each.value.replace("DROPPED", "DROPPPED") for each in feedback.issues] == [issue]
    assert (feedback.note, feedback.with_logs) == ("a note", True)


def test_five_stars_need_no_issue_and_may_have_some() -> None:
    assert rated(5) == rated(5, []) == rated(5, None, None) == Feedback(score=5)
    assert rated(5, ["ECHO"]).issues == (Issue.ECHO,)


def test_names_are_taken_as_either_sdk_writes_them() -> None:
    assert rated(3, [" call_dropped ", "CALL_DROPPPED", "Echo"]).issues == (Issue.CALL_DROPPED, Issue.ECHO)


@pytest.mark.parametrize("issue", SECOND)
def test_the_second_documents_scores_and_issues(issue: str) -> None:
    for score in range(1, 6):
        assert scored(score, issue) == Feedback(score=score, issues=(Issue(issue),))
        assert scored(score) == Feedback(score=score)
    assert scored() == scored(None) == Feedback(score=None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, ["ECHO"]), ["stars: 0"]),
        ((6, ["ECHO"]), ["stars: 6"]),
        ((4.5, ["ECHO"]), ["stars: 4.5"]),
        (("5", []), ["stars: '5'"]),
        ((True, []), ["stars: True"]),
        ((None, []), ["stars: None"]),
        ((3, []), ["issues: 3 stars want at least one of AUDIO_LAG"]),
        ((3, None), ["issues:"]),
        ((3, "ECHO"), ["issues: 'ECHO' is not a list"]),
        ((3, 7), ["issues: 7 is not a list"]),
        ((3, ["ECHO", "BAD_HAIR"]), ["issues: 'BAD_HAIR' is not one of AUDIO_LAG"]),
        ((3, ["echo-", 5]), ["issues: 'echo-'", "issues: 5"]),
        ((3, ["noisy-call"]), ["issues: 'noisy-call'"]),
        ((5, [], "x" * (MAX_NOTE + 1)), ["note: its 281 characters are more than 280"]),
        ((5, [], 7), ["note: 7"]),
        ((0, ["X"], 7), ["stars: 0", "issues: 'X'", "note: 7"]),
    ],
)
def test_what_does_not_fit_is_named_with_its_value(arguments: tuple[Any, ...], words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        rated(*arguments)
    for word in words:
        assert word in str(caught.value)


def test_logs_are_a_yes_or_no() -> None:
    with pytest.raises(UsageError, match="send_console_logs: 'yes'"):
        rated(5, logs="yes")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0,), "score: 0"),
        ((6, "echo"), "score: 6"),
        ((2.5,), "score: 2.5"),
        ((True,), "score: True"),
        ((2, "ONE_WAY_AUDIO"), "issue: 'ONE_WAY_AUDIO' is not one of dropped-call, audio-latency"),
        ((2, 3), "issue: 3"),
        ((None, "echo"), "issue: 'echo' wants a score"),
    ],
)
def test_what_the_second_document_does_not_allow(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        scored(*arguments)
    assert words in str(caught.value)


_anything = st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.lists(st.text()), st.binary())


@given(_anything, _anything, _anything, _anything)
def test_nothing_but_a_usage_error_comes_of_nonsense(stars: Any, issues: Any, note: Any, logs: Any) -> None:
    given_: list[Feedback] = []
    with contextlib.suppress(UsageError):
        given_.append(rated(stars, issues, note, logs=logs))
    with contextlib.suppress(UsageError):
        given_.append(scored(stars, issues))
    for feedback in given_:
        assert feedback.score in (None, 1, 2, 3, 4, 5)
        assert len(feedback.note) <= MAX_NOTE
