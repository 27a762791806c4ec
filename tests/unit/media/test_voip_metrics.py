"""VoIP metrics: what we count, what tshark reads of it, and whatever a peer may send."""

import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media import rtcp
from appliance.media.loss_runs import LossRuns
from appliance.media.reports import ReportExchange
from appliance.media.rtcp import ExtendedReport
from appliance.media.voip_metrics import UNKNOWN, VoipMetrics
from appliance.units import Seconds
from tests.support.require import require
from tests.unit.media.test_reports import RATE, START, packet

PORT = 5005
BYTE, SHORT, LEVEL = st.integers(0, 255), st.integers(0, 65_535), st.integers(-128, 127)
METRICS = st.builds(
    VoipMetrics,
    source=st.integers(0, 2**32 - 1),
    loss_rate=BYTE,
    discard_rate=BYTE,
    burst_density=BYTE,
    gap_density=BYTE,
    burst_duration=SHORT,
    gap_duration=SHORT,
    round_trip=SHORT,
    end_system_delay=SHORT,
    signal_level=LEVEL,
    noise_level=LEVEL,
    echo_return_loss=BYTE,
    r_factor=BYTE,
    mos_listening=BYTE,
    mos_conversation=BYTE,
    nominal_delay=SHORT,
    maximum_delay=SHORT,
    absolute_delay=SHORT,
)


@given(st.lists(METRICS, max_size=3).map(tuple))
def test_what_is_built_is_read(metrics: tuple[VoipMetrics, ...]) -> None:
    report = ExtendedReport(ssrc=7, metrics=metrics)
    assert rtcp.parse(rtcp.build([report])) == (report,)


@pytest.mark.fuzz
@given(st.binary(max_size=80))
def test_any_blocks_are_read_or_skipped(blocks: bytes) -> None:
    body = struct.pack("!I", 7) + blocks + bytes(-len(blocks) % 4)
    found = rtcp.parse(struct.pack("!BBH", 0x80, 207, len(body) // 4) + body)
    assert found is not None
    assert isinstance(found[0], ExtendedReport)


def losses(pattern: str) -> LossRuns:
    """`.` is a packet that came, `x` one that did not."""
    runs = LossRuns()
    for each in pattern:
        (runs.lost if each == "x" else runs.received)()
    return runs


def test_losses_that_come_alone_are_no_bursts() -> None:
    runs = losses(("." * 99 + "x") * 10 + "." * 99).runs
    assert (runs.burst_density, runs.burst_packets) == (0, 0.0)
    assert 1 <= runs.gap_density <= 4, "one in a hundred"


def test_losses_that_come_together_are_bursts() -> None:
    runs = losses(("." * 200 + "xx.x.xx") * 8 + "." * 200).runs
    assert runs.burst_density > 100
    assert runs.gap_density < 10
    assert 3.0 < runs.burst_packets < 14.0
    assert 150.0 < runs.gap_packets < 250.0


def test_the_peer_reads_what_we_hear_of_it() -> None:
    here = ReportExchange(ssrc=1, cname="here", mos=lambda _round_trip, _jitter, loss: 4.2 - loss)
    there = ReportExchange(ssrc=2, cname="there")
    for number in range(200):
        if number % 10:
            here.received(packet(number), RATE, Seconds(START + 0.02 * number))
    for _ in range(3):
        deadline = here.deadline()
        assert deadline is not None
        data = here.report(deadline)
        assert data is not None
        assert there.report_received(data, deadline)
    metrics = there.counters.remote_metrics
    assert metrics is not None
    assert metrics.source == 2
    assert 24 <= metrics.loss_rate <= 26, "a tenth, in 1/256"
    assert metrics.mos_listening == metrics.mos_conversation == 41
    assert metrics.r_factor == UNKNOWN
    assert metrics.end_system_delay == 20


def test_tshark_reads_the_same(tmp_path: Path) -> None:
    metrics = VoipMetrics(
        source=0x1234,
        loss_rate=25,
        discard_rate=3,
        burst_density=128,
        gap_density=2,
        burst_duration=140,
        gap_duration=4_000,
        round_trip=87,
        end_system_delay=64,
        mos_listening=43,
        mos_conversation=41,
        nominal_delay=40,
        maximum_delay=40,
        absolute_delay=200,
    )
    exchange = ReportExchange(ssrc=1, cname="unit")
    payload = exchange.goodbye(Seconds(START)) + rtcp.build([ExtendedReport(ssrc=1, metrics=(metrics,))])
    udp = struct.pack("!HHHH", PORT, PORT, 8 + len(payload), 0) + payload
    here = bytes((127, 0, 0, 1))
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, here, here)
    frame = ip + udp
    capture = tmp_path / "report.pcap"
    head = struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101)
    capture.write_bytes(head + struct.pack("!IIII", 0, 0, len(frame), len(frame)) + frame)
    names = (
        "burstdensity gapdensity burstduration gapduration rtdelay esdelay rfactor moslq moscq jbnominal jbmax jbabsmax"
    )
    fields = [argument for name in names.split() for argument in ("-e", f"rtcp.xr.voipmetrics.{name}")]
    program = str(require("tshark", package="tshark"))
    command = [program, "-r", str(capture), "-d", f"udp.port=={PORT},rtcp", "-T", "fields", *fields]
    read = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().split("\t")
    assert [float(value) for value in read] == [128, 2, 140, 4_000, 87, 64, 127, 4.3, 4.1, 40, 40, 200]
