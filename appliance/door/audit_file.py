"""The file that a door's attempts are written to, on the disk before the door opens; two generations are kept."""

import logging
import os
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

_LARGEST: Final = 1 << 20
"""Bytes after which a new file is begun."""


class AuditFile:
    """Appends lines to `path`. A disk that is full or gone is logged and opens or locks no door."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def lines(self) -> list[str]:
        """What was written down lately, the oldest first; [] where nothing can be read."""
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []

    def append(self, line: str) -> bool:
        """Write a line, and wait until it is on the disk; whether it is."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size >= _LARGEST:
                self._path.replace(self._path.with_suffix(".1"))
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(file, line.encode() + b"\n")
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            log.error("the door's audit can't be written: %s", error)  # noqa: TRY400 -- one line is enough
            return False
        return True
