"""REFER and Replaces as values, and between two user agents."""

import pytest

from appliance.errors import UsageError
from appliance.sip.events import (
    Acknowledged,
    Answered,
    Ended,
    Failed,
    HeaderPairs,
    Incoming,
    InviteId,
    Notified,
    Progress,
    Referred,
    SubscriptionEnded,
    SubscriptionId,
)
from appliance.sip.message import Request
from appliance.sip.refer import SIPFRAG, Referral, progress, sipfrag
from appliance.sip.replaces import Replaces
from tests.unit.sip.bench import ANSWER, OFFER, Bench, Pair
from tests.unit.sip.test_two_cores import names, ring, talk

REPLACED = Replaces(call_id="12@h", to_tag="t", from_tag="f")


# As values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<sip:carol@sip.test>", Referral(target="sip:carol@sip.test")),
        ("sip:carol@sip.test", Referral(target="sip:carol@sip.test")),
        ('"Carol" <sip:carol@sip.test;method=INVITE>', Referral(target="sip:carol@sip.test")),
        (
            "<sip:carol@sip.test?Replaces=12%40h%3Bto-tag%3Dt%3Bfrom-tag%3Df&Require=replaces>",
            Referral(target="sip:carol@sip.test", replaces=REPLACED),
        ),
        ("<sip:carol@sip.test?replaces=nonsense>", None),
        ("<sip:carol@sip.test;method=BYE>", None),
        ("<tel:+4930>", None),
        ("", None),
        ("<sip:a@b>, <sip:c@d>", Referral(target="sip:a@b")),
    ],
)
def test_refer_to(value: str, expected: Referral | None) -> None:
    request = Bench().peer_request("REFER", headers=(("Refer-To", value),))
    assert Referral.of(request) == expected


def test_one_target_alone() -> None:
    headers: HeaderPairs = (("Refer-To", "<sip:a@b>"), ("Refer-To", "<sip:c@d>"))
    assert Referral.of(Bench().peer_request("REFER", headers=headers)) is None


def test_a_referral_is_written_as_it_is_read() -> None:
    referral = Referral(target="sip:carol@sip.test;x=1", replaces=REPLACED, referred_by="sip:alice@sip.test")
    assert Referral.of(Bench().peer_request("REFER", headers=referral.headers())) == referral
    (_, refer_to), (_, referred_by) = referral.headers()
    assert refer_to == ("<sip:carol@sip.test;x=1?Replaces=12%40h%3Bto-tag%3Dt%3Bfrom-tag%3Df&Require=replaces>")
    assert referred_by == "<sip:alice@sip.test>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"SIP/2.0 100 Trying\r\n", (100, "Trying")),
        (b"SIP/2.0 486\r\nTo: x\r\n", (486, "")),
        (b"\r\nSIP/2.0 200 OK", (200, "OK")),
        (b"SIP/2.0 700 No\r\n", None),
        (b"INVITE sip:a SIP/2.0", None),
        (b"", None),
    ],
)
def test_progress(body: bytes, expected: tuple[int, str] | None) -> None:
    assert progress(body) == expected


def test_progress_is_written_as_it_is_read() -> None:
    assert progress(sipfrag(180)) == (180, "Ringing")
    assert progress(sipfrag(603, "No Thanks")) == (603, "No Thanks")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12@h;to-tag=t;from-tag=f", REPLACED),
        (
            "12@h ; from-tag=f; to-tag=t ;early-only",
            Replaces(call_id="12@h", to_tag="t", from_tag="f", early_only=True),
        ),
        ("12@h;to-tag=t", None),
        (";to-tag=t;from-tag=f", None),
        ("", None),
    ],
)
def test_replaces(value: str, expected: Replaces | None) -> None:
    assert Replaces.parse(value) == expected
    if expected is not None:
        assert Replaces.parse(str(expected)) == expected


# REFER between two


