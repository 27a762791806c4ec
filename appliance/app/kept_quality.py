"""The events of a unit whose quality is nobody else's business (`Tracking.remote` is False)."""

from collections.abc import Callable
from dataclasses import replace

from appliance.calls.events import CallTerminated, ClientEvent, Sample
from appliance.calls.quality_events import MediaMetrics
from appliance.quality.summary import QualitySummary


def without_quality(publish: Callable[[ClientEvent], object]) -> Callable[[ClientEvent], None]:
    """Hands on to `publish` what says nothing of quality; feedback is its user's own word, and passes."""

    def published(event: ClientEvent) -> None:
        if isinstance(event, CallTerminated):
            publish(replace(event, summary=QualitySummary()))
        elif not isinstance(event, Sample | MediaMetrics):
            publish(event)

    return published
