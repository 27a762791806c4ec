"""A sound card through PortAudio: a microphone and a speaker, which may be two devices.

    PortAudio ─ blocking read ─▶ input thread ──captured──▶ endpoint
    PortAudio ◀─ blocking write ─ output thread ◀──wanted── endpoint

Blocking streams in threads of our own: a PortAudio callback would need the interpreter's lock in PortAudio's thread.
"""

import logging
import threading
from collections.abc import Callable
from itertools import product
from types import ModuleType
from typing import Any, Final

import numpy as np

from appliance.devices.card_rate import FromCard, ToCard
from appliance.errors import DriverError
from appliance.media.frame import SAMPLE_RATE, Pcm
from appliance.media.ports import AudioEndpoint

log = logging.getLogger(__name__)

DEFAULT: Final = "default"
"""The device that the system has chosen."""

RATES: Final = (SAMPLE_RATE, 44_100, 16_000, 8_000)
"""Tried in this order: what is not 48 kHz is resampled."""

_ROOM: Final = 0.04
"""Seconds of latency asked for where sound is resampled."""

_PATIENCE: Final = 2.0
"""Seconds a thread is waited for, whose device may hang for ever."""

_library_lock = threading.Lock()
_open_streams = 0
"""PortAudio's list of devices can only be read anew while there are none, those of a device that hangs included."""


class SoundCard:
    """The devices named `microphone` and `speaker`: part of the name is enough, "default" is the system's choice.

    Either way failing ends both, so that nobody is left talking to a dead microphone: the endpoint is told, and
    `start` may be tried again. Devices plugged in meanwhile are found.
    """

    def __init__(self, microphone: str = DEFAULT, speaker: str = DEFAULT, *, rates: tuple[int, ...] = RATES) -> None:
        """`rates` in samples a second, the first that each device takes is used."""
        self._microphone = microphone
        self._speaker = speaker
        self._rates = rates
        self._running: _Streams | None = None

    @property
    def name(self) -> str:
        """The name in logs and events, for people."""
        if self._microphone == self._speaker:
            return self._speaker
        return f"{self._microphone} / {self._speaker}"

    def start(self, endpoint: AudioEndpoint) -> None:
        """Open both devices and begin. Raises `DriverError`."""
        global _open_streams  # noqa: PLW0603 -- PortAudio is one per process
        if self._running is not None:
            raise DriverError(f"{self.name} is in use")
        with _library_lock:
            library = _portaudio()
            if _open_streams == 0:
                _look_again(library)
            self._running = _Streams(library, (self._microphone, self._speaker), self._rates, endpoint)
            _open_streams += 2
        self._running.begin()

    def stop(self) -> None:
        """Close both; when this returns, the endpoint is no longer called."""
        running, self._running = self._running, None
        if running is not None:
            running.end()


