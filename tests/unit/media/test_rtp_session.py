"""What arrives from a peer never disturbs the RTP session, and new formats go on in the same stream."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media import rtcp
from appliance.media.codec import Encoder
from appliance.media.codec_table import encoder_for
from appliance.media.description import Codec, MediaDirection, TransportParameters
from appliance.media.events import DigitReceived
from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm, silence
from appliance.media.g711 import G711Encoder, Law
from appliance.media.negotiation import Negotiated
from appliance.media.packet import RtpPacket
from appliance.media.rtcp import ReceiverReport, ReceptionReport
from appliance.media.rtp_session import RtpSession
from appliance.units import Seconds

PCMU = Codec(name="PCMU", payload_type=0, clock_rate=8000)
PCMA = Codec(name="PCMA", payload_type=8, clock_rate=8000)
EVENTS = Codec(name="telephone-event", payload_type=101, clock_rate=8000, parameters={"0-16": ""})
AGREED = Negotiated(
    send=PCMU,
    receive=(PCMU, PCMA),
    send_events=EVENTS,
    receive_events=(EVENTS,),
    ptime=20,
    bitrate=None,
    fec=False,
    dtx=False,
    direction=MediaDirection.SENDRECV,
    remote_held=False,
    rtcp_mux=True,
    remote=TransportParameters(ice_ufrag="abcd", ice_pwd="p" * 22, fingerprints=(("sha-256", "00"),)),
)
VOICE = np.full(FRAME, 1000, dtype=np.int16)


class Bench:
    def __init__(self, encoder: Encoder | None = None) -> None:
        self.sent: list[RtpPacket] = []
        self.digits: list[DigitReceived] = []
        self.now = 0.0
        self.session = RtpSession(
            cname="bench",
            random_bits=lambda _bits: 5,
            uniform=lambda: 0.5,
            encoder=encoder_for if encoder is None else lambda _agreed: encoder,
            transmit=self.sent.append,
            digit=self.digits.append,
        )

    def speak(self, frames: int) -> list[RtpPacket]:
        before = len(self.sent)
        assert self.session.stream is not None
        for _ in range(frames):
            self.session.stream.captured(VOICE, Seconds(self.now))
            self.session.stream.wanted(Seconds(self.now))
            self.now += 0.01
        return self.sent[before:]


def test_a_new_format_goes_on_in_the_same_stream() -> None:
    bench = Bench()
    bench.session.apply(AGREED)
    first = bench.speak(4)
    bench.session.apply(AGREED)
    bench.session.apply(replace(AGREED, send=PCMA))
    second = bench.speak(4)
    assert [packet.payload_type for packet in first + second] == [0, 0, 8, 8]
    assert [packet.sequence_number for packet in first + second] == [5, 6, 7, 8]
    assert {packet.ssrc for packet in bench.sent} == {5}
    assert bench.session.totals.packets_sent == 4
    assert bench.session.totals.codec == "PCMA"


def test_hold_and_mute_and_what_was_agreed_decide_what_is_sent_and_heard() -> None:
    bench = Bench()
    bench.session.apply(AGREED)
    stream = bench.session.stream
    assert stream is not None
    bench.session.direct(muted=False, held=True, audible=True)
    assert bench.speak(4) == []
    assert stream.wanted(Seconds(bench.now)) is None
    bench.session.direct(muted=True, held=False, audible=True)
    silent = bench.speak(4)
    assert len(silent) == 2
    assert all(set(packet.payload) <= {0xFF, 0x7F} for packet in silent)
    bench.session.apply(replace(AGREED, direction=MediaDirection.RECVONLY))
    bench.session.direct(muted=False, held=False, audible=True)
    assert bench.speak(4) == []
    assert stream.wanted(Seconds(bench.now)) is not None
    bench.session.direct(muted=False, held=False, audible=False)
    assert stream.wanted(Seconds(bench.now)) is None


def test_digits_go_out_only_if_the_peer_takes_them() -> None:
    bench = Bench()
    assert not bench.session.send_digits("1")
    bench.session.apply(replace(AGREED, send_events=None))
    assert not bench.session.send_digits("1")
    bench.session.apply(AGREED)
    bench.speak(2)
    assert bench.session.send_digits("1")
    assert not bench.session.send_digits("")
    assert not bench.session.send_digits("1!")
    assert 101 in {packet.payload_type for packet in bench.speak(10)}


def test_the_pause_of_a_digit_is_neither_concealed_nor_an_underrun() -> None:
    far, near = Bench(), Bench()
    far.session.apply(AGREED)
    near.session.apply(AGREED)
    assert near.session.stream is not None
    for index in range(300):
        if index == 100:
            assert far.session.send_digits("12")
        for packet in far.speak(1):
            near.session.received(packet.serialise(), Seconds(near.now))
        near.session.stream.wanted(Seconds(near.now))
        near.now += 0.01
    assert [digit.digit for digit in near.digits] == ["1", "2"]
    totals = near.session.totals
    assert (totals.concealed, totals.underruns, totals.packets_lost) == (0.0, 0, 0)


def test_nothing_is_counted_before_an_agreement() -> None:
    bench = Bench()
    bench.session.received(RtpPacket(0, 1, 160, 9, b"\xff" * 160).serialise(), Seconds(0.0))
    bench.session.sent(RtpPacket(0, 1, 160, 9, b""), Seconds(0.0))
    bench.session.direct(muted=False, held=False, audible=True)
    assert bench.session.totals.packets_received == 0


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.builds(
                RtpPacket,
                payload_type=st.sampled_from([0, 8, 101, 13, 127]),
                sequence_number=st.integers(0, 0xFFFF),
                timestamp=st.integers(0, 0xFFFFFFFF),
                ssrc=st.integers(0, 3),
                payload=st.binary(max_size=200),
                marker=st.booleans(),
            ).map(lambda packet: packet.serialise()),
        ),
        max_size=40,
    )
)
def test_whatever_arrives_frames_keep_coming(datagrams: list[bytes]) -> None:
    bench = Bench()
    bench.session.apply(AGREED)
    stream = bench.session.stream
    assert stream is not None
    for data in datagrams:
        bench.session.received(data, Seconds(bench.now))
        bench.session.reported(data, Seconds(bench.now))
        frame = stream.wanted(Seconds(bench.now))
        assert frame is not None
        assert frame.shape == silence().shape
        bench.now += 0.01
    totals = bench.session.totals
    assert 0 <= totals.playout_delay <= 2000.0
    assert totals.packets_received <= len(datagrams)
    assert SAMPLE_RATE == 48_000


class Losing:
    """A PCMU encoder that notes what loss it is told of."""

    def __init__(self) -> None:
        self.told: list[float] = []
        self._encoder = G711Encoder(Law.MU)
        self.samples = self._encoder.samples

    def encode(self, pcm: Pcm) -> bytes:
        return self._encoder.encode(pcm)

    def expect_loss(self, share: float) -> None:
        self.told.append(share)


def test_the_encoder_is_told_what_the_peer_loses_at_once_and_of_less_slowly() -> None:
    encoder = Losing()
    bench = Bench(encoder)
    bench.session.apply(AGREED)
    bench.speak(2)
    highest, lost = 1_000, 0
    for share in (0.0, 0.2, 0.2, 0.0, 0.0):
        highest, lost = highest + 50, lost + round(50 * share)
        block = ReceptionReport(
            ssrc=5, fraction_lost=0, packets_lost=lost, highest_sequence=highest, jitter=0, last_report=0, delay=0
        )
        bench.session.reported(rtcp.build([ReceiverReport(ssrc=9, reports=(block,))]), Seconds(bench.now))
        bench.speak(2)
    assert encoder.told == pytest.approx([0.2, 0.2, 0.15, 0.1125])
