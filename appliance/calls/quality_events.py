"""What the call API tells of a call's quality, beside samples: what stands out, volumes, what its user thinks of it."""

from dataclasses import dataclass

from appliance.calls.call_info import CallEvent
from appliance.quality.feedback import Feedback
from appliance.quality.sample import QualitySample
from appliance.quality.thresholds import Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaMetrics(CallEvent):
    """Something about the sound or the network stands out, or (`active` is False) no longer does: each once.

    `type` is one of high_jitter, high_rtt, high_packetloss, low_mos, no_audio_received, no_microphone_access,
    speaking_on_mute, ice_timeout and ice_connection; `quality.thresholds` has the rules. `ClientSettings` chooses their
    preset, and whether these events come at all.
    """

    group: str
    """"network" or "audio"."""
    level: str = "warning"
    type: str
    value: float | str
    """In the unit of its type: ms, a share of 0.0-1.0, a MOS, dB of full scale, bytes; a state of ice_connection."""
    active: bool
    desc: str
    """What it is, in the SDK's words."""
    stream: str | None
    """Whose sound: "local" (ours, mostly by the far end's reports) or "remote"; None where it is both's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRaised(CallEvent):
    """The same in the second SDK's words, where it has some; once, until `WarningCleared`.

    `name` is one of high-jitter, high-rtt, high-packet-loss, high-packets-lost-fraction, low-mos, low-bytes-sent,
    low-bytes-received, constant-audio-input-level, constant-audio-output-level and ice-connectivity-lost.
    """

    name: str
    values: tuple[float, ...]
    """The readings that decided it, the oldest first; none for ice-connectivity-lost."""
    samples: tuple[QualitySample, ...]
    """The seconds they come from."""
    threshold: Threshold | None
    """What they were judged by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningCleared(CallEvent):
    """A warning is over."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume(CallEvent):
    """How loud the call in progress is, 20 times a second; only for those who subscribe to this class by name.

    0.0 is -100 dB of full scale or less, 1.0 is -30 dB or more. A muted microphone has 0.0.
    """

    input: float
    output: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAudioStatus(CallEvent):
    """The far end, a conference, says whether it has sound for us (INFO "remote-audio" and "no-remote-audio")."""

    audible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackSubmitted(CallEvent):
    """The user said what a call was like."""

    feedback: Feedback


QualityEvent = MediaMetrics | WarningRaised | WarningCleared | Volume | RemoteAudioStatus | FeedbackSubmitted
