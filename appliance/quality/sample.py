"""One second of a call in numbers, from the difference of two readings of the counters."""

from dataclasses import dataclass

from appliance.quality import mos
from appliance.units import Dbov, Milliseconds, Seconds


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
    seconds: Seconds = Seconds(1.0)
    """How long the "second" was: a busy loop may make it longer."""


class Sampler:
    """Makes samples; `mos` is `quality.mos.estimated`, over what the listener missed: lost and late packets.

    A session that starts its counters again (a reading lower than the one before) yields zeros, never negatives.
    """

    def sample(self, previous: Counters, current: Counters, seconds: Seconds) -> QualitySample:
        """What happened between two readings that are `seconds` apart."""
        received = _grown(previous.packets_received, current.packets_received)
        lost = _grown(previous.packets_lost, current.packets_lost)
        late = _grown(previous.packets_late, current.packets_late)
        sent = _grown(previous.packets_sent, current.packets_sent)
        return QualitySample(
            codec=current.codec,
            packets_sent=sent,
            bytes_sent=_grown(previous.bytes_sent, current.bytes_sent),
            packets_received=received,
            bytes_received=_grown(previous.bytes_received, current.bytes_received),
            packets_lost=lost,
            packets_late=late,
            loss_fraction=_fraction(lost, received + lost),
            jitter=current.jitter,
            round_trip=current.round_trip,
            remote_loss_fraction=_remote_loss(previous, current, sent),
            remote_jitter=current.remote_jitter,
            concealed=Milliseconds(max(0.0, current.concealed - previous.concealed)),
            stretched=Milliseconds(max(0.0, current.stretched - previous.stretched)),
            playout_delay=current.playout_delay,
            underruns=_grown(previous.underruns, current.underruns),
            input_level=current.input_level,
            output_level=current.output_level,
            mos=mos.estimated(current.round_trip, current.jitter, _fraction(lost + late, received + lost))
            if received
            else None,
            seconds=seconds,
        )


def _grown(before: int, after: int) -> int:
    return max(0, after - before)


def _fraction(part: int, whole: int) -> float:
    return min(1.0, part / whole) if whole else 0.0


def _remote_loss(previous: Counters, current: Counters, sent: int) -> float | None:
    """None until the peer has reported, which its jitter tells."""
    if current.remote_jitter is None or not sent:
        return None
    return _fraction(_grown(previous.remote_packets_lost, current.remote_packets_lost), sent)
