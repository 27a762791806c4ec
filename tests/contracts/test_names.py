"""The call API against the documents it answers: each of their names is here, used with a real peer, and described."""

import ast
import typing
from functools import cache
from pathlib import Path

import pytest

from appliance.calls import events
from appliance.calls.events import ClientEvent
from appliance.calls.names import NAMES, Name
from tests.support import reference

_ROOT = Path(__file__).parents[2]
_CLASSES = {kind.__name__: kind for kind in reference.CLASSES}
_EVENTS = {kind.__name__ for kind in typing.get_args(ClientEvent)}


def _exists(here: str) -> bool:
    owner, _, member = here.partition(".")
    if not member:
        return owner in _EVENTS and hasattr(events, owner)
    kind = _CLASSES[owner]
    return hasattr(kind, member) or member in typing.get_type_hints(kind)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: f"{name.kind}-{name.document.partition('(')[0]}")
def test_what_a_document_names_is_here(name: Name) -> None:
    assert [here for here in name.here if not _exists(here)] == []


def test_every_event_is_found_in_one_place() -> None:
    assert set(events.__all__) >= _EVENTS


@cache
def _used() -> frozenset[str]:
    """Every attribute, keyword and name that tests of whole calls and real peers use."""
    found: set[str] = set()
    for folder in ("flows", "peers"):
        for path in sorted((_ROOT / "tests" / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Attribute(attr=name) | ast.Name(id=name) | ast.keyword(arg=str(name)):
                        found.add(name)
                    case ast.Constant(value=str(name)) if name.isidentifier():  # settings by name
                        found.add(name)
    return frozenset(found)


@pytest.mark.parametrize("here", sorted({here for name in NAMES for here in name.here}))
def test_a_test_with_a_real_peer_uses_it(here: str) -> None:
    assert here.rpartition(".")[2] in _used()


def test_the_reference_says_what_the_code_says() -> None:
    text = reference.README.read_text("utf-8")
    assert text == reference.written(text), "make reference"
