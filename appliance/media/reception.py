"""What arrives of one source, in numbers (RFC 3550 §6.4.1, §A.1, §A.3, §A.8)."""

from typing import Final

from appliance.media.loss_runs import LossRuns
from appliance.media.packet import SEQUENCE_MODULUS, TIMESTAMP_MODULUS, RtpPacket
from appliance.units import Milliseconds, Seconds

_MAXIMUM_DROPOUT: Final = 3_000
_MAXIMUM_DISORDER: Final = 100


class Reception:
    """Counts one SSRC's packets. A jump of the sequence numbers that two packets confirm is the sender's restart."""

    def __init__(self) -> None:
        self.packets = 0
        self.octets = 0
        self._base = 0
        self._highest = -1  # extended by the wraps; -1: nothing came yet
        self._restart = -1
        self._lost_before = 0  # of the numberings before the last restart
        self._received = 0  # in this numbering
        self._expected_then = 0
        self._received_then = 0
        self._jitter = 0.0
        self._clock_rate = 0
        self._transit: float | None = None
        self._timestamp = 0
        self.losses = LossRuns()
        self.packet_time = Milliseconds(20.0)
        """Of one packet, by its timestamps: the shortest so far."""

    def received(self, packet: RtpPacket, clock_rate: int, now: Seconds) -> None:
        """One packet came at `now`; `clock_rate` is its payload type's."""
        self.packets += 1
        self.octets += len(packet.payload)
        self._count(packet.sequence_number)
        self._measure(packet.timestamp, clock_rate, now)

    def _count(self, number: int) -> None:
        if self._highest < 0:
            self._begin(number)
        step = (number - self._highest) % SEQUENCE_MODULUS
        if step < _MAXIMUM_DROPOUT:
            for _ in range(1, step):
                self.losses.lost()
            if step:
                self.losses.received()
            self._highest += step
        elif step <= SEQUENCE_MODULUS - _MAXIMUM_DISORDER:
            if number != self._restart:
                self._restart = (number + 1) % SEQUENCE_MODULUS
                return
            self._lost_before += self._lost
            self._begin(number)
        self._restart = -1
        self._received += 1

    def _begin(self, number: int) -> None:
        self._base = self._highest = number
        self._received = 0
        self._expected_then = self._received_then = 0

    def _measure(self, timestamp: int, clock_rate: int, now: Seconds) -> None:
        if clock_rate != self._clock_rate:
            self._jitter *= clock_rate / self._clock_rate if self._clock_rate else 1.0
            self._clock_rate = clock_rate
            self._transit = None
        elif timestamp == self._timestamp:
            return  # more of the same event (RFC 4733 §2.5.1.2), sent later on purpose
        arrival = now * clock_rate
        if self._transit is not None:
            step = (timestamp - self._timestamp + TIMESTAMP_MODULUS // 2) % TIMESTAMP_MODULUS - TIMESTAMP_MODULUS // 2
            if 0 < step < clock_rate // 10:
                self.packet_time = min(self.packet_time, Milliseconds(1000.0 * step / clock_rate))
            difference = abs(arrival - self._transit - step)
            if difference < clock_rate:  # more than a second is a pause or a restart, not jitter
                self._jitter += (difference - self._jitter) / 16.0
        self._transit = arrival
        self._timestamp = timestamp

    @property
    def _expected(self) -> int:
        return self._highest - self._base + 1 if self._highest >= 0 else 0

    @property
    def _lost(self) -> int:
        return self._expected - self._received

    @property
    def packets_lost(self) -> int:
        """Expected less received, as §A.3 has it: duplicates can make it negative."""
        return self._lost_before + self._lost

    @property
    def highest_sequence(self) -> int:
        """The highest sequence number, extended by the count of its wraps."""
        return max(0, self._highest)

    @property
    def jitter_ticks(self) -> int:
        """Interarrival jitter in ticks of the last packet's clock (§A.8)."""
        return int(self._jitter)

    @property
    def jitter(self) -> Milliseconds:
        """Interarrival jitter."""
        return Milliseconds(self._jitter * 1000.0 / self._clock_rate if self._clock_rate else 0.0)

    @property
    def share_lost(self) -> float:
        """Of everything that was sent so far, 0.0-1.0."""
        return max(0, self.packets_lost) / max(1, self.packets + max(0, self.packets_lost))

    def fraction_lost(self) -> int:
        """Lost since the last call of this, in 1/256 of what was expected since."""
        expected = self._expected - self._expected_then
        lost = expected - (self._received - self._received_then)
        self._expected_then, self._received_then = self._expected, self._received
        return min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0
