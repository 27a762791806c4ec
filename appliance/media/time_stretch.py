"""Shortens and lengthens sound by one period of its pitch, so that the playout delay can move while somebody talks.

A period is left out or said twice, with a cross-fade over its length (waveform-similarity overlap-add).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.media.frame import Pcm

_SHORTEST: Final = 120  # samples at 48 kHz: 2.5 ms
_LONGEST: Final = 480  # 10 ms
_COARSE: Final = 8  # the first search is at 6 kHz
_QUIET: Final = 33.0  # root mean square: -60 dBov, where no seam is heard


def shorten(pcm: Pcm, *, likeness: float = 0.8) -> Pcm | None:
    """`pcm`, at least 10 ms, less 2.5-10 ms; None if no two neighbouring periods are as alike as `likeness` (0..1)."""
    period = _period(pcm, likeness)
    if period is None:
        return None
    return np.concatenate([_cross_fade(pcm[:period], pcm[period : 2 * period]), pcm[2 * period :]])


def lengthen(pcm: Pcm, *, likeness: float = 0.8) -> Pcm | None:
    """`pcm`, at least 10 ms, plus 2.5-10 ms; None as in `shorten`."""
    period = _period(pcm, likeness)
    if period is None:
        return None
    return np.concatenate([pcm[:period], _cross_fade(pcm[period : 2 * period], pcm[:period]), pcm[period:]])


def _cross_fade(old: Pcm, new: Pcm) -> Pcm:
    rise = np.arange(1, old.size + 1, dtype=np.float32) / (old.size + 1)
    return np.rint(old * (1.0 - rise) + new * rise).astype(np.int16)


def _period(pcm: Pcm, likeness: float) -> int | None:
    """The distance in samples at which the beginning of `pcm` repeats itself best."""
    longest = min(_LONGEST, pcm.size // 2)
    if longest < _SHORTEST:
        return None
    sound = pcm[: 2 * longest].astype(np.float32)
    coarse = sound[: sound.size // _COARSE * _COARSE].reshape(-1, _COARSE).mean(axis=1)
    first, last = _SHORTEST // _COARSE, longest // _COARSE
    rough, _ = _best(coarse, first, last)
    fine, score = _best(sound, max(_SHORTEST, (rough - 1) * _COARSE), min(longest, (rough + 1) * _COARSE))
    if score < likeness and float(sound @ sound) > _QUIET * _QUIET * sound.size:
        return None
    return fine


def _best(sound: npt.NDArray[np.float32], first: int, last: int) -> tuple[int, float]:
    """Of the distances `first`..`last`, the one whose normalised correlation is highest, and that."""
    size = sound.size - last
    template = sound[:size]
    windows = np.lib.stride_tricks.sliding_window_view(sound[first:], size)[: last - first + 1]
    energy = np.einsum("ij,ij->i", windows, windows)
    score = (windows @ template) / np.sqrt(energy * float(template @ template) + 1.0)
    index = int(np.argmax(score))
    return first + index, float(score[index])
