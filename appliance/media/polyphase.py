"""The filters between 48 kHz and the 8 or 16 kHz of a narrower codec, a packet at a time."""

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.media.frame import Pcm, silence

Sound = npt.NDArray[np.float32]
"""Samples in 16-bit units, shape (n,)."""

_PHASE_TAPS: Final = 25
_KAISER_BETA: Final = 5.65  # 60 dB of stop band


@cache
def _low_pass(ratio: int) -> Sound:
    """Half the lower rate at 48 kHz: at 8 kHz flat to 3.4 and 60 dB down from 4.6 kHz. Delay 1.5 ms, at 16 kHz half."""
    position = np.arange(ratio * _PHASE_TAPS) - (ratio * _PHASE_TAPS - 1) / 2
    taps = np.sinc(position / ratio) * np.kaiser(ratio * _PHASE_TAPS, _KAISER_BETA)
    low_pass: Sound = (taps / taps.sum()).astype(np.float32)
    return low_pass


def _windows(sound: Sound, size: int) -> Sound:
    """Every stretch of `size` samples, without a copy: sliding_window_view takes longer than the filter."""
    shape = (sound.size - size + 1, size)
    windows: Sound = np.ndarray(shape, np.float32, sound, 0, (sound.itemsize, sound.itemsize))
    return windows


def _diagonals(products: Sound) -> Sound:
    """The diagonals of a matrix that is higher than wide, as rows, without a copy."""
    rows, columns = products.shape
    size = products.itemsize
    shape, strides = (rows - columns + 1, columns), (columns * size, (columns + 1) * size)
    diagonals: Sound = np.ndarray(shape, np.float32, products, 0, strides)
    return diagonals


class Narrowing:
    """One stream from 48 kHz to a rate `ratio` times lower."""

    def __init__(self, ratio: int) -> None:
        self._ratio = ratio
        self._phases = np.ascontiguousarray(_low_pass(ratio).reshape(_PHASE_TAPS, ratio).T)
        self._history = np.zeros(ratio * _PHASE_TAPS - 1, dtype=np.float32)

    def narrowed(self, pcm: Pcm) -> Pcm:
        """`pcm`, of shape (n·ratio,), at the lower rate: shape (n,)."""
        sound = np.concatenate([self._history, pcm], dtype=np.float32)
        self._history = sound[-self._history.size :]
        # Each stretch of 6 samples times each stretch of 6 taps: a sample at 8 kHz is the sum of a diagonal. That is
        # one small product of matrices, where overlapping windows would be copied first.
        products: Sound = sound[self._ratio - 1 :].reshape(-1, self._ratio) @ self._phases
        narrow: Pcm = np.clip(np.rint(_diagonals(products).sum(axis=1)), -32_768, 32_767).astype(np.int16)
        return narrow


class Widening:
    """One stream to 48 kHz from a rate `ratio` times lower."""

    def __init__(self, ratio: int) -> None:
        self._phases = np.ascontiguousarray(_low_pass(ratio).reshape(_PHASE_TAPS, ratio)[::-1]) * ratio
        self._history = np.zeros(_PHASE_TAPS - 1, dtype=np.float32)

    def widened(self, narrow: Sound) -> Pcm:
        """`narrow`, of shape (n,), at 48 kHz: shape (n·ratio,)."""
        if not narrow.size:
            return silence(0)
        sound = np.concatenate([self._history, narrow])
        self._history = sound[-self._history.size :]
        wide: Sound = _windows(sound, _PHASE_TAPS) @ self._phases
        pcm: Pcm = np.clip(np.rint(wide), -32_768, 32_767).astype(np.int16).ravel()
        return pcm
