"""The RTCP side of one session: what we report, and what the peer's reports say (RFC 3550 §6)."""

import math
from collections.abc import Callable
from typing import Final

from appliance.media import rtcp
from appliance.media.counters import ReportCounters
from appliance.media.packet import TIMESTAMP_MODULUS, RtpPacket
from appliance.media.reception import Reception
from appliance.media.rtcp import ControlPacket, ReceiverReport, ReceptionReport, SenderReport, SourceDescription
from appliance.units import Milliseconds, Seconds

_INTERVAL: Final = 1.0
"""Seconds between reports, on average. Under 1 kbit/s, and the round trip is known every second."""

_FEWEST: Final = 10
"""Packets between two reports from which a share of them means something: a pause has two or three a second."""

_LONGEST_ROUND_TRIP: Final = 60.0
_MASK: Final = 0xFFFFFFFF


def _ntp(now: Seconds) -> int:
    """`now` as a 32.32 NTP timestamp. Elapsed time is allowed where the time of day isn't known (§6.4.1)."""
    return int(now * (1 << 32)) & ((1 << 64) - 1)


def _middle(ntp: int) -> int:
    return ntp >> 16 & _MASK


class ReportExchange:
    """Sender and receiver reports both ways, and the loss, jitter and round trip in them.

    Totals survive a change of the peer's SSRC, which a transferred or resumed call may bring.
    """

    def __init__(self, *, ssrc: int, cname: str, uniform: Callable[[], float] = lambda: 0.5) -> None:
        """`uniform` gives numbers in 0..1 and spreads the reports in time (RFC 3550 §6.3.1)."""
        self._ssrc = ssrc
        self._cname = cname
        self._uniform = uniform
        self._deadline = math.inf
        self._sent_packets = self._sent_octets = 0
        self._reported_packets = 0
        self._last_sent: tuple[int, int, float] | None = None  # timestamp, clock rate, when
        self._source: int | None = None
        self._reception = Reception()
        self._packets_before = self._octets_before = self._lost_before = 0
        self._sender_report: tuple[int, float] | None = None  # middle of its NTP time, when it came
        self._round_trip: Milliseconds | None = None
        self._remote_lost = 0
        self._remote_highest: int | None = None
        self._remote_loss: float | None = None
        self._remote_jitter: Milliseconds | None = None

    def sent(self, packet: RtpPacket, clock_rate: int, now: Seconds) -> None:
        """An RTP packet of ours went out."""
        self._sent_packets += 1
        self._sent_octets += len(packet.payload)
        self._last_sent = (packet.timestamp, clock_rate, now)
        self._schedule(now)

    def received(self, packet: RtpPacket, clock_rate: int, now: Seconds) -> None:
        """An RTP packet of the peer came, of any payload type, telephone events too."""
        if packet.ssrc != self._source:
            self._packets_before += self._reception.packets
            self._octets_before += self._reception.octets
            self._lost_before += self._reception.packets_lost
            self._source, self._reception, self._sender_report = packet.ssrc, Reception(), None
        self._reception.received(packet, clock_rate, now)
        self._schedule(now)

    def report_received(self, data: bytes, now: Seconds) -> bool:
        """A compound RTCP packet of the peer came; False if it was damaged and ignored."""
        packets = rtcp.parse(data)
        for packet in packets or ():
            if isinstance(packet, SenderReport) and packet.ssrc == self._source:
                self._sender_report = (_middle(packet.ntp), now)
            if isinstance(packet, SenderReport | ReceiverReport):
                for report in packet.reports:
                    self._read(report, now)
        return packets is not None

    def _read(self, report: ReceptionReport, now: Seconds) -> None:
        if report.ssrc != self._ssrc:
            return
        self._count_loss(report)
        if self._last_sent is not None:
            self._remote_jitter = Milliseconds(report.jitter * 1000.0 / self._last_sent[1])
        if report.last_report:
            ticks = (_middle(_ntp(now)) - report.last_report - report.delay) & _MASK
            if ticks >= 1 << 31:
                ticks = 0  # a peer that rounds its delay up, on a path of microseconds
            if ticks < _LONGEST_ROUND_TRIP * 65_536:
                self._round_trip = Milliseconds(ticks * 1000.0 / 65_536)

    def _count_loss(self, report: ReceptionReport) -> None:
        """What was lost since the last report, by its totals: the fraction in it doesn't tell of how many."""
        lost = max(0, report.packets_lost)
        if self._remote_highest is not None:
            expected = report.highest_sequence - self._remote_highest
            if expected == 0:
                return  # a report without news
            share = (lost - self._remote_lost) / expected
            self._remote_loss = max(0.0, min(1.0, share)) if expected >= _FEWEST else None
        self._remote_highest, self._remote_lost = report.highest_sequence, lost

    def _schedule(self, now: Seconds) -> None:
        if self._deadline == math.inf:
            self._deadline = now + _INTERVAL * 0.5

    def deadline(self) -> Seconds | None:
        """When `report` has something next; None before the first packet."""
        return None if self._deadline == math.inf else Seconds(self._deadline)

    def report(self, now: Seconds) -> bytes | None:
        """The compound packet that is due, or None."""
        if now < self._deadline:
            return None
        self._deadline = now + _INTERVAL * (0.5 + self._uniform())
        return rtcp.build(self._compound(now))

    def goodbye(self, now: Seconds) -> bytes:
        """The last compound packet, with BYE (§6.6)."""
        return rtcp.build([*self._compound(now), rtcp.Goodbye(ssrcs=(self._ssrc,))])

    def _compound(self, now: Seconds) -> list[ControlPacket]:
        reports = () if self._source is None else (self._about(self._source, now),)
        name = SourceDescription(ssrc=self._ssrc, cname=self._cname)
        if self._last_sent is None or self._sent_packets == self._reported_packets:
            return [ReceiverReport(ssrc=self._ssrc, reports=reports), name]
        self._reported_packets = self._sent_packets
        timestamp, clock_rate, when = self._last_sent
        report = SenderReport(
            ssrc=self._ssrc,
            ntp=_ntp(now),
            timestamp=(timestamp + round((now - when) * clock_rate)) % TIMESTAMP_MODULUS,
            packets=self._sent_packets,
            octets=self._sent_octets,
            reports=reports,
        )
        return [report, name]

    def _about(self, source: int, now: Seconds) -> ReceptionReport:
        last_report, when = self._sender_report or (0, now)
        return ReceptionReport(
            ssrc=source,
            fraction_lost=self._reception.fraction_lost(),
            packets_lost=self._reception.packets_lost,
            highest_sequence=self._reception.highest_sequence,
            jitter=self._reception.jitter_ticks,
            last_report=last_report,
            delay=min(_MASK, max(0, int((now - when) * 65_536))),
        )

    @property
    def counters(self) -> ReportCounters:
        """The totals so far. Bytes are payload bytes."""
        return ReportCounters(
            packets_received=self._packets_before + self._reception.packets,
            bytes_received=self._octets_before + self._reception.octets,
            packets_lost=max(0, self._lost_before + self._reception.packets_lost),
            jitter=self._reception.jitter,
            round_trip=self._round_trip,
            remote_packets_lost=self._remote_lost,
            remote_loss_fraction=self._remote_loss,
            remote_jitter=self._remote_jitter,
        )
