"""What an echo canceller is worth, in the figures of the trade, each from a room and two talkers of `speech`.

ERLE (echo return loss enhancement): by how many dB the echo is less after than before. All is deterministic.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from appliance.media.frame import FRAME, Pcm
from appliance.media.voice_processing import VoiceProcessor
from tests.support.intelligibility import aligned, gain, stoi
from tests.support.room import Room, microphone, power
from tests.support.speech import man, woman
from tests.support.tones import RATE, Samples

SECONDS = 20
_CHANGE = 6.0
_JOINS = 8.0
_ENOUGH = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleTalk:
    """What is left of somebody in the room who speaks while the far end does, from the eighth second on."""

    intelligibility: float
    """STOI, 0 to 1."""
    gain: float
    """In dB."""
    delay: float
    """Of the processing, in ms."""


def heard(processor: VoiceProcessor, played: Samples, captured: Samples) -> Samples:
    """What becomes of `captured` while `played` is played, of the same length."""
    frames: list[Pcm] = []
    for begin in range(0, len(captured) - FRAME + 1, FRAME):
        processor.played(played[begin : begin + FRAME])
        frames.append(processor.processed(captured[begin : begin + FRAME]))
    return np.concatenate(frames)


def erle(before: Samples, after: Samples, begin: float, end: float) -> float:
    """Between two times, in seconds."""
    part = slice(round(begin * RATE), round(end * RATE))
    return power(before[part]) - power(after[part])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Of a far end that talks alone for 20 s."""

    convergence: float
    """Seconds until half a second in which 20 dB are taken away."""
    settled: float
    """ERLE of the last ten seconds, in dB."""
    cost: float
    """Microseconds of processor time for 10 ms of sound."""


def settling(make: Callable[[], VoiceProcessor], room: Room | None = None) -> Settling:
    """How it learns the echo of `room`."""
    played = _far_end()
    captured = microphone((room or Room()).echo(played))
    processor = make()
    began = time.process_time()
    out = heard(processor, played, captured)
    cost = (time.process_time() - began) / (len(out) // FRAME) * 1e6
    steps = np.arange(0.0, 5.0, 0.1)
    reached = (float(step) for step in steps if erle(captured, out, step, step + 0.5) >= _ENOUGH)
    return Settling(convergence=next(reached, np.inf), settled=erle(captured, out, 10.0, SECONDS), cost=cost)


def after_a_change(make: Callable[[], VoiceProcessor]) -> float:
    """ERLE of the second second after the path became another, 30 ms longer, in dB."""
    played = _far_end()[: 9 * RATE]
    change = round(_CHANGE * RATE)
    echo, later = Room().echo(played), Room(delay=0.050, seed=2).echo(played)
    echo[change:] = later[change:]
    captured = microphone(echo)
    return erle(captured, heard(make(), played, captured), _CHANGE + 1.0, _CHANGE + 2.0)


def double_talk(make: Callable[[], VoiceProcessor], *, echo: float = -6.0) -> DoubleTalk:
    """How much of a near end survives; `echo` in dB of what is played, which is as loud as the near end."""
    played = _far_end()
    near = np.zeros_like(played)
    begin = round(_JOINS * RATE)
    said = woman()[: len(near) - begin]
    near[begin : begin + len(said)] = said
    captured = microphone(Room(level=echo).echo(played), near)
    out = heard(make(), played, captured)
    clean, left, delay = aligned(near[begin : len(out)], out[begin:])
    return DoubleTalk(intelligibility=stoi(clean, left), gain=gain(clean, left), delay=delay)


def _far_end() -> Samples:
    return man()[: SECONDS * RATE]