class _Streams:
    """Two open streams and their threads."""

    def __init__(
        self, library: ModuleType, names: tuple[str, str], rates: tuple[int, ...], endpoint: AudioEndpoint
    ) -> None:
        microphone, speaker = names
        self._library = library
        self._endpoint = endpoint
        self._stopping = threading.Event()
        self._lost = threading.Lock()
        self._input, self._input_channels, self._input_rate = _opened(
            library, library.RawInputStream, microphone, rates
        )
        output = None
        try:
            output, self._output_channels, self._output_rate = _opened(library, library.RawOutputStream, speaker, rates)
            self._from_card, self._to_card = FromCard(self._input_rate), ToCard(self._output_rate)
        except DriverError:
            self._input.close()
            if output is not None:
                output.close()
            raise
        self._output = output
        self._threads = [
            threading.Thread(target=self._guarded, args=(work, name), name=f"sound card {name}", daemon=True)
            for work, name in ((self._capture, microphone), (self._play, speaker))
        ]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stopping.set()
        self._lost.acquire(blocking=False)  # from here on, nobody is told
        current = threading.current_thread()
        for thread in self._threads:
            if thread is not current:
                thread.join(_PATIENCE)
        for stream, thread in zip((self._input, self._output), self._threads, strict=True):
            if thread.is_alive() and thread is not current:
                log.error("%s hangs and is left behind", thread.name)
                arguments = (stream, thread)
                threading.Thread(target=self._close_later, args=arguments, name=thread.name, daemon=True).start()
            else:
                self._close(stream)

    def _close_later(self, stream: Any, thread: threading.Thread) -> None:
        """Whoever is inside PortAudio must have come back before its stream goes, and before its list is read anew."""
        thread.join()
        self._close(stream)

    def _close(self, stream: Any) -> None:
        global _open_streams  # noqa: PLW0603 -- PortAudio is one per process
        try:
            stream.abort()
            stream.close()
        except self._library.PortAudioError as error:
            log.debug("%s: %s", stream, error)
        with _library_lock:
            _open_streams -= 1

    def _guarded(self, work: Callable[[], None], name: str) -> None:
        try:
            work()
        except self._library.PortAudioError as error:
            self._stopping.set()
            # The first of the two threads reports; the other fails for the same reason or ends.
            if self._lost.acquire(blocking=False):
                self._endpoint.lost(DriverError(f"{name}: {_sentence(error)}"))

    def _capture(self) -> None:
        size = self._input_rate // 100
        self._input.start()
        while not self._stopping.is_set():
            data, overflowed = self._input.read(size)
            if overflowed:
                self._endpoint.xrun()
            if self._stopping.is_set():
                return
            block = np.frombuffer(data, dtype=np.int16)[:: self._input_channels]
            for frame in self._from_card.frames(block):
                self._endpoint.captured(frame)

    def _play(self) -> None:
        size = self._output_rate // 100
        self._output.start()
        while not self._stopping.is_set():
            block: Pcm = self._to_card.block(self._endpoint.wanted, size)
            if self._output_channels > 1:
                block = np.repeat(block, self._output_channels)
            if self._output.write(block.tobytes()):
                self._endpoint.xrun()


def _opened(library: ModuleType, kind: Callable[..., Any], name: str, rates: tuple[int, ...]) -> tuple[Any, int, int]:
    """A stream of `kind` on device `name`, its channels (two where one is refused) and rate. Raises `DriverError`."""
    problem: Exception | None = None
    for rate, channels in product(rates, (1, 2)):
        try:
            stream = kind(
                samplerate=rate,
                blocksize=rate // 100,
                device=None if name == DEFAULT else name,
                channels=channels,
                dtype="int16",
                # What is resampled comes unevenly: it needs a few blocks of room.
                latency="low" if rate == SAMPLE_RATE else _ROOM,
            )
        except (library.PortAudioError, ValueError) as error:
            problem = problem or error
        else:
            return stream, channels, rate
    raise DriverError(f"{name}: {_sentence(problem)}") from problem


def _sentence(error: Exception | None) -> str:
    """What PortAudio or sounddevice says, without its error number."""
    return str(error.args[0] if error is not None and error.args else error)


def _portaudio() -> ModuleType:
    """The sounddevice package, imported only where there is a sound card to use. Raises `DriverError`."""
    try:
        import sounddevice  # noqa: PLC0415 -- without libportaudio2 the import itself fails
    except (ImportError, OSError) as error:
        raise DriverError(f"PortAudio is missing (Debian package libportaudio2): {error}") from error
    module: ModuleType = sounddevice
    return module


def _look_again(library: ModuleType) -> None:
    """Read the list of devices anew: PortAudio keeps the one it saw first."""
    try:
        library._terminate()  # noqa: SLF001 -- sounddevice documents no other way
        library._initialize()  # noqa: SLF001
    except library.PortAudioError as error:
        raise DriverError(f"PortAudio: {_sentence(error)}") from error


def device_names() -> tuple[tuple[str, bool, bool], ...]:
    """Each device that PortAudio lists: its name, and whether it has a microphone and a loudspeaker.

    The list is read anew only while no card is open. () without PortAudio.
    """
    with _library_lock:
        try:
            library = _portaudio()
            if _open_streams == 0:
                _look_again(library)
            listed = library.query_devices()
        except DriverError as error:
            log.info("%s", error)
            return ()
    return tuple((each["name"], each["max_input_channels"] > 0, each["max_output_channels"] > 0) for each in listed)
