"""What a recording holds: a tone, how whole it is, what must not be in it, and DTMF digits.

Recordings are one channel of int16 at `rate` samples a second. Levels are fractions of full scale.
"""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Levels = NDArray[np.float64]

RATE = 48_000
WINDOW_MS = 100
GAP_MS = 10
"""The resolution of `Heard.longest_gap`."""

_QUIETEST = 0.01  # RMS; 40 dB below full scale: nobody would call less than that a tone
_PURE = 0.8  # of a window's RMS that the tone makes up
_ROWS = (697, 770, 852, 941)
_COLUMNS = (1209, 1336, 1477, 1633)
_KEYS = "123A456B789C*0#D"


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of a recording is the tone."""

    hertz: float
    windows: int
    """Whole windows of 100 ms."""
    share: float
    """The part of the windows that are this tone and little else, 0.0 to 1.0."""
    longest_gap: int
    """The longest time without the tone, in ms, in steps of 10 ms; the ends count too."""
    level: float
    """The median RMS of the windows."""


@dataclass(frozen=True, slots=True)
class Press:
    """A DTMF digit in a recording."""

    digit: str
    start: float
    """Seconds from the recording's beginning."""
    seconds: float


def read_wav(path: Path) -> tuple[Samples, int]:
    """The first channel of a 16-bit WAV file, and its rate."""
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path}: {8 * file.getsampwidth()} bits a sample, 16 wanted")
        every = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
        return every.reshape(-1, file.getnchannels())[:, 0], file.getframerate()


def sine(hertz: float, seconds: float, *, level: float = 0.3, rate: int = RATE) -> Samples:
    """A tone of the peak `level`."""
    wave_ = np.sin(2.0 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.rint(level * 32_767.0 * wave_).astype(np.int16)


def amplitude(samples: Samples, hertz: float, *, rate: int = RATE) -> float:
    """The RMS of the tone `hertz` in all of `samples` (Goertzel's figure, Hann window)."""
    return float(_amplitudes(_windows(samples, len(samples)), (hertz,), rate)[0, 0]) if len(samples) else 0.0


def hear(samples: Samples, hertz: float, *, rate: int = RATE) -> Heard:
    """How much of `samples` is the tone `hertz`, and its longest interruption."""
    windows = _windows(samples, rate * WINDOW_MS // 1000)
    if not len(windows):
        return Heard(hertz, 0, 0.0, len(samples) * 1000 // rate, 0.0)
    return Heard(
        hertz=hertz,
        windows=len(windows),
        share=float(np.mean(_is_tone(windows, hertz, rate))),
        longest_gap=GAP_MS * _longest_run(~_is_tone(_windows(samples, rate * GAP_MS // 1000), hertz, rate)),
        level=float(np.median(_rms(windows))),
    )


def loudest(samples: Samples, hertz: float, *, rate: int = RATE) -> float:
    """The RMS of the tone `hertz` in the window where it is loudest: what to check when it must be absent."""
    windows = _windows(samples, rate * WINDOW_MS // 1000)
    return float(_amplitudes(windows, (hertz,), rate).max()) if len(windows) else 0.0


def digits(samples: Samples, *, rate: int = RATE) -> list[Press]:
    """The DTMF digits in `samples`; 20 ms is the shortest that counts (a jitter buffer may shorten a played event)."""
    hop, size = rate // 200, rate // 50
    presses: list[Press] = []
    last_end = 0.0
    for index in range(0, len(samples) - size + 1, hop):
        digit = _digit(samples[index : index + size], rate)
        if digit is None:
            continue
        start, end = index / rate, (index + size) / rate
        if presses and presses[-1].digit == digit and start <= last_end + 0.04:
            presses[-1] = Press(digit, presses[-1].start, end - presses[-1].start)
        else:
            presses.append(Press(digit, start, end - start))
        last_end = end
    # The windows at a digit's ends overlap silence.
    return [press for press in presses if press.seconds >= 0.025]


def _digit(window: Samples, rate: int) -> str | None:
    found = _amplitudes(_windows(window, len(window)), (*_ROWS, *_COLUMNS), rate)[0]
    row, column = int(found[:4].argmax()), int(found[4:].argmax())
    low, high = found[row], found[4 + column]
    tapered = window / 32_768.0 * np.hanning(len(window))
    whole = float(np.sqrt(np.sum(tapered**2) / np.sum(np.hanning(len(window)) ** 2)))
    if min(low, high) < _QUIETEST or low**2 + high**2 < _PURE * whole**2:
        return None
    return _KEYS[4 * row + column]


def _windows(samples: Samples, size: int) -> Levels:
    whole = samples[: len(samples) // size * size] if size else samples[:0]
    return whole.reshape(-1, max(size, 1)) / 32_768.0


def _rms(windows: Levels) -> Levels:
    levels: Levels = np.sqrt(np.mean(windows**2, axis=1))
    return levels


def _amplitudes(windows: Levels, hertz: tuple[int | float, ...], rate: int) -> Levels:
    size = windows.shape[1]
    taper = np.hanning(size)
    basis = np.exp(-2j * np.pi * np.outer(np.arange(size), hertz) / rate) * taper[:, None]
    levels: Levels = np.sqrt(2.0) * np.abs(windows @ basis) / np.sum(taper)
    return levels


def _is_tone(windows: Levels, hertz: float, rate: int) -> NDArray[np.bool_]:
    whole = _rms(windows)
    return (_amplitudes(windows, (hertz,), rate)[:, 0] > _PURE * whole) & (whole > _QUIETEST)


def _longest_run(flags: NDArray[np.bool_]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest
