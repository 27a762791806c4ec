"""The sum of what sounds at the same time."""

from typing import Final

import numpy as np

from appliance.media.frame import FRAME, Pcm, silence

_KNEE: Final = 24_000.0
"""Samples up to here pass unchanged (-2.7 dB of full scale); what is above is bent."""

_ROOM: Final = 32_767.0 - _KNEE


def mixed(frames: list[Pcm]) -> Pcm:
    """The sum of frames of shape (480,), bent instead of clipped where it is too loud for 16 bits.

    A single frame passes as it is: nothing was added, so nothing is bent.
    """
    if not frames:
        return silence(FRAME)
    if len(frames) == 1:
        return frames[0]
    total = np.sum(np.stack(frames), axis=0, dtype=np.float32)
    size = np.abs(total)
    if size.max() > _KNEE:
        over = np.maximum(size - _KNEE, 0.0) / _ROOM
        total = np.copysign(np.minimum(size, _KNEE) + _ROOM * np.tanh(over), total)
    return np.rint(total).astype(np.int16)
