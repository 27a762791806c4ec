"""What is written down of every attempt: who, how, when and what came of it, and no digit of any code."""

import json
from collections.abc import Iterable
from datetime import datetime

from appliance.door.codes import Way
from appliance.door.policy import NOT_LOOKED_AT, Verdict


def line(verdict: Verdict, moment: datetime | None, call: str = "") -> str:
    """One line of JSON; `moment` is None while the clock is not set, `call` the call that the digits came by."""
    entry = {
        "time": None if moment is None else moment.isoformat(timespec="milliseconds"),
        "way": verdict.way.value,
        "opened": verdict.opens,
        "name": verdict.name,
        "reason": verdict.reason,
        "call": call,
    }
    return json.dumps(entry, ensure_ascii=False)


def failures(lines: Iterable[str]) -> dict[Way, int]:
    """The wrong codes in a row with which the file ends, for each way: a restart forgets none."""
    counted: dict[Way, int] = {}
    for text in lines:
        try:
            entry = json.loads(text)
            way, opened, reason = Way(entry["way"]), bool(entry["opened"]), str(entry["reason"])
        except (ValueError, KeyError, TypeError):
            continue  # cut off by a power cut, or not ours
        if opened:
            counted[way] = 0
        elif not reason.startswith(NOT_LOOKED_AT):
            counted[way] = counted.get(way, 0) + 1
    return counted
