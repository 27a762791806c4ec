"""`intercom schema`: every MQTT message as AsyncAPI 3 and JSON Schema, made from the types that are sent."""

import argparse
import json
from pathlib import Path
from typing import Any

from appliance.cli.arguments import complain
from appliance.cli.exit_codes import ExitCode


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="where the files go: they may grow, but lose nothing"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    from appliance.mqtt.additive import losses  # noqa: PLC0415 -- only this command needs the calls' types
    from appliance.mqtt.asyncapi import document, schemas  # noqa: PLC0415

    folder: Path = arguments.out
    problems: list[str] = []
    try:
        messages = folder / "messages"
        messages.mkdir(parents=True, exist_ok=True)
        kept = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in messages.glob("*.json")}
        made = schemas()
        problems = losses(kept, made)
        if not problems:
            for name, schema in made.items():
                _write(messages / f"{name}.json", schema)
            _write(folder / "asyncapi.json", document())
    except (OSError, ValueError) as error:
        problems = [f"{folder}: {error}"]
    for problem in problems:
        complain("intercom schema", problem)
    if not problems:
        print(folder)
    return ExitCode.USAGE if problems else ExitCode.DONE


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
