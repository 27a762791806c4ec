"""[I/O] The log of a program: lines for people or JSON, on standard error, without secrets."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final, TextIO

from appliance.config.model import Log, LogFormat
from appliance.config.redaction import redacted
from appliance.sip import wire_log

_QUIET: Final = ("websockets", "appliance.sim.registrar.websocket", "asyncio", "aioice", "aiortc", "PIL")
"""Libraries whose every step is of no interest below a warning."""

_LEVELS: Final = {"all": wire_log.ALL, "off": logging.CRITICAL + 1}
"""Those that `logging` has no name for."""


class TextFormatter(logging.Formatter):
    """`2026-01-31 12:00:00.000 warning calls.client: …`, in local time."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as a line; a traceback follows it."""
        moment = datetime.fromtimestamp(record.created, UTC).astimezone()
        line = (
            f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} {record.levelname.lower()} "
            f"{record.name.removeprefix('appliance.')}: {record.getMessage()}"
        )
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redacted(line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and the traceback as `error`."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as a line."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if record.exc_info:
            fields["error"] = redacted(self.formatException(record.exc_info))
        return json.dumps(fields, ensure_ascii=False)


def configure(settings: Log, *, stream: TextIO | None = None, handler: logging.Handler | None = None) -> None:
    """Send the log of the whole process to `handler`, or to `stream` (standard error)."""
    target = handler or logging.StreamHandler(stream or sys.stderr)
    target.setFormatter(JsonFormatter() if settings.format is LogFormat.JSON else TextFormatter())
    root = logging.getLogger()
    for former in tuple(root.handlers):
        root.removeHandler(former)
    root.addHandler(target)
    root.setLevel(_LEVELS.get(settings.level, settings.level.upper()))
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
