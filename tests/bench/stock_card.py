"""A telephone of stock aiortc with PortAudio streams, as short as it can be; lines of JSON tell it what to do."""

import asyncio
import json
import sys
from collections import deque
from typing import Any

import numpy as np
import sounddevice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, AudioResampler

from appliance.media.frame import SAMPLE_RATE
from tests.bench.stock_end import Frames

_SAMPLES = 960


class CardTrack(MediaStreamTrack):
    """The microphone: what PortAudio's callback hands over, in the order it came."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(16)
        self._made = Frames()
        loop = asyncio.get_running_loop()

        def heard(data: Any, _frames: int, _time: object, _status: object) -> None:
            loop.call_soon_threadsafe(self._take, bytes(data))

        self._stream = sounddevice.RawInputStream(
            samplerate=SAMPLE_RATE, blocksize=_SAMPLES, channels=1, dtype="int16", latency="low", callback=heard
        )
        self._stream.start()

    def _take(self, data: bytes) -> None:
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(data)

    async def recv(self) -> AudioFrame:
        return self._made.next(await self._frames.get())


class CardSpeaker:
    """The speaker: the callback takes what has come, and silence when nothing has."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque(maxlen=16)
        self._stream = sounddevice.RawOutputStream(
            samplerate=SAMPLE_RATE, blocksize=_SAMPLES, channels=1, dtype="int16", latency="low", callback=self._wanted
        )
        self._stream.start()

    def _wanted(self, data: Any, frames: int, _time: object, _status: object) -> None:
        data[:] = self._waiting.popleft() if self._waiting else bytes(2 * frames)

    async def play(self, track: MediaStreamTrack) -> None:
        to_mono = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE, frame_size=_SAMPLES)
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                for part in to_mono.resample(frame):
                    self._waiting.append(part.to_ndarray().reshape(-1).astype(np.int16).tobytes())
        except MediaStreamError:
            return


def _say(text: str) -> None:
    print(json.dumps(text), flush=True)


async def main() -> None:
    """Obey until the input ends."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    speaker = CardSpeaker()
    playing: set[asyncio.Task[None]] = set()
    connection.on("track", lambda track: playing.add(asyncio.ensure_future(speaker.play(track))))
    connection.on(
        "connectionstatechange", lambda: _say("connected") if connection.connectionState == "connected" else None
    )
    track = CardTrack()
    while line := await asyncio.to_thread(sys.stdin.readline):
        wish = json.loads(line)
        if wish["do"] == "offer":
            connection.addTrack(track)
            await connection.setLocalDescription(await connection.createOffer())
        elif wish["do"] == "answer":
            await connection.setRemoteDescription(RTCSessionDescription(wish["sdp"], "offer"))
            connection.addTrack(track)
            await connection.setLocalDescription(await connection.createAnswer())
        else:
            await connection.setRemoteDescription(RTCSessionDescription(wish["sdp"], "answer"))
        _say(connection.localDescription.sdp)


if __name__ == "__main__":
    asyncio.run(main())
