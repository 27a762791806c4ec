"""When a call's quality is worth a word: rules as data, in three presets.

A rule reads one number of each sample and judges the last of them against a threshold. What it finds has two names: a
metric, as the first SDK has it, and a warning, as the second; either may be missing.

    documented   what the documents say: 3 of the last 5 seconds, told once, and once when it is over
    plivo        the first SDK as shipped: means of 5 s, 2 of 3 of them, decided every 10 s and told again each time
    twilio       the second SDK as shipped: 3 of the last 10 seconds, cleared by 10 good ones, not within 5 s

The presets give the shipped SDKs' windows and limits, not their faults: the first one's loss limit for Opus is applied,
a second without a MOS raises no alarm, and digital silence stands for its "identical levels".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Flag, StrEnum, auto
from typing import Final, Literal

from appliance.quality import readings
from appliance.quality.sample import QualitySample
from appliance.units import Seconds


class Circumstance(Flag):
    """What is so during a second. A rule is asked only where what it needs was so from the beginning to the end."""

    CONNECTED = auto()
    """The media path is open."""
    SENDING = auto()
    """Our sound should be going out: nobody holds, and that was agreed."""
    RECEIVING = auto()
    """The far end's should be coming in."""
    CONTINUOUS = auto()
    """Our encoder sends in silence too (no DTX)."""
    MUTED = auto()
    UNMUTED = auto()
    MICROPHONE = auto()
    """There is one, and it works."""


class Valued(StrEnum):
    """What a metric gives as its value."""

    CURRENT = "current"
    """The latest reading; of a sum, the sum."""
    AVERAGE = "average"
    """The mean of the bad readings; once it is over, the latest reading."""
    NOTHING = "nothing"
    """0: it has no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The first SDK's name for it. `stream` is whose sound: ours ("local") or the far end's; None where it is both."""

    group: Literal["network", "audio"]
    type: str
    desc: str
    stream: Literal["local", "remote"] | None = None
    valued: Valued = Valued.CURRENT


