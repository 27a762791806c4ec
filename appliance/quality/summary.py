"""What is left of a call's quality when it is over."""

from dataclasses import dataclass

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
