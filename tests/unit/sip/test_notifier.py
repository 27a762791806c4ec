"""A peer's subscription to us: decided on, told, refreshed, ended by either side."""

import pytest

from appliance.errors import UsageError
from appliance.sip.events import (
    HeaderPairs,
    Notified,
    RequestReceived,
    Resubscribed,
    Subscribing,
    SubscriptionEnded,
    SubscriptionId,
)
from appliance.sip.message import Request, Response
from tests.unit.sip.bench import Bench, Pair
from tests.unit.sip.test_two_cores import names

TYPE = "application/dialog-info+xml"


def asked(bench: Bench, *, expires: str = "600", headers: HeaderPairs = (("Event", "dialog"),)) -> Subscribing:
    bench.give(bench.peer_request("SUBSCRIBE", headers=(*headers, ("Expires", expires))))
    assert bench.sent() == []
    return bench.event(Subscribing)


def accepted(bench: Bench, *, expires: str = "600") -> tuple[SubscriptionId, Response]:
    subscription = asked(bench, expires=expires).subscription
    bench.core.subscriptions.accept(subscription, bench.now)
    (response,) = bench.sent()
    assert isinstance(response, Response)
    return subscription, response


def tell(bench: Bench, subscription: SubscriptionId, body: bytes, *, final: str = "") -> None:
    bench.core.subscriptions.notify(subscription, TYPE, body, final=final, now=bench.now)


def told(bench: Bench) -> Request:
    """What was told, and acknowledged by the subscriber."""
    request = bench.request("NOTIFY")
    bench.answer(request, 200)
    return request


def again(bench: Bench, first: Response, *, sequence: int = 2, expires: str = "600") -> None:
    headers: HeaderPairs = (("Event", "dialog"), ("Expires", expires))
    bench.give(bench.in_dialog("SUBSCRIBE", first, sequence=sequence, headers=headers))


def test_accepted_and_told() -> None:
    bench = Bench()
    event = asked(bench)
    assert (event.package, event.expires, event.from_uri) == ("dialog", 600, "sip:bob@sip.test")
    bench.core.subscriptions.accept(event.subscription, bench.now)
    tell(bench, event.subscription, b"<one/>")
    response, request = bench.sent()
    assert isinstance(response, Response)
    assert (response.status, response.first("Expires")) == (200, "600")
    assert response.first("Contact")
    assert isinstance(request, Request)
    assert (request.method, request.to.tag, request.from_.tag) == ("NOTIFY", "peer", response.to.tag)
    assert (request.first("Event"), request.first("Subscription-State")) == ("dialog", "active;expires=600")
    assert (request.first("Content-Type"), request.body) == (TYPE, b"<one/>")
    bench.answer(request, 200)
    bench.advance(100)
    tell(bench, event.subscription, b"<two/>")
    assert told(bench).first("Subscription-State") == "active;expires=500"
    assert bench.events() == []


def test_the_newest_state_waits_for_the_answer_to_the_one_before() -> None:
    bench = Bench()
    subscription, _ = accepted(bench)
    for body in (b"1", b"2", b"3"):
        tell(bench, subscription, body)
    first = bench.request("NOTIFY")
    assert first.body == b"1"
    bench.answer(first, 200)
    assert told(bench).body == b"3"
    assert bench.sent() == []


@pytest.mark.parametrize("status", [403, 603])
def test_refused(status: int) -> None:
    bench = Bench()
    event = asked(bench)
    bench.core.subscriptions.refuse(event.subscription, status, bench.now)
    assert bench.statuses() == [status]
    tell(bench, event.subscription, b"x")
    assert (bench.sent(), bench.core._endpoint.transactions.is_idle) == ([], True)


def test_nobody_decides() -> None:
    bench = Bench()
    asked(bench)
    bench.advance(8.1)
    assert bench.statuses() == [480]
    bench.advance(10)
    assert bench.core.deadline() is None


@pytest.mark.parametrize(("wanted", "granted"), [("5", "10"), ("99999", "3600")])
def test_limits(wanted: str, granted: str) -> None:
    _, response = accepted(Bench(), expires=wanted)
    assert response.first("Expires") == granted


def test_asked_once() -> None:
    """RFC 6665 §4.4.3."""
    bench = Bench()
    event = asked(bench, expires="0")
    assert event.expires == 0
    bench.core.subscriptions.accept(event.subscription, bench.now)
    tell(bench, event.subscription, b"x")
    response, request = bench.sent()
    assert response.first("Expires") == "0"
    assert isinstance(request, Request)
    assert (request.first("Subscription-State"), request.body) == ("terminated;reason=timeout", b"x")
    bench.answer(request, 200)
    bench.event(SubscriptionEnded)


def test_refreshed() -> None:
    bench = Bench()
    subscription, response = accepted(bench)
    tell(bench, subscription, b"x")
    told(bench)
    bench.advance(500)
    again(bench, response)
    assert bench.statuses() == [200]
    assert bench.event(Resubscribed).subscription == subscription
    bench.advance(500)
    assert bench.sent() == []
    again(bench, response)
    assert bench.statuses() == [500], "CSeq did not go up"


