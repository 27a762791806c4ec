"""A person at the telephone, written down.

    lift                            lift the handset
    press 100                       press keys, one after the other
    flash                           put the handset down for a moment (R)
    push NAME                       push a button beside the keypad: hook, flash, mute, dnd, redial, or one's own
    wait call_answered [seconds]    until this event happens (10 s at most)
    sleep 2                         seconds
    expect-screen TEXT              until the display says TEXT (5 s at most)
    hang                            put the handset down

One step a line; `#` begins a comment.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, get_args

from appliance.calls.events import ClientEvent
from appliance.errors import UsageError
from appliance.events import event_name
from appliance.phone.ports import KEYS
from appliance.units import Seconds

EVENTS: Final = tuple(sorted(event_name(kind) for kind in get_args(ClientEvent)))
"""Names that `wait` knows."""

_LONGEST: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Lift:
    """Lift the handset."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Put the handset down."""


@dataclass(frozen=True, slots=True)
class Press:
    """Press these keys."""

    keys: str


@dataclass(frozen=True, slots=True)
class Flash:
    """Put the handset down for a moment."""


@dataclass(frozen=True, slots=True)
class Push:
    """Push the button of this name."""

    button: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for an event that came after the one waited for before."""

    event: str
    seconds: Seconds = Seconds(10.0)


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let time pass."""

    seconds: Seconds


@dataclass(frozen=True, slots=True)
class ExpectScreen:
    """Wait until the display says this, whatever its capitals."""

    text: str
    seconds: Seconds = Seconds(5.0)


Step = Lift | Hang | Flash | Press | Push | Wait | Sleep | ExpectScreen


@dataclass(frozen=True, slots=True)
class Line:
    """A step, and where it stands: `file:number`."""

    place: str
    text: str
    step: Step


def load(path: Path) -> tuple[Line, ...]:
    """The script in a file. Raises `UsageError` with every bad line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not a text in UTF-8") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> tuple[Line, ...]:
    """The script in `text`; `name` stands in messages. Raises `UsageError` with every bad line."""
    lines: list[Line] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = _without_comment(line).strip()
        if not words:
            continue
        place = f"{name}:{number}"
        try:
            lines.append(Line(place, words, _step(words)))
        except UsageError as error:
            problems.append(f"{place}: {error}")
    if not lines and not problems:
        problems.append(f"{name}: there is no step in it")
    if problems:
        raise UsageError("\n".join(problems))
    return tuple(lines)


def _without_comment(line: str) -> str:
    """`#` is also a key: only at the beginning, or after a space and before another, it begins a comment."""
    stripped = line.strip()
    return "" if stripped.startswith("#") else stripped.partition(" # ")[0]


def _step(words: str) -> Step:
    command, _, rest = words.partition(" ")
    make = _COMMANDS.get(command)
    if make is None:
        near = difflib.get_close_matches(command, _COMMANDS, n=1)
        advice = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(_COMMANDS)}"
        raise UsageError(f"{command!r} is not a step{advice}")
    return make(rest.strip())


def _nothing(step: Step) -> Callable[[str], Step]:
    def make(rest: str) -> Step:
        if rest:
            raise UsageError(f"{rest!r} is too much: this step stands alone")
        return step

    return make


def _press(rest: str) -> Step:
    keys = "".join(rest.split()).upper()
    wrong = sorted(set(keys) - set(KEYS))
    if not keys or wrong:
        raise UsageError(f"press {rest!r}: allowed are the keys {' '.join(KEYS)}")
    return Press(keys)


def _push(rest: str) -> Step:
    if not rest or " " in rest:
        raise UsageError(f"push {rest!r}: allowed is the name of one button")
    return Push(rest)


def _wait(rest: str) -> Step:
    name, _, seconds = rest.partition(" ")
    if name not in EVENTS:
        near = difflib.get_close_matches(name, EVENTS, n=1)
        advice = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(EVENTS)}"
        raise UsageError(f"wait: {name!r} is not an event{advice}")
    return Wait(name, _seconds("wait", seconds)) if seconds.strip() else Wait(name)


def _sleep(rest: str) -> Step:
    return Sleep(_seconds("sleep", rest))


def _expect_screen(rest: str) -> Step:
    if not rest:
        raise UsageError("expect-screen: the text is missing")
    return ExpectScreen(rest.strip("\"'"))


def _seconds(command: str, text: str) -> Seconds:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= _LONGEST:
        raise UsageError(f"{command} {text.strip()!r}: allowed are seconds from 0 to {_LONGEST:g}")
    return Seconds(value)


_COMMANDS: Final[Mapping[str, Callable[[str], Step]]] = MappingProxyType(
    {
        "lift": _nothing(Lift()),
        "press": _press,
        "flash": _nothing(Flash()),
        "push": _push,
        "wait": _wait,
        "sleep": _sleep,
        "expect-screen": _expect_screen,
        "hang": _nothing(Hang()),
    }
)
