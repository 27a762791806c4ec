"""Two cores on one wire: whole calls, races, losses."""

import pytest

from appliance.sip.events import (
    Acknowledged,
    Answered,
    Cancelled,
    Ended,
    Failed,
    Incoming,
    InviteId,
    Offered,
    Progress,
    Reanswered,
    ReofferFailed,
    RequestReceived,
    ResponseReceived,
)
from appliance.sip.message import Request, Response
from tests.unit.sip.bench import ANSWER, OFFER, OTHER, Bench, Pair


def names(bench: Bench) -> list[str]:
    return [type(event).__name__ for event in bench.events()]


def ring(pair: Pair) -> tuple[InviteId, InviteId]:
    """Alice calls Bob, whose telephone rings."""
    alice = pair.alice.core.invite("bob", OFFER, now=pair.clock.now())
    pair.exchange()
    bob = pair.bob.event(Incoming).invite
    pair.bob.core.provisional(bob, 180, now=pair.clock.now())
    pair.exchange()
    assert pair.alice.event(Progress).status == 180
    return alice, bob


def talk(pair: Pair) -> tuple[InviteId, InviteId]:
    alice, bob = ring(pair)
    pair.bob.core.answer(bob, ANSWER, now=pair.clock.now())
    pair.exchange()
    assert pair.alice.event(Answered).body == ANSWER
    assert pair.bob.event(Acknowledged).body is None
    return alice, bob


@pytest.mark.parametrize("caller_ends", [True, False])
def test_a_call(caller_ends: bool) -> None:
    pair = Pair()
    alice, bob = talk(pair)
    if caller_ends:
        pair.alice.core.bye(alice, now=pair.clock.now())
    else:
        pair.bob.core.bye(bob, now=pair.clock.now())
    pair.exchange()
    assert pair.alice.event(Ended).local is caller_ends
    assert pair.bob.event(Ended).local is not caller_ends
    assert pair.alice.core.is_idle
    assert pair.bob.core.is_idle
    pair.advance(40)
    assert pair.alice.core.deadline() is None, "nothing is left that keeps time"
    assert pair.bob.core.deadline() is None


def test_both_hang_up_at_once() -> None:
    pair = Pair()
    alice, bob = talk(pair)
    pair.alice.core.bye(alice, now=pair.clock.now())
    pair.bob.core.bye(bob, now=pair.clock.now())
    pair.exchange()
    assert pair.alice.event(Ended).local
    assert pair.bob.event(Ended).local
    assert pair.alice.core.is_idle
    assert pair.bob.core.is_idle


def test_cancel() -> None:
    pair = Pair()
    alice, _ = ring(pair)
    pair.alice.core.cancel(alice, now=pair.clock.now())
    pair.exchange()
    assert isinstance(pair.bob.event(Cancelled), Cancelled)
    assert pair.alice.event(Failed).status == 487
    assert pair.alice.core.is_idle


def test_cancel_crosses_the_answer() -> None:
    pair = Pair()
    alice, bob = ring(pair)
    pair.bob.core.answer(bob, ANSWER, now=pair.clock.now())
    pair.alice.core.cancel(alice, now=pair.clock.now())
    pair.exchange()
    failed = pair.alice.event(Failed)
    assert (failed.status, failed.local) == (487, True)
    assert names(pair.bob) == ["Acknowledged", "Ended"]
    assert pair.alice.core.is_idle
    assert pair.bob.core.is_idle


def test_cancel_crosses_the_refusal() -> None:
    pair = Pair()
    alice, bob = ring(pair)
    pair.bob.core.reject(bob, 486, now=pair.clock.now())
    pair.alice.core.cancel(alice, now=pair.clock.now())
    pair.exchange()
    failed = pair.alice.event(Failed)
    assert (failed.status, failed.local) == (486, False)
    assert names(pair.bob) == []


def test_the_answer_is_lost_twice() -> None:
    pair = Pair()
    _, bob = ring(pair)
    pair.bob.core.answer(bob, ANSWER, now=pair.clock.now())
    pair.exchange(lose=lambda message: isinstance(message, Response) and message.status == 200)
    assert names(pair.alice) == []
    pair.advance(0.6)
    assert names(pair.alice) == ["Answered"]
    assert names(pair.bob) == ["Acknowledged"]


def test_the_ack_is_lost() -> None:
    pair = Pair()
    _, bob = ring(pair)
    pair.bob.core.answer(bob, ANSWER, now=pair.clock.now())
    pair.exchange(lose=lambda message: isinstance(message, Request) and message.method == "ACK")
    assert names(pair.bob) == []
    pair.advance(0.6)
    assert names(pair.alice) == ["Answered"]
    assert names(pair.bob) == ["Acknowledged"]
    acknowledgements = [one for one in pair.log if isinstance(one, Request) and one.method == "ACK"]
    assert len(acknowledgements) == 2
    assert acknowledgements[0] == acknowledgements[1]


