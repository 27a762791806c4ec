"""A room with a loudspeaker and a microphone in it, 10 cm or 2 m apart: what the microphone hears of both its talkers.

    far end ─▶ loudspeaker (bends) ─▶ path (delay, echoes that fade) ─┐
                                             somebody in the room ────┴─ + noise ─▶ microphone

Everything is seeded: the same each time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.support.tones import RATE, Samples

Sound = NDArray[np.float64]

_TAIL = 0.120
_FADING = 0.030
_NOISE = -65.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Its echo is `level` dB of what is played. `drift` in ppm is how much faster the microphone's clock runs."""

    delay: float = 0.020
    """Seconds from the loudspeaker's samples to the first that the microphone hears of them: buffers and air."""
    level: float = -6.0
    drift: float = 0.0
    seed: int = 1

    def echo(self, played: Samples) -> Sound:
        """What of `played` arrives at the microphone: shape (played.size,)."""
        loudspeaker = np.tanh(played / 32_768.0 * 1.2) * 32_768.0 / 1.2
        sound = _convolved(loudspeaker, self._path())
        if self.drift:
            sound = np.interp(np.arange(sound.size) * (1.0 + self.drift * 1e-6), np.arange(sound.size), sound)
        return sound

    def _path(self) -> Sound:
        """White noise that fades, after its delay; most of it comes directly."""
        positions = np.arange(round(_TAIL * RATE)) / RATE
        path = np.random.default_rng(self.seed).normal(size=positions.size) * np.exp(-positions / _FADING)
        path[0] = 3.0
        path *= 10.0 ** (self.level / 20.0) / np.linalg.norm(path)
        return np.concatenate([np.zeros(round(self.delay * RATE)), path])


def microphone(*sounds: Sound | Samples) -> Samples:
    """All of `sounds`, of one length, and a little noise, as an AD converter gives them."""
    size = len(sounds[0])
    noise = np.random.default_rng(7).normal(0.0, 32_768.0 * 10.0 ** (_NOISE / 20.0), size)
    captured: Samples = np.rint(np.clip(np.sum([*sounds, noise], axis=0), -32_768, 32_767)).astype(np.int16)
    return captured


def power(sound: Sound | Samples) -> float:
    """Its mean power in dB."""
    return 10.0 * float(np.log10(np.mean(sound.astype(np.float64) ** 2) + 1e-3))


def _convolved(sound: Sound, path: Sound) -> Sound:
    size = 1 << (sound.size + path.size).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(path, size)
    result: Sound = np.fft.irfft(spectrum, size)[: sound.size]
    return result
