"""A WAV file of what is heard, that survives a crash."""

import struct
from pathlib import Path
from typing import BinaryIO, Final

from appliance.errors import DriverError
from appliance.media.frame import SAMPLE_RATE, Pcm

_HEADER: Final = 44


class Recorder:
    """A 48 kHz mono WAV file that grows; the header is right again after each second of sound."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._bytes = 0
        self._promised = 0

    def open(self) -> None:
        """Begin the file, or go on with the one this recorder began. Raises `DriverError`."""
        try:
            self._file = self._path.open("r+b" if self._bytes else "w+b")
            self._promise()
        except OSError as error:
            raise DriverError(f"{self._path} can't be recorded to: {error}") from error

    def write(self, frame: Pcm) -> None:
        """Append a frame. Raises `OSError` when the disk is full."""
        if self._file is None:
            return
        self._bytes += self._file.write(frame.astype("<i2").tobytes())
        if self._bytes - self._promised >= SAMPLE_RATE * 2:
            self._promise()

    def close(self) -> None:
        """End it, with a right header."""
        if self._file is not None:
            self._promise()
            self._file.close()
            self._file = None

    def _promise(self) -> None:
        """Write a header for what is there so far (RIFF, 1991: a `fmt ` and a `data` chunk)."""
        if self._file is None:
            return
        rate = SAMPLE_RATE
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
        self._file.seek(0)
        self._file.write(struct.pack("<4sI4s", b"RIFF", 36 + self._bytes, b"WAVE"))
        self._file.write(form + struct.pack("<4sI", b"data", self._bytes))
        self._file.seek(_HEADER + self._bytes)
        self._file.flush()
        self._promised = self._bytes
