"""Echo cancellation: for a handset the learned path alone, for hands-free use WebRTC's canceller too.

    loudspeaker ─▶ reference ─┬─────────────▶ module (WebRTC) ──────┐
                              ▼                  ▲                   ▼
    microphone ─▶ adaptive filter ─ without echo ┼─ delayed alike ─▶ which of the two? ─▶
             └───────────────────────────────────┘

WebRTC's canceller takes everything that may be echo away, and much of whoever speaks at the same time with it; the
adaptive filter takes only what it has learned, and nothing of the voice. So the first is heard while the far end talks
alone, the second as soon as more is left than its own mistakes can be.
"""

from typing import Final

import numpy as np

from appliance.media.adaptive_filter import AdaptiveFilter, Sound
from appliance.media.echo_reference import EchoReference
from appliance.media.frame import FRAME, Pcm, silence
from appliance.media.processing_module import ProcessingModule, echo_delay

_FULL_SCALE: Final = np.float32(32_768.0)
_NOTHING: Final[Sound] = np.zeros(FRAME, dtype=np.float32)

_SURE: Final = 8.0
"""dB of the filter's excess from which somebody speaks into the microphone, all of whom is heard `_RANGE` dB later."""

_RANGE: Final = 6.0
_OPENING: Final = 0.5
_CLOSING: Final = 0.1
"""The most that the share of the filter's sound changes in a frame: the beginning of a word is heard whole."""


class HandsetEchoCanceller:
    """Takes away what the microphone of a handset hears of its earpiece. It adds no delay and wants no package."""

    def __init__(self) -> None:
        self._reference = EchoReference()
        self._filter = AdaptiveFilter()

    def played(self, frame: Pcm) -> None:
        """The loudspeaker gets `frame`, shape (480,); on its thread."""
        self._reference.played(frame)

    def processed(self, frame: Pcm) -> Pcm:
        """A frame of the microphone, shape (480,), without echo; on its thread."""
        return _pcm(self._cancelled(_sound(frame))[0])

    def _cancelled(self, microphone: Sound) -> tuple[Sound, Pcm]:
        """The microphone without what was learned, and the reference it was learned from."""
        reference, passed, slip = self._reference.take()
        if slip:
            self._filter.slip(slip)
        for frame in passed:
            self._filter.play(_sound(frame))
        if reference is None:
            return microphone, silence()
        return self._filter.cancel(_sound(reference), microphone), reference


class HandsFreeEchoCanceller(HandsetEchoCanceller):
    """Takes away the echo of a loudspeaker beside the microphone. It delays the microphone by 9 ms."""

    def __init__(self) -> None:
        """Raises `DriverError` where the package livekit is missing."""
        super().__init__()
        self._module = ProcessingModule(echo=True)
        self._delay = echo_delay()
        self._recent: Sound = np.zeros(2 * FRAME, dtype=np.float32)
        self._share = np.float32(0.0)

    def processed(self, frame: Pcm) -> Pcm:
        """A frame of the microphone, shape (480,), without echo; on its thread."""
        sound, reference = self._cancelled(_sound(frame))
        self._module.played(reference)
        safe = _sound(self._module.processed(frame))
        self._recent[:FRAME] = self._recent[FRAME:]
        self._recent[FRAME:] = sound
        whole = self._recent[FRAME - self._delay : 2 * FRAME - self._delay]
        before = self._share
        wanted = np.float32(min(1.0, max(0.0, (self._filter.excess - _SURE) / _RANGE)))
        self._share = min(max(wanted, before - _CLOSING), before + _OPENING)
        if before == self._share == 0.0:
            return _pcm(safe)
        share = np.linspace(before, self._share, FRAME, dtype=np.float32)
        return _pcm(safe + share * (whole - safe))


def _sound(frame: Pcm) -> Sound:
    sound: Sound = np.divide(frame, _FULL_SCALE, dtype=np.float32)
    return sound


def _pcm(sound: Sound) -> Pcm:
    pcm: Pcm = np.clip(np.rint(sound * _FULL_SCALE), -32_768, 32_767).astype(np.int16)
    return pcm
