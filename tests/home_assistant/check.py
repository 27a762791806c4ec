"""Runs beside Home Assistant, in a root of its own: what its MQTT integration says to each discovery message.

Each platform's own schema judges each entity, with the device's shared options merged in as the integration does; every
template is rendered by Home Assistant's own engine, states from the samples that readers rely on.
"""

import asyncio
import importlib
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import voluptuous
from homeassistant.components.mqtt import discovery
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.template import Template

REFUSALS = (voluptuous.Invalid, HomeAssistantError, ImportError, ValueError)
COMMAND_VALUES = {
    "switch": ("ON", "OFF"),
    "number": ("60",),
    "text": ('say "hello"',),
    "lock": ("OPEN",),
    "button": ("PRESS",),
}


def judged(topic: str, message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The entities of a message as Home Assistant takes them. Raises what it refuses it with."""
    found = discovery.TOPIC_MATCHER.match(topic.removeprefix("homeassistant/"))
    if found is None:
        raise ValueError(f"{topic} is no discovery topic")
    payload = discovery._parse_device_payload(None, json.dumps(message), found["object_id"], found["node_id"])
    if not payload:
        raise ValueError("the device's schema refuses it")
    entities = {}
    for name, component in payload["components"].items():
        platform = component["platform"]
        config = discovery.MQTTDiscoveryPayload(component)
        del config["platform"]
        discovery._merge_common_device_options(config, payload)
        config |= {"device": payload["device"], "origin": payload["origin"]}
        module = importlib.import_module(f"homeassistant.components.mqtt.{platform}")
        entities[name] = module.DISCOVERY_SCHEMA(dict(config)) | {"platform": platform}
    return entities


def rendered(hass: HomeAssistant, entities: dict[str, dict[str, Any]], samples: dict[str, Any]) -> int:
    """Render every template; how many there were. Raises for one that gives nothing sensible."""
    count = 0
    for name, entity in entities.items():
        if (value := entity.get("value_template")) is not None and entity.get("state_topic") in samples:
            sample = samples[entity["state_topic"]]
            text = Template(value.template, hass).async_render_with_possible_json_value(json.dumps(sample), "ERROR")
            if text in {"ERROR", ""}:
                raise ValueError(f"{name}: {value.template} says {text!r}")
            count += 1
        if (command := entity.get("command_template")) is not None:
            for pressed in COMMAND_VALUES[entity["platform"]]:
                text = Template(command.template, hass).async_render({"value": pressed}, parse_result=False)
                asked = json.loads(text)
                if not {"id", "time", "by"} <= set(asked):
                    raise ValueError(f"{name}: {text}")
                count += 1
    return count


def quiet() -> None:
    """What Home Assistant logs of a refused message is the whole message."""
    logging.getLogger("homeassistant").setLevel(logging.CRITICAL)


async def main(folder: Path) -> int:
    """Judge every message; 0 if all that are right are taken and all that are wrong are not."""
    quiet()
    content = json.loads((folder / "messages.json").read_text())
    failures = 0
    with tempfile.TemporaryDirectory() as home:
        hass = HomeAssistant(home)
        for name, message in content["right"].items():
            try:
                entities = judged(content["topic"], message)
                templates = rendered(hass, entities, content["samples"])
                print(f"taken: {name}: {len(entities)} entities, {templates} templates rendered")
            except REFUSALS as error:
                print(f"REFUSED: {name}: {error}")
                failures += 1
        for name, message in content["wrong"].items():
            try:
                judged(content["topic"], message)
            except REFUSALS as error:
                print(f"refused, as it should be: {name}: {str(error).splitlines()[0][:100]}")
            else:
                print(f"TAKEN: {name}")
                failures += 1
        await hass.async_stop(force=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
