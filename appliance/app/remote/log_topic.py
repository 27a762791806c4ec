"""[I/O] The log on MQTT, if the configuration asks for it: without secrets, and never more than a trickle."""

import logging
import time
from collections.abc import Callable
from typing import Final

from appliance.config.redaction import redacted
from appliance.mqtt.unit_states import LogLine

_RATE: Final = 5.0  # lines a second, in the long run
_BURST: Final = 50.0  # lines at once
_OURS: Final = "appliance.mqtt"


class LogTopic(logging.Handler):
    """Hands each line to `publish`, which may be called on any thread. Lines about MQTT itself would beget lines."""

    def __init__(self, publish: Callable[[LogLine], object], level: str) -> None:
        super().__init__(level.upper())
        self._publish = publish
        self._left = _BURST
        self._at = time.monotonic()
        self._suppressed = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Publish one record; too many are counted instead."""
        if record.name.startswith(_OURS):
            return
        now = time.monotonic()
        self._left = min(_BURST, self._left + (now - self._at) * _RATE)
        self._at = now
        if self._left < 1.0:
            self._suppressed += 1
            return
        self._left -= 1.0
        suppressed, self._suppressed = self._suppressed, 0
        self._publish(
            LogLine(
                level=record.levelname.lower(),
                logger=record.name,
                message=redacted(record.getMessage()),
                suppressed=suppressed,
            )
        )
