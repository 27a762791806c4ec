"""WAV files in and out: any PCM file becomes 48 kHz mono; what is recorded survives a crash."""

import math
import struct
import wave
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from appliance.errors import DriverError
from appliance.media.frame import SAMPLE_RATE, Pcm

_HEADER: Final = 44
_TAPS: Final = 32
"""Zero crossings of the interpolating sinc on each side, at the lower of the two rates."""
_BLOCK: Final = 4800
"""Output samples computed at once: bounds the memory of a long file."""


def read(path: Path) -> Pcm:
    """The samples of a WAV file (PCM of 8 to 32 bits, any rate, channels averaged) as 48 kHz mono.

    Raises:
        DriverError: the file is missing or is not PCM.
    """
    try:
        with wave.open(str(path)) as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise DriverError(f"{path} can't be played: {error}") from error
    usable = len(data) - len(data) % (width * channels)
    samples = _widened(data[:usable], width).reshape(-1, channels).mean(axis=1)
    return np.clip(np.rint(resampled(samples, rate, SAMPLE_RATE)), -32768, 32767).astype(np.int16)


def _widened(data: bytes, width: int) -> npt.NDArray[np.float64]:
    """Little-endian PCM of `width` bytes on the scale of 16 bits."""
    raw = np.frombuffer(data, dtype=np.uint8).reshape(-1, width)
    if width == 1:
        return (raw[:, 0].astype(np.float64) - 128.0) * 256.0
    wide = np.zeros((len(raw), 4), dtype=np.uint8)
    wide[:, 4 - width :] = raw
    return wide.reshape(-1).view("<i4").astype(np.float64) / 65536.0


def resampled(samples: npt.NDArray[np.float64], rate: int, target: int) -> npt.NDArray[np.float64]:
    """`samples`, shape (n,), taken at `target` instead of `rate` Hz: a windowed sinc, cut off at the lower rate."""
    if rate == target:
        return samples
    common = math.gcd(rate, target)
    step, phases = rate // common, target // common
    scale = min(1.0, target / rate)
    reach = math.ceil(_TAPS / scale)
    offsets = np.arange(-reach + 1, reach + 1)
    # Output sample n lies between two input samples in one of `phases` ways: a row of weights for each.
    distance = (offsets[None, :] - (np.arange(phases) * step % phases / phases)[:, None]) * scale
    bank = scale * np.sinc(distance) * np.cos(np.pi * np.clip(distance / (2 * _TAPS), -0.5, 0.5)) ** 2
    padded = np.concatenate([np.zeros(reach), samples, np.zeros(reach + 1)])
    out = np.empty(len(samples) * target // rate)
    for begin in range(0, len(out), _BLOCK):
        index = np.arange(begin, min(begin + _BLOCK, len(out)))
        near = padded[(index * step // phases)[:, None] + offsets[None, :] + reach]
        out[begin : begin + len(index)] = np.einsum("ij,ij->i", near, bank[index % phases])
    return out


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
