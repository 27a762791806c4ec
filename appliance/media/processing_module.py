"""WebRTC's audio processing through the package livekit, loaded when it is first wanted: echo, noise, loudness."""

import importlib
from functools import cache
from types import ModuleType
from typing import Final

import numpy as np

from appliance.errors import DriverError
from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm, silence
from appliance.units import Samples

_BYTES: Final = 2 * int(FRAME)
_LONGEST_DELAY: Final = 4 * int(FRAME)


@cache
def library() -> ModuleType:
    """The package. It takes half a second and 15 MB to load. Raises `DriverError`."""
    try:
        return importlib.import_module("livekit.rtc")
    except (ImportError, OSError) as error:
        raise DriverError(
            f"hands-free echo cancellation, noise suppression and gain control want the package livekit: {error}"
        ) from error


class ProcessingModule:
    """One microphone's processing, and of the echo's reference. Not thread-safe.

    Whatever it does it lets nothing below 80 Hz pass, which a telephone has no use for.
    """

    def __init__(self, *, echo: bool = False, noise: bool = False, gain: bool = False) -> None:
        """Cancel `echo` of what `played` is given, suppress steady `noise`, bring speech to -23 dBFS (`gain`).

        Raises `DriverError` where the package is missing.
        """
        self._library = library()
        self._module = self._library.AudioProcessingModule(
            echo_cancellation=echo, noise_suppression=noise, auto_gain_control=gain, high_pass_filter=True
        )
        self._frame = self._library.AudioFrame(bytearray(_BYTES), SAMPLE_RATE, 1, int(FRAME))
        self._samples = np.frombuffer(self._frame.data, dtype=np.int16)

    def played(self, frame: Pcm) -> None:
        """The loudspeaker plays `frame`, shape (480,)."""
        self._samples[:] = frame
        self._module.process_reverse_stream(self._frame)

    def processed(self, frame: Pcm) -> Pcm:
        """A frame of the microphone, shape (480,), better, and `delay` later."""
        self._samples[:] = frame
        self._module.process_stream(self._frame)
        return self._samples.copy()


@cache
def echo_delay() -> Samples:
    """By how much a module that cancels echo delays a voice. Raises `DriverError`."""
    module = ProcessingModule(echo=True)
    said = _hiss(20 * FRAME)
    frames = []
    for begin in range(0, said.size, FRAME):
        module.played(silence())
        frames.append(module.processed(said[begin : begin + FRAME]))
    heard = np.concatenate(frames)
    known = said[:-_LONGEST_DELAY].astype(np.float64)
    likeness = [known @ heard[delay : delay + known.size] for delay in range(_LONGEST_DELAY)]
    return Samples(int(np.argmax(likeness)))


def _hiss(count: int) -> Pcm:
    """Noise from 300 Hz to 4 kHz, the same each time."""
    phases = np.random.default_rng(1).uniform(0.0, 2.0 * np.pi, count // 2 + 1)
    hertz = np.fft.rfftfreq(count, 1.0 / SAMPLE_RATE)
    sound = np.fft.irfft(np.exp(1j * phases) * ((hertz > 300.0) & (hertz < 4_000.0)), count)
    hiss: Pcm = np.rint(sound / np.abs(sound).max() * 9_000.0).astype(np.int16)
    return hiss
