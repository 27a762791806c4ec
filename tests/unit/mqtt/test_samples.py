"""What is published, to the letter: one sample of each topic, in `tests/data/mqtt`.

A reader somewhere relies on every field of them. `python -m tests.unit.mqtt.test_samples` writes them anew; a
difference that takes a field away or gives it another meaning belongs into a `v2`.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.mqtt.bridge import Bridge
from appliance.mqtt.payloads import Dropped, UnitInfo
from appliance.mqtt.publication import Publication
from tests.support.client_events import every_event

SAMPLES = Path(__file__).parents[2] / "data" / "mqtt"
BASE = "intercom/v1/lobby/door-1/"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def published() -> dict[str, str]:
    """The name of each sample and its text: topic, QoS and retain, then the payload. The last of a topic is kept."""
    info = UnitInfo(software="0.1.0", model="desk", serial="1000000012345678", hardware="Raspberry Pi 4 B")
    bridge = Bridge("lobby", "door-1", "9f2c1e", info=info)
    publications = [*bridge.initial(START), bridge.will(START), bridge.birth(START)]
    for number, event in enumerate(every_event(), start=1):
        publications += bridge.event(event, START + timedelta(seconds=number))
    publications.append(bridge.dropped(Dropped(events=2, metrics=14), START + timedelta(minutes=1)))
    return dict(map(_sample, publications))


def _sample(publication: Publication) -> tuple[str, str]:
    tail = publication.topic.removeprefix(BASE)
    payload = json.loads(publication.payload)
    if tail.startswith("quality/"):
        tail = f"quality/{payload['kind']}"
    if tail == "status":
        tail = f"status/{payload['state']}"
    text = {
        "topic": publication.topic,
        "qos": publication.qos,
        "retain": publication.retain,
        "payload": payload,
    }
    return f"{tail.replace('/', '.')}.json", json.dumps(text, indent=2, ensure_ascii=False) + "\n"


def kept() -> dict[str, str]:
    return {file.name: file.read_text() for file in SAMPLES.glob("*.json")}


def test_every_topic_has_its_sample_and_keeps_to_it() -> None:
    assert published() == kept()


if __name__ == "__main__":
    SAMPLES.mkdir(parents=True, exist_ok=True)
    for stale in SAMPLES.glob("*.json"):
        stale.unlink()
    for name, text in published().items():
        (SAMPLES / name).write_text(text)
