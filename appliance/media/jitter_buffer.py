"""Packets that wait to be played, in the order of their time.

Positions are samples at 48 kHz on the stream's timeline: RTP timestamps without their wraps.
"""

from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from appliance.media.codec import Decoder
from appliance.media.frame import SAMPLE_RATE
from appliance.media.packet import SEQUENCE_MODULUS, TIMESTAMP_MODULUS, RtpPacket

CAPACITY: Final = 128
"""Packets: more than a second of the shortest. The oldest is dropped for a newer one."""

_REMEMBERED: Final = 64


class Insertion(Enum):
    """What became of a packet."""

    STORED = auto()
    LATE = auto()
    DUPLICATE = auto()


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """One packet: `position` and `duration` in samples at 48 kHz, `sequence` without wraps."""

    position: int
    sequence: int
    duration: int = field(compare=False)
    payload: bytes = field(compare=False)
    decoder: Decoder = field(compare=False)

    @property
    def end(self) -> int:
        """The position of the first sample after it."""
        return self.position + self.duration


class Timeline:
    """Takes the wraps out of sequence numbers and timestamps of one stream with one clock."""

    def __init__(self, packet: RtpPacket, clock_rate: int) -> None:
        self.ssrc = packet.ssrc
        self.clock_rate = clock_rate
        self._sequence = packet.sequence_number
        self._ticks = packet.timestamp

    def sequence(self, packet: RtpPacket) -> int:
        """The sequence number, counted on across wraps; nearest to the last one asked for."""
        step = (packet.sequence_number - self._sequence) % SEQUENCE_MODULUS
        self._sequence += step - SEQUENCE_MODULUS if step >= SEQUENCE_MODULUS // 2 else step
        return self._sequence

    def position(self, packet: RtpPacket) -> int:
        """The timestamp in samples at 48 kHz, counted on across wraps."""
        step = (packet.timestamp - self._ticks) % TIMESTAMP_MODULUS
        self._ticks += step - TIMESTAMP_MODULUS if step >= TIMESTAMP_MODULUS // 2 else step
        return self._ticks * SAMPLE_RATE // self.clock_rate


class JitterBuffer:
    """A bounded queue ordered by position, one packet for each."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._played: deque[int] = deque(maxlen=_REMEMBERED)
        self._newest: int | None = None  # sequence number
        self.overflowed = 0
        """Packets dropped because too many waited."""

    def __len__(self) -> int:
        return len(self._waiting)

    def insert(self, packet: Waiting, position: int) -> Insertion:
        """Keep `packet` unless `position`, where the listener is, has passed it."""
        # Nearly every packet is newer than all before it, and need not be compared with each.
        newer = (self._newest is None or packet.sequence > self._newest) and (
            not self._waiting or packet.position > self._waiting[-1].position
        )
        if not newer and self._is_known(packet):
            return Insertion.DUPLICATE
        if packet.end <= position:
            return Insertion.LATE
        if newer:
            self._newest = packet.sequence
            self._waiting.append(packet)
        else:
            insort(self._waiting, packet)
        if len(self._waiting) > CAPACITY:
            del self._waiting[0]
            self.overflowed += 1
        return Insertion.STORED

    def _is_known(self, packet: Waiting) -> bool:
        return packet.sequence in self._played or any(
            each.sequence == packet.sequence or each.position == packet.position for each in self._waiting
        )

    @property
    def first(self) -> Waiting | None:
        """The earliest packet."""
        return self._waiting[0] if self._waiting else None

    def pop(self) -> Waiting:
        """Take the earliest packet to be played."""
        packet = self._waiting.pop(0)
        self._played.append(packet.sequence)
        return packet

    def drop_before(self, position: int) -> int:
        """Drop what ends at or before `position`; returns how many packets."""
        count = 0
        while self._waiting and self._waiting[0].end <= position:
            del self._waiting[0]
            count += 1
        return count

    def clear(self) -> int:
        """Drop everything, and forget what was played: another timeline begins. Returns how many packets waited."""
        count = len(self._waiting)
        self._waiting.clear()
        self._played.clear()
        self._newest = None
        return count
