"""The schema that integrators have is the one that the types make, and it only ever grows."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from appliance.cli.main import main
from appliance.mqtt.additive import losses
from appliance.mqtt.asyncapi import document, schemas
from appliance.mqtt.catalogue import Sender, messages

KEPT = Path(__file__).parents[3] / "deploy" / "schema"


def kept() -> dict[str, Any]:
    return {file.stem: json.loads(file.read_text()) for file in (KEPT / "messages").glob("*.json")}


def test_the_schema_that_is_kept_is_the_one_that_is_spoken() -> None:
    assert losses(kept(), schemas()) == [], "this belongs into a v2"
    assert kept() == schemas(), "it has grown: `make schema`"
    assert json.loads((KEPT / "asyncapi.json").read_text()) == json.loads(json.dumps(document()))


def test_asyncapi_names_a_file_for_each_message_and_no_other() -> None:
    channels = document()["channels"].values()
    payloads = [one["payload"]["schema"]["$ref"] for channel in channels for one in channel["messages"].values()]
    assert sorted(payloads) == sorted(f"./messages/{message.name}.json" for message in messages())
    for channel in channels:
        assert set(channel["parameters"]) == {part[1:-1] for part in channel["address"].split("/") if part[0] == "{"}


def test_a_message_of_the_unit_may_grow_and_lose_nothing() -> None:
    before = {"state.health": schemas()["state.health"]}

    def after(change: str, value: Any) -> list[str]:
        changed = copy.deepcopy(before)
        schema = changed["state.health"]
        match change:
            case "add":
                schema["properties"]["fan"] = value
                schema["required"].append("fan")
            case "remove":
                del schema["properties"][value]
            case "retype":
                schema["properties"][value]["type"] = "string"
            case "optional":
                schema["required"].remove(value)
            case "describe":
                schema["properties"][value]["description"] = "other words"
        return losses(before, changed)

    assert after("add", {"type": "integer"}) == []
    assert after("describe", "cpu") == []
    assert after("remove", "cpu") == ["state.health: cpu is gone"]
    assert after("retype", "cpu") == ["state.health: cpu type was 'number' and is 'string'"]
    assert after("optional", "cpu") == ["state.health: cpu may be missing"]
    assert losses(before, {}) == ["state.health: is gone"]


def test_a_command_takes_what_it_took_before() -> None:
    before = {name: schemas()[name] for name in ("cmd.volume", "resp")}
    changed = copy.deepcopy(before)
    changed["cmd.volume"]["properties"]["channel"] = {"type": "string"}
    assert losses(before, changed) == []
    changed["cmd.volume"]["required"].append("channel")
    changed["cmd.volume"]["properties"]["level"]["maximum"] = 50
    changed["resp"]["properties"]["status"]["enum"] = ["done", "maybe"]
    assert losses(before, changed) == [
        "cmd.volume: channel is required",
        "cmd.volume: level maximum was 100 and is 50",
        "resp: status can no longer be 'accepted'",
        "resp: status can no longer be 'running'",
        "resp: status can no longer be 'failed'",
        "resp: status can no longer be 'refused'",
    ]


def test_every_message_that_is_published_says_what_it_is() -> None:
    made = schemas()
    for message in messages():
        assert made[message.name]["description"], message.name
        if message.sender is Sender.UNIT:
            assert {"schema", "time", "boot_id"} <= set(made[message.name]["required"]), message.name


def test_the_command_writes_it_and_refuses_to_lose_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--out", str(tmp_path)]) == 0
    assert {file.name for file in tmp_path.iterdir()} == {"asyncapi.json", "messages"}
    file = tmp_path / "messages" / "info.json"
    schema = json.loads(file.read_text())
    schema["properties"]["colour"] = {"type": "string"}
    file.write_text(json.dumps(schema))
    capsys.readouterr()
    assert main(["schema", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "intercom schema: info: colour is gone\n"
    assert "colour" in file.read_text()
