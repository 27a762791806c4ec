"""What Home Assistant is told: every topic is one of ours, every field a template reads is in its schema."""

import json
import re
from typing import Any

import pytest

from appliance.config.model import COMMANDS
from appliance.mqtt import discovery
from appliance.mqtt.catalogue import messages
from appliance.mqtt.schema import schema_of
from appliance.mqtt.topics import Topics
from appliance.mqtt.unit_states import UnitInfo
from tests.support.unit_messages import INFO

TOPICS = Topics(site="lobby", device="door-1")
EVERYTHING = UnitInfo(
    software="0.1.0", label="Front door", capabilities=("sound", "door"), commands=COMMANDS, mac="dc:a6:32:01:02:03"
)
SCHEMAS = {f"{TOPICS.base}/{message.address}": schema_of(message) for message in messages()}


def components(info: UnitInfo = EVERYTHING, *, volume: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = discovery.document(TOPICS, info, volume=volume)["components"]
    return found


def test_the_message() -> None:
    publication = discovery.announcement(TOPICS, "homeassistant", INFO)
    assert (publication.topic, publication.qos, publication.retain) == (
        "homeassistant/device/lobby/door-1/config",
        1,
        True,
    )
    assert len(publication.payload) < 16_000
    value = json.loads(publication.payload)
    assert value["device"]["connections"] == [["mac", "dc:a6:32:01:02:03"]]
    assert value["device"]["serial_number"] == INFO.serial
    assert value["availability"][0]["topic"] == TOPICS.status
    assert discovery.withdrawal(TOPICS, "homeassistant").payload == b""


@pytest.mark.parametrize("name", components())
def test_every_entity_reads_and_writes_what_there_is(name: str) -> None:
    component = components()[name]
    assert component["unique_id"] == f"intercom-lobby-door-1-{name}"
    if "state_topic" in component:
        schema = SCHEMAS[component["state_topic"]]
        for field in re.findall(r"value_json\.([a-z_.]+)", component["value_template"]):
            assert_field(schema, schema, field)
    if "command_topic" in component:
        schema = SCHEMAS[component["command_topic"]]
        assert set(schema["required"]) <= set(re.findall(r'"([a-z_]+)":', component["command_template"]))


def assert_field(root: dict[str, Any], schema: dict[str, Any], field: str) -> None:
    first, _, rest = field.partition(".")
    schemas = [schema, *schema.get("anyOf", ())]
    resolved = [root["$defs"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in schemas]
    found = [one["properties"][first] for one in resolved if first in one.get("properties", {})]
    assert found, f"{first} is in none of {resolved}"
    if rest:
        assert_field(root, found[0], rest)


def test_only_what_the_unit_accepts_can_be_asked_for() -> None:
    assert {"door", "dnd", "restart", "volume"} <= set(components())
    few = components(UnitInfo(software="1", commands=("identify", "volume", "door_open")), volume=False)
    assert {name for name, one in few.items() if "command_topic" in one} == {"identify"}


def test_the_door_is_nobodys_by_accident() -> None:
    door = components()["door"]
    assert door["enabled_by_default"] is False
    assert door["command_template"].startswith("{% if value == 'OPEN' %}{\"id\": ")
    assert door["command_template"].endswith("{% else %}{}{% endif %}"), "locking is no opening"
