"""What a user thinks of a call, checked to the letter of both SDKs' documents.

    the first:   stars 1-5; for 1-4 at least one issue of its list; a note of at most 280 characters
    the second:  a score 1-5 and perhaps one issue of its own list; nothing at all: the user was asked and declined

Names of issues may be written as either document or either SDK writes them (CALL_DROPPPED is one of those).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.errors import UsageError

MAX_NOTE: Final = 280
"""Characters."""


class Issue(StrEnum):
    """What was wrong, in the first SDK's words and then the second's, where they are others."""

    AUDIO_LAG = "AUDIO_LAG"
    BROKEN_AUDIO = "BROKEN_AUDIO"
    CALL_DROPPED = "CALL_DROPPED"
    CALLERID_ISSUES = "CALLERID_ISSUES"
    DIGITS_NOT_CAPTURED = "DIGITS_NOT_CAPTURED"
    ECHO = "ECHO"
    HIGH_CONNECT_TIME = "HIGH_CONNECT_TIME"
    LOW_AUDIO_LEVEL = "LOW_AUDIO_LEVEL"
    ONE_WAY_AUDIO = "ONE_WAY_AUDIO"
    ROBOTIC_AUDIO = "ROBOTIC_AUDIO"
    OTHERS = "OTHERS"
    DROPPED_CALL = "dropped-call"
    AUDIO_LATENCY = "audio-latency"
    ONE_WAY = "one-way-audio"
    CHOPPY_AUDIO = "choppy-audio"
    NOISY_CALL = "noisy-call"
    ECHO_HEARD = "echo"


_RATED: Final = {issue.value: issue for issue in Issue if issue.value.isupper()} | {"CALL_DROPPPED": Issue.CALL_DROPPED}
"""Of `rated`, with the document's own spelling."""
_SCORES: Final = range(1, 6)
_SCORED: Final = {issue.value: issue for issue in Issue if issue.value.islower()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A checked judgement. Without a score, its user declined to give one."""

    score: int | None
    """1 (terrible) to 5 (great)."""
    issues: tuple[Issue, ...] = ()
    note: str = ""
    with_logs: bool = False
    """The user lets the last lines of the log go with it."""


def rated(stars: object, issues: object = None, note: object = None, *, logs: object = False) -> Feedback:
    """The first SDK's feedback. Raises `UsageError`, which names every argument that can't be used, and its value."""
    problems: list[str] = []
    score = _score(stars)
    if score is None:
        problems.append(f"stars: {stars!r} is not a whole number from 1 to 5")
    found = _issues(issues, problems)
    if not found and not problems and score != max(_SCORES):
        problems.append(f"issues: {score} stars want at least one of {_list(_RATED)}")
    if note is not None and not isinstance(note, str):
        problems.append(f"note: {note!r} is not a text")
    elif note is not None and len(note) > MAX_NOTE:
        problems.append(f"note: its {len(note)} characters are more than {MAX_NOTE}")
    if not isinstance(logs, bool):
        problems.append(f"send_console_logs: {logs!r} is not True or False")
    if problems:
        raise UsageError("; ".join(problems))
    return Feedback(score=score, issues=found, note=str(note or ""), with_logs=bool(logs))


def scored(score: object = None, issue: object = None) -> Feedback:
    """The second SDK's feedback; nothing at all is a user who declined. Raises `UsageError` as `rated`."""
    problems: list[str] = []
    number = _score(score)
    if score is not None and number is None:
        problems.append(f"score: {score!r} is not a whole number from 1 to 5, or None")
    known = _SCORED.get(issue.strip().lower()) if isinstance(issue, str) else None
    if issue is not None and known is None:
        problems.append(f"issue: {issue!r} is not one of {_list(_SCORED)}")
    elif issue is not None and score is None:
        problems.append(f"issue: {issue!r} wants a score with it")
    if problems:
        raise UsageError("; ".join(problems))
    return Feedback(score=number, issues=() if known is None else (known,))


def _score(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value in _SCORES else None


def _issues(names: object, problems: list[str]) -> tuple[Issue, ...]:
    """Each issue once, in the order they were named."""
    if names is None:
        return ()
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        problems.append(f"issues: {names!r} is not a list of some of {_list(_RATED)}")
        return ()
    found: dict[Issue, None] = {}
    for name in names:
        issue = _RATED.get(name.strip().upper()) if isinstance(name, str) else None
        if issue is None:
            problems.append(f"issues: {name!r} is not one of {_list(_RATED)}")
        else:
            found[issue] = None
    return tuple(found)


def _list(names: Iterable[str]) -> str:
    return ", ".join(name for name in names if name != "CALL_DROPPPED")
