"""PCM inside the appliance: mono, 48 kHz, 16 bits, in frames of 10 ms."""

from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.units import Samples

Pcm = npt.NDArray[np.int16]
"""Samples of one channel, shape (n,)."""

SAMPLE_RATE: Final = 48_000
"""Samples per second, everywhere between a driver and a codec."""

FRAME: Final = Samples(480)
"""Samples in one frame: 10 ms, what drivers exchange with the mixer."""


def silence(count: int = FRAME) -> Pcm:
    """`count` samples of digital silence."""
    return np.zeros(count, dtype=np.int16)
