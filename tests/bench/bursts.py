"""The sound that is timed: short bursts of eight pitches, five a second, over a quiet voice.

The same pitch comes again after 1.6 s, so a burst that is heard late is not taken for another. The voice keeps codecs,
concealment and time stretching at work as in a call; it is 15 dB quieter than the bursts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from appliance.media.frame import SAMPLE_RATE, Pcm
from tests.unit.media.voice import voice

PITCHES: Final = (600, 900, 1200, 1500, 1800, 2100, 2400, 2700)
"""Hz."""
EVERY: Final = 0.2
"""Seconds from one burst to the next."""
LENGTH: Final = 960
"""Samples: 20 ms."""
_LOUD: Final = 14_000.0
_VOICE: Final = 2_500.0
_HEARD: Final = 0.4
"""Of the loudness that most bursts arrive with: what is quieter counts as missing."""
_LATEST: Final = 0.7
"""Seconds after which a burst is not waited for any more."""
_BLOCK: Final = 48  # samples: 1 ms
_FEW: Final = 8
_APART: Final = 50.0
"""ms by which a delay differs where something has happened,"""
_SAME: Final = 20.0
"""and by which it does not where nothing has."""

Spans = Sequence[tuple[float, Pcm]]
"""Stretches of sound, each with the time, in seconds, of its first sample."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What became of the bursts of one direction."""

    bursts: tuple[tuple[float, float | None], ...]
    """When the middle of each was said, in seconds, and its delay in ms; None if it never came."""

    @property
    def delays(self) -> tuple[float, ...]:
        """ms, of those that came."""
        return tuple(delay for _, delay in self.bursts if delay is not None)

    @property
    def missing(self) -> int:
        """How many never came."""
        return len(self.bursts) - len(self.delays)

    def recovery(self) -> float:
        """Seconds from the first burst that a disturbance touched until all are within 20 ms of those at the end."""
        before = np.median(self.delays[:_FEW])
        after = float(np.median(self.delays[-_FEW:]))
        touched = [at for at, delay in self.bursts if delay is None or abs(delay - before) > _APART]
        astray = [at for at, delay in self.bursts if delay is None or abs(delay - after) > _SAME]
        later = [at for at in astray if touched and at >= touched[0]]
        return later[-1] + EVERY - touched[0] if later else 0.0


def sound(seconds: float) -> Pcm:
    """What is said."""
    pcm = voice(seconds, peak=_VOICE).astype(np.float64)
    window = np.hanning(LENGTH)
    for index in range(int(seconds / EVERY) - 1):
        start = _start(index)
        phase = 2.0 * np.pi * PITCHES[index % len(PITCHES)] * np.arange(LENGTH) / SAMPLE_RATE
        pcm[start : start + LENGTH] += _LOUD * window * np.sin(phase)
    result: Pcm = np.rint(pcm).astype(np.int16)
    return result


def _start(index: int) -> int:
    return round((index + 0.5) * EVERY * SAMPLE_RATE)


def timed(said: Spans, heard: Spans, *, after: float, until: float) -> Timing:
    """How long each burst took, of those said between `after` and `until`.

    `said` is `sound` from its beginning, in whatever pieces; `heard` what the far end's speaker was given.
    """
    envelopes = {pitch: _envelope(heard, pitch) for pitch in PITCHES}
    times = _times(heard)
    starts = _moments(said)
    found: list[tuple[float, float, float]] = []
    for index, start in enumerate(starts):
        middle = start + LENGTH / 2 / SAMPLE_RATE
        if after <= middle < until:
            first, last = np.searchsorted(times, (middle, middle + _LATEST))
            envelope = envelopes[PITCHES[index % len(PITCHES)]][first:last]
            found.append((middle, *_peak(times[first:last], envelope, middle)))
    if not found:
        return Timing(())
    enough = _HEARD * float(np.median([loudness for _, _, loudness in found]))
    return Timing(tuple((at, delay if loudness and loudness >= enough else None) for at, delay, loudness in found))


def _peak(times: NDArray[np.float64], envelope: NDArray[np.float64], middle: float) -> tuple[float, float]:
    """Delay in ms and loudness of the first peak that is nearly as high as the highest: concealment may repeat one."""
    if envelope.size < 3:
        return 0.0, 0.0
    rises = (
        (envelope[1:-1] >= envelope[:-2]) & (envelope[1:-1] > envelope[2:]) & (envelope[1:-1] > 0.7 * envelope.max())
    )
    if not rises.any():
        return 0.0, 0.0
    best = int(np.argmax(rises)) + 1
    return (float(times[best]) - middle) * 1000.0, float(envelope[best])


def _moments(said: Spans) -> list[float]:
    """When the first sample of each burst was said."""
    begins = np.cumsum([0, *(pcm.size for _, pcm in said)])
    moments = []
    index = 0
    while _start(index) + LENGTH < begins[-1]:
        span = int(np.searchsorted(begins, _start(index), side="right")) - 1
        moments.append(said[span][0] + (_start(index) - int(begins[span])) / SAMPLE_RATE)
        index += 1
    return moments


def _times(heard: Spans) -> NDArray[np.float64]:
    """The time of the middle of each millisecond that was heard."""
    return np.concatenate([at + (np.arange(pcm.size // _BLOCK) + 0.5) * 0.001 for at, pcm in heard])


def _envelope(heard: Spans, pitch: int) -> NDArray[np.float64]:
    """How loud `pitch` is in the 20 ms around each millisecond."""
    pcm = np.concatenate([pcm for _, pcm in heard]).astype(np.float64)
    base = pcm * np.exp(-2j * np.pi * pitch * np.arange(pcm.size) / SAMPLE_RATE)
    blocks = base.reshape(-1, _BLOCK).sum(axis=1)
    envelope: NDArray[np.float64] = np.abs(np.convolve(blocks, np.hanning(LENGTH // _BLOCK + 1), mode="same"))
    return envelope
