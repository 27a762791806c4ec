"""What is published and understood, to the letter: one sample of each message, in `tests/data/mqtt`.

A reader somewhere relies on every field of them. `make schema` writes them anew; a difference that takes a field away
or gives it another meaning belongs into a `v2`.
"""

import json
from datetime import timedelta
from pathlib import Path

from jsonschema import Draft202012Validator

from appliance.mqtt.bridge import Bridge
from appliance.mqtt.catalogue import messages
from appliance.mqtt.publication import Publication
from appliance.mqtt.schema import schema_of
from tests.support.client_events import every_event
from tests.support.mqtt_schema import FORMATS
from tests.support.unit_messages import (
    ASKED,
    AUDIT,
    DESIRED,
    ENVELOPE,
    INFO,
    LINE,
    REPORTED,
    RESPONSE,
    START,
    STATES,
    TWIN,
)

SAMPLES = Path(__file__).parents[2] / "data" / "mqtt"
BASE = "intercom/v1/lobby/door-1/"


def published() -> dict[str, str]:
    """The name of each sample and its text: topic, QoS and retain, then the payload. The last of a topic is kept."""
    bridge = Bridge("lobby", "door-1", "9f2c1e", info=INFO)
    publications = [*bridge.initial(START), bridge.will(START), bridge.birth(START)]
    for event in every_event():
        publications += bridge.event(event, START)
    after = START + timedelta(minutes=1)
    publications += [bridge.state(state, after) for state in STATES]
    publications += [bridge.happened(AUDIT, after), bridge.happened(TWIN, after)]
    publications += [bridge.response(RESPONSE, after), bridge.reported(REPORTED, after), bridge.log(LINE, after)]
    return dict(map(_sample, publications))


def asked() -> dict[str, str]:
    """The same for what a unit is sent."""
    topics = Bridge("lobby", "door-1", "9f2c1e").topics
    publications = [
        Publication(topic=f"{topics.base}/cmd/{name}", payload=json.dumps(ENVELOPE | own).encode(), qos=1, retain=False)
        for name, own in ASKED.items()
    ]
    desired = Publication(topic=topics.desired, payload=json.dumps(DESIRED).encode(), qos=1, retain=True)
    return dict(map(_sample, [*publications, desired]))


def _sample(publication: Publication) -> tuple[str, str]:
    tail = publication.topic.removeprefix(BASE)
    payload = json.loads(publication.payload)
    if "seq" in payload:
        # Whatever comes before it: another event of the call API changes no other's sample.
        payload |= {"id": "9f2c1e-7", "seq": 7}
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
    assert published() | asked() == kept(), "look at the difference; if it only adds, `make schema`"


def test_every_sample_is_what_its_schema_says() -> None:
    names = {message.name for message in messages()}
    schemas = {message.name: schema_of(message) for message in messages()}
    for file, text in (published() | asked()).items():
        name = file.removesuffix(".json")
        if name.startswith(("status.", "resp.")):
            name = name.partition(".")[0]
        names.discard(name)
        Draft202012Validator(schemas[name], format_checker=FORMATS).validate(json.loads(text)["payload"])
    assert not names, "messages without a sample"


if __name__ == "__main__":
    SAMPLES.mkdir(parents=True, exist_ok=True)
    for stale in SAMPLES.glob("*.json"):
        stale.unlink()
    for name, text in (published() | asked()).items():
        (SAMPLES / name).write_text(text)
