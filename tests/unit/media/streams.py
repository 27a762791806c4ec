"""A stream of packets, and a network that does things to it, without a second passing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from appliance.media.capture import Capture
from appliance.media.codec import Encoder
from appliance.media.frame import FRAME, Pcm
from appliance.media.opus import OpusDecoder, OpusEncoder
from appliance.media.packet import RtpPacket
from appliance.media.playout import PayloadFormat, Playout
from appliance.units import Seconds

START = 1_000.0
OPUS = 111


def opus_playout() -> Playout:
    return Playout([PayloadFormat(OPUS, 48_000, OpusDecoder())])


def opus_packets(
    pcm: Pcm, *, encoder: Encoder | None = None, number: int = 65_530, timestamp: int = 2**32 - 9_600, ssrc: int = 7
) -> list[tuple[float, RtpPacket]]:
    """Each packet of `pcm` with the second at which it is sent. Both counters wrap soon."""
    capture = Capture(
        encoder or OpusEncoder(),
        ssrc=ssrc,
        payload_type=OPUS,
        clock_rate=48_000,
        sequence_number=number,
        timestamp=timestamp,
    )
    sent = []
    for index in range(pcm.size // FRAME):
        packet = capture.frame(pcm[index * FRAME : (index + 1) * FRAME])
        if packet is not None:
            sent.append((0.01 * index, packet))
    return sent


@dataclass
class Played:
    """What came out, and the delay at each frame in milliseconds."""

    pcm: Pcm
    delays: list[float] = field(default_factory=list)


def play(
    playout: Playout,
    arrivals: Sequence[tuple[float, RtpPacket]],
    seconds: float,
    *,
    start: float = START,
    watch: Callable[[], None] | None = None,
) -> Played:
    """Hand over `arrivals` at their seconds, and take a frame every 10 ms."""
    waiting = sorted(arrivals, key=lambda each: each[0])
    frames: list[Pcm] = []
    delays: list[float] = []
    index = 0
    for tick in range(round(seconds * 100)):
        now = 0.01 * tick
        while index < len(waiting) and waiting[index][0] <= now:
            playout.arrived(waiting[index][1], Seconds(start + waiting[index][0]))
            index += 1
        frame = playout.next_frame(Seconds(start + now))
        assert frame.shape == (FRAME,)
        assert frame.dtype == np.int16
        frames.append(frame)
        delays.append(playout.delay)
        if watch is not None:
            watch()
    return Played(np.concatenate(frames), delays)
