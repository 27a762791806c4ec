"""What the listener gets when nothing comes: the decoder's guess, that fades to silence, and no click at either end."""

from typing import Final

import numpy as np

from appliance.media.frame import Pcm

_FULL: Final = 2_880  # samples at 48 kHz: 60 ms, about a syllable; a guess that goes on longer buzzes
_FADE: Final = 6_720  # the next 140 ms
_RISE: Final = 240  # 5 ms


class Concealment:
    """The gain over concealed stretches of sound."""

    def __init__(self) -> None:
        self._missing = 0

    @property
    def silent(self) -> bool:
        """The fade is over: nothing but silence until sound comes again."""
        return self._missing >= _FULL + _FADE

    def missing(self, guess: Pcm) -> Pcm:
        """`guess` of the decoder, shape (n,), at its place in the fade."""
        start = self._missing
        self._missing = min(start + guess.size, _FULL + _FADE)
        if self._missing <= _FULL:
            return guess
        gain = np.clip(1.0 - (np.arange(start, start + guess.size) - _FULL) / _FADE, 0.0, 1.0)
        return (guess * gain).astype(np.int16)

    def heard(self, sound: Pcm) -> Pcm:
        """Sound came, shape (n,): the same, risen from silence if a fade had begun."""
        faded, self._missing = self._missing > _FULL, 0
        if not faded or not sound.size:
            return sound
        risen = sound.copy()
        count = min(_RISE, sound.size)
        risen[:count] = (sound[:count] * (np.arange(1, count + 1) / count)).astype(np.int16)
        return risen
