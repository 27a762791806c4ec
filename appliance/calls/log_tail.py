"""The last lines of the log, without secrets: what goes with feedback if its user agrees, or to who manages a unit."""

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from appliance.config.redaction import redacted

MAX_LINES: Final = 200
MAX_LINE: Final = 500
"""Characters of a line; a longer one is cut."""

_FORM: Final = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


class LogTail(logging.Handler):
    """Keeps lines while it is attached. From any thread, like every handler."""

    def __init__(self, lines: int = MAX_LINES) -> None:
        super().__init__()
        self._lines: deque[tuple[float, str]] = deque(maxlen=lines)

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Within, this package's log is heard, as far as its level lets it through."""
        logger = logging.getLogger("appliance")
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one more line."""
        self._lines.append((record.created, redacted(_FORM.format(record))[:MAX_LINE]))

    @property
    def lines(self) -> tuple[str, ...]:
        """The oldest first."""
        return tuple(line for _, line in self._lines)

    def since(self, moment: datetime) -> tuple[str, ...]:
        """Those that were written after `moment`."""
        return tuple(line for written, line in tuple(self._lines) if written >= moment.timestamp())
