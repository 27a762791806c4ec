"""Where streams, tones and the sound card meet.

    microphone ──captured──▶ voice processing ─┬─▶ every stream
                                   ▲           ▼
                        echo's reference   side tone
    every stream ──┐               │           │
           tones ──┴─ sum ─ limiter┴───────────┴──wanted──▶ speaker

Pure: whoever owns it changes it on one thread, while the audio threads run.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import numpy as np

from appliance.media.conference import Conference
from appliance.media.frame import Pcm
from appliance.media.limiter import Limiter
from appliance.media.mixing import mixed
from appliance.media.voice_processing import VoiceProcessor
from appliance.units import Dbov, Seconds

log = logging.getLogger(__name__)

_TONES: Final = 3
"""Tones that may sound at once: the present one, and what fades out."""


class Stream(Protocol):
    """One session's audio, as the mixer sees it. Each method is called on one thread, but not both on the same."""

    def captured(self, frame: Pcm, now: Seconds, others: Pcm | None = None) -> None:
        """A frame of the microphone, and what the others of a conference say: shape (480,), not to be changed."""

    def wanted(self, now: Seconds) -> Pcm | None:
        """The next frame of the far end, shape (480,); None is silence."""


class ToneSource(Protocol):
    """A tone that is sounding: a `tones.ToneGenerator`."""

    @property
    def finished(self) -> bool:
        """Nothing more will come."""

    def next_frame(self) -> Pcm:
        """The next frame, shape (480,)."""

    def stop(self) -> None:
        """Fade out."""


class Mixer:
    """One microphone and one speaker for any number of streams and a tone.

    `failed` is told of a stream that raised, on an audio thread; the others are not disturbed by it.
    """

    def __init__(
        self,
        now: Callable[[], Seconds],
        failed: Callable[[Stream], object],
        *,
        loudest: Dbov = Dbov(-9.0),
        side_tone: Dbov | None = None,
    ) -> None:
        """`loudest` is what the speaker gets at most, `side_tone` how much of the microphone a talker hears of it."""
        self._now = now
        self._failed = failed
        self._streams: tuple[Stream, ...] = ()
        self._tones: tuple[ToneSource, ...] = ()
        self._processor: VoiceProcessor | None = None
        self._conference: Conference[Stream] = Conference(())
        self._limiter = Limiter(loudest)
        self._side_tone = 0.0 if side_tone is None else 10.0 ** (side_tone / 20.0)
        self._said: Pcm | None = None

    def confer(self, streams: Iterable[Stream]) -> None:
        """Let these streams hear each other from the next frame on, and no others; () for none."""
        self._conference = Conference(streams)

    def process(self, processor: VoiceProcessor | None) -> None:
        """Let the microphone go through `processor` from the next frame on, or (None) through as it is."""
        self._processor = processor

    @property
    def listening(self) -> bool:
        """Some stream hears the microphone."""
        return bool(self._streams)

    @property
    def sounding(self) -> bool:
        """A tone has not ended."""
        return any(not tone.finished for tone in self._tones)

    def add(self, stream: Stream) -> None:
        """Let `stream` hear the microphone and be heard. Idempotent."""
        if stream not in self._streams:
            self._streams = (*self._streams, stream)

    def remove(self, stream: Stream) -> None:
        """Leave `stream` out from the next frame on."""
        self._streams = tuple(other for other in self._streams if other is not stream)

    def play(self, tone: ToneSource | None) -> None:
        """Fade out what sounds and sound `tone`, until it ends or another takes its place."""
        for playing in self._tones:
            playing.stop()
        tones = tuple(playing for playing in self._tones if not playing.finished)
        self._tones = (*tones, tone)[-_TONES:] if tone is not None else tones

    def chime(self, tone: ToneSource) -> None:
        """Sound `tone` beside what sounds, until it ends."""
        self._tones = (*(playing for playing in self._tones if not playing.finished), tone)[-_TONES:]

    def captured(self, frame: Pcm) -> None:
        """Hand a frame of the microphone to every stream."""
        now, conference = self._now(), self._conference
        frame = self._processed(frame)
        if self._side_tone and self._streams:
            self._said = frame
        for stream in self._streams:
            try:
                stream.captured(frame, now, conference.heard_by(stream))
            except Exception:
                log.exception("a stream can't take the microphone any more")
                self._failed(stream)

    def _processed(self, frame: Pcm) -> Pcm:
        processor = self._processor
        if processor is None:
            return frame
        try:
            return processor.processed(frame)
        except Exception:
            log.exception("the voice can't be processed any more: the microphone goes out as it is")
            self._processor = None
            return frame

    def wanted(self) -> Pcm:
        """The sum of everything that sounds, shape (480,)."""
        total = self._limiter.limited(self._total())
        processor = self._processor
        if processor is not None:
            processor.played(total)
        said, self._said = self._said, None
        if said is None:
            return total
        # Not in the echo's reference: a filter that learns it would take a voice for its own echo.
        return mixed([total, np.rint(said * self._side_tone).astype(np.int16)])

    def _total(self) -> Pcm:
        now, conference = self._now(), self._conference
        frames = [tone.next_frame() for tone in self._tones if not tone.finished]
        for stream in self._streams:
            try:
                frame = stream.wanted(now)
            except Exception:
                log.exception("a stream can't play any more")
                self._failed(stream)
                continue
            if frame is not None:
                conference.said(stream, frame)
                frames.append(frame)
        return mixed(frames)
