"""Tones, those that are the telephone's own, and DTMF (ITU-T Q.23). The network's are in `tone_plan.py`."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.errors import UsageError
from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm
from appliance.units import Dbov, Milliseconds

_RAMP: Final = 240  # 5 ms: shorter clicks, longer blurs a cadence
_FULL_SCALE: Final = 32_767.0
_SAFE: Final = Dbov(-18.0)


@dataclass(frozen=True, slots=True)
class Tone:
    """Frequencies sounding together, in Hz, and when.

    `cadence` is pairs of milliseconds on and off that repeat; () sounds without end. `warble` in Hz, if not 0, sounds
    the frequencies in turn instead, so many times a second. `once` plays the cadence a single time. `level` is that
    of the whole tone while it sounds.
    """

    name: str
    frequencies: tuple[float, ...]
    cadence: tuple[tuple[int, int], ...] = ()
    level: Dbov = _SAFE
    warble: float = 0.0
    once: bool = False


RECONNECTING: Final = Tone("reconnecting", (425.0,), ((120, 2880),), Dbov(-32.0))
"""Soft and seldom: the line is not dead, somebody works on it."""
OFFER: Final = Tone("offer", (660.0, 880.0), ((150, 150), (150, 2550)), warble=12.0)
"""Quieter and shorter than a ringtone: there is nobody to answer yet."""
IDENTIFY: Final = Tone("identify", (880.0, 1175.0), ((300, 700),), Dbov(-15.0), warble=6.0)
AUTO_ANSWER: Final = Tone("auto answer", (1000.0,), ((150, 100), (150, 200)), Dbov(-12.0), once=True)
"""Whoever is near hears that the microphone is about to open."""
CONNECTING: Final = Tone("connecting", (425.0,), ((50, 950),), Dbov(-30.0))
"""The call is on its way, and nothing has been heard of the far end yet."""

ROWS: Final = (697.0, 770.0, 852.0, 941.0)
COLUMNS: Final = (1209.0, 1336.0, 1477.0, 1633.0)
KEYS: Final = ("123A", "456B", "789C", "*0#D")
"""By row and column (ITU-T Q.23)."""


def dtmf(
    digit: str,
    duration: Milliseconds = Milliseconds(160.0),
    *,
    pause: Milliseconds = Milliseconds(0.0),
    level: Dbov = _SAFE,
) -> Tone:
    """The pair of frequencies of `digit` (one of `0123456789*#ABCD`), sounding once. Raises `UsageError`."""
    for row, keys in zip(ROWS, KEYS, strict=True):
        if len(digit) == 1 and digit.upper() in keys:
            column = COLUMNS[keys.index(digit.upper())]
            cadence = ((round(duration), round(pause)),)
            return Tone(f"dtmf {digit.upper()}", (row, column), cadence, level, once=True)
    raise UsageError(f"{digit!r} is no digit: one of 0123456789*#ABCD is")


class ToneGenerator:
    """Plays one tone, frame by frame, with soft edges."""

    def __init__(self, tone: Tone) -> None:
        self._tone = tone
        self._position = 0  # samples since the beginning
        self.stopping = False
        """It fades out, or has: somebody ended it."""
        self.finished = False
        """Nothing but silence follows."""
        count = 1 if tone.warble else len(tone.frequencies)
        self._amplitude = _FULL_SCALE * 10.0 ** (tone.level / 20.0) * math.sqrt(2.0 / max(1, count))

    def stop(self) -> None:
        """Fade out within the next frame."""
        self.stopping = True

    def next_frame(self) -> Pcm:
        """The next 10 ms: shape (480,)."""
        if self.finished:
            return np.zeros(FRAME, dtype=np.int16)
        positions = np.arange(self._position, self._position + FRAME)
        self._position += FRAME
        sound = self._sound(positions) * self._gate(positions)
        if self.stopping:
            sound *= np.clip(1.0 - np.arange(FRAME) / _RAMP, 0.0, 1.0)
            self.finished = True
        return np.clip(np.rint(sound), -_FULL_SCALE, _FULL_SCALE).astype(np.int16)

    def _sound(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        tone = self._tone
        angles = positions * (2.0 * math.pi / SAMPLE_RATE)
        if tone.warble:
            # Each turn holds whole periods, so the phase goes on where it was.
            turn = round(SAMPLE_RATE / tone.warble)
            which = positions // turn % len(tone.frequencies)
            rates = np.array([round(each * turn / SAMPLE_RATE) * SAMPLE_RATE / turn for each in tone.frequencies])
            return np.asarray(
                self._amplitude * np.sin(rates[which] * (positions % turn) * (2.0 * math.pi / SAMPLE_RATE))
            )
        sound = np.zeros(positions.size)
        for frequency in tone.frequencies:
            sound += np.sin(frequency * angles)
        sound *= self._amplitude
        return sound

    def _gate(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """0..1 for each sample: the cadence, with ramps inside its on times."""
        if not self._tone.cadence:
            return np.clip((positions + 1) / _RAMP, 0.0, 1.0)
        total = sum(on + off for on, off in self._tone.cadence) * SAMPLE_RATE // 1000
        if self._tone.once and self._position >= total:
            self.finished = True
        gate = np.zeros(positions.size)
        within = positions if self._tone.once else positions % total
        start = 0
        for on, off in self._tone.cadence:
            end = start + on * SAMPLE_RATE // 1000
            gate += np.clip(np.minimum(within - start + 1, end - within) / _RAMP, 0.0, 1.0)
            start = end + off * SAMPLE_RATE // 1000
        return gate
