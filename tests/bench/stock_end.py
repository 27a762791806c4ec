"""aiortc as it comes, an `RTCPeerConnection` with a track of its own kind, as an end of a measured call.

What its receiving track gives out is taken as played at that moment: a sound card's buffer would come on top.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Final

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, AudioResampler

from appliance.media.frame import SAMPLE_RATE
from tests.bench.endpoint import Desk, Engine

_SAMPLES: Final = 960  # 20 ms, what aiortc's own tracks give
_FRAME: Final = 0.020


class Frames:
    """Samples as frames of libav, one after the other."""

    def __init__(self) -> None:
        self.count = 0

    def next(self, samples: bytes) -> AudioFrame:
        """The next 20 ms."""
        frame = AudioFrame(format="s16", layout="mono", samples=_SAMPLES)
        frame.planes[0].update(samples)
        frame.pts = self.count * _SAMPLES
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        self.count += 1
        return frame


class DeskTrack(MediaStreamTrack):
    """The desk's microphone."""

    kind = "audio"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._began = time.monotonic()
        self._frames = Frames()

    async def recv(self) -> AudioFrame:
        due = self._began + (self._frames.count + 1) * _FRAME
        await asyncio.sleep(due - time.monotonic())
        now = time.monotonic()
        return self._frames.next(self._desk.captured(now, _SAMPLES, late=now - due).tobytes())


class StockEngine:
    """A peer connection."""

    def __init__(self, desk: Desk, codec: str) -> None:
        self._desk = desk
        self._codec = codec
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._opened: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._listening: asyncio.Task[None] | None = None
        self._first = 0.0
        self._given = 0.0
        self._connection.on("connectionstatechange", self._changed)
        self._connection.on("track", self._listen)

    def _changed(self) -> None:
        if self._connection.connectionState == "connected" and not self._opened.done():
            self._opened.set_result(time.monotonic())

    def _listen(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.ensure_future(self._play(track))

    async def _play(self, track: MediaStreamTrack) -> None:
        to_mono = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            now = time.monotonic()
            assert isinstance(frame, AudioFrame)
            self._first = self._first or now
            for part in to_mono.resample(frame):
                self._given += part.samples / SAMPLE_RATE
                self._desk.played(now, part.to_ndarray().reshape(-1).astype(np.int16))

    async def offer(self) -> str:
        self._add()
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._connection.localDescription.sdp

    def _add(self) -> None:
        sender = self._connection.addTrack(DeskTrack(self._desk))
        wanted = [
            codec
            for codec in RTCRtpSender.getCapabilities("audio").codecs
            if codec.mimeType.lower() == f"audio/{self._codec.lower()}"
        ]
        for transceiver in self._connection.getTransceivers():
            if transceiver.sender is sender:
                transceiver.setCodecPreferences(wanted)

    async def answer(self, offer: str) -> str:
        await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        self._add()
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return self._connection.localDescription.sdp

    async def accept(self, answer: str) -> None:
        await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def connected(self) -> float:
        return await self._opened

    def played(self) -> tuple[float, float]:
        elapsed = time.monotonic() - self._first
        return elapsed, elapsed - self._given

    async def close(self) -> None:
        await self._connection.close()
        if self._listening is not None:
            await self._listening


@asynccontextmanager
async def stock_end(desk: Desk, codec: str) -> AsyncIterator[Engine]:
    engine = StockEngine(desk, codec)
    yield engine
    await engine.close()
