"""[I/O] The quality of one call: measured once a second, judged, and told.

counters ──every second──▶ sample ─▶ Sample
                             └─▶ monitor ─┬▶ MediaMetrics
path, microphone, gathering ─────▶ ┘      └▶ WarningRaised, WarningCleared
"""

from collections.abc import Iterable
from typing import Literal, Protocol

from appliance.calls.call_info import CallInfo
from appliance.calls.events import ClientEvent, Sample
from appliance.calls.measurement import Measurement
from appliance.calls.ports import CallHome
from appliance.calls.quality_events import (
    MediaMetrics,
    RemoteAudioStatus,
    WarningCleared,
    WarningRaised,
)
from appliance.calls.state import CallProgress
from appliance.media.events import DeviceChanged, SlowGathering
from appliance.media.session import MediaSession
from appliance.quality.monitor import Finding, Monitor
from appliance.quality.sample import Counters, QualitySample
from appliance.quality.summary import QualitySummary
from appliance.quality.thresholds import (
    ICE_CONNECTION,
    ICE_TIMEOUT,
    MICROPHONE_LOST,
    PRESETS,
    Circumstance,
)
from appliance.tasks import TaskSet


class Measured(Protocol):
    """A call, as its quality watch sees it."""

    media: MediaSession
    progress: CallProgress
    tasks: TaskSet
    muted: bool

    @property
    def info(self) -> CallInfo:
        """A picture of the call as it is now."""

    def emit(self, event: ClientEvent) -> None:
        """Tell the user, unless the call is over."""


class QualityWatch:
    """Everything that is known and told of one call's quality."""

    def __init__(self, home: CallHome, call: Measured) -> None:
        self._home = home
        self._call = call
        self._measurement = Measurement(call.media, home.media, home.clock)
        self._monitor = Monitor(PRESETS[home.settings.quality_preset.lower()])
        self._remote_audio: bool | None = None

    @property
    def last(self) -> QualitySample | None:
        """The latest second; None before the first."""
        return self._measurement.last

    def counters(self) -> Counters:
        """The running totals; those of its end once the call is over."""
        return self._measurement.counters()

    def summary(self) -> QualitySummary:
        """The whole call, up to now or to its end."""
        return self._measurement.result()

    def answered(self) -> None:
        """The call is established: measure it from now on."""
        self._call.tasks.start("quality", self._measurement.run(self._sampled))
        self.device_changed(DeviceChanged(self._home.media.audio_problem))

    def freeze(self) -> None:
        """The call is over."""
        self._measurement.freeze()

    # What happens to the call.

    def changed(self) -> None:
        """It was muted, held, or the opposite."""
        self._tell(self._monitor.changed(self._circumstances()))

    def path(self, state: Literal["connected", "disconnected", "failed"]) -> None:
        """The media path is open, lost, or will not be there (any more)."""
        self._tell(self._monitor.notice(ICE_CONNECTION, state, active=state != "connected"))
        self.changed()

    def gathering(self, event: SlowGathering) -> None:
        """Candidates are long in coming."""
        self._tell(self._monitor.notice(ICE_TIMEOUT, event.took, active=not event.over))

    def device_changed(self, event: DeviceChanged) -> None:
        """The audio device can't be used, or works again."""
        self._tell(self._monitor.notice(MICROPHONE_LOST, 0.0, active=bool(event.problem)))

    def remote_audio(self, *, audible: bool) -> None:
        """The far end says whether it has sound for us."""
        if audible != self._remote_audio:
            self._remote_audio = audible
            self._call.emit(RemoteAudioStatus(call=self._call.info, audible=audible))

    def _sampled(self, sample: QualitySample) -> None:
        self._call.emit(Sample(call=self._call.info, sample=sample))
        self._tell(self._monitor.judge(sample, self._circumstances(), self._home.clock.now()))

    def _circumstances(self) -> Circumstance:
        flow = self._call.media.flow
        present = {
            Circumstance.CONNECTED: flow.connected and not self._call.progress.media_lost,
            Circumstance.SENDING: flow.sends,
            Circumstance.RECEIVING: flow.receives,
            Circumstance.CONTINUOUS: not flow.discontinuous,
            Circumstance.MUTED: self._call.muted,
            Circumstance.UNMUTED: not self._call.muted,
            Circumstance.MICROPHONE: self._home.media.has_audio and not self._home.media.audio_problem,
        }
        result = Circumstance(0)
        for circumstance, so in present.items():
            result |= circumstance if so else Circumstance(0)
        return result

    def _tell(self, findings: Iterable[Finding]) -> None:
        if not self._home.settings.tracking.local:
            return
        for finding in findings:
            info, metric = self._call.info, finding.metric
            if metric is not None:
                self._call.emit(
                    MediaMetrics(
                        call=info,
                        group=metric.group,
                        type=metric.type,
                        value=finding.value,
                        active=finding.active,
                        desc=metric.desc,
                        stream=metric.stream,
                    )
                )
            if finding.warning and finding.active and not finding.repeated:
                self._call.emit(
                    WarningRaised(
                        call=info,
                        name=finding.warning,
                        values=finding.values,
                        samples=finding.samples,
                        threshold=finding.threshold,
                    )
                )
            elif finding.warning and not finding.active:
                self._call.emit(WarningCleared(call=info, name=finding.warning))
