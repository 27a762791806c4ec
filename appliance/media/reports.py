"""The RTCP side of one session: what we report, and what the peer's reports say (RFC 3550 §6)."""

import math
from collections.abc import Callable
from typing import Final

from appliance.media import rtcp
from appliance.media.counters import PlayoutCounters, ReportCounters
from appliance.media.packet import TIMESTAMP_MODULUS, RtpPacket
from appliance.media.reception import Reception
from appliance.media.rtcp import (
    ControlPacket,
    ExtendedReport,
    ReceiverReport,
    ReceptionReport,
    SenderReport,
    SourceDescription,
)
from appliance.media.voip_metrics import UNKNOWN, VoipMetrics
from appliance.units import Milliseconds, Seconds

_INTERVAL: Final = 1.0
"""Seconds between reports, on average. Under 1 kbit/s, and the round trip is known every second."""

_FEWEST: Final = 10
"""Packets between two reports from which a share of them means something: a pause has two or three a second."""

_LONGEST_ROUND_TRIP: Final = 60.0
_FIRST_METRICS: Final = 2
_METRICS: Final = 5
"""Reports of which one carries VoIP metrics too."""

_LONGEST_DELAY: Final = 200
"""Milliseconds that the jitter buffer goes to at most."""

Rating = Callable[[Milliseconds | None, Milliseconds, float], float | None]
"""The MOS of a round trip, a jitter and a share of loss, 1.0-5.0; None if that can't be said."""

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

    def __init__(
        self,
        *,
        ssrc: int,
        cname: str,
        uniform: Callable[[], float] = lambda: 0.5,
        playout: Callable[[], PlayoutCounters | None] = lambda: None,
        mos: Rating = lambda *_: None,
    ) -> None:
        """`uniform` gives numbers in 0..1 and spreads the reports in time (RFC 3550 §6.3.1).

        `playout` says what becomes of what arrives, and `mos` what that is worth: both go into the VoIP metrics.
        """
        self._playout = playout
        self._mos = mos
        self._until_metrics = _FIRST_METRICS
        self._remote_metrics: VoipMetrics | None = None
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
            if isinstance(packet, ExtendedReport):
                ours = [metrics for metrics in packet.metrics if metrics.source == self._ssrc]
                self._remote_metrics = ours[-1] if ours else self._remote_metrics
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
        self._until_metrics -= 1
        extended = self._metrics() if self._until_metrics <= 0 else ()
        return rtcp.build([*self._compound(now), *extended])

    def goodbye(self, now: Seconds) -> bytes:
        """The last compound packet, with BYE (§6.6)."""
        return rtcp.build([*self._compound(now), *self._metrics(), rtcp.Goodbye(ssrcs=(self._ssrc,))])

    def _metrics(self) -> tuple[ExtendedReport, ...]:
        """How the peer's sound is here, as far as it has sent any (RFC 3611 §4.7)."""
        self._until_metrics = _METRICS
        if self._source is None:
            return ()
        heard, reception, runs = self._playout(), self._reception, self._reception.losses.runs
        delay = Milliseconds(0.0) if heard is None else heard.playout_delay
        discarded = 0.0 if heard is None else heard.packets_late / max(1, reception.packets)
        lost = reception.share_lost
        missed = min(1.0, lost + discarded)
        conversation = self._mos(self._round_trip, reception.jitter, missed)
        listening = self._mos(Milliseconds(0.0), Milliseconds(0.0), missed)
        metrics = VoipMetrics(
            source=self._source,
            loss_rate=int(256 * lost),
            discard_rate=int(256 * discarded),
            burst_density=runs.burst_density,
            gap_density=runs.gap_density,
            burst_duration=round(runs.burst_packets * reception.packet_time),
            gap_duration=round(runs.gap_packets * reception.packet_time),
            round_trip=round(self._round_trip or 0.0),
            end_system_delay=round(delay + reception.packet_time),
            mos_listening=UNKNOWN if listening is None else round(10.0 * listening),
            mos_conversation=UNKNOWN if conversation is None else round(10.0 * conversation),
            nominal_delay=round(delay),
            maximum_delay=round(delay),
            absolute_delay=_LONGEST_DELAY,
        )
        return (ExtendedReport(ssrc=self._ssrc, metrics=(metrics,)),)

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
            remote_metrics=self._remote_metrics,
        )
