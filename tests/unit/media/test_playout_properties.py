"""What holds whatever a peer sends, whenever it arrives."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.media.codec import Decoder
from appliance.media.frame import Pcm
from appliance.media.g711 import G711Decoder, Law
from appliance.media.jitter_buffer import CAPACITY
from appliance.media.opus import OpusDecoder
from appliance.media.packet import RtpPacket
from appliance.media.playout import PayloadFormat, Playout
from appliance.units import Samples, Seconds
from tests.unit.media.streams import OPUS, START, opus_packets
from tests.unit.media.voice import voice

PACKETS = [packet for _, packet in opus_packets(voice(2.0))]

_FEW = settings(max_examples=min(300, settings().max_examples))
"""For properties that play seconds of a stream."""

_STEPS = st.lists(
    st.one_of(
        st.just("frame"),
        st.integers(0, len(PACKETS) - 1).map(lambda index: PACKETS[index]),
        st.builds(
            RtpPacket,
            payload_type=st.sampled_from((OPUS, 0, 8, 13)),
            sequence_number=st.integers(0, 65_535) | st.integers(0, 20),
            timestamp=st.integers(0, 2**32 - 1) | st.integers(0, 20).map(lambda n: 960 * n),
            ssrc=st.sampled_from((7, 8)),
            payload=st.binary(max_size=200),
        ),
        st.floats(0.0, 5.0).map(float),
    ),
    max_size=80,
)


def any_playout() -> Playout:
    return Playout(
        [
            PayloadFormat(OPUS, 48_000, OpusDecoder()),
            PayloadFormat(0, 8_000, G711Decoder(Law.MU)),
            PayloadFormat(8, 8_000, G711Decoder(Law.A)),
        ]
    )


@pytest.mark.fuzz
@given(_STEPS)
def test_every_frame_is_whole_whatever_came(steps: list[str | RtpPacket | float]) -> None:
    playout = any_playout()
    now = START
    for step in steps:
        if isinstance(step, RtpPacket):
            playout.arrived(step, Seconds(now))
        elif isinstance(step, float):
            now += step
        else:
            frame = playout.next_frame(Seconds(now))
            now += 0.01
            assert frame.shape == (480,)
            assert frame.dtype == np.int16
        assert len(playout._buffer) <= CAPACITY
        assert playout._pending.size <= 12_000
    counters = playout.counters
    assert counters.concealed <= counters.played + 10
    assert counters.packets_late >= 0


@dataclass
class Recorder(Decoder):
    """A decoder that notes what it was given: payloads are the number of their slot."""

    decoded: list[int] = field(default_factory=list)

    def duration(self, payload: bytes) -> Samples:
        return Samples(960 if len(payload) == 2 else 0)

    def decode(self, payload: bytes) -> Pcm:
        slot = int.from_bytes(payload, "big")
        self.decoded.append(slot)
        return np.full(960, slot + 1, dtype=np.int16)

    def conceal(self, samples: int) -> Pcm:
        return np.zeros(samples, dtype=np.int16)

    def recover(self, next_payload: bytes, samples: int) -> Pcm | None:  # noqa: ARG002
        return None

    def is_pause(self, payload: bytes) -> bool:  # noqa: ARG002
        return False


@_FEW
@given(
    st.lists(st.tuples(st.floats(0.0, 0.4), st.integers(0, 2)), min_size=10, max_size=50),
    st.integers(0, 65_535),
    st.integers(0, 2**32 - 1),
)
def test_no_slot_is_played_twice_or_out_of_turn(
    fates: list[tuple[float, int]], first_number: int, first_timestamp: int
) -> None:
    """Each packet arrives never, once or twice, up to 0.4 s late."""
    recorder = Recorder()
    playout = Playout([PayloadFormat(OPUS, 48_000, recorder)])
    arrivals = sorted(
        (
            (0.02 * slot + delay * (copy + 1) / 2, slot)
            for slot, (delay, copies) in enumerate(fates)
            for copy in range(copies)
        ),
    )
    index = 0
    for tick in range(2 * len(fates) + 100):
        now = 0.01 * tick
        while index < len(arrivals) and arrivals[index][0] <= now:
            when, slot = arrivals[index]
            index += 1
            packet = RtpPacket(
                OPUS,
                (first_number + slot) % 65_536,
                (first_timestamp + 960 * slot) % 2**32,
                7,
                slot.to_bytes(2, "big"),
            )
            playout.arrived(packet, Seconds(START + when))
        playout.next_frame(Seconds(START + now))
        assert playout.delay <= 320.0
    assert len(set(recorder.decoded)) == len(recorder.decoded)
    assert recorder.decoded == sorted(recorder.decoded)


@_FEW
@given(st.integers(-(2**31), 2**31), st.floats(0.0, 3.0), st.integers(1, 65_535), st.booleans())
def test_a_stream_that_goes_on_is_heard_within_a_second_and_a_half(
    jump: int, pause: float, numbers: int, new_source: bool
) -> None:
    """After any break of time, timestamps and sequence numbers."""
    recorder = Recorder()
    playout = Playout([PayloadFormat(OPUS, 48_000, recorder)])
    for tick in range(300):
        now = START + 0.01 * tick + (pause if tick >= 100 else 0.0)
        if tick % 2 == 0:
            slot = tick // 2
            after = tick >= 100
            playout.arrived(
                RtpPacket(
                    OPUS,
                    (slot + (numbers if after else 0)) % 65_536,
                    (960 * slot + (jump if after else 0)) % 2**32,
                    8 if after and new_source else 7,
                    slot.to_bytes(2, "big"),
                ),
                Seconds(now),
            )
        frame = playout.next_frame(Seconds(now))
        if tick >= 250:
            assert frame.any()
            assert playout.delay < 320.0
