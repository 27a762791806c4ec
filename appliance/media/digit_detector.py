"""Digits heard as sound: pairs of frequencies (ITU-T Q.23) told from speech and noise within the limits of Q.24.

frames ─▶ 8 kHz ─▶ 25.6 ms, every 5 ms ─▶ loud enough ─▶ two tones, and little else, from beginning to end
       ─▶ alike in level ─▶ their frequencies right ─▶ twice in a row: pressed ─▶ 50 ms without: released
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.media.events import DigitMethod, DigitReceived
from appliance.media.frame import Pcm
from appliance.media.tones import COLUMNS, KEYS, ROWS
from appliance.units import Milliseconds

_DECIMATION: Final = 6
_RATE: Final = 8_000
_HOP: Final = 40  # 5 ms
_WINDOW: Final = 205  # 25.6 ms, about whole periods of each frequency
_PARTS: Final = 5
"""Of a window: each has the tones in it, else they begin or end there."""

_FAINTEST: Final = -39.0
"""dBov of each tone; Q.24 wants -25 dBm0 (-31 dBov) heard."""

_SHARE: Final = 0.8
"""Of a window's power that is the two tones'. A voice has more than two, if only for moments."""

_FEWER: Final = 0.35
"""A part of a window may have this share of the power of its mean part."""

_TWIST: Final = (-10.0, 6.0)
"""dB by which the column's tone may be stronger than the row's; Q.24 has -8 to +4."""

_OFF: Final = 0.025
"""By what share a frequency may be off: Q.24 wants 1.5 % heard, and 3.5 % not."""

_PROBE: Final = 30.0
"""Hz beside a frequency, where it is looked to which side it is off."""

_BEND: Final = 1_150.0
"""Hz²: beside its frequency, a tone's power falls as exp(-Hz²/_BEND), nearly, by the taper."""

_HITS: Final = 2
_MISSES: Final = 10
"""Windows: 50 ms without ends a press. A tone that is broken for 10 ms has 36 ms without, a pause of 40 ms has 66."""

_OVERLOAD: Final = 20.0 * math.log10(32_767.0)
_taper: Final = np.hanning(_WINDOW).astype(np.float32)
_TAPERED: Final = float(_taper @ _taper)
_PEAK: Final = 2.0 / float(_taper.sum()) ** 2
"""Makes the power of a sine out of what the basis finds of it."""

_mean: Final = np.full(_DECIMATION, 1.0 / _DECIMATION, dtype=np.float32)
_FREQUENCIES: Final = np.array((*ROWS, *COLUMNS))


def _basis() -> npt.NDArray[np.float32]:
    """What finds each frequency, then 30 Hz below each, then above: tapered cosines and sines, shape (205, 48)."""
    hertz = np.concatenate([_FREQUENCIES + step for step in (0.0, -_PROBE, _PROBE)])
    angles = 2.0 * np.pi * np.outer(np.arange(_WINDOW), hertz) / _RATE
    basis: npt.NDArray[np.float32] = np.hstack([np.cos(angles), np.sin(angles)]).astype(np.float32) * _taper[:, None]
    return basis


class DigitDetector:
    """One stream. Costs about 1 % of a telephone's processor, so it runs only where somebody wants it."""

    def __init__(self) -> None:
        self._sound = np.zeros(_WINDOW, dtype=np.float32)
        self._basis = _basis()
        self._digit = ""  # pressed
        self._candidate = ""
        self._hits = self._misses = 0
        self._length = 0.0

    def heard(self, frame: Pcm) -> DigitReceived | None:
        """The next 10 ms of sound, shape (480,) at 48 kHz; the digit whose press has ended with it."""
        narrow = frame.reshape(-1, _DECIMATION) @ _mean
        told = None
        for begin in range(0, narrow.size, _HOP):
            self._sound[:-_HOP] = self._sound[_HOP:]
            self._sound[-_HOP:] = narrow[begin : begin + _HOP]
            told = self._step(self._look()) or told
        return told

    def _step(self, digit: str) -> DigitReceived | None:
        """A window held `digit`, "" for none."""
        self._hits = self._hits + 1 if digit and digit == self._candidate else int(bool(digit))
        self._candidate = digit
        if digit and digit == self._digit:
            self._misses = 0
            self._length += _HOP
            return None
        ended = None
        if self._digit:
            self._misses += 1
            self._length += _HOP
            if self._misses >= _MISSES or self._hits >= _HITS:
                ended = self._ended()
        if self._hits >= _HITS:
            self._digit, self._misses = digit, 0
            self._length = _WINDOW + (_HITS - 1) * _HOP
        return ended

    def _ended(self) -> DigitReceived:
        length = (self._length - self._misses * _HOP) * 1000.0 / _RATE
        digit, self._digit, self._misses = self._digit, "", 0
        return DigitReceived(digit, Milliseconds(length), DigitMethod.INBAND)

    def _look(self) -> str:
        """The digit that fills the present window, "" if none does."""
        sound = self._sound
        tapered = sound * _taper
        power = float(tapered @ tapered) / _TAPERED
        if _level(power) < _FAINTEST:
            return ""
        waves = (sound @ self._basis).reshape(2, 3, 8)
        found = (waves[0] ** 2 + waves[1] ** 2) * _PEAK
        row, column = int(found[0, :4].argmax()), 4 + int(found[0, 4:].argmax())
        low, beside_low = _peak(*found[:, row])
        high, beside_high = _peak(*found[:, column])
        if low + high < _SHARE * power or _level(min(low, high)) < _FAINTEST:
            return ""
        if not _TWIST[0] <= _level(high) - _level(low) <= _TWIST[1]:
            return ""
        if beside_low > _OFF * _FREQUENCIES[row] or beside_high > _OFF * _FREQUENCIES[column]:
            return ""
        parts = (sound**2).reshape(_PARTS, -1).mean(axis=1)
        return KEYS[row][column - 4] if parts.min() >= _FEWER * parts.mean() else ""


def _level(power: float) -> float:
    """In dBov."""
    return 10.0 * math.log10(power + 1e-9) - _OVERLOAD


def _peak(middle: float, below: float, above: float) -> tuple[float, float]:
    """The power of the tone near a frequency, and by how many Hz it is beside it."""
    side = _PROBE if above >= below else -_PROBE
    nearer, farther = math.log(middle + 1e-9), math.log(max(above, below) + 1e-9)
    beside = side / 2.0 + _BEND * (farther - nearer) / (2.0 * side)
    return math.exp(nearer + beside**2 / _BEND), abs(beside)
