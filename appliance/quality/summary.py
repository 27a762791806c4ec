"""What is left of a call's quality when it is over."""

from dataclasses import dataclass

from appliance.quality.sample import Counters, QualitySample
from appliance.units import Milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySummary:
    """Totals and extremes of a call; None where nothing was measured."""

    codec: str = ""
    packets_sent: int = 0
    packets_received: int = 0
    packets_lost: int = 0
    packets_late: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    mean_mos: float | None = None
    worst_mos: float | None = None
    mean_jitter: Milliseconds | None = None
    worst_jitter: Milliseconds | None = None
    mean_round_trip: Milliseconds | None = None
    worst_round_trip: Milliseconds | None = None
    played: Milliseconds = Milliseconds(0.0)
    concealed: Milliseconds = Milliseconds(0.0)


class Summary:
    """Gathers the samples of one call. Its memory does not grow with the call."""

    def __init__(self) -> None:
        self._mos = _Extreme()
        self._jitter = _Extreme()
        self._round_trip = _Extreme()

    def add(self, sample: QualitySample) -> None:
        """Count one sample in. Jitter counts only where something was received."""
        self._mos.add(sample.mos)
        self._jitter.add(sample.jitter if sample.packets_received else None)
        self._round_trip.add(sample.round_trip)

    def result(self, final: Counters) -> QualitySummary:
        """The summary; `final` is the last reading of the counters."""
        return QualitySummary(
            codec=final.codec,
            packets_sent=final.packets_sent,
            packets_received=final.packets_received,
            packets_lost=final.packets_lost,
            packets_late=final.packets_late,
            bytes_sent=final.bytes_sent,
            bytes_received=final.bytes_received,
            mean_mos=self._mos.mean,
            worst_mos=self._mos.lowest,
            mean_jitter=_milliseconds(self._jitter.mean),
            worst_jitter=_milliseconds(self._jitter.highest),
            mean_round_trip=_milliseconds(self._round_trip.mean),
            worst_round_trip=_milliseconds(self._round_trip.highest),
            played=final.played,
            concealed=final.concealed,
        )


class _Extreme:
    """The mean, the lowest and the highest of some numbers; None without any."""

    def __init__(self) -> None:
        self._total = 0.0
        self._count = 0
        self.lowest: float | None = None
        self.highest: float | None = None

    def add(self, value: float | None) -> None:
        if value is None:
            return
        self._total += value
        self._count += 1
        self.lowest = value if self.lowest is None else min(self.lowest, value)
        self.highest = value if self.highest is None else max(self.highest, value)

    @property
    def mean(self) -> float | None:
        return self._total / self._count if self._count else None


def _milliseconds(value: float | None) -> Milliseconds | None:
    return None if value is None else Milliseconds(value)
