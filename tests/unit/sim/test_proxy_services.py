"""What supplementary services need of the proxy: 302, REFER, SUBSCRIBE to several phones, MESSAGE, Replaces."""

from typing import TypeVar

from appliance.sim.location import Flow
from appliance.sip.events import (
    Acknowledged,
    Answered,
    Failed,
    Incoming,
    InviteId,
    Notified,
    Progress,
    Referred,
    RequestReceived,
    ResponseReceived,
    Subscribing,
)
from appliance.sip.refer import SIPFRAG, progress, sipfrag
from tests.unit.sim.test_proxy import Exchange

E = TypeVar("E")


def told(exchange: Exchange, flow: Flow, kind: type[E]) -> E:
    """The last event of a kind."""
    return [event for event in exchange.said[flow] if isinstance(event, kind)][-1]


def ring(exchange: Exchange, caller: Flow, callee: Flow, to: str) -> tuple[InviteId, InviteId]:
    now = exchange.clock.now()
    ours = exchange.phones[caller].invite(to, b"offer", now=now)
    exchange.settle()
    theirs = told(exchange, callee, Incoming).invite
    exchange.phones[callee].provisional(theirs, 180, now=now)
    exchange.settle()
    assert told(exchange, caller, Progress).status == 180
    return ours, theirs


def talk(exchange: Exchange, caller: Flow, callee: Flow, to: str) -> tuple[InviteId, InviteId]:
    ours, theirs = ring(exchange, caller, callee, to)
    exchange.phones[callee].answer(theirs, b"answer", now=exchange.clock.now())
    exchange.settle()
    told(exchange, caller, Answered)
    told(exchange, callee, Acknowledged)
    return ours, theirs


def test_a_caller_who_is_sent_elsewhere_gets_there() -> None:
    exchange = Exchange()
    alice, bob, other = exchange.phone("alice"), exchange.phone("bob"), exchange.phone("alice")
    now = exchange.clock.now()
    exchange.phones[alice].invite("bob", b"offer", now=now)
    exchange.settle()
    exchange.phones[bob].reject(told(exchange, bob, Incoming).invite, 302, contacts=("sip:alice@sip.test",), now=now)
    exchange.settle()
    assert told(exchange, alice, Failed).contacts == ("sip:alice@sip.test",)
    # The Contact of a 302 says nothing of where bob is.
    exchange.phones[bob].invite("sip:alice@sip.test", b"offer", now=now)
    exchange.settle()
    assert told(exchange, other, Incoming).from_uri == "sip:bob@sip.test"


def test_refer_and_its_progress() -> None:
    exchange = Exchange()
    alice, bob = exchange.phone("alice"), exchange.phone("bob")
    ours, theirs = talk(exchange, alice, bob, "bob")
    now = exchange.clock.now()
    exchange.phones[alice].subscriptions.refer(ours, "sip:carol@sip.test", now=now)
    exchange.settle()
    referred = told(exchange, bob, Referred)
    assert (referred.invite, referred.target) == (theirs, "sip:carol@sip.test")
    exchange.phones[bob].subscriptions.accept(referred.subscription, now)
    exchange.phones[bob].subscriptions.notify(referred.subscription, SIPFRAG, sipfrag(180), now=now)
    exchange.settle()
    assert progress(told(exchange, alice, Notified).body) == (180, "Ringing")


def test_a_subscription_reaches_every_phone_of_a_user() -> None:
    exchange = Exchange()
    alice, one, two = exchange.phone("alice"), exchange.phone("bob"), exchange.phone("bob")
    now = exchange.clock.now()
    exchange.phones[alice].subscriptions.subscribe("bob", "dialog", now=now)
    exchange.settle()
    for flow in (one, two):
        subscription = told(exchange, flow, Subscribing).subscription
        exchange.phones[flow].subscriptions.accept(subscription, now)
        exchange.phones[flow].subscriptions.notify(subscription, "a/b", b"idle", now=now)
    exchange.settle()
    notifiers = {event.notifier for event in exchange.said[alice] if isinstance(event, Notified)}
    assert len(notifiers) == 2


def test_a_message_in_a_call_and_outside() -> None:
    exchange = Exchange()
    alice, bob = exchange.phone("alice"), exchange.phone("bob")
    ours, theirs = talk(exchange, alice, bob, "bob")
    now = exchange.clock.now()
    for target, invite in ((ours, theirs), ("bob", None)):
        exchange.phones[alice].request("MESSAGE", target, content_type="text/plain", body=b"hi", now=now)
        exchange.settle()
        received = told(exchange, bob, RequestReceived)
        assert (received.invite, received.body) == (invite, b"hi")
        exchange.phones[bob].respond(received.request, 202, now=now)
        exchange.settle()
        assert told(exchange, alice, ResponseReceived).status == 202


def test_replaces_reaches_the_phone_that_has_the_dialog() -> None:
    exchange = Exchange()
    alice, bob, other = exchange.phone("alice"), exchange.phone("bob"), exchange.phone("bob")
    ours, theirs = talk(exchange, alice, bob, "bob")
    snapshot = exchange.phones[alice].snapshot(ours)
    assert snapshot is not None
    headers = (("Replaces", str(snapshot.replaces)),)
    now = exchange.clock.now()
    for target in ("sip:bob@sip.test", snapshot.target):
        exchange.phones[alice].invite(target, b"offer", headers=headers, now=now)
        exchange.settle()
        incoming = told(exchange, bob, Incoming)
        assert incoming.replaces == theirs
        exchange.phones[bob].reject(incoming.invite, 486, now=now)
        exchange.settle()
    assert told(exchange, other, Incoming).replaces is None, "the other phone only ever rang for the first call"