def test_it_runs_out() -> None:
    bench = Bench()
    subscription, response = accepted(bench)
    tell(bench, subscription, b"x")
    told(bench)
    bench.advance(600.1)
    last = told(bench)
    assert (last.first("Subscription-State"), last.body) == ("terminated;reason=timeout", b"x")
    assert bench.event(SubscriptionEnded).subscription == subscription
    again(bench, response)
    assert bench.statuses() == [481]


def test_ended_by_the_subscriber() -> None:
    bench = Bench()
    subscription, response = accepted(bench)
    tell(bench, subscription, b"x")
    told(bench)
    again(bench, response, expires="0")
    answer, last = bench.sent()
    assert isinstance(answer, Response)
    assert answer.status == 200
    assert last.first("Subscription-State") == "terminated;reason=timeout"
    again(bench, response, sequence=3)
    assert bench.statuses() == [481]
    bench.advance(33)
    assert bench.event(SubscriptionEnded).status == 408


@pytest.mark.parametrize("status", [481, 408])
def test_a_subscriber_that_is_gone(status: int) -> None:
    bench = Bench()
    subscription, _ = accepted(bench)
    tell(bench, subscription, b"x")
    bench.answer(bench.request("NOTIFY"), status)
    assert bench.event(SubscriptionEnded).status == status
    tell(bench, subscription, b"y")
    assert bench.sent() == []


def test_ended_by_us() -> None:
    bench = Bench()
    subscription, _ = accepted(bench)
    tell(bench, subscription, b"x", final="noresource")
    assert told(bench).first("Subscription-State") == "terminated;reason=noresource"
    bench.event(SubscriptionEnded)
    bench.advance(40)
    assert bench.core.deadline() is None


def test_what_could_not_be_told_is_told_when_the_connection_is_back() -> None:
    bench = Bench()
    subscription, _ = accepted(bench)
    bench.core.disconnected("gone", bench.now)
    tell(bench, subscription, b"1")
    tell(bench, subscription, b"2")
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    bench.events()
    assert told(bench).body == b"2"


def test_closing_says_so() -> None:
    bench = Bench()
    subscription, _ = accepted(bench)
    tell(bench, subscription, b"x")
    told(bench)
    bench.core.close(bench.now)
    assert bench.request("NOTIFY").first("Subscription-State") == "terminated;reason=probation"


def test_there_can_be_so_many() -> None:
    bench = Bench()
    for number in range(70):
        bench.give(bench.peer_request("SUBSCRIBE", call_id=f"c{number}", headers=(("Event", "dialog"),)))
    assert bench.statuses() == [480] * 6
    assert len(bench.events()) == 64


def test_only_a_refer_makes_a_subscription_to_its_progress() -> None:
    bench = Bench()
    bench.give(bench.peer_request("SUBSCRIBE", headers=(("Event", "refer"),)))
    assert bench.statuses() == [403]


def test_between_two() -> None:
    pair = Pair()
    ours = pair.alice.core.subscriptions.subscribe("bob", "dialog", accept=TYPE, expires=600, now=pair.clock.now())
    pair.exchange()
    theirs = pair.bob.event(Subscribing).subscription
    pair.bob.core.subscriptions.accept(theirs, pair.clock.now())
    tell(pair.bob, theirs, b"idle")
    pair.exchange()
    assert pair.alice.event(Notified).body == b"idle"
    for _ in range(3):
        pair.advance(541)
        assert names(pair.bob) == ["Resubscribed"]
        tell(pair.bob, theirs, b"busy")
        pair.exchange()
        assert pair.alice.event(Notified).body == b"busy"
    pair.alice.core.subscriptions.unsubscribe(ours, pair.clock.now())
    pair.exchange()
    assert names(pair.alice) == ["SubscriptionEnded"]
    assert names(pair.bob) == ["SubscriptionEnded"]
    pair.advance(40)
    assert pair.alice.core.deadline() is None
    assert pair.bob.core.deadline() is None


def test_one_that_nobody_subscribed_to() -> None:
    """Some registrars tell of waiting messages without being asked."""
    bench = Bench()
    headers: HeaderPairs = (("Event", "message-summary"), ("Subscription-State", "active"))
    bench.give(bench.peer_request("NOTIFY", headers=headers, body=b"Messages-Waiting: yes\r\n"))
    bench.core.respond(bench.event(RequestReceived).request, 200, now=bench.now)
    assert bench.statuses() == [200]


def test_misuse() -> None:
    bench = Bench()
    subscription, _ = accepted(bench)
    with pytest.raises(UsageError):
        tell(bench, subscription, b"x", final="a\r\nb")
    with pytest.raises(UsageError):
        bench.core.subscriptions.refuse(subscription, 200, bench.now)
