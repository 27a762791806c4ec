"""On which line of a TOML file a key stands: `tomllib` does not say."""

import re
from collections.abc import Mapping
from typing import Final

_TABLE: Final = re.compile(r"^\s*\[\[?\s*(?P<name>[A-Za-z0-9_.\s\"'-]+?)\s*\]?\]\s*(?:#.*)?$")
_KEY: Final = re.compile(r"^\s*(?P<name>[A-Za-z0-9_.\"'-]+)\s*=")


def positions(text: str) -> Mapping[str, int]:
    """Line numbers, from 1, by dotted name: `line.user`, and `line` for the table's own heading.

    Reads lines, not TOML: a `key =` inside a multi-line string is taken for a key, which at worst names a wrong line.
    """
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _TABLE.match(line):
            table = _plain(heading["name"])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            name = _plain(key["name"])
            found.setdefault(f"{table}.{name}" if table else name, number)
    return found


def _plain(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))
