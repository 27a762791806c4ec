"""Our subscriptions: begun, told, refreshed, lost, asked for again, left."""

import pytest

from appliance.errors import UsageError
from appliance.sip.events import HeaderPairs, Notified, SubscriptionEnded, SubscriptionId
from appliance.sip.message import Request, Response
from tests.unit.sip.bench import Bench

EVENTS = "message-summary"


def subscribe(bench: Bench, *, expires: int = 600) -> tuple[SubscriptionId, Request]:
    identifier = bench.core.subscriptions.subscribe("bob", EVENTS, accept="a/b", expires=expires, now=bench.now)
    return identifier, bench.request("SUBSCRIBE")


def notify(
    bench: Bench,
    subscribed: Request,
    state: str = "active;expires=600",
    *,
    sequence: int = 1,
    tag: str = "peer",
    package: str = EVENTS,
    body: bytes = b"x",
) -> None:
    headers: HeaderPairs = (("Event", package), ("Subscription-State", state))
    request = bench.peer_request(
        "NOTIFY",
        sequence=sequence,
        call_id=subscribed.call_id,
        from_tag=tag,
        to_tag=subscribed.from_.tag,
        headers=headers if state else headers[:1],
        body=body,
    )
    bench.give(request)


def active(bench: Bench) -> tuple[SubscriptionId, Request]:
    identifier, request = subscribe(bench)
    bench.answer(request, 200, headers=(("Expires", "600"),))
    notify(bench, request)
    assert bench.statuses() == [200]
    bench.event(Notified)
    return identifier, request


def ended(bench: Bench) -> tuple[int, str, bool]:
    event = bench.event(SubscriptionEnded)
    return event.status, event.reason, event.retrying


def test_what_is_sent_and_told() -> None:
    bench = Bench()
    identifier, request = subscribe(bench)
    assert (request.uri, request.first("Event"), request.first("Accept")) == ("sip:bob@sip.test", EVENTS, "a/b")
    assert request.first("Expires") == "600"
    assert request.first("Contact")
    bench.answer(request, 202, headers=(("Expires", "600"),))
    assert bench.events() == []
    notify(bench, request, body=b"waiting: yes")
    assert bench.statuses() == [200]
    told = bench.event(Notified)
    assert (told.subscription, told.notifier, told.state, told.body) == (identifier, "peer", "active", b"waiting: yes")


def test_the_notify_overtakes_the_response() -> None:
    bench = Bench()
    _, request = subscribe(bench)
    notify(bench, request)
    assert bench.statuses() == [200]
    bench.event(Notified)
    bench.answer(request, 200, headers=(("Expires", "100"),))
    bench.advance(89)
    assert bench.sent() == []
    bench.advance(3)
    refresh = bench.request("SUBSCRIBE")
    assert (refresh.to.tag, refresh.sequence, refresh.call_id) == ("peer", 2, request.call_id)
    assert refresh.uri == "sip:peer@198.51.100.7;transport=ws"


def test_refreshed_in_time_for_ever() -> None:
    bench = Bench()
    active(bench)
    for number in range(2, 6):
        bench.advance(541)
        request = bench.request("SUBSCRIBE")
        assert request.sequence == number
        bench.answer(request, 200, headers=(("Expires", "600"),))
    assert bench.events() == []


def test_the_notifier_may_shorten_it() -> None:
    bench = Bench()
    _, request = active(bench)
    notify(bench, request, "active;expires=60", sequence=2)
    bench.sent()
    bench.event(Notified)
    bench.advance(56)
    bench.request("SUBSCRIBE")


@pytest.mark.parametrize(
    ("state", "package", "sequence", "status"),
    [("", EVENTS, 2, 400), ("active", "presence", 2, 489), ("active", EVENTS, 1, 500)],
)
def test_a_notify_that_is_refused(state: str, package: str, sequence: int, status: int) -> None:
    bench = Bench()
    _, request = active(bench)
    notify(bench, request, state, package=package, sequence=sequence)
    assert bench.statuses() == [status]
    assert bench.events() == []


def test_a_notify_that_belongs_to_nothing() -> None:
    bench = Bench()
    _, request = active(bench)
    bench.give(bench.peer_request("NOTIFY", call_id="other", to_tag=request.from_.tag))
    assert bench.statuses() == [481]


def test_every_phone_of_a_user_tells() -> None:
    bench = Bench()
    identifier, request = subscribe(bench)
    bench.answer(request, 200, tag="one", headers=(("Expires", "600"),))
    for tag in ("one", "two"):
        notify(bench, request, tag=tag)
    assert bench.statuses() == [200, 200]
    assert [event.notifier for event in bench.events() if isinstance(event, Notified)] == ["one", "two"]
    bench.advance(541)
    refreshes = bench.requests("SUBSCRIBE")
    assert [one.to.tag for one in refreshes] == ["one", "two"]
    bench.answer(refreshes[0], 481)
    assert bench.events() == [], "the other is still there"
    bench.answer(refreshes[1], 481)
    assert ended(bench) == (0, "Call/Transaction Does Not Exist", True)
    bench.advance(2.1)
    again = bench.request("SUBSCRIBE")
    assert (again.to.tag, again.call_id == request.call_id) == ("", False)
    assert identifier


@pytest.mark.parametrize("status", [403, 404, 489, 603, 302])
def test_refused_for_good(status: int) -> None:
    bench = Bench()
    _, request = subscribe(bench)
    bench.answer(request, status)
    assert ended(bench)[::2] == (status, False)
    bench.advance(2000)
    assert bench.sent() == []
    assert bench.core.deadline() is None


