"""Did our own tone come back? Measured in what was heard, so that a whole path is proven by it."""

from typing import Final

import numpy as np

from appliance.media.frame import SAMPLE_RATE, Pcm

_WINDOW: Final = SAMPLE_RATE // 10
_PURE: Final = 0.8
"""The part of a window's level that the tone has to make up."""
_QUIETEST: Final = 0.005
"""RMS of full scale: 46 dB below it nobody would speak of a tone."""


def seconds_of_tone(samples: Pcm, hertz: float) -> float:
    """How much of `samples`, shape (n,) at 48 kHz, is this tone and little else, in windows of 0.1 s."""
    windows = len(samples) // _WINDOW
    if windows == 0:
        return 0.0
    heard = samples[: windows * _WINDOW].astype(np.float64).reshape(windows, _WINDOW) / 32_768.0
    taper = np.hanning(_WINDOW)
    probe = taper * np.exp(-2j * np.pi * hertz * np.arange(_WINDOW) / SAMPLE_RATE)
    tone = np.sqrt(2.0) * np.abs(heard @ probe) / np.sum(taper)
    level = np.sqrt(np.mean(np.square(heard), axis=1))
    return float(np.count_nonzero((level > _QUIETEST) & (tone > _PURE * level))) / 10.0
