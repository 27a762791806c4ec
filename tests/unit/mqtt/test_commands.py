"""Which commands are let through, and what those that are not are told."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.mqtt.command_payloads import COMMANDS, Refusal
from appliance.mqtt.commands import LARGEST, Gate, Policy, Refused, Request
from appliance.mqtt.received import Received
from appliance.phone.dial_plan import Pattern
from tests.support.unit_messages import ASKED

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EVERYTHING = Policy(allowed=frozenset(COMMANDS), targets=(Pattern.parse("1XX"), Pattern.parse("0.")))


def message(value: object, *, retained: bool = False) -> Received:
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Received(topic="", payload=payload, retained=retained)


def sent(name: str, *, seconds_ago: float = 1.0, **more: Any) -> dict[str, Any]:
    """A command as a manager sends it."""
    time = (NOW - timedelta(seconds=seconds_ago)).isoformat()
    return {"id": "c-1", "time": time, "by": "mara", **ASKED[name], **more}


def without(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != key}


def check(
    name: str, value: object, gate: Gate | None = None, *, retained: bool = False, synchronised: bool = True
) -> Request | Refused:
    return (gate or Gate(EVERYTHING)).check(name, message(value, retained=retained), NOW, synchronised=synchronised)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_read(name: str) -> None:
    found = check(name, sent(name))
    assert isinstance(found, Request), found
    assert isinstance(found.arguments, COMMANDS[name])
    assert found.given == ASKED[name]
    assert (found.envelope.id, found.envelope.by) == ("c-1", "mara")


REFUSALS = [
    ("reboot", sent("reboot"), {"retained": True}, Refusal.RETAINED, "it was kept by the broker"),
    ("volume", b"{", {}, Refusal.MALFORMED, "it is not a JSON object"),
    ("volume", b"[" * 4_000, {}, Refusal.MALFORMED, "it is not a JSON object"),
    ("volume", b"\xff", {}, Refusal.MALFORMED, "it is not a JSON object"),
    ("volume", [], {}, Refusal.MALFORMED, "it is not a JSON object"),
    ("volume", {}, {}, Refusal.MALFORMED, "level is missing"),
    ("volume", {"level": 101}, {}, Refusal.MALFORMED, "level = 101 can't be used: allowed is a whole number 0 to 100"),
    ("volume", {"level": True}, {}, Refusal.MALFORMED, "level = true can't be used"),
    ("volume", {"level": 1.5}, {}, Refusal.MALFORMED, "level = 1.5 can't be used"),
    ("volume", b'{"level": NaN}', {}, Refusal.MALFORMED, "level = null can't be used"),
    ("dnd", {"on": 1}, {}, Refusal.MALFORMED, "on = 1 can't be used: allowed is true or false"),
    ("show_text", {"text": "x" * 65}, {}, Refusal.MALFORMED, "allowed is a text of at most 64 printable characters"),
    ("show_text", {"text": "a\nb"}, {}, Refusal.MALFORMED, 'text = "a\\nb" can\'t be used'),
    ("show_text", {"text": "a", "seconds": "9"}, {}, Refusal.MALFORMED, "allowed is a number 1 to 86400"),
    ("call", sent("call", number="0800 CALL"), {}, Refusal.MALFORMED, "a text of at most 32 digits, * and #"),
    ("call", sent("call", number="200"), {}, Refusal.FORBIDDEN, "does not permit this number"),
    ("call", without(sent("call"), "id"), {}, Refusal.WITHOUT_ID, "call needs an id"),
    ("call", sent("call", id="a b"), {}, Refusal.MALFORMED, 'id = "a b" can\'t be used'),
    ("call", sent("call", seconds_ago=10.5), {}, Refusal.STALE, "it was sent 10.5 s ago; allowed are 10"),
    ("call", sent("call", time="yesterday"), {}, Refusal.MALFORMED, "time = "),
    ("call", sent("call", time="2026-01-02T03:04:05"), {}, Refusal.MALFORMED, "a time with its offset from UTC"),
    ("explode", {"id": "c-9"}, {}, Refusal.UNKNOWN, "known are call, config_apply"),
    ("volume", b" " * (LARGEST + 1), {}, Refusal.OVERSIZED, "it has 4097 octets; allowed are 4096"),
    ("door_open", without(sent("door_open"), "id"), {}, Refusal.WITHOUT_ID, "door_open needs an id"),
    ("door_open", sent("door_open", id=""), {}, Refusal.WITHOUT_ID, "door_open needs an id"),
    ("door_open", without(sent("door_open"), "time"), {}, Refusal.WITHOUT_TIME, "a door needs the time"),
    ("door_open", sent("door_open", time=None), {}, Refusal.WITHOUT_TIME, "a door needs the time"),
    ("door_open", sent("door_open"), {"synchronised": False}, Refusal.CLOCK, "is not synchronised"),
    ("door_open", sent("door_open"), {"retained": True}, Refusal.RETAINED, "it was kept by the broker"),
    ("door_open", sent("door_open", seconds_ago=10.1), {}, Refusal.STALE, "it was sent 10.1 s ago"),
    ("door_open", sent("door_open", seconds_ago=11, expires=3_600), {}, Refusal.STALE, "allowed are 10"),
    ("door_open", sent("door_open", seconds_ago=-11), {}, Refusal.STALE, "11.0 s in the future"),
    ("door_open", sent("door_open", seconds_ago=4, expires=3), {}, Refusal.STALE, "allowed are 3"),
]


@pytest.mark.parametrize(("name", "value", "how", "reason", "detail"), REFUSALS)
def test_refusals(name: str, value: object, how: dict[str, bool], reason: Refusal, detail: str) -> None:
    found = check(name, value, None, **how)
    assert isinstance(found, Refused)
    assert (found.reason, found.name) == (reason, name)
    assert detail in found.detail


def test_what_could_be_read_of_a_refused_command_is_known() -> None:
    for found in (
        check("door_open", sent("door_open"), retained=True),
        check("explode", {"id": "c-1", "by": "mara"}),
        check("call", sent("call", number="200")),
    ):
        assert (found.envelope.id, found.envelope.by) == ("c-1", "mara")


def test_without_permission_nothing_is_done() -> None:
    gate = Gate(Policy(allowed=frozenset({"dnd"})))
    assert isinstance(check("dnd", {"on": True}, gate), Request)
    for name in set(COMMANDS) - {"dnd"}:
        found = check(name, sent(name), gate)
        assert isinstance(found, Refused)
        assert found.reason is Refusal.FORBIDDEN


def test_an_id_counts_once_and_that_of_a_former_start_too() -> None:
    gate = Gate(EVERYTHING)
    gate.recall({"c-0": NOW.timestamp()})
    for command, name in (("c-0", "door_open"), ("c-1", "door_open"), ("c-1", "door_open"), ("c-1", "dnd")):
        first = command == "c-1" and name == "door_open" and not gate_knows(gate, command)
        found = check(name, sent(name, id=command), gate)
        assert isinstance(found, Request if first else Refused), (command, name)
        if isinstance(found, Refused):
            assert found.reason is Refusal.REPEATED


def gate_knows(gate: Gate, command: str) -> bool:
    return command in gate._seen


def test_a_refused_command_does_not_use_its_id_up() -> None:
    gate = Gate(EVERYTHING)
    assert isinstance(check("door_open", sent("door_open"), gate, synchronised=False), Refused)
    assert isinstance(check("door_open", sent("door_open"), gate), Request)


def test_more_than_a_person_can_ask_for_is_refused() -> None:
    gate = Gate(EVERYTHING)
    found = [check("dnd", {"on": True}, gate) for _ in range(25)]
    assert [isinstance(one, Request) for one in found] == [True] * 20 + [False] * 5
    last = found[-1]
    assert isinstance(last, Refused)
    assert last.reason is Refusal.BUSY
    later = gate.check("dnd", message({"on": True}), NOW + timedelta(seconds=11), synchronised=True)
    assert isinstance(later, Request)


def test_the_memory_of_ids_is_bounded_and_forgets_the_oldest() -> None:
    gate = Gate(EVERYTHING)
    for number in range(5_000):
        wall = NOW + timedelta(seconds=number)
        value = message(sent("dnd", id=f"c-{number}", time=wall.isoformat()))
        assert isinstance(gate.check("dnd", value, wall, synchronised=True), Request)
    assert len(gate._seen) <= 2_000
    assert "c-4999" in gate._seen


def test_a_field_that_is_not_known_is_ignored() -> None:
    assert isinstance(check("dnd", sent("dnd", colour="green")), Request)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["id", "time", "expires", "by", "level", "on", "text", "seconds", "number", "door", "minutes"])


@given(
    st.sampled_from([*COMMANDS, "other"]),
    st.dictionaries(fields, json_values | st.datetimes().map(str) | st.datetimes().map(lambda one: f"{one}Z")),
)
def test_nothing_that_is_sent_raises(name: str, value: dict[str, Any]) -> None:
    found = check(name, json.dumps(value).encode())
    assert isinstance(found, Request | Refused)
    if isinstance(found, Refused):
        assert found.detail


@given(st.binary(max_size=200))
def test_nor_do_octets(payload: bytes) -> None:
    assert isinstance(check("door_open", replace(message(b""), payload=payload).payload), Refused)
