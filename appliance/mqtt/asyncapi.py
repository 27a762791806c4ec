"""The whole of a unit's MQTT as one AsyncAPI 3 document."""

from typing import Any, Final

from appliance.mqtt.catalogue import Message, Sender, messages
from appliance.mqtt.schema import Schema, schema_of
from appliance.mqtt.topics import VERSION

ASYNCAPI: Final = "3.0.0"

_PARAMETERS: Final = {
    "prefix": {"description": "The first level of every topic.", "default": "intercom"},
    "site": {"description": "Where the unit stands."},
    "device": {"description": "Which unit it is there; the name in its certificate."},
    "call": {"description": "The call's UUID; what a topic can't hold is `_`."},
    "command": {"description": "The name of the command that is answered."},
}


def document() -> dict[str, Any]:
    """The document, as JSON; payloads are references to files in `messages/`, one for each."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for message in messages():
        key = _key(message.address)
        channel = channels.setdefault(key, _channel(message))
        channel["messages"][message.name] = _message(message)
        action = "send" if message.sender is Sender.UNIT else "receive"
        reference = {"$ref": f"#/channels/{key}"}
        operations.setdefault(f"{action}.{key}", {"action": action, "channel": reference})
    for key, operation in operations.items():
        if key.startswith("receive.cmd."):
            operation["reply"] = {"channel": {"$ref": "#/channels/resp.command"}}
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "Intercom units",
            "version": VERSION,
            "description": "Seen from a unit: it sends what it is and what happens, and receives what is asked of it. "
            "Within this version messages only gain fields, and lists of values only grow: ignore what you don't know.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
    }


def schemas() -> dict[str, Schema]:
    """The schema of each message by its name."""
    return {message.name: schema_of(message) for message in messages()}


def _key(address: str) -> str:
    return address.replace("/", ".").replace("{", "").replace("}", "")


def _channel(message: Message) -> dict[str, Any]:
    address = f"{{prefix}}/{VERSION}/{{site}}/{{device}}/{message.address}"
    parameters = {name: said for name, said in _PARAMETERS.items() if f"{{{name}}}" in address}
    return {"address": address, "parameters": parameters, "messages": {}}


def _message(message: Message) -> dict[str, Any]:
    return {
        "name": message.name,
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./messages/{message.name}.json"},
        },
        "bindings": {"mqtt": {"bindingVersion": "0.2.0"}},
        "x-retain": message.retain,
        "x-qos": message.qos,
    }
