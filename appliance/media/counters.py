"""The running totals of one media session."""

from dataclasses import dataclass

from appliance.media.voip_metrics import VoipMetrics
from appliance.units import Dbov, Milliseconds, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStatistics:
    """A reading of the totals since the session began, and of its present values.

    Lost is what the sequence numbers say (RFC 3550 §A.3); `packets_late` arrived too late to be played;
    `packets_discarded` are duplicates, unknown payload types and damaged ones. `concealed` is what the listener got
    instead of sound that never came, `stretched` what was added or taken away to move the playout delay.
    `remote_*` is what the peer's reports say of our stream; `remote_metrics` its last VoIP metrics (RFC 3611), if any.

    Sound is counted as in W3C's webrtc-stats: energy in squares of full scale times seconds, and the seconds it was
    measured in. `input_*` is what is sent, muted or not; `output_*` is what was decoded.
    """

    codec: str = ""
    packets_sent: int = 0
    bytes_sent: int = 0
    packets_received: int = 0
    bytes_received: int = 0
    packets_lost: int = 0
    packets_late: int = 0
    packets_discarded: int = 0
    jitter: Milliseconds = Milliseconds(0.0)
    round_trip: Milliseconds | None = None
    remote_packets_lost: int = 0
    remote_loss_fraction: float | None = None
    remote_jitter: Milliseconds | None = None
    remote_metrics: VoipMetrics | None = None
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
    muted_voice: Milliseconds = Milliseconds(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """How loud a stream of sound was up to now, and what it is at the moment."""

    energy: float = 0.0
    measured: Seconds = Seconds(0.0)
    audible: Seconds = Seconds(0.0)
    """How long it was louder than a quiet room."""
    level: Dbov = Dbov(-127.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayoutCounters:
    """What `Playout` contributes."""

    packets_late: int
    packets_discarded: int
    played: Milliseconds
    concealed: Milliseconds
    stretched: Milliseconds
    playout_delay: Milliseconds
    underruns: int
    output: Loudness


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureCounters:
    """What `Capture` contributes. `bytes_sent` are payload bytes, without headers (RFC 3550 §6.4.1)."""

    packets_sent: int
    bytes_sent: int
    input: Loudness
    muted_voice: Milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCounters:
    """What `ReportExchange` contributes: what arrived, and what the peer says arrived there."""

    packets_received: int
    bytes_received: int
    packets_lost: int
    jitter: Milliseconds
    round_trip: Milliseconds | None
    remote_packets_lost: int
    remote_loss_fraction: float | None
    remote_jitter: Milliseconds | None
    remote_metrics: VoipMetrics | None


def statistics(
    codec: str, capture: CaptureCounters, playout: PlayoutCounters, reports: ReportCounters
) -> MediaStatistics:
    """The three parts of a session as one reading."""
    return MediaStatistics(
        codec=codec,
        packets_sent=capture.packets_sent,
        bytes_sent=capture.bytes_sent,
        packets_received=reports.packets_received,
        bytes_received=reports.bytes_received,
        packets_lost=reports.packets_lost,
        packets_late=playout.packets_late,
        packets_discarded=playout.packets_discarded,
        jitter=reports.jitter,
        round_trip=reports.round_trip,
        remote_packets_lost=reports.remote_packets_lost,
        remote_loss_fraction=reports.remote_loss_fraction,
        remote_jitter=reports.remote_jitter,
        remote_metrics=reports.remote_metrics,
        played=playout.played,
        concealed=playout.concealed,
        stretched=playout.stretched,
        playout_delay=playout.playout_delay,
        underruns=playout.underruns,
        input_energy=capture.input.energy,
        input_measured=capture.input.measured,
        output_energy=playout.output.energy,
        output_measured=playout.output.measured,
        output_audible=playout.output.audible,
        muted_voice=capture.muted_voice,
    )
