"""Concealment for codecs without: the last pitch period again and again, fading (after ITU-T G.711 Appendix I)."""

from typing import Final

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]
"""Samples in 16-bit units, shape (n,)."""

# All of these in samples at 8 kHz.
_SHORTEST: Final = 40  # a pitch of 200 Hz; a higher voice repeats two periods
_LONGEST: Final = 120  # 66 Hz
_TEMPLATE: Final = 160
_FULL: Final = 80  # 10 ms at full level,
_FADE: Final = 400  # then 50 ms to silence
_STEP_REPAIR: Final = 16
_MERGE: Final = 32  # 4 ms


class WaveformSubstitution:
    """Remembers what was heard, and goes on with it when nothing comes."""

    def __init__(self, *, rate: int = 8_000) -> None:
        """`rate` in samples a second, a multiple of 8000."""
        self._scale = rate // 8_000
        self._history: Sound = np.zeros(self._scale * (_TEMPLATE + 2 * _LONGEST), dtype=np.float32)
        self._period: Sound | None = None
        self._done = 0  # samples concealed in a row

    def heard(self, sound: Sound) -> Sound:
        """`sound` came: remembered and given back, its beginning merged with the concealment before it."""
        if self._period is not None and sound.size:
            count = min(self._scale * _MERGE, sound.size)
            rise = np.linspace(0.0, 1.0, count, dtype=np.float32)
            merged = sound.copy()
            merged[:count] = rise * sound[:count] + (1.0 - rise) * self._next(count)
            sound = merged
        self._period, self._done = None, 0
        self._remember(sound)
        return sound

    def missing(self, count: int) -> Sound:
        """`count` samples in place of what didn't come: shape (count,)."""
        sound = self._next(count)
        self._remember(sound)
        return sound

    def _remember(self, sound: Sound) -> None:
        self._history = np.concatenate([self._history, sound])[-self._history.size :]

    def _next(self, count: int) -> Sound:
        if self._period is None:
            self._period = self._last_period()
            step = float(self._history[-1] - self._history[-self._period.size - 1])
        else:
            step = 0.0
        positions = np.arange(self._done, self._done + count)
        sound: Sound = self._period[positions % self._period.size]
        if step:  # the seam with what was heard
            size = min(count, self._scale * _STEP_REPAIR)
            sound[:size] += step * (1.0 - np.arange(1, size + 1, dtype=np.float32) / (self._scale * _STEP_REPAIR))
        sound *= np.clip(1.0 - (positions / self._scale - _FULL) / _FADE, 0.0, 1.0).astype(np.float32)
        self._done = min(self._done + count, self._scale * (_FULL + _FADE))
        return sound

    def _last_period(self) -> Sound:
        """One period whose end joins its beginning, by the best correlation of the last 20 ms with what went before."""
        history = self._history
        shortest, longest, size = (self._scale * each for each in (_SHORTEST, _LONGEST, _TEMPLATE))
        template = history[-size:]
        starts = np.lib.stride_tricks.sliding_window_view(history[:-shortest], size)[-(longest - shortest + 1) :]
        energy = np.einsum("ij,ij->i", starts, starts)
        score = (starts @ template) / np.sqrt(energy + 1.0)
        lag = longest - int(np.argmax(score))
        period: Sound = history[-lag:].copy()
        seam = lag // 4
        rise = np.linspace(0.0, 1.0, seam, dtype=np.float32)
        period[-seam:] = (1.0 - rise) * period[-seam:] + rise * history[-lag - seam : -lag]
        return period
