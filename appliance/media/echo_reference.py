"""What the loudspeaker played, frame by frame, handed to the microphone's thread in step with the microphone."""

from collections import deque
from typing import Final

from appliance.media.frame import Pcm

_MOST: Final = 32
"""Frames that may wait: 320 ms. The oldest is dropped: nobody hears the microphone."""

_REVIEW: Final = 500
"""Frames (5 s) after which it is looked whether the reference waits longer than it has to."""

_SPARE: Final = 1
"""Frames that may wait for good, so that a thread that is late now and then changes nothing."""


class EchoReference:
    """A queue whose length is the lag of the reference behind the microphone, in frames.

    A sound card's buffers make a microphone's frame come at least that much later than what it heard was handed over,
    so the lag may be anything from nothing to that. It changes only where it must: each change is a new path for
    whoever learns it.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Pcm]] = deque(maxlen=_MOST)
        self._played = 0
        self._next = 0
        self._least = _MOST
        self._seen = 0

    def played(self, frame: Pcm) -> None:
        """The loudspeaker gets `frame`; on its thread."""
        self._waiting.append((self._played, frame))
        self._played += 1

    def take(self) -> tuple[Pcm | None, tuple[Pcm, ...], int]:
        """For the next frame of the microphone, on its thread: its reference, or None if there is none yet.

        Second, what was played before it that belongs to no frame of the microphone; third, by how many frames the lag
        has grown (positive) or shrunk.
        """
        self._least = min(self._least, len(self._waiting))
        self._seen += 1
        if not self._waiting:
            return None, (), 1
        expected = self._next
        spare = 0
        if self._waiting[0][0] != expected:  # nobody took any for a long time: what waits is of long ago
            spare = len(self._waiting) - 1
        elif self._seen >= _REVIEW:
            spare = self._least - 1 - _SPARE
            self._least, self._seen = _MOST, 0
        passed = tuple(self._pop() for _ in range(spare))
        frame = self._pop()
        return frame, passed, expected - (self._next - 1)

    def _pop(self) -> Pcm:
        number, frame = self._waiting.popleft()
        self._next = number + 1
        return frame
