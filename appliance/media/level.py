"""The level of sound in dBov (RFC 6464 §3)."""

import math
from typing import Final

import numpy as np

from appliance.media.frame import Pcm
from appliance.units import Dbov

SILENCE: Final = Dbov(-127.0)
_OVERLOAD: Final = 32_767.0


def level(pcm: Pcm) -> Dbov:
    """The level of `pcm`, shape (n,): 0.0 for a full-scale square wave, -3.0 for such a sine, -127.0 for silence."""
    if not pcm.size:
        return SILENCE
    samples = pcm.astype(np.float32)
    power = float(samples @ samples) / pcm.size
    if power <= 0.0:
        return SILENCE
    return Dbov(max(SILENCE, min(0.0, 10.0 * math.log10(power) - 20.0 * math.log10(_OVERLOAD))))
