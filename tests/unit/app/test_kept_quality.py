"""What leaves a unit whose quality is to stay."""

from appliance.app.kept_quality import without_quality
from appliance.calls.events import CallTerminated, ClientEvent, Sample
from appliance.calls.quality_events import FeedbackSubmitted, MediaMetrics
from appliance.quality.summary import QualitySummary
from tests.support.client_events import every_event


def test_nothing_of_quality_passes_but_what_its_user_says() -> None:
    passed: list[ClientEvent] = []
    publish = without_quality(passed.append)
    for event in every_event():
        publish(event)
    kinds = [type(event) for event in passed]
    kept = [type(event) for event in every_event() if not isinstance(event, Sample | MediaMetrics)]
    assert kinds == kept
    assert FeedbackSubmitted in kinds
    (ended,) = (event for event in passed if isinstance(event, CallTerminated))
    assert ended.summary == QualitySummary()
