"""Everything that is measured: `python -m tests.bench [SECTION [PART …]]`.

Without a name, every section is measured and kept in README.md; with one, that section; with parts of it too, these are
measured and printed.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from tests.bench import calls, cards, drift, echo, fleet
from tests.bench.report import keep, machine, say
from tests.bench.two_processes import InvalidRunError

Measure = Callable[[Sequence[str]], Awaitable[str]]

SECTIONS: Final[dict[str, tuple[Measure, Sequence[str]]]] = {
    "calls": (calls.measured, calls.PARTS),
    "echo": (echo.measured, echo.PARTS),
    "cards": (cards.measured, cards.PARTS),
    "drift": (drift.measured, drift.PARTS),
    "fleet": (fleet.measured, fleet.PARTS),
}
"""Name, what measures it, its parts."""


async def _section(name: str, chosen: Sequence[str]) -> None:
    measured, parts = SECTIONS[name]
    load, began = os.getloadavg()[0], time.monotonic()
    table = await measured(chosen or parts)
    text = f"{machine(load, time.monotonic() - began)}\n{table}"
    print(text)
    if not chosen:
        keep(name, text)


async def main() -> int:
    """Measure what the command line names; returns the exit code."""
    names, chosen = sys.argv[1:2] or list(SECTIONS), sys.argv[2:]
    if unknown := set(names) - set(SECTIONS):
        say(f"{', '.join(sorted(unknown))}: not one of {', '.join(SECTIONS)}")
        return 2
    if unknown := set(chosen) - set(SECTIONS[names[0]][1]):
        say(f"{', '.join(sorted(unknown))}: not one of {', '.join(SECTIONS[names[0]][1])}")
        return 2
    try:
        for name in names:
            await _section(name, chosen)
    except InvalidRunError as problem:
        say(str(problem))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
