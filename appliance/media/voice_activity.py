"""Whether somebody speaks into the microphone.

frames ─▶ 8 kHz ─▶ 40 ms, every 20 ms ─▶ louder than the quietest of late? ─▶ spectrum ─┬▶ a pitch, 80-400 Hz? ─┐
                                                                                        └▶ more than 2 tones? ──┴▶ voice

A vowel has a pitch and many harmonics, and speech falls back to the room's own sound several times a second. What goes
on evenly (a fan, hum, a dial tone) becomes the quietest of late; what has no pitch (breath, paper, keys, a knock) is
no voice however loud it is. Consonants don't count: of a second of speech some 300 to 600 ms do.
"""

import math
from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.media.frame import FRAME, Pcm
from appliance.units import Milliseconds

_DECIMATION: Final = 6
_RATE: Final = 8_000
_HOP: Final = 2 * FRAME // _DECIMATION  # 20 ms
_WINDOW: Final = 2 * _HOP
_TRANSFORM: Final = 512
_LATELY: Final = 30
"""Hops (0.6 s) whose quietest is what speech must stand out of: it has a pause or a stop in less."""

_STANDS_OUT: Final = 10.0
"""dB above the quietest of late."""

_FAINTEST: Final = -60.0
"""dBov; fainter is somebody else's voice, or none."""

_PITCH: Final = slice(_RATE // 400, _RATE // 80 + 1)
_LIKENESS: Final = 0.55
"""Of one period to the next: breath and paper stay below 0.4, vowels are above 0.7."""

_BAND: Final = slice(100 * _TRANSFORM // _RATE, 3_800 * _TRANSFORM // _RATE)
_PEAK: Final = 4
"""Bins to each side that belong to one tone, under a Hann window."""

_TONAL: Final = 0.93
"""The share of the power in the two strongest tones from which it is these tones and no voice."""

_OVERLOAD: Final = 20.0 * math.log10(32_767.0)
_mean: Final = np.full(_DECIMATION, 1.0 / _DECIMATION, dtype=np.float32)
_taper: Final = np.hanning(_WINDOW).astype(np.float32)
_own_likeness: Final = np.correlate(_taper, _taper, "full")[_WINDOW - 1 :] / float(_taper @ _taper)


class VoiceActivity:
    """One microphone. `voiced` grows by what of its frames was voice."""

    def __init__(self) -> None:
        self.voiced = Milliseconds(0.0)
        """The total so far."""
        self._arriving = np.zeros(2 * FRAME, dtype=np.int16)
        self._filled = 0
        self._sound = np.zeros(_WINDOW, dtype=np.float32)
        self._levels: deque[float] = deque(maxlen=_LATELY)

    def restart(self) -> None:
        """What comes next has nothing to do with what came before; the total stays."""
        self._filled = 0
        self._levels.clear()

    def frame(self, pcm: Pcm) -> None:
        """The next 10 ms, shape (480,)."""
        self._arriving[self._filled : self._filled + pcm.size] = pcm
        self._filled += pcm.size
        if self._filled < self._arriving.size:
            return
        self._filled = 0
        self._sound[:-_HOP] = self._sound[_HOP:]
        self._sound[-_HOP:] = self._arriving.reshape(_HOP, _DECIMATION) @ _mean
        if self._stands_out() and _is_voice(self._sound):
            self.voiced = Milliseconds(self.voiced + 1000.0 * _HOP / _RATE)

    def _stands_out(self) -> bool:
        power = float(self._sound.var())  # without what a microphone adds all the time
        level = 10.0 * math.log10(power) - _OVERLOAD if power > 0.0 else -math.inf
        quietest = min(self._levels, default=level)
        self._levels.append(level)
        return level > max(_FAINTEST, quietest + _STANDS_OUT)


def _is_voice(sound: npt.NDArray[np.float32]) -> bool:
    power = np.abs(np.fft.rfft(sound * _taper, _TRANSFORM)) ** 2
    power[: _BAND.start] = power[_BAND.stop :] = 0.0
    return bool(power.any()) and _has_pitch(power) and not _is_tones(power)


def _has_pitch(power: npt.NDArray[np.float64]) -> bool:
    """The sound repeats itself from period to period: its autocorrelation has a peak there."""
    likeness = np.fft.irfft(power)
    near = likeness[_PITCH] / (likeness[0] * _own_likeness[_PITCH])
    best = int(near.argmax())
    # At either end the maximum is no peak but the slope of a hum below the band of voices, or of a hiss above it.
    return 0 < best < near.size - 1 and bool(near[best] > _LIKENESS)


def _is_tones(power: npt.NDArray[np.float64]) -> bool:
    """Nearly all of it is one or two tones: a dial tone, a digit, a whistle."""
    rest = power.copy()
    for _ in range(2):
        strongest = int(rest.argmax())
        rest[max(0, strongest - _PEAK) : strongest + _PEAK + 1] = 0.0
    return float(rest.sum()) < (1.0 - _TONAL) * float(power.sum())
