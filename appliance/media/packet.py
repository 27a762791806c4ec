"""RTP packets (RFC 3550 §5.1)."""

import struct
from dataclasses import dataclass
from typing import Final

SEQUENCE_MODULUS: Final = 1 << 16
TIMESTAMP_MODULUS: Final = 1 << 32

_HEADER: Final = struct.Struct("!BBHII")
_VERSION: Final = 2
_MAXIMUM_SIZE: Final = 2048  # nothing larger passes an Ethernet path unfragmented, and audio is far smaller


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet: `timestamp` in ticks of its payload type's clock. Contributing sources and extensions are skipped."""

    payload_type: int
    sequence_number: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def serialise(self) -> bytes:
        """The packet as it goes into SRTP."""
        second = (0x80 if self.marker else 0) | self.payload_type
        return _HEADER.pack(_VERSION << 6, second, self.sequence_number, self.timestamp, self.ssrc) + self.payload


def is_rtcp(data: bytes) -> bool:
    """True if `data`, received where RTP and RTCP share a port, is RTCP (RFC 5761 §4)."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def parse(data: bytes) -> RtpPacket | None:
    """The packet in `data`, or None if it is none: wrong version, cut short, padding longer than the payload."""
    if not _HEADER.size <= len(data) <= _MAXIMUM_SIZE:
        return None
    first, second, sequence_number, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != _VERSION:
        return None
    start = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:  # one header extension (§5.3.1)
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data)
    if first & 0x20:  # padding: its last byte counts it, itself included
        padding = data[-1]
        if padding == 0:
            return None
        end -= padding
    if start > end:
        return None
    return RtpPacket(
        payload_type=second & 0x7F,
        sequence_number=sequence_number,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=data[start:end],
        marker=bool(second & 0x80),
    )
