"""RTP packets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.packet import RtpPacket, is_rtcp, parse
from tests.unit.media.mutation import mutated

PACKETS = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence_number=st.integers(0, 2**16 - 1),
    timestamp=st.integers(0, 2**32 - 1),
    ssrc=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=300),
    marker=st.booleans(),
)
PLAIN = RtpPacket(111, 7, 960, 0xDEADBEEF, b"sound", marker=True)
HEADER = PLAIN.serialise()[:12]


@given(PACKETS)
def test_what_is_written_is_read_the_same(packet: RtpPacket) -> None:
    assert parse(packet.serialise()) == packet


def test_bytes_on_the_wire() -> None:
    assert PLAIN.serialise() == bytes.fromhex("80ef0007000003c0deadbeef") + b"sound"


@pytest.mark.parametrize(
    "data",
    [
        bytes([0x82]) + HEADER[1:] + bytes(8) + b"sound",  # two contributing sources
        bytes([0x90]) + HEADER[1:] + b"\xbe\xde\x00\x01abcd" + b"sound",  # header extension
        bytes([0xA0]) + HEADER[1:] + b"sound" + b"\x00\x00\x03",  # padding
        bytes([0xB1]) + HEADER[1:] + bytes(4) + b"\xbe\xde\x00\x00" + b"sound" + b"\x01",
    ],
)
def test_what_is_around_the_payload_is_skipped(data: bytes) -> None:
    assert parse(data) == PLAIN


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HEADER[:11],
        bytes([0x40]) + HEADER[1:],
        bytes([0x82]) + HEADER[1:] + bytes(7),
        bytes([0x90]) + HEADER[1:] + b"\xbe\xde\x00",
        bytes([0x90]) + HEADER[1:] + b"\xbe\xde\xff\xff" + bytes(100),
        bytes([0xA0]) + HEADER[1:] + b"sound\x00",
        bytes([0xA0]) + HEADER[1:] + b"\x07sound\x08",
        HEADER + bytes(4000),
    ],
)
def test_what_is_no_packet_is_refused(data: bytes) -> None:
    assert parse(data) is None


def test_rtcp_is_told_apart() -> None:
    assert is_rtcp(bytes([0x80, 200, 0, 0]))
    assert not is_rtcp(PLAIN.serialise())
    assert not is_rtcp(b"")


@pytest.mark.fuzz
@given(mutated([PLAIN.serialise(), bytes([0x92]) + HEADER[1:] + bytes(20)]) | st.binary(max_size=64))
def test_damaged_packets_are_read_or_refused(data: bytes) -> None:
    packet = parse(data)
    assert packet is None or len(packet.payload) <= len(data) - 12
