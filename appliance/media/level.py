"""How loud sound is, in dBov (RFC 6464 §3)."""

import math
from typing import Final

import numpy as np

from appliance.media.counters import Loudness
from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm
from appliance.units import Dbov, Seconds

SILENCE: Final = Dbov(-127.0)
_OVERLOAD: Final = 32_767.0
_STEP: Final = 5
"""Frames from one that is measured to the next: 20 a second tell as much as 100."""

_LENGTH: Final = _STEP * FRAME / SAMPLE_RATE
_AUDIBLE: Final = 1e-6
"""The power of -60 dBov: a quiet room."""


def level(pcm: Pcm) -> Dbov:
    """The level of `pcm`, shape (n,): 0.0 for a full-scale square wave, -3.0 for such a sine, -127.0 for silence."""
    return _level(_power(pcm)) if pcm.size else SILENCE


class Meter:
    """How loud a stream of frames is: 10 ms of every 50 ms are measured, and stand for the others."""

    def __init__(self) -> None:
        self._frames = 0
        self._energy = self._measured = self._audible = self._power = 0.0

    def frame(self, pcm: Pcm) -> None:
        """The next 10 ms, shape (480,)."""
        self._frames += 1
        if self._frames % _STEP:
            return
        self._power = power = _power(pcm)
        self._energy += _LENGTH * power
        self._audible += _LENGTH * (power > _AUDIBLE)
        self._measured += _LENGTH

    @property
    def loudness(self) -> Loudness:
        """Up to now. From any thread."""
        return Loudness(
            energy=self._energy,
            measured=Seconds(self._measured),
            audible=Seconds(self._audible),
            level=_level(self._power),
        )


def _power(pcm: Pcm) -> float:
    """The mean square of `pcm`, 1.0 at full scale."""
    samples = pcm.astype(np.float32)
    return float(samples @ samples) / (pcm.size * _OVERLOAD**2)


def _level(power: float) -> Dbov:
    return Dbov(max(SILENCE, min(0.0, 10.0 * math.log10(power)))) if power > 0.0 else SILENCE
