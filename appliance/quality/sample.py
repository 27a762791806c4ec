"""One second of a call in numbers, from the difference of two readings of the counters."""

from dataclasses import dataclass

from appliance.units import Dbov, Milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """A reading of a call's running totals, and of its present values.

    Loss is what the sequence numbers say (RFC 3550 §A.3); `late` packets arrived but too late to be played; concealed
    time is what the listener got instead of either. `remote_*` is what the peer's receiver reports say of our stream.
    """

    codec: str = ""
    packets_sent: int = 0
    bytes_sent: int = 0
    packets_received: int = 0
    bytes_received: int = 0
    packets_lost: int = 0
    packets_late: int = 0
    jitter: Milliseconds = Milliseconds(0.0)
    round_trip: Milliseconds | None = None
    remote_packets_lost: int = 0
    remote_jitter: Milliseconds | None = None
    played: Milliseconds = Milliseconds(0.0)
    concealed: Milliseconds = Milliseconds(0.0)
    stretched: Milliseconds = Milliseconds(0.0)
    playout_delay: Milliseconds = Milliseconds(0.0)
    underruns: int = 0
    input_level: Dbov = Dbov(-127.0)
    output_level: Dbov = Dbov(-127.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySample:
    """One second of a call: rates and differences over the second, levels as they were at its end.

    `loss_fraction` is 0.0-1.0 of the packets expected in the second; `mos` is None while nothing is known of the
    round trip or nothing was received.
    """

    codec: str
    packets_sent: int
    bytes_sent: int
    packets_received: int
    bytes_received: int
    packets_lost: int
    packets_late: int
    loss_fraction: float
    jitter: Milliseconds
    round_trip: Milliseconds | None
    remote_loss_fraction: float | None
    remote_jitter: Milliseconds | None
    concealed: Milliseconds
    stretched: Milliseconds
    playout_delay: Milliseconds
    underruns: int
    input_level: Dbov
    output_level: Dbov
    mos: float | None
