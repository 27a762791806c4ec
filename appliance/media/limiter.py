"""Keeps what goes to the loudspeaker below a level, whatever a far end or a tone sends: acoustic shock (ITU-T P.360).

A shriek is turned down before its first sample is heard, and the sound comes back over half a second. What is below the
level passes untouched, bit by bit.
"""

import math
from typing import Final

import numpy as np

from appliance.media.frame import FRAME, Pcm
from appliance.units import Dbov

_RELEASE: Final = 10.0 ** (0.25 / 20.0)
"""0.25 dB a frame: 10 dB in 0.4 s."""

_FULL_SCALE: Final = 32_767.0


class Limiter:
    """One loudspeaker's."""

    def __init__(self, loudest: Dbov) -> None:
        """`loudest` is the mean power that a frame may have. Speech has about -20 dBov, its loudest syllables -12."""
        self._power = FRAME * (_FULL_SCALE * 10.0 ** (loudest / 20.0)) ** 2
        self._gain = 1.0

    def limited(self, frame: Pcm) -> Pcm:
        """`frame`, shape (480,), no louder than allowed."""
        sound = frame.astype(np.float32)
        power = float(sound @ sound)
        allowed = 1.0 if power <= self._power else math.sqrt(self._power / power)
        before = self._gain
        self._gain = min(1.0, allowed, before * _RELEASE)
        if before >= 1.0 and self._gain >= 1.0:
            return frame
        if self._gain < before:
            sound *= np.float32(self._gain)  # at once: a ramp would let the beginning through
        else:
            sound *= np.linspace(before, self._gain, FRAME, dtype=np.float32)
        limited: Pcm = np.rint(sound).astype(np.int16)
        return limited