def test_hold_and_resume_from_both_sides() -> None:
    pair = Pair()
    alice, bob = talk(pair)
    for offerer, answerer, invite in ((pair.alice, pair.bob, alice), (pair.bob, pair.alice, bob)):
        for method in ("INVITE", "UPDATE"):
            offerer.core.reoffer(invite, OTHER, method=method, now=pair.clock.now())
            pair.exchange()
            offered = answerer.event(Offered)
            assert (offered.method, offered.body) == (method, OTHER)
            answerer.core.accept_offer(offered.offer_id, ANSWER, now=pair.clock.now())
            pair.exchange()
            assert offerer.event(Reanswered).body == ANSWER
    pair.advance(40)
    assert names(pair.alice) == names(pair.bob) == []


def test_glare() -> None:
    """Both offer at once: both get 491, the one that did not make the Call-ID tries again first (RFC 3261 §14.1)."""
    pair = Pair()
    alice, bob = talk(pair)
    pair.alice.core.reoffer(alice, OFFER, now=pair.clock.now())
    pair.bob.core.reoffer(bob, OTHER, now=pair.clock.now())
    pair.exchange()
    assert names(pair.alice) == names(pair.bob) == []
    pair.advance(2.05)
    offered = pair.alice.event(Offered)
    assert offered.body == OTHER
    pair.alice.core.accept_offer(offered.offer_id, ANSWER, now=pair.clock.now())
    pair.exchange()
    assert pair.bob.event(Reanswered).body == ANSWER
    pair.advance(3)
    offered = pair.bob.event(Offered)
    assert offered.body == OFFER
    pair.bob.core.accept_offer(offered.offer_id, ANSWER, now=pair.clock.now())
    pair.exchange()
    assert pair.alice.event(Reanswered).body == ANSWER
    pair.advance(40)
    assert ReofferFailed not in {type(event) for event in (*pair.alice.events(), *pair.bob.events())}


def test_info_both_ways() -> None:
    pair = Pair()
    alice, bob = talk(pair)
    for sender, receiver, invite in ((pair.alice, pair.bob, alice), (pair.bob, pair.alice, bob)):
        sender.core.request(
            "INFO", invite, content_type="application/dtmf-relay", body=b"Signal=5\r\n", now=pair.clock.now()
        )
        pair.exchange()
        received = receiver.event(RequestReceived)
        assert (received.method, received.content_type, received.body) == (
            "INFO",
            "application/dtmf-relay",
            b"Signal=5\r\n",
        )
        receiver.core.respond(received.request, 200, now=pair.clock.now())
        pair.exchange()
        assert sender.event(ResponseReceived).status == 200


def test_the_peer_vanishes() -> None:
    pair = Pair()
    alice, _ = talk(pair)
    pair.alice.core.request("INFO", alice, now=pair.clock.now())
    pair.exchange(lose=lambda _: True)
    pair.alice.advance(32.1)
    answered, ended = pair.alice.events()
    assert isinstance(answered, ResponseReceived)
    assert (answered.status, answered.local) == (408, True)
    assert isinstance(ended, Ended)
    assert (ended.local, ended.status) == (True, 408)


def test_a_message_outside_a_dialog() -> None:
    pair = Pair()
    pair.alice.core.request("MESSAGE", "bob", content_type="text/plain", body=b"hello", now=pair.clock.now())
    pair.exchange()
    received = pair.bob.event(RequestReceived)
    assert received.body == b"hello"
    pair.bob.core.respond(received.request, 202, now=pair.clock.now())
    pair.exchange()
    assert pair.alice.event(ResponseReceived).status == 202


def test_close_ends_everything() -> None:
    pair = Pair()
    talk(pair)
    second = pair.bob.core.invite("alice", OFFER, now=pair.clock.now())
    pair.exchange()
    pair.alice.events()
    pair.bob.core.close(pair.clock.now())
    pair.exchange()
    assert {type(event) for event in pair.bob.events()} == {Ended, Failed}
    assert {type(event) for event in pair.alice.events()} == {Ended, Cancelled}
    assert names(pair.alice) == []
    assert pair.bob.core.is_idle
    assert second


def test_fifty_calls_leave_nothing() -> None:
    pair = Pair()
    for _ in range(50):
        alice, _ = talk(pair)
        pair.alice.core.bye(alice, now=pair.clock.now())
        pair.exchange()
        pair.alice.events()
        pair.bob.events()
    pair.advance(40)
    for bench in (pair.alice, pair.bob):
        transactions = bench.core._endpoint.transactions
        assert (transactions._clients, transactions._servers, len(bench.core._usages)) == ({}, {}, 0)
