"""How much this package logs, in the words of the browser SDKs."""

import logging
from enum import StrEnum
from typing import Final

from appliance.errors import UsageError
from appliance.sip import wire_log


class DebugLevel(StrEnum):
    """From nothing to every message on the wire."""

    OFF = "OFF"
    ERROR = "ERROR"
    WARN = "WARN"
    INFO = "INFO"
    DEBUG = "DEBUG"
    ALL = "ALL"
    """SIP messages too, without passwords, tokens, digest responses, digits and texts."""


_LEVELS: Final = {
    DebugLevel.OFF: logging.CRITICAL + 1,
    DebugLevel.ERROR: logging.ERROR,
    DebugLevel.WARN: logging.WARNING,
    DebugLevel.INFO: logging.INFO,
    DebugLevel.DEBUG: logging.DEBUG,
    DebugLevel.ALL: wire_log.ALL,
}


def parse(level: str) -> DebugLevel:
    """The level of that name, in capitals or not. Raises `UsageError` that names all of them."""
    try:
        return DebugLevel(level.upper())
    except (AttributeError, ValueError):
        raise UsageError(f"debug: {level!r} is not one of {', '.join(DebugLevel)}") from None


def set_level(level: DebugLevel) -> None:
    """Log so much from now on. Where it goes is the application's choice (`logging`)."""
    logging.getLogger("appliance").setLevel(_LEVELS[level])