def test_refused_for_now() -> None:
    bench = Bench()
    _, request = subscribe(bench)
    bench.answer(request, 503, headers=(("Retry-After", "200 (later)"),))
    assert ended(bench) == (503, "Service Unavailable", True)
    bench.advance(199)
    assert bench.sent() == []
    bench.advance(2)
    bench.request("SUBSCRIBE")


def test_too_brief() -> None:
    bench = Bench()
    _, request = subscribe(bench, expires=60)
    bench.answer(request, 423, headers=(("Min-Expires", "300"),))
    again = bench.request("SUBSCRIBE")
    assert again.first("Expires") == "300"
    bench.answer(again, 423, headers=(("Min-Expires", "300"),))
    assert ended(bench)[::2] == (423, False)


@pytest.mark.parametrize(
    ("state", "within", "not_within"),
    [
        ("terminated;reason=deactivated", 2.1, None),
        ("terminated;reason=timeout", 2.1, None),
        ("terminated;reason=probation;retry-after=90", 91, 89),
        ("terminated", 31, 14),
        ("terminated;reason=noresource", None, 3000),
        ("terminated;reason=rejected", None, 3000),
    ],
)
def test_ended_by_the_notifier(state: str, within: float | None, not_within: float | None) -> None:
    bench = Bench()
    _, request = active(bench)
    notify(bench, request, state, sequence=2)
    assert bench.statuses() == [200]
    told, over = bench.events()
    assert isinstance(told, Notified)
    assert told.state == "terminated"
    assert isinstance(over, SubscriptionEnded)
    assert over.retrying is (within is not None)
    if not_within is not None:
        bench.advance(not_within)
        assert bench.sent() == []
    if within is not None:
        bench.advance(within - (not_within or 0))
        assert bench.request("SUBSCRIBE").to.tag == ""


def test_ended_before_the_response() -> None:
    bench = Bench()
    _, request = subscribe(bench)
    notify(bench, request, "terminated;reason=noresource")
    bench.events()
    bench.answer(request, 200, headers=(("Expires", "600"),))
    assert ended(bench) == (0, "noresource", False)


def test_a_notifier_that_never_tells() -> None:
    bench = Bench()
    _, request = subscribe(bench)
    bench.answer(request, 200, headers=(("Expires", "600"),))
    bench.advance(32.1)
    assert ended(bench) == (0, "expired", True)
    bench.advance(2.1)
    bench.request("SUBSCRIBE")


def test_a_refresh_that_is_not_answered_is_tried_again() -> None:
    bench = Bench()
    active(bench)
    bench.advance(541)
    bench.answer(bench.request("SUBSCRIBE"), 500)
    bench.advance(30)
    bench.request("SUBSCRIBE")
    bench.advance(30)
    assert ended(bench) == (0, "expired", True)


def test_a_lost_connection() -> None:
    bench = Bench()
    _, request = active(bench)
    bench.core.disconnected("gone", bench.now)
    bench.events()
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    refresh = bench.request("SUBSCRIBE")
    assert (refresh.call_id, refresh.to.tag) == (request.call_id, "peer")
    bench.events()
    bench.answer(refresh, 200, headers=(("Expires", "600"),))
    assert bench.events() == []


def test_subscribed_before_there_is_a_connection() -> None:
    bench = Bench(connected=False)
    bench.core.subscriptions.subscribe("bob", EVENTS, now=bench.now)
    assert (bench.sent(), bench.events()) == ([], [])
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    bench.request("SUBSCRIBE")


def test_unsubscribed() -> None:
    bench = Bench()
    identifier, request = active(bench)
    bench.core.subscriptions.unsubscribe(identifier, bench.now)
    leave = bench.request("SUBSCRIBE")
    assert (leave.first("Expires"), leave.to.tag) == ("0", "peer")
    assert ended(bench) == (0, "requested", False)
    bench.answer(leave, 200, headers=(("Expires", "0"),))
    notify(bench, request, "terminated;reason=timeout", sequence=2)
    assert bench.statuses() == [200]
    assert bench.events() == []
    bench.advance(40)
    assert (bench.sent(), bench.core.deadline()) == ([], None)
    bench.core.subscriptions.unsubscribe(identifier, bench.now)
    assert bench.sent() == []


def test_unsubscribed_before_the_response() -> None:
    bench = Bench()
    identifier, request = subscribe(bench)
    bench.core.subscriptions.unsubscribe(identifier, bench.now)
    bench.event(SubscriptionEnded)
    bench.answer(request, 200, headers=(("Expires", "600"),))
    assert bench.request("SUBSCRIBE").first("Expires") == "0"
    bench.advance(40)
    assert bench.core.deadline() is None


def test_closing_leaves_it() -> None:
    bench = Bench()
    active(bench)
    bench.core.close(bench.now)
    leave = bench.request("SUBSCRIBE")
    assert not bench.core.is_idle
    bench.answer(leave, 200)
    assert bench.core.is_idle


def test_a_request_of_another_kind_in_its_dialog() -> None:
    bench = Bench()
    _, request = active(bench)
    for method in ("INFO", "BYE", "SUBSCRIBE"):
        bench.give(
            bench.peer_request(method, sequence=5, call_id=request.call_id, from_tag="peer", to_tag=request.from_.tag)
        )
    assert [one.status for one in bench.sent() if isinstance(one, Response)] == [481] * 3


def test_misuse() -> None:
    bench = Bench()
    for package, expires, target in (
        ("", 60, "bob"),
        ("a\r\nb", 60, "bob"),
        ("dialog", 0, "bob"),
        ("dialog", 60, "<>"),
    ):
        with pytest.raises(UsageError):
            bench.core.subscriptions.subscribe(target, package, expires=expires, now=bench.now)
    assert bench.sent() == []
