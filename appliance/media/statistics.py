"""What a media session counts."""

from dataclasses import dataclass

from appliance.units import Dbov, Milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStatistics:
    """A reading of a session's running totals and present values.

    Totals go on through holds, codec changes and renewed transports. `packets_lost` is what the sequence numbers say
    (RFC 3550 §A.3), `packets_late` arrived but too late to be played; `remote_*` is what the peer's receiver reports
    say of our stream.
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
