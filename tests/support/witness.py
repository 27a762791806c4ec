"""Which events of the call API were really seen, and by which test.

    client.subscribe(witness.saw)

A test of whole calls (`tests/flows`, `tests/peers`) hands on what its client told: something at a wire or a device has
caused it. After them `make peers` asks for each event of the API, and fails for one that no test has seen.
"""

import contextlib
import os
import sys
import typing
from pathlib import Path
from typing import Final

from appliance.calls.events import ClientEvent
from appliance.events import event_name

SEEN: Final = Path(__file__).parents[2] / ".cache" / "witness"
_noted: set[type] = set()


def saw(event: ClientEvent) -> None:
    """Note that the running test was told of it; the first test of each event is enough."""
    kind = type(event)
    if kind in _noted:
        return
    _noted.add(kind)
    SEEN.mkdir(parents=True, exist_ok=True)
    # Two workers may see it at the same moment: the first to make the file has it.
    with contextlib.suppress(FileExistsError), (SEEN / kind.__name__).open("x") as note:
        note.write(os.environ.get("PYTEST_CURRENT_TEST", "?").rpartition(" ")[0])


def main() -> int:
    """Print each event with the test that saw it; 1 if there is one that none has seen, else 0."""
    missing = 0
    for kind in typing.get_args(ClientEvent):
        note = SEEN / kind.__name__
        seen = note.read_text() if note.exists() else ""
        missing += not seen
        print(f"{event_name(kind):28} {seen or 'NO TEST HAS SEEN IT'}")
    return min(missing, 1)


if __name__ == "__main__":
    sys.exit(main())
