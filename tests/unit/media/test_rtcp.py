"""RTCP packets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media import rtcp
from appliance.media.rtcp import Goodbye, ReceiverReport, ReceptionReport, SenderReport, SourceDescription
from tests.unit.media.mutation import mutated

U32 = st.integers(0, 2**32 - 1)
REPORTS = st.lists(
    st.builds(
        ReceptionReport,
        ssrc=U32,
        fraction_lost=st.integers(0, 255),
        packets_lost=st.integers(-(2**23), 2**23 - 1),
        highest_sequence=U32,
        jitter=U32,
        last_report=U32,
        delay=U32,
    ),
    max_size=3,
).map(tuple)
PACKETS = st.lists(
    st.builds(
        SenderReport, ssrc=U32, ntp=st.integers(0, 2**64 - 1), timestamp=U32, packets=U32, octets=U32, reports=REPORTS
    )
    | st.builds(ReceiverReport, ssrc=U32, reports=REPORTS)
    | st.builds(SourceDescription, ssrc=U32, cname=st.text(max_size=20))
    | st.builds(Goodbye, ssrcs=st.lists(U32, max_size=4).map(tuple)),
    min_size=1,
    max_size=5,
)
EXAMPLE = rtcp.build(
    [
        SenderReport(
            ssrc=1,
            ntp=2**63,
            timestamp=960,
            packets=10,
            octets=800,
            reports=(
                ReceptionReport(
                    ssrc=2, fraction_lost=3, packets_lost=-1, highest_sequence=70_000, jitter=5, last_report=6, delay=7
                ),
            ),
        ),
        SourceDescription(ssrc=1, cname="unit"),
        Goodbye(ssrcs=(1,)),
    ]
)


@given(PACKETS)
def test_what_is_written_is_read_the_same(packets: list[rtcp.ControlPacket]) -> None:
    data = rtcp.build(packets)
    if len(data) >= 8:
        assert rtcp.parse(data) == tuple(packets)


def test_unknown_types_are_skipped() -> None:
    feedback = bytes([0x81, 205, 0, 3]) + bytes(12)
    application = bytes([0x80, 204, 0, 2]) + bytes(8)
    assert rtcp.parse(feedback + EXAMPLE + application) == rtcp.parse(EXAMPLE)


def test_a_description_may_hold_more_than_a_name() -> None:
    body = (9).to_bytes(4, "big") + b"\x02\x03Bob" + b"\x01\x04unit" + b"\x00" * 1
    body += bytes(-len(body) % 4)
    assert rtcp.parse(bytes([0x81, 202, 0, len(body) // 4]) + body) == (SourceDescription(ssrc=9, cname="unit"),)


@pytest.mark.parametrize(
    "data", [b"", EXAMPLE[:-1], EXAMPLE[:30], bytes([0x40]) + EXAMPLE[1:], EXAMPLE + b"\x80", bytes(5000)]
)
def test_what_is_cut_or_foreign_is_refused(data: bytes) -> None:
    assert rtcp.parse(data) is None


@pytest.mark.fuzz
@given(mutated([EXAMPLE]) | st.binary(max_size=100))
def test_damaged_packets_are_read_or_refused(data: bytes) -> None:
    packets = rtcp.parse(data)
    assert packets is None or len(packets) <= len(data)
