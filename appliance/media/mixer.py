"""Where streams, tones and the sound card meet.

    microphone ──captured──▶ every stream's capture
    every stream's playout ──┐
                        tone ─┴─ sum ─ limiter ──wanted──▶ speaker

Pure apart from the lock that lets a stream join or leave while the audio threads run.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import numpy as np

from appliance.media.frame import FRAME, Pcm, silence
from appliance.units import Seconds

log = logging.getLogger(__name__)

_KNEE: Final = 24_000.0
"""Samples up to here pass unchanged (-2.7 dB of full scale); what is above is bent."""

_ROOM: Final = 32_767.0 - _KNEE


class Stream(Protocol):
    """One session's audio, as the mixer sees it. Called on the audio threads, never on two at once per method."""

    def captured(self, frame: Pcm, now: Seconds) -> None:
        """A frame of the microphone: shape (480,), not to be changed."""

    def wanted(self, now: Seconds) -> Pcm | None:
        """The next frame of the far end; None is silence."""


class Mixer:
    """One microphone and one speaker for any number of streams and one tone."""

    def __init__(self, now: Callable[[], Seconds]) -> None:
        self._now = now
        self._streams: tuple[Stream, ...] = ()
        self._tone: Iterator[Pcm] | None = None

    @property
    def idle(self) -> bool:
        """Nothing to play and nobody to hear the microphone."""
        return not self._streams and self._tone is None

    def add(self, stream: Stream) -> None:
        """Let `stream` hear the microphone and be heard. Call on one thread only, like `remove` and `play`."""
        if stream not in self._streams:
            self._streams = (*self._streams, stream)

    def remove(self, stream: Stream) -> None:
        """Leave `stream` out from the next frame on."""
        self._streams = tuple(other for other in self._streams if other is not stream)

    def play(self, tone: Iterator[Pcm] | None) -> None:
        """Sound `tone`, frame after frame, until it ends or another takes its place."""
        self._tone = tone

    def captured(self, frame: Pcm) -> None:
        """Hand a frame of the microphone to every stream."""
        now = self._now()
        for stream in self._streams:
            try:
                stream.captured(frame, now)
            except Exception:
                log.exception("a stream can't take the microphone any more and is left out")
                self.remove(stream)

    def wanted(self) -> Pcm:
        """The sum of everything that sounds, shape (480,)."""
        now = self._now()
        frames: list[Pcm] = []
        for stream in self._streams:
            try:
                frame = stream.wanted(now)
            except Exception:
                log.exception("a stream can't play any more and is left out")
                self.remove(stream)
                continue
            if frame is not None:
                frames.append(frame)
        tone = self._tone
        if tone is not None:
            frame = next(tone, None)
            if frame is not None:
                frames.append(frame)
            elif self._tone is tone:
                self._tone = None
        return mixed(frames)


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
