"""What the rules read off a sample. None says nothing: too little is known of that second."""

from typing import Final

from appliance.quality import mos as formulas
from appliance.quality.sample import QualitySample
from appliance.units import Dbov

SILENT: Final = -70.0
"""dB of full scale: below every room a telephone stands in, and above the silence of every codec (PCMA's is -72)."""

FLOOR: Final = -100.0
"""The lowest level that is told, as the SDKs have it."""

LOUDEST: Final = -30.0
"""The other end of the scale of volumes."""

_FEW: Final = 10
"""Packets in a second: fewer are those of a pause (RFC 7587 §3.1.3 has two or three), and say little of the network."""

_HEARD: Final = 0.3
"""Seconds of sound after which the far end's microphone is known to work."""


def jitter(sample: QualitySample) -> float | None:
    """Of the far end's packets, in ms."""
    return sample.jitter if sample.packets_received else None


def remote_jitter(sample: QualitySample) -> float | None:
    """Of our packets where they arrive, in ms."""
    return sample.remote_jitter


def round_trip(sample: QualitySample) -> float | None:
    """In ms."""
    return sample.round_trip


def loss(sample: QualitySample) -> float | None:
    """Of the far end's packets, 0.0-1.0."""
    return sample.loss_fraction if sample.packets_received + sample.packets_lost >= _FEW else None


def remote_loss(sample: QualitySample) -> float | None:
    """Of our packets on their way, 0.0-1.0."""
    return sample.remote_loss_fraction


def mos(sample: QualitySample) -> float | None:
    """Of what we hear; no pause says anything about that."""
    return sample.mos if sample.packets_received + sample.packets_lost >= _FEW else None


def worse_mos(sample: QualitySample) -> float | None:
    """The first SDK's: its own formula, for the worse of the two directions."""
    if sample.round_trip is None or sample.packets_received + sample.packets_lost < _FEW:
        return None
    ours = formulas.plivo(sample.round_trip, sample.jitter, sample.loss_fraction)
    if sample.remote_jitter is None or sample.remote_loss_fraction is None:
        return ours
    return min(ours, formulas.plivo(sample.round_trip, sample.remote_jitter, sample.remote_loss_fraction))


def microphone_level(sample: QualitySample) -> float | None:
    """Of the microphone itself, in dB of full scale."""
    return None if sample.microphone_level is None else max(FLOOR, sample.microphone_level)


def far_end_level(sample: QualitySample) -> float | None:
    """Of the far end, in dB of full scale; nothing is said of silence that is meant.

    Packets a few in a second are a pause (DTX). A far end that was heard before and now sends silence in its usual
    packets has muted itself, which can't be told from a microphone that has died since: its own telephone tells that.
    """
    if not sample.packets_received:
        return FLOOR
    level = max(FLOOR, sample.output_level)
    meant = sample.packets_received < _FEW or sample.totals.audible >= _HEARD
    return None if level < SILENT and meant else level


def bytes_sent(sample: QualitySample) -> float | None:
    """Of payload, in the second."""
    return float(sample.bytes_sent)


def bytes_received(sample: QualitySample) -> float | None:
    """Of payload, in the second."""
    return float(sample.bytes_received)


def muted_voice(sample: QualitySample) -> float | None:
    """Voice in the muted microphone, in ms."""
    return sample.muted_voice


def microphone_volume(sample: QualitySample) -> float | None:
    """Of the microphone, on the second SDK's scale of 0 to 32767."""
    return None if sample.microphone_level is None else 32_767.0 * volume(sample.microphone_level)


def volume(level: Dbov) -> float:
    """A level on the SDKs' scale: 0.0 is -100 dB of full scale, 1.0 is -30 dB and more."""
    return min(1.0, max(0.0, (level - FLOOR) / (LOUDEST - FLOOR)))
