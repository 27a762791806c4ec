"""Sound without a sound card: a microphone that plays a file or a tone, a speaker that is recorded.

Each driver has a clock of its own, as a sound card has.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Final

import numpy as np

from appliance.errors import DriverError, UsageError
from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm, silence
from appliance.media.ports import AudioEndpoint
from appliance.media.ticker import Ticker
from appliance.media.wav_file import read
from appliance.sim.recorder import Recorder

log = logging.getLogger(__name__)

_FULL_SCALE: Final = 32_767.0


class _PacedAudio(ABC):
    """A driver whose clock is a `Ticker`: each 10 ms a frame of the microphone goes in and one for the speaker out."""

    def __init__(self, name: str, record: Path | None) -> None:
        self._name = name
        self._recorder = None if record is None else Recorder(record)
        self._ticker: Ticker | None = None
        self._endpoint: AudioEndpoint | None = None
        self._frames: Iterator[Pcm] = repeat(silence())
        self._was_listening = False

    @property
    def name(self) -> str:
        """The name in logs and events, for people."""
        return self._name

    def start(self, endpoint: AudioEndpoint) -> None:
        """Begin to exchange frames with `endpoint`. Raises `DriverError`."""
        if self._ticker is not None:
            raise DriverError(f"{self._name} is in use")
        self._prepare()
        if self._recorder is not None:
            self._recorder.open()
        self._endpoint = endpoint
        self._was_listening = False
        self._ticker = Ticker(self._name, self._tick)
        self._ticker.start()

    def stop(self) -> None:
        """End it; when this returns, the endpoint is no longer called."""
        ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.stop()
        if self._recorder is not None:
            self._recorder.close()

    @abstractmethod
    def _prepare(self) -> None:
        """Read what will be played. Raises `DriverError`."""

    @abstractmethod
    def _microphone(self) -> Iterator[Pcm]:
        """The frames of the microphone, from the beginning, without end."""

    def _tick(self) -> None:
        endpoint = self._endpoint
        if endpoint is None:
            return
        listening = endpoint.listening
        if listening and not self._was_listening:
            # What is played begins with the call, not with the dial tone before it.
            self._frames = self._microphone()
        self._was_listening = listening
        endpoint.captured(next(self._frames) if listening else silence())
        heard = endpoint.wanted()
        if self._recorder is None:
            return
        try:
            self._recorder.write(heard)
        except OSError as error:
            self._endpoint = None
            endpoint.lost(DriverError(f"{self._name} can't record any more: {error}"))


class WavAudio(_PacedAudio):
    """Plays a WAV file as the microphone, from its beginning each time somebody starts to listen; records the speaker.

    `play` may have any rate and number of channels; without it the microphone is silent. After its end comes silence,
    or with `loop` the beginning. `record` becomes 48 kHz mono, and goes on where it was when started again.
    """

    def __init__(self, play: Path | None = None, record: Path | None = None, *, loop: bool = False) -> None:
        super().__init__(f"wav:{play.name if play else 'silence'}", record)
        self._path = play
        self._loop = loop
        self._samples: Pcm | None = None

    def _prepare(self) -> None:
        if self._path is not None and self._samples is None:
            samples = read(self._path)
            short = -len(samples) % FRAME
            # A loop has no room for the rest of a frame: its seam is silence of less than 10 ms.
            self._samples = np.concatenate([samples, silence(short)])

    def _microphone(self) -> Iterator[Pcm]:
        samples = self._samples
        while samples is not None and len(samples):
            for begin in range(0, len(samples), FRAME):
                yield samples[begin : begin + FRAME]
            if not self._loop:
                break
        yield from repeat(silence())


class ToneAudio(_PacedAudio):
    """A microphone that hears a sine of `hertz` at `level` (dB of full scale, negative); records the speaker."""

    def __init__(self, hertz: float, level: float = -20.0, *, record: Path | None = None) -> None:
        if not 0.0 < hertz < SAMPLE_RATE / 2:
            raise UsageError(f"hertz: {hertz} is outside 0-{SAMPLE_RATE // 2}")
        if level > 0.0:
            raise UsageError(f"level: {level} dB is above full scale")
        super().__init__(f"tone:{hertz:g} Hz", record)
        self._hertz = hertz
        self._peak = _FULL_SCALE * 10.0 ** (level / 20.0)

    def _prepare(self) -> None:
        """A tone is made as it sounds."""

    def _microphone(self) -> Iterator[Pcm]:
        step = 2.0 * np.pi * self._hertz / SAMPLE_RATE
        phase = 0.0
        while True:
            yield np.rint(self._peak * np.sin(phase + step * np.arange(FRAME))).astype(np.int16)
            phase = (phase + step * FRAME) % (2.0 * np.pi)
