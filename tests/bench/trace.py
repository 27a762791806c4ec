"""What a network does to the packets of a call, told by their number: the same for every engine at any time."""

import random
from dataclasses import dataclass
from typing import Final

PACKET: Final = 0.020
"""Seconds of sound in a packet: how numbers become times."""


@dataclass(frozen=True, slots=True)
class Impairment:
    """What happens to RTP. All times are in seconds, and count from the first packet of a direction.

    `loss` is a share, 0..1, lost in runs of `burst` packets; each packet is delayed by 0..`jitter` of its own, so they
    may change places; from `step_at` on, all are `step` later; those from `outage_at` on are lost for `outage`.
    """

    name: str
    loss: float = 0.0
    burst: int = 1
    jitter: float = 0.0
    step: float = 0.0
    step_at: float = 0.0
    outage: float = 0.0
    outage_at: float = 0.0
    seed: int = 1

    def delay(self, direction: int, number: int) -> float | None:
        """Seconds by which packet `number` of a direction (0 or 1) is late; None if it is lost."""
        at = number * PACKET
        if self.outage and self.outage_at <= at < self.outage_at + self.outage:
            return None
        begins = self.loss / self.burst
        if begins and any(self._draw(direction, number - back, "loss") < begins for back in range(self.burst)):
            return None
        late = self.step if self.step and at >= self.step_at else 0.0
        return late + (self.jitter * self._draw(direction, number, "jitter") if self.jitter else 0.0)

    def _draw(self, direction: int, number: int, what: str) -> float:
        return random.Random(f"{self.seed}/{direction}/{number}/{what}").random()


class Numbers:
    """Numbers the packets of a direction by their RTP sequence numbers, from 0 on (RFC 3550 §5.1)."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._first = 0

    def number(self, sequence_number: int) -> int:
        """How many packets were sent before this one, those that were lost counted; 0 for one older than the first."""
        if self._highest is None:
            self._highest = self._first = sequence_number
            return 0
        ahead = (sequence_number - self._highest + 0x8000) % 0x10000 - 0x8000
        extended = self._highest + ahead
        self._highest = max(self._highest, extended)
        return max(0, extended - self._first)
