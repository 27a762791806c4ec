"""Reports both ways: loss, jitter, round trip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media import rtcp
from appliance.media.packet import RtpPacket
from appliance.media.reports import ReportExchange
from appliance.media.rtcp import Goodbye, ReceiverReport, ReceptionReport, SenderReport, SourceDescription
from appliance.units import Seconds

RATE = 48_000
START = 1000.0


def packet(number: int, *, ssrc: int = 2, ticks: int | None = None, payload_type: int = 111) -> RtpPacket:
    timestamp = 960 * number if ticks is None else ticks
    return RtpPacket(payload_type, number % 65_536, timestamp % 2**32, ssrc, bytes(50))


def receiving(numbers: list[int], *, first: int = 0) -> ReportExchange:
    exchange = ReportExchange(ssrc=1, cname="unit")
    for number in numbers:
        exchange.received(packet(number), RATE, Seconds(START + 0.02 * (number - first)))
    return exchange


def test_nothing_is_due_before_the_first_packet() -> None:
    exchange = ReportExchange(ssrc=1, cname="unit")
    assert exchange.deadline() is None
    assert exchange.report(Seconds(START)) is None


def test_a_listener_reports_what_it_received() -> None:
    exchange = receiving([n for n in range(65_500, 65_600) if n % 10])
    deadline = exchange.deadline()
    assert deadline is not None
    assert exchange.report(Seconds(deadline - 0.01)) is None
    data = exchange.report(deadline)
    assert data is not None
    report, name = rtcp.parse(data) or ()
    assert isinstance(report, ReceiverReport)
    assert report.reports[0].ssrc == 2
    assert report.reports[0].packets_lost == 9
    assert report.reports[0].highest_sequence == 65_599
    assert report.reports[0].fraction_lost == 256 * 9 // 99
    assert name == SourceDescription(ssrc=1, cname="unit")
    later = exchange.deadline()
    assert later is not None
    assert 0.5 <= later - deadline <= 1.5


def test_totals() -> None:
    counters = receiving([0, 1, 2, 4, 3, 3, 7, 8]).counters
    assert counters.packets_received == 8
    assert counters.bytes_received == 400
    assert counters.packets_lost == 1, "two are missing, but one came twice (RFC 3550 §A.3)"


def test_another_source_goes_on_with_the_totals() -> None:
    exchange = receiving([0, 1, 3])
    exchange.received(packet(9_000, ssrc=5), RATE, Seconds(START + 1))
    exchange.received(packet(9_002, ssrc=5), RATE, Seconds(START + 1.04))
    assert exchange.counters.packets_lost == 2
    assert exchange.counters.packets_received == 5


def test_a_sender_that_starts_over_has_lost_nothing() -> None:
    exchange = receiving([0, 1, 2])
    for number in range(30_000, 30_010):
        exchange.received(packet(number), RATE, Seconds(START + 0.02 * number))
    assert exchange.counters.packets_lost == 0


def test_jitter_is_the_mean_deviation() -> None:
    exchange = ReportExchange(ssrc=1, cname="unit")
    for number in range(400):
        exchange.received(packet(number), RATE, Seconds(START + 0.02 * number + 0.010 * (number % 2)))
    assert exchange.counters.jitter == pytest.approx(10.0, rel=0.05)


def test_an_event_told_again_and_again_is_no_jitter() -> None:
    exchange = ReportExchange(ssrc=1, cname="unit")
    for number in range(50):
        exchange.received(packet(number, ticks=0, payload_type=110), RATE, Seconds(START + 0.02 * number))
    assert exchange.counters.jitter == 0.0


def test_round_trip_and_the_far_end_s_view() -> None:
    here, there = ReportExchange(ssrc=1, cname="here"), ReportExchange(ssrc=2, cname="there")
    for number in range(100):
        now = START + 0.02 * number
        if number != 50:
            there.received(packet(number, ssrc=1), RATE, Seconds(now + 0.04))
        here.sent(packet(number, ssrc=1), RATE, Seconds(now))
        there.sent(packet(number, ssrc=2), RATE, Seconds(now))
        here.received(packet(number, ssrc=2), RATE, Seconds(now + 0.04))
    ours = here.report(Seconds(START + 2.0))
    assert ours is not None
    assert isinstance((rtcp.parse(ours) or ())[0], SenderReport)
    assert there.report_received(ours, Seconds(START + 2.04))
    theirs = there.report(Seconds(START + 2.5))
    assert theirs is not None
    assert here.report_received(theirs, Seconds(START + 2.54))

    counters = here.counters
    assert counters.round_trip == pytest.approx(80.0, abs=0.1)
    assert counters.remote_packets_lost == 1
    assert counters.remote_jitter == pytest.approx(0.0, abs=0.1)


def loss_after(*totals: tuple[int, int]) -> float | None:
    """What we know of our loss after reports of (lost in total, highest sequence number)."""
    exchange = ReportExchange(ssrc=1, cname="unit")
    for lost, highest in totals:
        block = ReceptionReport(
            ssrc=1, fraction_lost=0, packets_lost=lost, highest_sequence=highest, jitter=0, last_report=0, delay=0
        )
        assert exchange.report_received(rtcp.build([ReceiverReport(ssrc=2, reports=(block,))]), Seconds(START))
    return exchange.counters.remote_loss_fraction


def test_loss_is_a_share_of_what_was_sent_between_two_reports() -> None:
    assert loss_after((0, 100)) is None, "one report is no interval"
    assert loss_after((0, 100), (10, 150)) == pytest.approx(0.2)
    assert loss_after((0, 100), (10, 150), (10, 150)) == pytest.approx(0.2), "a report without news"
    assert loss_after((0, 100), (10, 150), (10, 200)) == 0.0
    assert loss_after((5, 100), (2, 150)) == 0.0, "late ones came after all"
    assert loss_after((0, 100), (1, 103)) is None, "too few to tell"
    assert loss_after((0, 60_000), (0, 10)) is None, "it counts anew"


def test_a_sender_report_tells_the_present_timestamp() -> None:
    exchange = ReportExchange(ssrc=1, cname="unit")
    exchange.sent(packet(0, ssrc=1, ticks=2**32 - 100), RATE, Seconds(START))
    data = exchange.report(Seconds(START + 0.5))
    assert data is not None
    report = (rtcp.parse(data) or ())[0]
    assert isinstance(report, SenderReport)
    assert report.timestamp == 24_000 - 100
    assert (report.packets, report.octets) == (1, 50)
    assert report.ntp == int((START + 0.5) * 2**32)
    second = exchange.report(Seconds(START + 5))
    assert second is not None
    assert isinstance((rtcp.parse(second) or ())[0], ReceiverReport), "it no longer sends"


def test_goodbye_ends_it() -> None:
    packets = rtcp.parse(ReportExchange(ssrc=1, cname="unit").goodbye(Seconds(START)))
    assert packets is not None
    assert packets[-1] == Goodbye(ssrcs=(1,))


def test_a_damaged_report_is_refused() -> None:
    assert not ReportExchange(ssrc=1, cname="unit").report_received(b"\x80\xc8\x00", Seconds(START))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 65_535),
            st.integers(0, 2**32 - 1),
            st.sampled_from((1, 2)),
            st.sampled_from((8_000, 48_000)),
            st.floats(0, 100),
        ),
        max_size=60,
    )
)
def test_no_order_of_packets_breaks_the_counting(arrivals: list[tuple[int, int, int, int, float]]) -> None:
    exchange = ReportExchange(ssrc=9, cname="unit")
    now = START
    for number, ticks, ssrc, rate, step in arrivals:
        now += step
        exchange.received(RtpPacket(0, number, ticks, ssrc, b"x"), rate, Seconds(now))
        data = exchange.report(Seconds(now))
        assert data is None or rtcp.parse(data)
    counters = exchange.counters
    assert counters.packets_received == len(arrivals)
    assert counters.packets_lost >= 0
    assert counters.jitter >= 0