def refer(pair: Pair, invite: InviteId) -> tuple[SubscriptionId, Referred]:
    """Alice refers Bob to Carol."""
    subscription = pair.alice.core.subscriptions.refer(invite, "carol", now=pair.clock.now())
    pair.exchange()
    return subscription, pair.bob.event(Referred)


def test_a_transfer_and_its_progress() -> None:
    pair = Pair()
    alice, bob = talk(pair)
    ours, referred = refer(pair, alice)
    assert (referred.invite, referred.target, referred.replaces) == (bob, "sip:carol@sip.test", "")
    assert (referred.referred_by, referred.from_uri) == ("sip:alice@sip.test", "sip:alice@sip.test")
    theirs = pair.bob.core.subscriptions
    theirs.accept(referred.subscription, pair.clock.now())
    theirs.notify(referred.subscription, SIPFRAG, sipfrag(100), now=pair.clock.now())
    pair.exchange()
    assert [one.status for one in pair.log if not isinstance(one, Request)].count(202) == 1
    told = pair.alice.event(Notified)
    assert (told.subscription, told.state, progress(told.body)) == (ours, "active", (100, "Trying"))

    # The call is over; its dialog lives on for the progress (RFC 5057 §4).
    pair.alice.core.bye(alice, now=pair.clock.now())
    pair.exchange()
    assert names(pair.alice) == names(pair.bob) == ["Ended"]
    theirs.notify(referred.subscription, SIPFRAG, sipfrag(180), now=pair.clock.now())
    pair.exchange()
    assert progress(pair.alice.event(Notified).body) == (180, "Ringing")
    theirs.notify(referred.subscription, SIPFRAG, sipfrag(200), final="noresource", now=pair.clock.now())
    pair.exchange()
    last, ended = pair.alice.events()
    assert isinstance(last, Notified)
    assert (last.state, progress(last.body)) == ("terminated", (200, "OK"))
    assert ended == SubscriptionEnded(subscription=ours, reason="noresource")
    assert pair.bob.event(SubscriptionEnded).subscription == referred.subscription
    pair.advance(40)
    assert names(pair.alice) == names(pair.bob) == []
    assert pair.alice.core.deadline() is None
    assert pair.bob.core.deadline() is None


def test_two_transfers_are_told_apart() -> None:
    pair = Pair()
    alice, _ = talk(pair)
    first, one = refer(pair, alice)
    second, two = refer(pair, alice)
    theirs = pair.bob.core.subscriptions
    for referred in (two, one):
        theirs.accept(referred.subscription, pair.clock.now())
        theirs.notify(referred.subscription, SIPFRAG, sipfrag(180), now=pair.clock.now())
        pair.exchange()
    told = [event.subscription for event in pair.alice.events() if isinstance(event, Notified)]
    assert told == [second, first]


def test_refused() -> None:
    pair = Pair()
    alice, _ = talk(pair)
    ours, referred = refer(pair, alice)
    pair.bob.core.subscriptions.refuse(referred.subscription, 603, pair.clock.now())
    pair.exchange()
    assert pair.alice.event(SubscriptionEnded) == SubscriptionEnded(subscription=ours, status=603, reason="Decline")
    assert names(pair.bob) == []


def test_nobody_decides() -> None:
    pair = Pair()
    alice, _ = talk(pair)
    refer(pair, alice)
    pair.advance(8.2)
    assert pair.alice.event(SubscriptionEnded).status == 480


def test_the_peer_accepts_and_falls_silent() -> None:
    bench = Bench()
    invite, _ = bench.established()
    ours = bench.core.subscriptions.refer(invite, "carol", now=bench.now)
    bench.answer(bench.request("REFER"), 202)
    bench.advance(32.1)
    assert bench.event(SubscriptionEnded) == SubscriptionEnded(subscription=ours, status=408, reason="timeout")


def test_the_peer_will_tell_nothing() -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.subscriptions.refer(invite, "carol", now=bench.now)
    bench.answer(bench.request("REFER"), 202, headers=(("Refer-Sub", "false"),))
    assert bench.event(SubscriptionEnded).reason == "norefersub"


