"""What of the loudspeaker the microphone hears, learned and taken away: the linear part of echo cancellation.

A Kalman filter for each frequency and each 10 ms of the echo's path: how sure it is of the path decides how fast it
learns, so it needs no guess about who is talking (G. Enzner and P. Vary, "Frequency-domain adaptive Kalman filter for
acoustic echo control", Signal Processing 86, 2006; in partitions: F. Kuech and others, ICASSP 2014).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.media.frame import FRAME

Sound = npt.NDArray[np.float32]
"""Samples of one channel, full scale is 1.0, shape (n,)."""

_Spectrum = npt.NDArray[np.complex64]

_BLOCK: Final = int(FRAME)
_BINS: Final = 161
"""Up to 8 kHz, in steps of 50 Hz: above it is little to hear of an echo, and a third of the work is done."""

_PARTITIONS: Final = 16
"""Of 10 ms: an echo may come as late as 160 ms after its sound was handed to the sound card."""

_KEEPING: Final = np.float32(0.997**2)
"""The path's power that is kept from one frame to the next; the rest is what it may have changed by."""

_AT_FIRST: Final = 0.1
_FADING: Final = 3.0
"""Expected power of the path before anything is known: in the first 10 ms, and after how many it has faded by 1/e."""

_FLOOR: Final = np.float32(1e-7)
_SMOOTHING: Final = np.float32(0.8)
_VOICE: Final = slice(6, 80)
"""300 Hz to 4 kHz: where it is measured who is talking."""

_WORSE: Final = 1.05
_PATIENCE: Final = 12
"""Frames in which the filter adds power instead of taking it away, until it begins anew: the path is another."""

_QUIET: Final = 1e-12


class AdaptiveFilter:
    """The path from one loudspeaker to one microphone. Not thread-safe."""

    def __init__(self) -> None:
        shape = (_PARTITIONS, _BINS)
        # Twice as many rows as partitions: the latest spectra are always rows in a row, and none is ever moved.
        self._spectra = np.zeros((2 * _PARTITIONS, _BINS), dtype=np.complex64)
        self._powers = np.zeros((2 * _PARTITIONS, _BINS), dtype=np.float32)
        self._row = 0
        self._path = np.zeros(shape, dtype=np.complex64)
        self._doubt = _doubt_at_first()
        self._reference: Sound = np.zeros(2 * _BLOCK, dtype=np.float32)
        self._error: Sound = np.zeros(2 * _BLOCK, dtype=np.float32)
        self._spectrum = np.zeros(_BLOCK + 1, dtype=np.complex64)
        self._noise = np.full(_BINS, _FLOOR, dtype=np.float32)
        self._bound = 0  # the partition whose length in time is kept next
        self._sounding = 0  # frames until the reference has left the filter
        self._before = self._after = 0.0
        self._worse = 0
        self._left = self._expected = 0.0

    def cancel(self, reference: Sound, microphone: Sound) -> Sound:
        """`microphone` without what it hears of `reference`; both of shape (480,), at 48 kHz."""
        if reference.any():
            self._sounding = _PARTITIONS + 1
        elif self._sounding == 0:
            self._expected = 0.0
            self._left = float(microphone @ microphone)
            return microphone
        else:
            self._sounding -= 1
        self.play(reference)
        spectra = self._spectra[self._row : self._row + _PARTITIONS]
        powers = self._powers[self._row : self._row + _PARTITIONS]
        self._spectrum[:_BINS] = np.einsum("pb,pb->b", spectra, self._path)
        error: Sound = microphone - _sound(self._spectrum)[_BLOCK:]
        self._learn(spectra, powers, error)
        self._judge(microphone, error)
        return error

    def play(self, reference: Sound) -> None:
        """A frame was played that no frame of the microphone belongs to."""
        self._reference[:_BLOCK] = self._reference[_BLOCK:]
        self._reference[_BLOCK:] = reference
        self._row = (self._row - 1) % _PARTITIONS
        spectrum = _spectrum(self._reference)
        power = _power(spectrum)
        for row in (self._row, self._row + _PARTITIONS):
            self._spectra[row] = spectrum
            self._powers[row] = power

    def _learn(self, spectra: _Spectrum, powers: Sound, error: Sound) -> None:
        self._error[_BLOCK:] = error
        wrong = _spectrum(self._error)
        size = _power(wrong)
        expected = np.float32(0.5) * np.einsum("pb,pb->b", self._doubt, powers)
        self._noise *= _SMOOTHING
        self._noise += (np.float32(1.0) - _SMOOTHING) * np.maximum(size, _FLOOR)
        step = self._doubt / (expected + self._noise)
        self._path += step * np.conj(spectra) * wrong
        self._doubt *= _KEEPING * (np.float32(1.0) - np.float32(0.5) * step * powers)
        self._doubt += (np.float32(1.0) - _KEEPING) * _power(self._path)
        self._bind()
        self._left += 0.4 * (float(size[_VOICE].sum()) - self._left)
        self._expected += 0.4 * (float(expected[_VOICE].sum()) - self._expected)

    def _bind(self) -> None:
        """Keep one partition after the other no longer than 10 ms, as what it stands for is."""
        self._spectrum[:_BINS] = self._path[self._bound]
        path = _sound(self._spectrum)
        path[_BLOCK:] = 0.0
        self._path[self._bound] = _spectrum(path)
        self._bound = (self._bound + 1) % _PARTITIONS

    def _judge(self, microphone: Sound, error: Sound) -> None:
        """Begin anew when the filter makes things worse: then the loudspeaker was moved, or another one plays."""
        self._before += 0.2 * (float(microphone @ microphone) - self._before)
        self._after += 0.2 * (float(error @ error) - self._after)
        self._worse = self._worse + 1 if self._after > _WORSE * self._before else max(0, self._worse - 1)
        if self._worse > _PATIENCE:
            self._begin()
            self._after, self._worse = self._before, 0

    def _begin(self) -> None:
        self._path[:] = 0.0
        self._doubt = _doubt_at_first()

    def slip(self, frames: int) -> None:
        """The reference lags `frames` more than before behind the microphone (negative: less): the path is shifted."""
        if abs(frames) >= _PARTITIONS:
            self._begin()
            return
        new = slice(_PARTITIONS - frames, None) if frames > 0 else slice(None, -frames)
        self._path = np.roll(self._path, -frames, axis=0)
        self._doubt = np.roll(self._doubt, -frames, axis=0)
        self._path[new] = 0.0
        self._doubt[new] = _doubt_at_first()[new]

    @property
    def excess(self) -> float:
        """How much more is left of the microphone, in dB, than the filter expects to be echo that it missed.

        About 0 while only the far end talks, more when somebody talks into the microphone.
        """
        return 10.0 * float(np.log10((self._left + _QUIET) / (self._expected + _QUIET)))


def _doubt_at_first() -> Sound:
    fading = np.exp(-np.arange(_PARTITIONS) / _FADING)
    doubt: Sound = np.repeat((_AT_FIRST * fading).astype(np.float32)[:, None], _BINS, axis=1)
    return doubt


def _spectrum(sound: Sound) -> _Spectrum:
    """The lowest bins of two blocks."""
    return np.fft.rfft(sound)[:_BINS].astype(np.complex64, copy=False)


def _sound(spectrum: _Spectrum) -> Sound:
    """Two blocks, from all of their bins."""
    return np.fft.irfft(spectrum).astype(np.float32, copy=False)


def _power(spectrum: _Spectrum) -> Sound:
    power: Sound = spectrum.real**2 + spectrum.imag**2
    return power
