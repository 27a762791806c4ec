"""A sound driver that lets a test hear what its speaker plays, while it plays."""

import asyncio
from collections import deque

import numpy as np

from appliance.errors import DriverError
from appliance.media.frame import FRAME, Pcm
from appliance.media.ports import AudioDevice, AudioEndpoint
from tests.support.tones import RATE, Samples

_FRAMES = 60 * RATE // FRAME  # a minute; the oldest are forgotten


class Overheard:
    """An `AudioDevice` around another, with an ear at the speaker."""

    def __init__(self, device: AudioDevice) -> None:
        self._device = device
        self._frames: deque[Pcm] = deque(maxlen=_FRAMES)

    @property
    def name(self) -> str:
        """The name of the device inside."""
        return self._device.name

    def start(self, endpoint: AudioEndpoint) -> None:
        """Start the device inside."""
        self._device.start(_Ear(endpoint, self._frames))

    def stop(self) -> None:
        """Stop the device inside."""
        self._device.stop()

    def heard(self) -> Samples:
        """What was played since the last `listen`, a minute at most."""
        frames = list(self._frames)
        return np.concatenate(frames) if frames else np.zeros(0, dtype=np.int16)

    async def listen(self, seconds: float) -> Samples:
        """What is played during the next `seconds`."""
        self._frames.clear()
        wanted = round(seconds * RATE / FRAME)
        async with asyncio.timeout(seconds * 3 + 5):
            while len(self._frames) < wanted:  # noqa: ASYNC110 -- the frames come from the device's own thread
                await asyncio.sleep(0.05)
        return self.heard()[: wanted * FRAME]


class _Ear:
    def __init__(self, endpoint: AudioEndpoint, frames: deque[Pcm]) -> None:
        self._endpoint, self._frames = endpoint, frames

    @property
    def listening(self) -> bool:
        return self._endpoint.listening

    def captured(self, frame: Pcm) -> None:
        self._endpoint.captured(frame)

    def wanted(self) -> Pcm:
        frame = self._endpoint.wanted()
        self._frames.append(frame.copy())
        return frame

    def xrun(self) -> None:
        self._endpoint.xrun()

    def lost(self, error: DriverError) -> None:
        self._endpoint.lost(error)