Bound = Literal["max", "min", "maxAverage", "minSum", "minStandardDeviation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What is bad: a reading over `max` or under `min`, or all of a window over its mean or under its sum or spread."""

    name: Bound
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that is watched; `name` is its own within a preset."""

    name: str
    metric: Metric | None = None
    warning: str = ""
    reading: Callable[[QualitySample], float | None]
    """None says nothing: the second does not count, neither way."""
    threshold: Threshold
    other_codecs: float | None = None
    """The threshold's value for codecs that are not Opus, if it is another."""
    clear_value: float | None = None
    """Of a whole window's mean: it is over at this value, if that is another."""
    needs: Circumstance
    window: int = 5
    """Readings that are judged together."""
    raise_at: int = 3
    """Bad ones among them that raise it."""
    clear_at: int = 1
    """No more bad ones than this clear it."""
    whole: bool = False
    """Only a full window is judged."""
    hold: Seconds = Seconds(0.0)
    """It is not cleared within this time."""
    span: int = 1
    """Samples whose mean is one reading."""
    stride: int = 1
    """Readings from one decision on a full window to the next."""
    repeat: bool = False
    """The metric is told again with every decision that finds it still there."""
    zero_when_over: bool = False
    """The metric's value is 0 then, instead of the latest reading."""

    def limit(self, codec: str) -> Threshold:
        """The threshold that is valid for `codec`, a name of SDP's."""
        if self.other_codecs is None or codec.lower() == "opus":
            return self.threshold
        return replace(self.threshold, value=self.other_codecs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Rules that belong together. For `settle` seconds after the path has opened, nothing is judged."""

    rules: tuple[Rule, ...]
    settle: Seconds = Seconds(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that is not read off samples but happens: a state, with a metric and perhaps a warning."""

    metric: Metric
    warning: str = ""


_CONNECTED: Final = Circumstance.CONNECTED
_OUT: Final = _CONNECTED | Circumstance.SENDING
_IN: Final = _CONNECTED | Circumstance.RECEIVING
_SPEAKING: Final = _OUT | Circumstance.UNMUTED | Circumstance.MICROPHONE

ICE_TIMEOUT: Final = Notice(metric=Metric(group="network", type="ice_timeout", desc="Possible NAT/Firewall issue"))
"""Gathering candidates takes longer than 2 s; the value is in ms. Where it may not take so long, it is never told."""

ICE_CONNECTION: Final = Notice(
    metric=Metric(group="network", type="ice_connection", desc="network drop"), warning="ice-connectivity-lost"
)
"""The media path: "disconnected" (it is being rebuilt), "failed" (it was never there, or will not be), "connected"."""

NO_MICROPHONE: Final = Metric(group="audio", type="no_microphone_access", desc="no access to the microphone")
MICROPHONE_LOST: Final = Notice(metric=NO_MICROPHONE)
"""The device is gone, or does not work."""

_JITTER_OUT: Final = Rule(
    name="jitter local",
    metric=Metric(group="network", type="high_jitter", desc="jitterLocalMeasures", stream="local"),
    reading=readings.remote_jitter,
    threshold=Threshold(name="max", value=30.0),
    needs=_OUT,
)
_JITTER_IN: Final = Rule(
    name="jitter remote",
    metric=Metric(group="network", type="high_jitter", desc="jitterRemoteMeasures", stream="remote"),
    warning="high-jitter",
    reading=readings.jitter,
    threshold=Threshold(name="max", value=30.0),
    needs=_IN,
)
_ROUND_TRIP: Final = Rule(
    name="round trip",
    metric=Metric(group="network", type="high_rtt", desc="high latency", valued=Valued.AVERAGE),
    warning="high-rtt",
    reading=readings.round_trip,
    threshold=Threshold(name="max", value=400.0),
    needs=_CONNECTED,
)
_LOSS_OUT: Final = Rule(
    name="loss local",
    metric=Metric(
        group="network",
        type="high_packetloss",
        desc="packetLossLocalMeasure",
        stream="local",
        valued=Valued.AVERAGE,
    ),
    reading=readings.remote_loss,
    threshold=Threshold(name="max", value=0.10),
    other_codecs=0.20,
    needs=_OUT,
)
_LOSS_IN: Final = Rule(
    name="loss remote",
    metric=Metric(
        group="network",
        type="high_packetloss",
        desc="packetLossRemoteMeasure",
        stream="remote",
        valued=Valued.AVERAGE,
    ),
    warning="high-packet-loss",
    reading=readings.loss,
    threshold=Threshold(name="max", value=0.10),
    other_codecs=0.20,
    needs=_IN,
)
_MOS: Final = Rule(
    name="mos",
    metric=Metric(group="network", type="low_mos", desc="mosRemoteMeasure"),
    warning="low-mos",
    reading=readings.mos,
    threshold=Threshold(name="min", value=3.0),
    needs=_IN,
)
_SILENT_OUT: Final = Rule(
    name="silence local",
    metric=Metric(group="audio", type="no_audio_received", desc="local_audio", stream="local"),
    warning="constant-audio-input-level",
    reading=readings.microphone_level,
    threshold=Threshold(name="min", value=readings.SILENT),
    needs=_SPEAKING,
)
_SILENT_IN: Final = Rule(
    name="silence remote",
    metric=Metric(group="audio", type="no_audio_received", desc="remote_audio", stream="remote"),
    warning="constant-audio-output-level",
    reading=readings.far_end_level,
    threshold=Threshold(name="min", value=readings.SILENT),
    needs=_IN,
)
_STARVED: Final = Rule(
    name="microphone",
    metric=NO_MICROPHONE,
    reading=readings.bytes_sent,
    threshold=Threshold(name="minSum", value=80.0),
    needs=_OUT | Circumstance.CONTINUOUS,
    window=3,
    whole=True,
)
_SPEAKING_ON_MUTE: Final = Rule(
    name="speaking on mute",
    metric=Metric(
        group="audio", type="speaking_on_mute", desc="User is trying to speak on mute", valued=Valued.NOTHING
    ),
    reading=readings.muted_voice,
    threshold=Threshold(name="max", value=250.0),
    needs=_OUT | Circumstance.MUTED,
    raise_at=2,
    clear_at=0,
)
_NOTHING_SENT: Final = Rule(
    name="bytes sent",
    warning="low-bytes-sent",
    reading=readings.bytes_sent,
    threshold=Threshold(name="min", value=1.0),
    needs=_OUT | Circumstance.CONTINUOUS,
    window=3,
    clear_at=2,
)
_NOTHING_RECEIVED: Final = Rule(
    name="bytes received",
    warning="low-bytes-received",
    reading=readings.bytes_received,
    threshold=Threshold(name="min", value=1.0),
    needs=_IN,
    window=3,
    clear_at=2,
)
_COMMON: Final = (_STARVED, _SPEAKING_ON_MUTE, _NOTHING_SENT, _NOTHING_RECEIVED)
"""The same in every preset: the SDKs have nothing that works, or nothing else."""

DOCUMENTED: Final = Preset(
    rules=(_JITTER_OUT, _JITTER_IN, _ROUND_TRIP, _LOSS_OUT, _LOSS_IN, _MOS, _SILENT_OUT, _SILENT_IN, *_COMMON)
)


def _plivo(rule: Rule) -> Rule:
    return replace(
        rule, window=3, raise_at=2, clear_at=1, whole=True, span=5, stride=2, repeat=True, zero_when_over=True
    )


PLIVO: Final = Preset(
    rules=(
        _plivo(_JITTER_OUT),
        _plivo(_JITTER_IN),
        _plivo(_ROUND_TRIP),
        _plivo(replace(_LOSS_OUT, other_codecs=0.02)),
        _plivo(replace(_LOSS_IN, other_codecs=0.02)),
        _plivo(replace(_MOS, reading=readings.worse_mos, threshold=Threshold(name="min", value=3.5))),
        _plivo(_SILENT_OUT),
        _plivo(_SILENT_IN),
        *_COMMON,
    ),
    settle=Seconds(5.0),
)


def _twilio(rule: Rule) -> Rule:
    return replace(rule, window=10, raise_at=3, clear_at=0, hold=Seconds(5.0))


TWILIO: Final = Preset(
    rules=(
        _twilio(_JITTER_OUT),
        _twilio(_JITTER_IN),
        _twilio(_ROUND_TRIP),
        _twilio(replace(_LOSS_OUT, threshold=Threshold(name="max", value=0.01), other_codecs=None)),
        _twilio(replace(_LOSS_IN, threshold=Threshold(name="max", value=0.01), other_codecs=None)),
        Rule(
            name="mean loss",
            warning="high-packets-lost-fraction",
            reading=readings.loss,
            threshold=Threshold(name="maxAverage", value=0.03),
            clear_value=0.01,
            needs=_IN,
            window=7,
            whole=True,
            hold=Seconds(5.0),
        ),
        _twilio(_MOS),
        _twilio(replace(_SILENT_OUT, warning="")),
        _twilio(replace(_SILENT_IN, warning="")),
        Rule(
            name="constant microphone",
            warning="constant-audio-input-level",
            reading=readings.microphone_volume,
            threshold=Threshold(name="minStandardDeviation", value=327.67),
            needs=_SPEAKING,
            window=10,
            whole=True,
            hold=Seconds(5.0),
        ),
        _STARVED,
        _SPEAKING_ON_MUTE,
        replace(_NOTHING_SENT, hold=Seconds(5.0)),
        replace(_NOTHING_RECEIVED, hold=Seconds(5.0)),
    ),
    settle=Seconds(5.0),
)

PRESETS: Final = {"documented": DOCUMENTED, "plivo": PLIVO, "twilio": TWILIO}
