"""Something to listen to that needs no file: a short melody on a glass harp, with a pause, again and again."""

from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm
from appliance.sim.wav_audio import WavAudio

_BEAT: Final = 0.32
"""Seconds from one note to the next."""
_NOTES: Final = (60, 64, 67, 72, 71, 67, 64, 67, 65, 62, 64, 60)
"""Keys of a piano, 60 is the middle C (MIDI's numbers)."""
_REST: Final = 1.2
"""Seconds of silence before it begins again."""
_PARTIALS: Final = ((1.0, 1.0), (2.0, 0.35), (3.01, 0.12))
"""Overtones: multiples of the frequency, and how loud."""
_PEAK: Final = 9_000.0
"""About -11 dB of full scale."""


def melody() -> Pcm:
    """The samples of one round, whole frames."""
    length = len(_NOTES) * _BEAT + _REST
    frames = round(length * SAMPLE_RATE / FRAME)
    samples = np.zeros(frames * FRAME)
    for index, key in enumerate(_NOTES):
        note = _note(440.0 * 2.0 ** ((key - 69) / 12))
        begin = round(index * _BEAT * SAMPLE_RATE)
        end = min(len(samples), begin + len(note))
        samples[begin:end] += note[: end - begin]
    scaled: Pcm = np.rint(samples * (_PEAK / np.max(np.abs(samples)))).astype(np.int16)
    return scaled


def _note(hertz: float) -> npt.NDArray[np.float64]:
    time = np.arange(round(1.1 * SAMPLE_RATE)) / SAMPLE_RATE
    # A soft beginning and a long end: neither clicks.
    envelope = np.minimum(1.0, time / 0.02) * np.exp(-time / 0.35) * np.clip((1.1 - time) / 0.1, 0.0, 1.0)
    wave = np.zeros_like(time)
    for multiple, loudness in _PARTIALS:
        wave += loudness * np.sin(2.0 * np.pi * hertz * multiple * time)
    return np.asarray(envelope * wave, dtype=np.float64)


class MelodyAudio(WavAudio):
    """A microphone that hears the melody, from its beginning for each listener; what is heard is dropped."""

    def __init__(self) -> None:
        super().__init__(loop=True)
        self._name = "melody"

    def _prepare(self) -> None:
        if self._samples is None:
            self._samples = melody()