def test_who_asks_not_to_be_told_is_not() -> None:
    bench = Bench()
    _, answer = bench.talking()
    headers: HeaderPairs = (("Refer-To", "<sip:carol@sip.test>"), ("Refer-Sub", "false"), ("Require", "norefersub"))
    bench.give(bench.in_dialog("REFER", answer, sequence=2, headers=headers))
    referred = bench.event(Referred)
    bench.core.subscriptions.accept(referred.subscription, bench.now)
    bench.core.subscriptions.notify(referred.subscription, SIPFRAG, sipfrag(100), now=bench.now)
    (response,) = bench.sent()
    assert (response.first("Refer-Sub"), response.first("CSeq")) == ("false", "2 REFER")


def test_a_notify_before_the_response() -> None:
    bench = Bench()
    invite, acknowledgement = bench.established()
    ours = bench.core.subscriptions.refer(invite, "carol", now=bench.now)
    request = bench.request("REFER")
    headers: HeaderPairs = (("Event", f"refer;id={request.sequence}"), ("Subscription-State", "active;expires=60"))
    bench.give(bench.in_dialog("NOTIFY", acknowledgement, sequence=1, headers=headers, body=sipfrag(100)))
    assert bench.statuses() == [200]
    assert bench.event(Notified).subscription == ours
    bench.answer(request, 202)
    bench.advance(60)
    assert bench.events() == []
    assert bench.core.deadline() is not None


def test_a_notify_that_says_nothing_of_its_state() -> None:
    bench = Bench()
    invite, acknowledgement = bench.established()
    bench.core.subscriptions.refer(invite, "carol", now=bench.now)
    bench.request("REFER")
    bench.give(bench.in_dialog("NOTIFY", acknowledgement, sequence=1, headers=(("Event", "refer"),)))
    assert bench.statuses() == [400]


def test_nothing_to_refer_in() -> None:
    bench = Bench()
    invite, _ = bench.called()
    bench.core.subscriptions.refer(invite, "carol", now=bench.now)
    assert bench.event(SubscriptionEnded).status == 481
    with pytest.raises(UsageError, match="replaces"):
        bench.core.subscriptions.refer(invite, "carol", replaces="x", now=bench.now)
    with pytest.raises(UsageError):
        bench.core.subscriptions.refer(invite, "<", now=bench.now)


def test_in_the_early_dialog_of_a_call_that_rings_here() -> None:
    """How a telephone sends a caller elsewhere that takes no 302."""
    pair = Pair()
    alice, bob = ring(pair)
    ours = pair.bob.core.subscriptions.refer(bob, "carol", now=pair.clock.now())
    pair.exchange()
    referred = pair.alice.event(Referred)
    assert referred.invite == alice
    pair.alice.core.subscriptions.accept(referred.subscription, pair.clock.now())
    pair.alice.core.subscriptions.notify(
        referred.subscription, SIPFRAG, sipfrag(200), final="noresource", now=pair.clock.now()
    )
    pair.alice.core.cancel(alice, now=pair.clock.now())
    pair.exchange()
    assert names(pair.bob) == ["Notified", "SubscriptionEnded", "Cancelled"]
    assert ours


# Replaces


