"""How much of a voice is left in what was made of it: STOI, the delay between the two, and the level.

STOI: C. Taal and others, "An algorithm for intelligibility prediction of time-frequency weighted noisy speech", IEEE
Transactions on Audio, Speech and Language Processing 19 (2011).
"""

import numpy as np
import soxr
from numpy.typing import NDArray

from tests.support.tones import RATE, Samples

Sound = NDArray[np.float64]

_RATE = 10_000
_FRAME = 256
_HOP = 128
_TRANSFORM = 512
_BANDS = 15
_LOWEST = 150.0
_SEGMENT = 30  # frames: 384 ms
_CLIP = 1.0 + 10.0 ** (15.0 / 20.0)
_RANGE = 40.0  # dB below the loudest frame: the rest is silence
_LONGEST_DELAY = 0.050


def stoi(clean: Samples, processed: Samples) -> float:
    """Between 0 and 1: the share of `clean` that a listener would understand of `processed`, of the same length."""
    both = (soxr.resample(sound.astype(np.float64), RATE, _RATE) for sound in (clean, processed))
    left, right = _without_silence(*both)
    x, y = _bands(left), _bands(right)
    scores = []
    for end in range(_SEGMENT, x.shape[1] + 1):
        a, b = x[:, end - _SEGMENT : end], y[:, end - _SEGMENT : end]
        b = np.minimum(b * (_norms(a) / _norms(b)), a * _CLIP)
        a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
        scores.append(float(np.mean(np.sum(a / _norms(a) * b / _norms(b), axis=1))))
    return float(np.mean(scores))


def aligned(clean: Samples, processed: Samples) -> tuple[Samples, Samples, float]:
    """Both without the delay of `processed`, and that delay in milliseconds, up to 50."""
    size = 1 << (2 * len(clean)).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(processed, size) * np.conj(np.fft.rfft(clean, size)), size)
    delay = int(np.argmax(likeness[: round(_LONGEST_DELAY * RATE)]))
    return clean[: len(clean) - delay], processed[delay:], delay * 1000.0 / RATE


def gain(clean: Samples, processed: Samples) -> float:
    """In dB, how loud `clean` is in `processed` (aligned), whatever else is in it and whatever its phase became."""
    x, y = (_spectra(sound.astype(np.float64), 1024)[:, 6:171] for sound in (clean, processed))  # 300 Hz to 8 kHz
    return 20.0 * float(np.log10(np.sum(x * y) / np.sum(x * x)))


def _spectra(sound: Sound, size: int, transform: int | None = None) -> Sound:
    frames = np.lib.stride_tricks.sliding_window_view(sound, size)[:: size // 2]
    spectra: Sound = np.abs(np.fft.rfft(frames * np.hanning(size + 2)[1:-1], transform or size, axis=1))
    return spectra


def _bands(sound: Sound) -> Sound:
    """The level of each third of an octave, shape (15, frames)."""
    hertz = np.linspace(0.0, _RATE / 2, _TRANSFORM // 2 + 1)
    edges = _LOWEST * 2.0 ** ((2 * np.arange(_BANDS + 1) - 1) / 6)
    bins = np.argmin(np.abs(hertz[None, :] - edges[:, None]), axis=1)
    member = (np.arange(hertz.size) >= bins[:-1, None]) & (np.arange(hertz.size) < bins[1:, None])
    bands: Sound = np.sqrt(_spectra(sound, _FRAME, _TRANSFORM) ** 2 @ member.T).T
    return bands


def _norms(rows: Sound) -> Sound:
    norms: Sound = np.linalg.norm(rows, axis=1, keepdims=True) + 1e-12
    return norms


def _without_silence(clean: Sound, processed: Sound) -> tuple[Sound, Sound]:
    """Both without the frames in which `clean` is silent."""
    window = np.hanning(_FRAME + 2)[1:-1]
    both = [np.lib.stride_tricks.sliding_window_view(each, _FRAME)[::_HOP] * window for each in (clean, processed)]
    level = 20.0 * np.log10(np.linalg.norm(both[0], axis=1) + 1e-12)
    kept = level > level.max() - _RANGE
    return _overlapped(both[0][kept]), _overlapped(both[1][kept])


def _overlapped(frames: Sound) -> Sound:
    sound = np.zeros((len(frames) - 1) * _HOP + _FRAME)
    for index, frame in enumerate(frames):
        sound[index * _HOP : index * _HOP + _FRAME] += frame
    return sound
