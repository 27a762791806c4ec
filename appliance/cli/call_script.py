"""What to do in a call, written down.

    answer                     answer the incoming call
    reject [486]               refuse it with a SIP status
    redirect DEST [302|refer]  send its caller elsewhere
    call DEST                  make another call; the one before has to be on hold
    hold [N]                   put call N on hold; calls count from 1, the latest is meant without a number
    resume [N]                 take it back
    transfer DEST              send the far end of the latest call to somebody else
    transfer to N              send it to the far end of call N
    conference                 join all answered calls
    message TEXT               send a message in the latest call: JSON, or any other text
    dtmf DIGITS                send digits
    mute, unmute               keep the microphone away, or let it through
    dnd on|off                 do not disturb
    forward DEST|off           send all calls elsewhere
    watch DEST                 show what somebody's telephones do
    hang-up [N]                end a call
    feedback STARS [ISSUES] [NOTE]
                               say what the latest call was like; issues as in ECHO,AUDIO_LAG
    wait EVENT [SECONDS]       until this event happens, 10 s at most; what has happened since the last wait counts
    sleep SECONDS

One step a line; a line that begins with # is a comment.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, get_args

from appliance.calls.events import ClientEvent
from appliance.errors import UsageError
from appliance.events import event_name

EVENTS: Final = frozenset(event_name(kind) for kind in get_args(ClientEvent))
"""Names that `wait` knows."""

_NUMBER, _SECONDS, _DEST, _TEXT = r"\d{1,2}", r"\d{1,4}(?:\.\d{1,3})?", r"\S+", r".+"
_FORMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "answer": "",
        "reject": r"([4-6]\d\d)?",
        "redirect": rf"({_DEST})(?: (302|refer))?",
        "call": rf"({_DEST})",
        "hold": rf"({_NUMBER})?",
        "resume": rf"({_NUMBER})?",
        "transfer": rf"(?:to ({_NUMBER})|({_DEST}))",
        "conference": "",
        "message": rf"({_TEXT})",
        "dtmf": rf"({_DEST})",
        "mute": "",
        "unmute": "",
        "dnd": r"(on|off)",
        "forward": rf"({_DEST})",
        "watch": rf"({_DEST})",
        "hang-up": rf"({_NUMBER})?",
        "feedback": rf"(\d)(?: ([A-Z_,]+))?(?: ({_TEXT}))?",
        "wait": rf"([a-z0-9_]+)(?: ({_SECONDS}))?",
        "sleep": rf"({_SECONDS})",
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """One line: the command and its words, "" for one that is left out."""

    command: str
    words: tuple[str, ...] = ()
    text: str = ""


def load(path: Path) -> tuple[Step, ...]:
    """The steps in a file. Raises `UsageError` with every bad line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not a text in UTF-8") from error
    steps: list[Step] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            step = parse(line)
        except UsageError as error:
            problems.append(f"{path}:{number}: {error}")
        else:
            steps += [step] if step is not None else []
    if problems:
        raise UsageError("\n".join(problems))
    return tuple(steps)


def parse(line: str) -> Step | None:
    """One step; None for an empty line or a comment. Raises `UsageError`."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    command, _, rest = text.partition(" ")
    form = _FORMS.get(command)
    if form is None:
        near = difflib.get_close_matches(command, _FORMS, n=1)
        advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(_FORMS)}"
        raise UsageError(f"{command!r} is not a step; {advice}")
    found = re.fullmatch(form, rest.strip())
    if found is None:
        raise UsageError(f"{text!r} can't be used; see the steps in --help")
    if command == "wait" and found[1] not in EVENTS:
        near = difflib.get_close_matches(found[1], EVENTS, n=1)
        raise UsageError(f"wait: {found[1]!r} is not an event" + (f"; did you mean {near[0]}?" if near else ""))
    return Step(command, tuple(word or "" for word in found.groups()), text)


STEPS: Final = "steps of --script, one a line:\n" + "\n".join(
    line for line in (__doc__ or "").splitlines() if line.startswith("    ")
)
"""For --help."""
