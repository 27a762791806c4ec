"""Whether what units send is what the schema in `deploy/schema` says."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

FORMATS = FormatChecker()
KEPT = Path(__file__).parents[2] / "deploy" / "schema"


@FORMATS.checks("date-time", raises=ValueError)
def _moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def validate(tail: str, payload: bytes) -> None:
    """Raise for a message on `tail`, the topic after site and device, that no schema describes."""
    if not payload or tail.startswith("cmd/") or tail == "cfg/desired":
        return  # a retained value is taken away; what a manager sends is the manager's
    value = json.loads(payload)
    names = list(_names(tail, value))
    for name in names:
        if name in _schemas():
            _schemas()[name].validate(value)
            return
    raise AssertionError(f"{tail}: there is no schema among {names}")


def _names(tail: str, value: Any) -> Iterator[str]:
    yield tail.replace("/", ".")
    if tail.startswith("quality/"):
        yield f"quality.{value['kind']}"
    if tail.startswith("resp/"):
        yield "resp"


@cache
def _schemas() -> dict[str, Draft202012Validator]:
    made = {file.stem: json.loads(file.read_text()) for file in (KEPT / "messages").glob("*.json")}
    return {name: Draft202012Validator(schema, format_checker=FORMATS) for name, schema in made.items()}
