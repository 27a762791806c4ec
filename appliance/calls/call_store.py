"""[I/O] Calls in progress, written down in a folder: what a run of this program that was killed has left behind.

One file a call, readable by its user alone, replaced as a whole, removed when the call is over. A folder belongs to one
run at a time. The machine may forget it all when it loses power: nothing is forced to the disk, and a folder in memory
(/run) is the best one.
"""

import contextlib
import fcntl
import logging
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from appliance.calls.call_record import CallRecord
from appliance.errors import UsageError
from appliance.units import Seconds

log = logging.getLogger(__name__)

_SUFFIX: Final = ".call"
_LARGEST: Final = 256 * 1024
"""Bytes of a file that is looked at."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A call that a former run has left, and for how long nobody has had it; negative if the clock was set back."""

    record: CallRecord
    age: Seconds


class CallStore:
    """The folder, while it is ours. Whatever goes wrong with it is logged, and keeps no call from going on."""

    def __init__(self, folder: Path, lock: int) -> None:
        self._folder = folder
        self._lock = lock

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """The folder, made if need be; None if it can't be used, or another run has it."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            log.warning("calls in progress can't be written down in %s: %s", folder, error.strerror or error)
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            log.info("another run has %s: the calls of this one are not written down", folder)
            os.close(lock)
            return None
        return cls(folder, lock)

    def close(self) -> None:
        """Let another run have it."""
        os.close(self._lock)

    def take(self) -> list[Leftover]:
        """The calls that a former run has left, each once: they are no longer in the folder."""
        found = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                leftover = _read(path)
            except (OSError, UsageError) as error:
                log.warning("%s is of no use: %s", path, error)
            else:
                found.append(leftover)
            with contextlib.suppress(OSError):
                path.unlink()
        return found

    def new_name(self) -> str:
        """What a call's file is called."""
        return secrets.token_hex(8) + _SUFFIX

    def write(self, name: str, record: CallRecord) -> None:
        """Put `record` in the place of what the file held."""
        fresh = self._folder / f".{name}"
        try:
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(record.to_text())
            fresh.replace(self._folder / name)
        except OSError as error:
            log.warning("a call can't be written down: %s", error.strerror or error)

    def touch(self, name: str) -> None:
        """The call lives."""
        with contextlib.suppress(OSError):
            os.utime(self._folder / name)

    def remove(self, name: str) -> None:
        """The call is over."""
        with contextlib.suppress(OSError):
            (self._folder / name).unlink()


def _read(path: Path) -> Leftover:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise UsageError("others can read or write it")
        if status.st_size > _LARGEST:
            raise UsageError("it is too large")
        return Leftover(CallRecord.of_text(file.read()), Seconds(time.time() - status.st_mtime))
