"""Two sound cards, one for each end of a call: what each end's mouth says and what its ear hears, on one clock.

    pacat ─▶ feed ─┬─▶ microphone ─▶ the end      the end ─▶ speaker ─▶ parec: heard
                   └─▶ parec: said

Each card is a PulseAudio of its own with null sinks, so that a program finds it as the system's default. All four
recorders are read here, by the same means: what they add themselves is in said and in heard, and cancels.
"""

import subprocess
import threading
import time
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Final, Self

import numpy as np

from appliance.media.frame import SAMPLE_RATE, Pcm
from tests.support.pulse import PACKAGES, Pulse
from tests.support.require import require

_CHUNK: Final = 960  # octets: 10 ms
_MILLISECOND: Final = 96  # octets
_RAW: Final = ("--format=s16le", "--rate=48000", "--channels=1", "--raw", "--latency-msec=10")


class Ear:
    """Records a monitor of a card from now on."""

    def __init__(self, card: Pulse, sink: str) -> None:
        command = [str(require("parec", package=PACKAGES)), "-d", f"{sink}.monitor", *_RAW]
        self._process = subprocess.Popen(command, env=card.client, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._pcm = bytearray()
        self._begin = float("inf")
        assert self._process.stdout is not None
        self._thread = threading.Thread(target=self._read, args=(self._process.stdout,), name=f"ear {sink}")
        self._thread.start()

    def _read(self, pipe: IO[bytes]) -> None:
        while chunk := pipe.read(_CHUNK):
            self._pcm += chunk
            # A chunk is handed on when its last sample is there, or later: the earliest of all tells the clock.
            self._begin = min(self._begin, time.monotonic() - len(self._pcm) / 2 / SAMPLE_RATE)

    def stop(self) -> tuple[float, Pcm]:
        """End it: the time of the first sample, and the samples."""
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        pcm: Pcm = np.frombuffer(bytes(self._pcm[: len(self._pcm) // _MILLISECOND * _MILLISECOND]), dtype=np.int16)
        return self._begin, pcm


class CardPair:
    """The cards of two ends. `speak` feeds both mouths at once; `recordings` is what was said and heard."""

    def __init__(self) -> None:
        self.cards = (Pulse(), Pulse())
        self._stack = ExitStack()
        self._mouths: list[subprocess.Popen[bytes]] = []
        self._said: list[Ear] = []
        self._heard: list[Ear] = []

    def __enter__(self) -> Self:
        for card in self.cards:
            self._stack.enter_context(card)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._silence()
        for ear in (*self._said, *self._heard):
            ear.stop()
        self._stack.close()

    def listen(self) -> None:
        """Begin to record all four."""
        self._said = [Ear(card, "feed") for card in self.cards]
        self._heard = [Ear(card, "speaker") for card in self.cards]

    def speak(self, pcm: Pcm) -> None:
        """Say `pcm` at both ends."""
        pacat = str(require("pacat", package=PACKAGES))
        for card in self.cards:
            command = [pacat, "--playback", "-d", "feed", *_RAW[:-1], "--latency-msec=50"]
            mouth = subprocess.Popen(command, env=card.client, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self._mouths.append(mouth)
            threading.Thread(target=_pour, args=(mouth, pcm.astype("<i2").tobytes()), daemon=True).start()

    def _silence(self) -> None:
        for mouth in self._mouths:
            mouth.terminate()
            mouth.wait()
        self._mouths.clear()

    def recordings(self) -> list[tuple[tuple[float, Pcm], tuple[float, Pcm]]]:
        """Of each end, what it said and what it heard: the time of the first sample, and the samples."""
        self._silence()
        said = [ear.stop() for ear in self._said]
        heard = [ear.stop() for ear in self._heard]
        self._said, self._heard = [], []
        return list(zip(said, heard, strict=True))


def _pour(mouth: "subprocess.Popen[bytes]", data: bytes) -> None:
    assert mouth.stdin is not None
    try:
        mouth.stdin.write(data)
        mouth.stdin.close()
    except BrokenPipeError:
        return  # it was told to stop


def begin_of(pcm: Pcm, recorded: tuple[float, Pcm]) -> float:
    """When the first sample of `pcm` was said, by finding it in what was recorded of the mouth."""
    begin, heard = recorded
    size = 1 << int(np.ceil(np.log2(heard.size + pcm.size)))
    spectrum = np.fft.rfft(heard.astype(np.float64), size) * np.conj(np.fft.rfft(pcm.astype(np.float64), size))
    return begin + int(np.argmax(np.fft.irfft(spectrum, size)[: heard.size])) / SAMPLE_RATE
