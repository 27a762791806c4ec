"""The log as lines beside a panel, for a unit whose panel is the terminal."""

import logging
from collections.abc import Callable


class NoteHandler(logging.Handler):
    """Hands each line of the log to `note`, which may be called on any thread."""

    def __init__(self, note: Callable[[str], object]) -> None:
        super().__init__()
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record, a line at a time."""
        for line in self.format(record).splitlines():
            self._note(line)
