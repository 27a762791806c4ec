"""Between the frames of 10 ms at 48 kHz that everybody has and the blocks that a sound card of another rate wants."""

from collections.abc import Callable, Iterator

import numpy as np

from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm, silence
from appliance.media.resampling import converter


class FromCard:
    """A microphone's blocks as frames."""

    def __init__(self, rate: int) -> None:
        """`rate` in samples a second. Raises `DriverError` where it wants a package that is not there."""
        self._convert = converter(rate, SAMPLE_RATE)
        self._rest = silence(0)

    def frames(self, block: Pcm) -> Iterator[Pcm]:
        """The frames that are whole with `block`, of any length: each of shape (480,)."""
        sound = self._convert(block)
        if self._rest.size:
            sound = np.concatenate([self._rest, sound])
        whole = sound.size // FRAME * FRAME
        self._rest = sound[whole:]
        yield from sound[:whole].reshape(-1, FRAME)


class ToCard:
    """Frames as a loudspeaker's blocks."""

    def __init__(self, rate: int) -> None:
        """`rate` in samples a second. Raises `DriverError` where it wants a package that is not there."""
        self._convert = converter(SAMPLE_RATE, rate)
        self._rest = silence(0)

    def block(self, wanted: Callable[[], Pcm], size: int) -> Pcm:
        """The next `size` samples, of as many frames of `wanted` as that takes."""
        while self._rest.size < size:
            more = self._convert(wanted())
            self._rest = np.concatenate([self._rest, more]) if self._rest.size else more
        block, self._rest = self._rest[:size], self._rest[size:]
        return block
