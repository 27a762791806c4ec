"""Echo cancellation beside doing nothing and beside others, in a room that is computed: the same on every machine."""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Final

from appliance.media.frame import Pcm
from appliance.media.processing_module import ProcessingModule
from appliance.media.settings import EchoCancellation, VoiceSettings
from appliance.media.voice_processing import VoiceProcessor, voice_processor
from tests.bench.report import rendered, say
from tests.support import echo_figures
from tests.support.room import Room
from tests.support.speexdsp import SpeexEchoCanceller

PARTS: Final = ("settling", "drift", "change", "double-talk")

Make = Callable[[], VoiceProcessor]


class Nothing:
    """The microphone as it is."""

    def played(self, frame: Pcm) -> None:
        """Of no use."""

    def processed(self, frame: Pcm) -> Pcm:
        return frame


def _ours(echo: EchoCancellation, *, noise: bool = False) -> Make:
    def make() -> VoiceProcessor:
        processor = voice_processor(VoiceSettings(echo_cancellation=echo, noise_suppression=noise))
        assert processor is not None
        return processor

    return make


SUBJECTS: Final[dict[str, Make]] = {
    "nothing": Nothing,
    "ours, handset": _ours(EchoCancellation.HANDSET),
    "ours, hands-free": _ours(EchoCancellation.HANDS_FREE),
    "the same and noise suppression": _ours(EchoCancellation.HANDS_FREE, noise=True),
    "WebRTC's alone": lambda: ProcessingModule(echo=True),
    "libspeexdsp": SpeexEchoCanceller,
}


async def measured(parts: Sequence[str]) -> str:
    """The table of `parts`."""
    return await asyncio.to_thread(_measured, parts)


def _measured(parts: Sequence[str]) -> str:
    columns = {}
    for name, make in SUBJECTS.items():
        say(f"echo: {name}")
        columns[name] = _column(make, parts)
    titles = next(iter(columns.values()))
    table = [[title, *(column[title] for column in columns.values())] for title in titles]
    return rendered(["", *columns], table)


def _column(make: Make, parts: Sequence[str]) -> dict[str, str]:
    cells = {}
    if "settling" in parts:
        settling = echo_figures.settling(make)
        cells["ERLE, settled"] = f"{settling.settled:.0f} dB"
        reached = math.isfinite(settling.convergence)
        cells["seconds until 20 dB"] = f"{settling.convergence:.1f}" if reached else "–"
        cells["processor time for 10 ms"] = f"{settling.cost:.0f} µs"
    if "drift" in parts:
        drift = echo_figures.settling(make, Room(drift=100.0))
        cells["ERLE, clocks 100 ppm apart"] = f"{drift.settled:.0f} dB"
    if "change" in parts:
        cells["ERLE, second after a new path"] = f"{echo_figures.after_a_change(make):.0f} dB"
    if "double-talk" in parts:
        for level in (-6.0, 0.0):
            both = echo_figures.double_talk(make, echo=level)
            cells[f"double talk, echo at {level:.0f} dB: STOI / near end"] = (
                f"{both.intelligibility:.2f} / {both.gain:+.1f} dB"
            )
        cells["delay"] = f"{both.delay:.0f} ms"
    return cells
