"""Digits as sound in what is sent (ITU-T Q.23), for peers that take no telephone events."""

from collections import deque
from typing import Final

from appliance.media.frame import Pcm
from appliance.media.telephone_event import DIGITS, GAP, QUEUE, TONE
from appliance.media.tones import ToneGenerator, dtmf
from appliance.units import Dbov

LEVEL: Final = Dbov(-12.0)
"""Of both tones together: -9 dBm0 each, in the middle of what Q.24 wants heard (0 to -25 dBm0)."""


class DigitTones:
    """A queue of key presses as frames of sound."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._tone: ToneGenerator | None = None

    def queue(self, digits: str) -> bool:
        """Press `digits` one after the other; False, and none is pressed, if one is no digit or too many wait."""
        known = all(digit in DIGITS for digit in digits.upper())
        if not digits or not known or len(self._waiting) + len(digits) > QUEUE:
            return False
        self._waiting.extend(digits.upper())
        return True

    @property
    def busy(self) -> bool:
        """Digits sound or wait."""
        return self._tone is not None or bool(self._waiting)

    def next_frame(self) -> Pcm | None:
        """The next 10 ms of a digit and of the pause after it, shape (480,); None: send the microphone."""
        if self._tone is None:
            if not self._waiting:
                return None
            self._tone = ToneGenerator(dtmf(self._waiting.popleft(), TONE, pause=GAP, level=LEVEL))
        frame = self._tone.next_frame()
        if self._tone.finished:
            self._tone = None
        return frame
