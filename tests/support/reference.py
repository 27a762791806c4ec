"""The API reference of `appliance/calls/README.md`, made from the code: `make reference` writes it, a test compares.

Between two marks of the file stands what this makes: for each class its members with their signatures and the first
sentence of their docstrings, and for each name of the two browser SDKs' documents what it is called here.
"""

import dataclasses
import inspect
import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appliance.calls.audio_devices import DeviceSelection
from appliance.calls.call import Call
from appliance.calls.call_info import CallInfo
from appliance.calls.client import Client
from appliance.calls.events import ClientEvent
from appliance.calls.names import NAMES, Kind
from appliance.calls.settings import ClientSettings
from appliance.media.settings import MediaSettings, VoiceSettings

README: Final = Path(__file__).parents[2] / "appliance" / "calls" / "README.md"
CLASSES: Final[tuple[type, ...]] = (
    Client,
    Call,
    CallInfo,
    DeviceSelection,
    ClientSettings,
    MediaSettings,
    VoiceSettings,
)


def generated() -> dict[str, str]:
    """What stands between the marks, by their names."""
    parts = {kind.__name__: "".join(_rows(kind)) for kind in CLASSES}
    parts["events"] = "".join(_event(kind) for kind in typing.get_args(ClientEvent))
    parts["names"] = "".join(_names())
    return parts


def _rows(kind: type) -> Iterator[str]:
    yield "| | |\n| --- | --- |\n"
    if dataclasses.is_dataclass(kind):
        docs = _field_docs(kind)
        for each in dataclasses.fields(kind):
            yield f"| `{each.name}` | {docs.get(each.name, '')} |\n"
        return
    for base in kind.__mro__[:-1]:
        for name, member in vars(base).items():
            if not name.startswith("_"):
                yield f"| `{_call(name, member)}` | {_first(member.__doc__)} |\n"


def _call(name: str, member: object) -> str:
    """How it is written: with its arguments, or without if it is a property."""
    if not inspect.isfunction(member):
        return name
    parameters = list(inspect.signature(member).parameters.values())[1:]
    shown: list[str] = []
    starred = False
    for each in parameters:
        if each.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            starred = True
            shown.append("*")
        shown.append(each.name if each.default is inspect.Parameter.empty else f"{each.name}={each.default!r}")
    prefix = "await " if inspect.iscoroutinefunction(member) else ""
    return f"{prefix}{name}({', '.join(shown)})".replace("|", "\\|")


def _event(kind: type) -> str:
    fields = ", ".join(each.name for each in dataclasses.fields(kind))
    return f"- `{kind.__name__}({fields})`: {_first(kind.__doc__)}\n"


def _names() -> Iterator[str]:
    yield "| in the documents | here | |\n| --- | --- | --- |\n"
    for kind in Kind:
        for name in (each for each in NAMES if each.kind is kind):
            here = ", ".join(f"`{each}`" for each in name.here)
            yield f"| `{name.document}` ({kind}) | {here} | {name.note} |\n"


def _field_docs(kind: type) -> dict[str, str]:
    """The string under each field of a dataclass; of one whose fields are described above, nothing."""
    source = inspect.getsource(kind)
    found = re.findall(
        r'^    (\w+): [^\n]*(?:\n        [^\n]*|\n    \))*?\n    """(.*?)"""', source, re.MULTILINE | re.DOTALL
    )
    return {name: _first(doc) for name, doc in found}


def _first(doc: str | None) -> str:
    """The first sentence or paragraph, on one line."""
    paragraph = inspect.cleandoc(doc or "").split("\n\n")[0]
    return " ".join(paragraph.split()).replace("|", "\\|")


def written(text: str) -> str:
    """`text`, a README, with what is generated between its marks."""
    for name, part in generated().items():
        begin, end = f"<!-- {name}: made by make reference -->\n", f"<!-- until here: {name} -->\n"
        before, rest = text.split(begin)
        text = f"{before}{begin}{part}{end}{rest.split(end)[1]}"
    return text


def main() -> int:
    """Write it."""
    README.write_text(written(README.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