def test_a_call_takes_the_place_of_another() -> None:
    """Alice talks to Bob; another telephone of hers, here the same one, takes that call over."""
    pair = Pair()
    alice, bob = talk(pair)
    snapshot = pair.alice.core.snapshot(alice)
    assert snapshot is not None
    headers: HeaderPairs = (("Replaces", str(snapshot.replaces)),)
    pair.alice.core.invite("bob", OFFER, headers=headers, now=pair.clock.now())
    pair.exchange()
    invite = next(one for one in reversed(pair.log) if isinstance(one, Request) and one.method == "INVITE")
    assert invite.first("Require") == "replaces"
    incoming = pair.bob.event(Incoming)
    assert incoming.replaces == bob
    pair.bob.core.answer(incoming.invite, ANSWER, now=pair.clock.now())
    pair.bob.core.bye(bob, now=pair.clock.now())
    pair.exchange()
    assert names(pair.alice) == ["Answered", "Ended"]
    assert [type(event) for event in pair.bob.events()] == [Ended, Acknowledged]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 0),
        ({"call_id": "other"}, 481),
        ({"to_tag": "other"}, 481),
        ({"from_tag": "other"}, 481),
        ({"early_only": True}, 486),
    ],
)
def test_which_established_dialog_is_replaced(change: dict[str, str], status: int) -> None:
    bench = Bench()
    invite, answer = bench.talking()
    right: dict[str, str | bool] = {
        "call_id": answer.call_id,
        "to_tag": answer.to.tag,
        "from_tag": answer.from_.tag,
        "early_only": False,
    }
    wanted = Replaces(**{**right, **change})  # type: ignore[arg-type]
    bench.give(bench.peer_request("INVITE", call_id="new", headers=(("Replaces", str(wanted)),), body=OFFER))
    assert bench.statuses() == [status or 100]
    if not status:
        assert bench.event(Incoming).replaces == invite


def test_an_early_dialog_of_ours_may_be_replaced_and_one_that_rings_here_not() -> None:
    bench = Bench()
    invite, request = bench.called()
    bench.answer(request, 180)
    bench.event(Progress)
    wanted = f"{request.call_id};to-tag={request.from_.tag};from-tag=peer;early-only"
    bench.give(bench.peer_request("INVITE", call_id="a", headers=(("Replaces", wanted),), body=OFFER))
    bench.sent()
    assert bench.event(Incoming).replaces == invite

    invite, theirs = bench.ringing(call_id="b")
    bench.core.provisional(invite, 180, now=bench.now)
    (ringing,) = bench.sent()
    wanted = f"b;to-tag={ringing.to.tag};from-tag={theirs.from_.tag}"
    bench.give(bench.peer_request("INVITE", call_id="c", headers=(("Replaces", wanted),), body=OFFER))
    assert bench.statuses() == [481]


def test_what_is_over_is_not_replaced() -> None:
    bench = Bench()
    invite, acknowledgement = bench.established()
    bench.core.bye(invite, now=bench.now)
    bench.request("BYE")
    bench.event(Ended)
    wanted = f"{acknowledgement.call_id};to-tag={acknowledgement.from_.tag};from-tag=peer"
    bench.give(bench.peer_request("INVITE", call_id="new", headers=(("Replaces", wanted),), body=OFFER))
    assert bench.statuses() == [603]


@pytest.mark.parametrize(
    "headers",
    [
        (("Replaces", "a;to-tag=b;from-tag=c"), ("Replaces", "a;to-tag=b;from-tag=c")),
        (("Replaces", "a;to-tag=b;from-tag=c"), ("Join", "a;to-tag=b;from-tag=c")),
        (("Replaces", "a"),),
    ],
)
def test_a_replaces_that_is_none(headers: HeaderPairs) -> None:
    bench = Bench()
    bench.give(bench.peer_request("INVITE", headers=headers, body=OFFER))
    assert bench.statuses() == [400]
    assert bench.events() == []


def test_a_redirected_invite_keeps_its_call_id() -> None:
    bench = Bench()
    invite, request = bench.called()
    bench.answer(request, 302, headers=(("Contact", "<sip:carol@sip.test>"),))
    bench.sent()
    assert bench.event(Failed).contacts == ("sip:carol@sip.test",)
    bench.core.invite("sip:carol@sip.test", OFFER, call_id=request.call_id, now=bench.now)
    again = bench.request("INVITE")
    assert (again.call_id, again.from_.tag == request.from_.tag) == (request.call_id, False)
    bench.answer(again, 200, body=ANSWER)
    bench.event(Answered)
    assert invite
