"""Event and Subscription-State, as peers write them."""

import pytest

from appliance.sip.event_header import EventType, SubscriptionState, seconds
from tests.unit.sip.bench import Bench


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("refer;id=93809824", EventType("refer", "93809824")),
        ("Message-Summary", EventType("message-summary")),
        ("dialog ; sla ; id=x", EventType("dialog", "x")),
        ("", None),
        (";id=3", None),
    ],
)
def test_event(value: str, expected: EventType | None) -> None:
    assert EventType.of(Bench().peer_request("NOTIFY", headers=(("Event", value),))) == expected


def test_event_is_written_as_it_is_read() -> None:
    for value in ("refer;id=2", "dialog"):
        assert str(EventType.of(Bench().peer_request("NOTIFY", headers=(("Event", value),)))) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("active;expires=599", SubscriptionState(state="active", expires=599)),
        ("Terminated;reason=NoResource", SubscriptionState(state="terminated", reason="noresource")),
        (
            "terminated; reason=probation; retry-after=30",
            SubscriptionState(state="terminated", reason="probation", retry_after=30),
        ),
        ("active;expires=-1", SubscriptionState(state="active")),
        ("", None),
    ],
)
def test_subscription_state(value: str, expected: SubscriptionState | None) -> None:
    request = Bench().peer_request("NOTIFY", headers=(("Subscription-State", value),))
    assert SubscriptionState.of(request) == expected


def test_subscription_state_is_written() -> None:
    assert str(SubscriptionState(state="active", expires=60)) == "active;expires=60"
    assert str(SubscriptionState(state="terminated", reason="timeout")) == "terminated;reason=timeout"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("60", 60), ("9999999999", 604_800), ("99999999999", None), ("٣", None), (None, None)],
)
def test_seconds(text: str | None, expected: int | None) -> None:
    assert seconds(text) == expected
