"""Writes every discovery message for Home Assistant to judge: `python -m tests.home_assistant.messages FOLDER`."""

import copy
import json
import sys
from pathlib import Path
from typing import Any

from appliance.config.model import COMMANDS
from appliance.mqtt import discovery
from appliance.mqtt.topics import Topics
from appliance.mqtt.unit_states import UnitInfo
from tests.support.unit_messages import INFO

TOPICS = Topics(site="lobby", device="door-1")
EVERYTHING = UnitInfo(software="0.1.0", label="Front door", capabilities=("door", "sound"), commands=COMMANDS)
UNITS = {"desk": INFO, "everything": EVERYTHING, "nothing": UnitInfo(software="0.1.0")}


def right() -> dict[str, dict[str, Any]]:
    """What units announce."""
    return {name: discovery.document(TOPICS, info, volume=name == "everything") for name, info in UNITS.items()}


def wrong() -> dict[str, dict[str, Any]]:
    """The same with one fault each."""
    found: dict[str, dict[str, Any]] = {}
    for name, (component, key, value) in {
        "no such platform": ("door", "platform", "lokc"),
        "no such device class": ("temperature", "device_class", "warmth"),
        "an event without types": ("ring", "event_types", None),
        "a template that is none": ("cpu", "value_template", "{{ value_json.cpu"),
        "a text that is too long": ("display", "max", 4_000),
        "a topic with a wildcard": ("identify", "command_topic", "intercom/+/cmd"),
    }.items():
        message = copy.deepcopy(right()["everything"])
        if value is None:
            del message["components"][component][key]
        else:
            message["components"][component][key] = value
        found[name] = message
    nobody = copy.deepcopy(right()["everything"])
    del nobody["origin"]
    return found | {"nobody's": nobody}


def main(folder: Path) -> None:
    """Write the files that `check.py` reads."""
    samples = {
        value["topic"]: value["payload"]
        for file in sorted((Path(__file__).parents[1] / "data" / "mqtt").glob("*.json"))
        for value in [json.loads(file.read_text())]
    }
    content = {
        "topic": discovery.topic(TOPICS, "homeassistant"),
        "right": right(),
        "wrong": wrong(),
        "samples": samples,
    }
    (folder / "messages.json").write_text(json.dumps(content))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
