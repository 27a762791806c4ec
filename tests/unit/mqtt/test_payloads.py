import json
import math
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.calls.call_info import CallEvent, CallInfo, CallState, Direction
from appliance.calls.events import ClientEvent, IncomingCall
from appliance.config.secret import Secret
from appliance.events import event_name
from appliance.mqtt import payloads
from appliance.mqtt.document import MAX_ITEMS, MAX_TEXT, document
from appliance.mqtt.outbox import Limits
from appliance.mqtt.payloads import Numbered
from tests.support.client_events import every_event

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
HEADER = Numbered(time=NOW, boot_id="boot-1", id="boot-1-7", seq=7)


class Colour(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


@dataclass(frozen=True)
class Sensitive:
    user: str = "201"
    password: str = "in clear"
    access_token: str = "in clear"
    wrapped: Secret = field(default_factory=lambda: Secret("in clear"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (2**53, None),
        (10**4000, None),
        (1.23456789, 1.2346),
        (math.nan, None),
        (-math.inf, None),
        (np.float64(0.5), 0.5),
        (np.float32("nan"), None),
        (np.int64(3), 3),
        (Colour.RED, "red"),
        (Number.ONE, 1),
        (NOW, "2026-01-02T03:04:05.678Z"),
        (NOW.astimezone(timezone(timedelta(hours=5))), "2026-01-02T03:04:05.678Z"),
        (NOW.replace(tzinfo=None), "2026-01-02T03:04:05.678Z"),
        (b"plain", "plain"),
        (b"\xff\x00", "ff00"),
        ("nul\0 bell\a line\n", "nul\ufffd bell\ufffd line\n"),
        ("\ud800", "?"),
        ((1, "a"), [1, "a"]),
        ({"b", "a"}, ["a", "b"]),
        (MappingProxyType({"k": (None,)}), {"k": [None]}),
        ({1: "one"}, {"1": "one"}),
    ],
)
def test_values_as_json(value: object, expected: object) -> None:
    assert document(value) == expected


def test_secrets_stay_here() -> None:
    text = json.dumps(document([Sensitive(), {"Proxy-Authorization": "in clear", "X-PH-Floor": "3"}]))
    assert "in clear" not in text
    assert '"user": "201"' in text
    assert '"X-PH-Floor": "3"' in text


def test_what_is_too_long_is_cut() -> None:
    assert document("x" * (MAX_TEXT + 1)) == "x" * (MAX_TEXT - 1) + "…"
    assert len(str(document(b"\xff" * 10_000))) == MAX_TEXT
    many = document({str(number): number for number in range(1_000)})
    assert isinstance(many, dict)
    assert len(many) == MAX_ITEMS
    nested: Any = []
    for _ in range(5_000):
        nested = [nested]
    assert json.dumps(document(nested), ensure_ascii=False) == '[[[[[[["…"]]]]]]]'


def test_an_event_is_its_fields_under_a_header() -> None:
    call = CallInfo(
        call_uuid="u",
        sip_call_id="c",
        direction=Direction.INCOMING,
        state=CallState.RINGING,
        src="sip:a@x",
        dest="sip:b@x",
        extra_headers={"X-PH-Floor": "3"},
    )
    value = json.loads(payloads.event(HEADER, "incoming_call", IncomingCall(call=call, caller_id="a", caller_name="Ä")))
    assert list(value)[:5] == ["schema", "time", "boot_id", "id", "seq"]
    assert value["event"] == "incoming_call"
    assert value["caller_name"] == "Ä"
    assert value["call"]["direction"] == "INCOMING"
    assert value["call"]["state"] == "ringing"
    assert value["call"]["extra_headers"] == {"X-PH-Floor": "3"}


def test_no_event_hides_a_field_of_the_header() -> None:
    header = {field.name for field in fields(Numbered)} | {"event"}
    for kind in get_args(ClientEvent):
        assert not header & {field.name for field in fields(kind)}, kind


def test_every_event_of_the_call_api_is_tried() -> None:
    assert {type(event) for event in every_event()} == set(get_args(ClientEvent))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100)
@given(anything)
def test_anything_becomes_strict_json(value: object) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    encoded = payloads.encode(HEADER, {"value": value})
    assert json.loads(encoded.decode(), parse_constant=refuse)["seq"] == 7


long_text = st.text(max_size=50).map(lambda text: (text or "\U0001f514") * 2_000)


@settings(max_examples=100)
@given(st.lists(st.tuples(long_text, long_text), max_size=40), long_text)
def test_no_peer_makes_an_event_too_large(headers: list[tuple[str, str]], text: str) -> None:
    call = CallInfo(
        call_uuid=text,
        sip_call_id=text,
        direction=Direction.INCOMING,
        state=CallState.RINGING,
        src=text,
        dest=text,
        caller_name=text,
        reason=text,
        extra_headers={f"{index}{name}": value for index, (name, value) in enumerate(headers)},
    )
    payload = payloads.event(HEADER, "incoming_call", IncomingCall(call=call, caller_id=text, caller_name=text))
    assert len(payload) < Limits().publication - 1024


def test_every_call_event_names_its_call() -> None:
    for event in every_event():
        value = json.loads(payloads.event(HEADER, event_name(event), event))
        assert ("call" in value) == isinstance(event, CallEvent)
