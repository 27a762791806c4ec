"""Digits in RTP (RFC 4733): `DigitSender` for the capture's stream, `DigitReceiver` for the peer's."""

import struct
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from appliance.media.events import DigitReceived
from appliance.media.packet import RtpPacket
from appliance.units import Milliseconds

DIGITS: Final = "0123456789*#ABCD"
"""By event code (RFC 4733 §3.2)."""

TONE: Final = Milliseconds(160.0)
GAP: Final = Milliseconds(70.0)
QUEUE: Final = 64
"""Digits that may wait to be sent."""

_PAYLOAD: Final = struct.Struct("!BBH")
_END: Final = 0x80
_VOLUME: Final = 10  # -10 dBm0
_REPEATS: Final = 3  # of the packet that ends an event, so that it gets through (§2.5.1.4)
_LONGEST: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class EventPacket:
    """What one packet of an event says. `offset` is how far back, in milliseconds, the event began."""

    payload: bytes
    marker: bool
    offset: Milliseconds


class DigitSender:
    """A queue of key presses as payloads, one for each ptime; None from `next` is a ptime of audio."""

    def __init__(self, clock_rate: int) -> None:
        """`clock_rate` is telephone-event's own, in ticks per second."""
        self._clock_rate = clock_rate
        self._waiting: deque[int] = deque()
        self._code = -1
        self._elapsed = 0.0
        self._gap = 0.0
        self._ends_left = 0
        self._end_offset = 0.0

    def queue(self, digits: str) -> bool:
        """Press `digits` one after the other; False, and none is pressed, if one is no digit or too many wait."""
        codes = [DIGITS.find(digit) for digit in digits.upper()]
        if not codes or -1 in codes or len(codes) + len(self._waiting) > QUEUE:
            return False
        self._waiting.extend(codes)
        return True

    @property
    def busy(self) -> bool:
        """Digits are being sent or wait."""
        return self._code >= 0 or bool(self._waiting)

    def next(self, ptime: Milliseconds) -> EventPacket | None:
        """The event packet for the `ptime` that just passed, or None: send audio."""
        if self._code < 0:
            self._gap = max(0.0, self._gap - ptime)
            if self._gap > 0.0 or not self._waiting:
                return None
            self._code = self._waiting.popleft()
            self._elapsed = 0.0
            self._ends_left = _REPEATS
            marker = True
        else:
            marker = False
        offset = self._elapsed
        self._elapsed += ptime
        if self._elapsed < TONE:
            return EventPacket(self._payload(self._elapsed, end=False), marker, Milliseconds(offset))
        return self._end(ptime, marker=marker, offset=offset)

    def _end(self, ptime: Milliseconds, *, marker: bool, offset: float) -> EventPacket:
        if self._ends_left == _REPEATS:
            self._end_offset = self._elapsed
        self._ends_left -= 1
        packet = EventPacket(self._payload(self._end_offset, end=True), marker, Milliseconds(offset))
        if self._ends_left == 0:
            self._code = -1
            # The repeats were sent in what is the gap for whoever listens.
            self._gap = max(ptime, GAP - (self._elapsed - self._end_offset))
        return packet

    def _payload(self, duration: float, *, end: bool) -> bytes:
        ticks = min(_LONGEST, round(duration * self._clock_rate / 1000.0))
        return _PAYLOAD.pack(self._code, (_END if end else 0) | _VOLUME, ticks)


class DigitReceiver:
    """Hears each key press once, however many packets tell of it, and even if the end never comes.

    An event is known by its timestamp. One whose end was lost is told when the next begins.
    """

    def __init__(self, clock_rates: Mapping[int, int]) -> None:
        """`clock_rates` is ticks per second by payload type."""
        self._clock_rates = dict(clock_rates)
        self._timestamp: int | None = None
        self._ssrc = 0
        self._told = False
        self._pending: DigitReceived | None = None

    @property
    def payload_types(self) -> frozenset[int]:
        """The payload types to hand to `received`."""
        return frozenset(self._clock_rates)

    def received(self, packet: RtpPacket) -> DigitReceived | None:
        """`packet` has one of the telephone-event payload types; the digit if its press ended just now."""
        clock_rate = self._clock_rates.get(packet.payload_type)
        if clock_rate is None or len(packet.payload) < _PAYLOAD.size:
            return None
        code, flags, duration = _PAYLOAD.unpack_from(packet.payload)
        if code >= len(DIGITS):
            return None  # tones, flash: not digits
        if self._is_old(packet):
            return None
        unfinished = None
        if packet.timestamp != self._timestamp or packet.ssrc != self._ssrc:
            unfinished = None if self._told else self._pending
            self._timestamp, self._ssrc, self._told = packet.timestamp, packet.ssrc, False
        self._pending = DigitReceived(DIGITS[code], Milliseconds(duration * 1000.0 / clock_rate))
        if unfinished is not None:
            return unfinished
        if flags & _END and not self._told:
            self._told = True
            return self._pending
        return None

    def _is_old(self, packet: RtpPacket) -> bool:
        """A straggler of an event before the present one."""
        if self._timestamp is None or packet.ssrc != self._ssrc:
            return False
        step = (packet.timestamp - self._timestamp) % (1 << 32)
        return step > 1 << 31 and (1 << 32) - step < 10 * max(self._clock_rates.values(), default=8_000)
