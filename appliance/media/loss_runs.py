"""Whether losses come alone or in bursts (RFC 3611 §4.7.2, the counting of appendix A.2)."""

from dataclasses import dataclass

from appliance.media.voip_metrics import GAP


@dataclass(frozen=True, slots=True)
class Runs:
    """Densities in 1/256; durations in packets."""

    burst_density: int
    gap_density: int
    burst_packets: float
    gap_packets: float


class LossRuns:
    """Four states: received and lost, within a gap and within a burst; the transitions between them are counted."""

    def __init__(self) -> None:
        self._good = 0  # packets since the last loss
        self._lost = 0  # in this burst
        self._c11 = self._c13 = self._c14 = self._c22 = self._c23 = self._c33 = 0

    def received(self) -> None:
        """A packet came."""
        self._good += 1

    def lost(self) -> None:
        """A packet did not."""
        if self._good >= GAP:
            self._c14 += self._lost == 1
            self._c13 += self._lost > 1
            self._lost = 1
            self._c11 += self._good
        else:
            self._lost += 1
            if self._good == 0:
                self._c33 += 1
            else:
                self._c23 += 1
                self._c22 += self._good - 1
        self._good = 0

    @property
    def runs(self) -> Runs:
        """What it comes to so far."""
        over = self._good >= GAP
        c11, c14 = self._c11 + (self._good if over else 0), self._c14 + (over and self._lost == 1)
        bursts = self._c13 + (self._lost > 1)
        inside = self._c22 + self._c23
        leaving, staying = self._c23 / max(1, bursts + self._c23 + self._c33), self._c22 / max(1, inside)
        returning = 1.0 if inside < 1 else 1.0 - staying
        total = c11 + c14 + 2 * bursts + self._c22 + 2 * self._c23 + self._c33
        gap = (c11 + c14 + bursts) / max(1, bursts)
        return Runs(
            burst_density=min(255, round(256 * returning / (returning + leaving))) if bursts else 0,
            gap_density=min(255, round(256 * c14 / max(1, c11 + c14))),
            burst_packets=total / bursts - gap if bursts else 0.0,
            gap_packets=gap,
        )
