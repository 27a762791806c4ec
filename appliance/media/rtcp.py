"""RTCP packets (RFC 3550 §6): reports, source description, goodbye, VoIP metrics (RFC 3611). Others are skipped."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from appliance.media.voip_metrics import VoipMetrics

_SENDER_REPORT: Final = 200
_RECEIVER_REPORT: Final = 201
_SOURCE_DESCRIPTION: Final = 202
_GOODBYE: Final = 203
_EXTENDED_REPORT: Final = 207
_CNAME: Final = 1
_MAXIMUM_SIZE: Final = 2048
_BLOCK: Final = struct.Struct("!IIIIII")
_SENDER: Final = struct.Struct("!IQIII")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptionReport:
    """What a receiver says of one source (§6.4.1).

    `fraction_lost` is in 1/256 since the last report, `packets_lost` signed since the beginning, `jitter` in RTP ticks,
    `last_report` the middle 32 bits of the NTP time of the last sender report, `delay` since then in 1/65536 s.
    """

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderReport:
    """A sender's clock and totals. `ntp` is 32.32 fixed point, `octets` counts payloads."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    reports: tuple[ReceptionReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverReport:
    """Reports of one who sends nothing."""

    ssrc: int
    reports: tuple[ReceptionReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDescription:
    """Who a source is: its canonical name (§6.5.1), "" if it wasn't told."""

    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodbye:
    """Sources that end."""

    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedReport:
    """What `ssrc` says beyond its reception reports (RFC 3611 §2); blocks other than VoIP metrics are skipped."""

    ssrc: int
    metrics: tuple[VoipMetrics, ...]


ControlPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye | ExtendedReport


def parse(data: bytes) -> tuple[ControlPacket, ...] | None:
    """The packets of the compound packet `data`; None if it is damaged (§A.2). Reduced-size ones (RFC 5506) pass."""
    if not 8 <= len(data) <= _MAXIMUM_SIZE:
        return None
    packets: list[ControlPacket] = []
    position = 0
    while position < len(data):
        if len(data) - position < 4:
            return None
        first, kind, words = struct.unpack_from("!BBH", data, position)
        end = position + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            return None
        body = data[position + 4 : end]
        if first & 0x20:  # padding: only the last packet's, its last byte counts it
            if not body or not 0 < body[-1] <= len(body):
                return None
            body = body[: -body[-1]]
        packets += _parse_one(kind, first & 0x1F, body)
        position = end
    return tuple(packets)


def _parse_one(kind: int, count: int, body: bytes) -> Iterator[ControlPacket]:
    if kind == _SENDER_REPORT and len(body) >= _SENDER.size + count * _BLOCK.size:
        ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
        yield SenderReport(
            ssrc=ssrc,
            ntp=ntp,
            timestamp=timestamp,
            packets=packets,
            octets=octets,
            reports=_parse_blocks(body, _SENDER.size, count),
        )
    elif kind == _RECEIVER_REPORT and len(body) >= 4 + count * _BLOCK.size:
        yield ReceiverReport(ssrc=int.from_bytes(body[:4], "big"), reports=_parse_blocks(body, 4, count))
    elif kind == _SOURCE_DESCRIPTION:
        yield from _parse_descriptions(body, count)
    elif kind == _EXTENDED_REPORT and len(body) >= 4:
        yield ExtendedReport(ssrc=int.from_bytes(body[:4], "big"), metrics=tuple(_parse_metrics(body)))
    elif kind == _GOODBYE and len(body) >= 4 * count:
        yield Goodbye(ssrcs=struct.unpack_from(f"!{count}I", body))


def _parse_blocks(body: bytes, position: int, count: int) -> tuple[ReceptionReport, ...]:
    reports = []
    for index in range(count):
        ssrc, lost, highest, jitter, last_report, delay = _BLOCK.unpack_from(body, position + index * _BLOCK.size)
        total = lost & 0xFFFFFF
        reports.append(
            ReceptionReport(
                ssrc=ssrc,
                fraction_lost=lost >> 24,
                packets_lost=total - (1 << 24) if total & 0x800000 else total,
                highest_sequence=highest,
                jitter=jitter,
                last_report=last_report,
                delay=delay,
            )
        )
    return tuple(reports)


def _parse_descriptions(body: bytes, count: int) -> Iterator[SourceDescription]:
    position = 0
    for _ in range(count):
        if len(body) < position + 8:
            return
        ssrc = int.from_bytes(body[position : position + 4], "big")
        position += 4
        cname = ""
        while position + 2 <= len(body) and body[position] != 0:
            size = body[position + 1]
            if body[position] == _CNAME:
                cname = body[position + 2 : position + 2 + size].decode("utf-8", "replace")
            position += 2 + size
        position += 4 - position % 4  # one to four zeros end the list
        yield SourceDescription(ssrc=ssrc, cname=cname)


def _parse_metrics(body: bytes) -> Iterator[VoipMetrics]:
    position = 4
    while position + 4 <= len(body):
        end = position + 4 + 4 * int.from_bytes(body[position + 2 : position + 4], "big")
        found = VoipMetrics.parse(body[position:end])
        if found is not None:
            yield found
        position = end


def build(packets: Iterable[ControlPacket]) -> bytes:
    """One compound packet. The first should be a report (§6.1)."""
    return b"".join(map(_build_one, packets))


def _build_one(packet: ControlPacket) -> bytes:
    if isinstance(packet, SenderReport):
        numbers = _SENDER.pack(
            packet.ssrc, packet.ntp, packet.timestamp, packet.packets & 0xFFFFFFFF, packet.octets & 0xFFFFFFFF
        )
        return _framed(_SENDER_REPORT, len(packet.reports), numbers + b"".join(map(_build_block, packet.reports)))
    if isinstance(packet, ReceiverReport):
        body = packet.ssrc.to_bytes(4, "big") + b"".join(map(_build_block, packet.reports))
        return _framed(_RECEIVER_REPORT, len(packet.reports), body)
    if isinstance(packet, SourceDescription):
        name = packet.cname.encode()[:255]
        body = packet.ssrc.to_bytes(4, "big") + bytes((_CNAME, len(name))) + name
        return _framed(_SOURCE_DESCRIPTION, 1, body + bytes(4 - len(body) % 4))
    if isinstance(packet, ExtendedReport):
        blocks = b"".join(metrics.serialise() for metrics in packet.metrics)
        return _framed(_EXTENDED_REPORT, 0, packet.ssrc.to_bytes(4, "big") + blocks)
    return _framed(_GOODBYE, len(packet.ssrcs), struct.pack(f"!{len(packet.ssrcs)}I", *packet.ssrcs))


def _build_block(report: ReceptionReport) -> bytes:
    lost = max(-0x800000, min(0x7FFFFF, report.packets_lost)) & 0xFFFFFF
    return _BLOCK.pack(
        report.ssrc,
        report.fraction_lost << 24 | lost,
        report.highest_sequence & 0xFFFFFFFF,
        report.jitter & 0xFFFFFFFF,
        report.last_report,
        report.delay & 0xFFFFFFFF,
    )


def _framed(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body
