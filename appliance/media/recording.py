"""A recorded sound in a tone's place, again and again."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from appliance.media.frame import FRAME, Pcm, silence

_RAMP: Final = 240  # 5 ms


@dataclass(frozen=True, slots=True)
class Recording:
    """`samples` of 48 kHz, shape (n,), that repeat until something else sounds. Two of one `name` are the same."""

    name: str
    samples: Pcm = field(compare=False, repr=False)


class RecordingPlayer:
    """Plays one recording, frame by frame."""

    def __init__(self, recording: Recording) -> None:
        short = -len(recording.samples) % FRAME
        # Whole frames: the seam is silence of less than 10 ms.
        self._samples = np.concatenate([recording.samples, silence(short)])
        self._position = 0
        self._stopping = False
        self.finished = not len(self._samples)
        """Nothing but silence follows."""

    def stop(self) -> None:
        """Fade out within the next frame."""
        self._stopping = True

    def next_frame(self) -> Pcm:
        """The next 10 ms: shape (480,)."""
        if self.finished:
            return silence()
        frame = self._samples[self._position : self._position + FRAME]
        self._position = (self._position + FRAME) % len(self._samples)
        if self._stopping:
            self.finished = True
            fade = np.clip(1.0 - np.arange(FRAME) / _RAMP, 0.0, 1.0)
            faded: Pcm = np.rint(frame * fade).astype(np.int16)
            return faded
        return frame
