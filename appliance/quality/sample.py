"""One second of a call in numbers, from the difference of two readings of the counters."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from appliance.quality import mos
from appliance.units import Dbov, Milliseconds, Seconds

SILENCE: Final = Dbov(-127.0)
"""No sound at all (RFC 6464 §3)."""

_LEAST: Final = 10.0 ** (SILENCE / 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """A reading of a call's running totals, and of its present values.

    Loss is what the sequence numbers say (RFC 3550 §A.3); `late` packets arrived but too late to be played; concealed
    time is what the listener got instead of either. `remote_*` is what the peer's receiver reports say of our stream.

    Sound is counted as in W3C's webrtc-stats (totalAudioEnergy, totalSamplesDuration): energy in squares of full scale
    times seconds, and the seconds it was measured in. `input_*` is what we send, `output_*` what we hear, and
    `microphone_*` what the device itself delivers, whatever mute and processing make of it.
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
    remote_loss_fraction: float | None = None
    """Of the packets between the peer's last two reports, 0.0-1.0; None before the second, or if there were too few."""
    remote_jitter: Milliseconds | None = None
    played: Milliseconds = Milliseconds(0.0)
    concealed: Milliseconds = Milliseconds(0.0)
    stretched: Milliseconds = Milliseconds(0.0)
    playout_delay: Milliseconds = Milliseconds(0.0)
    underruns: int = 0
    input_energy: float = 0.0
    input_measured: Seconds = Seconds(0.0)
    output_energy: float = 0.0
    output_measured: Seconds = Seconds(0.0)
    output_audible: Seconds = Seconds(0.0)
    """How long what we heard was louder than a quiet room."""
    microphone_energy: float = 0.0
    microphone_measured: Seconds = Seconds(0.0)
    muted_voice: Milliseconds = Milliseconds(0.0)
    """How long somebody spoke into a muted microphone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A call up to the end of a sample. `loss_fraction` is 0.0-1.0 of the packets expected so far."""

    packets_sent: int = 0
    bytes_sent: int = 0
    packets_received: int = 0
    bytes_received: int = 0
    packets_lost: int = 0
    packets_late: int = 0
    loss_fraction: float = 0.0
    concealed: Milliseconds = Milliseconds(0.0)
    stretched: Milliseconds = Milliseconds(0.0)
    underruns: int = 0
    audible: Seconds = Seconds(0.0)
    """How long the far end was heard."""

    @classmethod
    def of(cls, counters: Counters) -> "Totals":
        """The totals in a reading."""
        return cls(
            packets_sent=counters.packets_sent,
            bytes_sent=counters.bytes_sent,
            packets_received=counters.packets_received,
            bytes_received=counters.bytes_received,
            packets_lost=counters.packets_lost,
            packets_late=counters.packets_late,
            loss_fraction=_fraction(counters.packets_lost, counters.packets_received + counters.packets_lost),
            concealed=counters.concealed,
            stretched=counters.stretched,
            underruns=counters.underruns,
            audible=counters.output_audible,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySample:
    """One second of a call: rates, differences and levels over the second; jitter, delays and the rest at its end.

    `loss_fraction` is 0.0-1.0 of the packets expected in the second; `mos` is None while nothing is known of the
    round trip or nothing was received. `remote_*` is how the far end receives us, by its last report.
    """

    timestamp: datetime
    """The end of the second, in UTC; wrong until the unit's clock has been set."""
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
    """Of what we sent: -127 when muted."""
    output_level: Dbov
    """Of what we heard."""
    microphone_level: Dbov | None
    """Of the microphone itself, muted or not; None while it delivers nothing, or there is none."""
    muted_voice: Milliseconds
    """How long somebody spoke into the muted microphone: its voiced sounds, about half of speech."""
    mos: float | None
    totals: Totals
    seconds: Seconds = Seconds(1.0)
    """How long the "second" was: a busy loop may make it longer."""


_EPOCH: Final = datetime.fromtimestamp(0, UTC)


class Sampler:
    """Makes samples; `mos` is `quality.mos.estimated`, over what the listener missed: lost and late packets.

    A session that starts its counters again (a reading lower than the one before) yields zeros, never negatives.
    """

    def sample(
        self, previous: Counters, current: Counters, seconds: Seconds, timestamp: datetime = _EPOCH
    ) -> QualitySample:
        """What happened between two readings that are `seconds` apart, the second of them at `timestamp`."""
        received = _grown(previous.packets_received, current.packets_received)
        lost = _grown(previous.packets_lost, current.packets_lost)
        late = _grown(previous.packets_late, current.packets_late)
        return QualitySample(
            timestamp=timestamp,
            codec=current.codec,
            packets_sent=_grown(previous.packets_sent, current.packets_sent),
            bytes_sent=_grown(previous.bytes_sent, current.bytes_sent),
            packets_received=received,
            bytes_received=_grown(previous.bytes_received, current.bytes_received),
            packets_lost=lost,
            packets_late=late,
            loss_fraction=_fraction(lost, received + lost),
            jitter=current.jitter,
            round_trip=current.round_trip,
            remote_loss_fraction=current.remote_loss_fraction,
            remote_jitter=current.remote_jitter,
            concealed=Milliseconds(max(0.0, current.concealed - previous.concealed)),
            stretched=Milliseconds(max(0.0, current.stretched - previous.stretched)),
            playout_delay=current.playout_delay,
            underruns=_grown(previous.underruns, current.underruns),
            input_level=_present(
                _level(current.input_energy - previous.input_energy, current.input_measured - previous.input_measured)
            ),
            output_level=_present(
                _level(
                    current.output_energy - previous.output_energy, current.output_measured - previous.output_measured
                )
            ),
            microphone_level=_level(
                current.microphone_energy - previous.microphone_energy,
                current.microphone_measured - previous.microphone_measured,
            ),
            muted_voice=Milliseconds(max(0.0, current.muted_voice - previous.muted_voice)),
            mos=mos.estimated(current.round_trip, current.jitter, _fraction(lost + late, received + lost))
            if received
            else None,
            totals=Totals.of(current),
            seconds=seconds,
        )


def _grown(before: int, after: int) -> int:
    return max(0, after - before)


def _fraction(part: int, whole: int) -> float:
    return min(1.0, part / whole) if whole else 0.0


def _level(energy: float, measured: float) -> Dbov | None:
    """The mean level of what had this energy; None if nothing was measured."""
    if measured <= 0.0:
        return None
    power = min(1.0, energy / measured)
    return Dbov(10.0 * math.log10(power)) if power > _LEAST else SILENCE


def _present(level: Dbov | None) -> Dbov:
    return SILENCE if level is None else level
