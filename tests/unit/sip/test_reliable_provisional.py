"""Provisional responses that have to arrive, sent and received (RFC 3262)."""

import pytest

from appliance.errors import StateError
from appliance.sip.events import (
    Acknowledged,
    Answered,
    Cancelled,
    Failed,
    HeaderPairs,
    Incoming,
    InviteId,
    Offered,
    Progress,
    Reanswered,
)
from appliance.sip.message import Request, Response
from tests.unit.sip.bench import ANSWER, OFFER, OTHER, Bench, Pair

RELIABLE: HeaderPairs = (("Require", "100rel"),)
POSSIBLE: HeaderPairs = (("Supported", "100rel"),)


def rseq(number: int) -> HeaderPairs:
    return (*RELIABLE, ("RSeq", str(number)))


def provisional(bench: Bench) -> Response:
    """The only message, a reliable provisional response."""
    (response,) = bench.sent()
    assert isinstance(response, Response)
    assert response.items("Require") == ("100rel",)
    return response


def prack(bench: Bench, response: Response, *, sequence: int = 2, body: bytes = b"", rack: str = "") -> None:
    acknowledged = rack or f"{response.first('RSeq')} 1 INVITE"
    bench.give(bench.in_dialog("PRACK", response, sequence=sequence, headers=(("RAck", acknowledged),), body=body))


# We call.


def test_we_say_that_we_can() -> None:
    _, request = Bench().called()
    assert "100rel" in request.items("Supported")
    assert "PRACK" in request.items("Allow")


def test_a_prack_for_each_in_order() -> None:
    bench = Bench()
    invite, request = bench.called()
    bench.answer(request, 180, headers=rseq(4711))
    acknowledgement = bench.request("PRACK")
    assert acknowledgement.first("RAck") == f"4711 {request.sequence} INVITE"
    assert (acknowledgement.sequence, acknowledgement.to.tag) == (request.sequence + 1, "peer")
    bench.answer(acknowledgement, 200)
    progress = bench.event(Progress)
    assert (progress.status, progress.reliable, progress.is_offer) == (180, True, False)

    bench.answer(request, 180, headers=rseq(4711))
    bench.answer(request, 183, headers=rseq(4713), body=ANSWER)
    assert (bench.sent(), bench.events()) == ([], []), "a copy, and one that came too early"
    bench.answer(request, 183, headers=rseq(4712), body=ANSWER)
    assert bench.event(Progress).body == ANSWER
    assert bench.request("PRACK").first("RAck") == f"4712 {request.sequence} INVITE"

    bench.answer(request, 200)
    assert bench.request("ACK").sequence == request.sequence
    assert bench.event(Answered).invite == invite


def test_each_early_dialog_counts_for_itself() -> None:
    bench = Bench()
    _, request = bench.called()
    for tag, number in (("desk", 10), ("hall", 70), ("desk", 11), ("hall", 71)):
        bench.answer(request, 180, tag=tag, headers=rseq(number))
        acknowledgement = bench.request("PRACK")
        assert (acknowledgement.to.tag, (acknowledgement.first("RAck") or "")[:2]) == (tag, str(number))
    assert len(bench.events()) == 4


@pytest.mark.parametrize("headers", [RELIABLE, (("RSeq", "7"),), rseq(0), (*RELIABLE, ("RSeq", "x"))])
def test_half_a_reliable_one_is_an_unreliable_one(headers: HeaderPairs) -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 180, headers=headers)
    bench.event(Progress)
    assert bench.sent() == []


def test_a_refused_prack_changes_nothing() -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 180, headers=rseq(1))
    bench.answer(bench.request("PRACK"), 481)
    bench.events()
    bench.answer(request, 200, body=ANSWER)
    bench.event(Answered)


def test_their_offer_in_a_reliable_response_is_answered_in_the_prack() -> None:
    bench = Bench()
    invite, request = bench.called(None)
    bench.answer(request, 183, headers=rseq(9), body=OFFER)
    progress = bench.event(Progress)
    assert (progress.body, progress.is_offer) == (OFFER, True)
    assert bench.sent() == [], "the PRACK waits for our answer"
    bench.core.acknowledge(invite, ANSWER, now=bench.now)
    acknowledgement = bench.request("PRACK")
    assert (acknowledgement.body, acknowledgement.first("Content-Type")) == (ANSWER, "application/sdp")
    bench.answer(request, 180, headers=rseq(10))
    bench.request("PRACK")
    bench.answer(request, 200)
    assert bench.request("ACK").body == b""
    assert [type(event) for event in bench.events()] == [Progress, Answered]
    with pytest.raises(StateError):
        bench.core.acknowledge(invite, ANSWER, now=bench.now)


def test_they_may_offer_anew_once_they_have_answered_reliably() -> None:
    bench = Bench()
    invite, request = bench.called()
    bench.answer(request, 183, headers=rseq(1), body=ANSWER)
    acknowledgement = bench.request("PRACK")
    bench.events()
    bench.give(bench.in_dialog("UPDATE", acknowledgement, sequence=1, body=OTHER))
    offered = bench.event(Offered)
    assert (offered.invite, offered.method, offered.body) == (invite, "UPDATE", OTHER)
    bench.give(bench.in_dialog("UPDATE", acknowledgement, sequence=2, body=OTHER))
    assert bench.statuses() == [500], "one at a time"
    bench.core.accept_offer(offered.offer_id, ANSWER, now=bench.now)
    (response,) = bench.sent()
    assert isinstance(response, Response)
    assert (response.status, response.body) == (200, ANSWER)
    bench.give(bench.in_dialog("UPDATE", acknowledgement, sequence=3, body=OTHER))
    bench.core.refuse_offer(bench.event(Offered).offer_id, 488, now=bench.now)
    assert bench.statuses() == [488]
    bench.give(bench.in_dialog("UPDATE", acknowledgement, sequence=4, body=OTHER))
    bench.core.cancel(invite, now=bench.now)
    bench.answer(request, 487)
    assert 487 in bench.statuses(), "the offer ends with the call"


def test_before_that_their_offer_is_in_the_way_of_ours() -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 183, headers=rseq(1))
    acknowledgement = bench.request("PRACK")
    bench.give(bench.in_dialog("UPDATE", acknowledgement, sequence=1, body=OTHER))
    assert bench.statuses() == [491]


# We are called.


def called(headers: HeaderPairs, offer: bytes = OFFER) -> tuple[Bench, InviteId]:
    bench = Bench()
    invite, _ = bench.ringing(offer, headers=headers)
    return bench, invite


def test_required_it_is_reliable_and_repeated_until_the_prack() -> None:
    bench, invite = called(RELIABLE)
    bench.core.provisional(invite, 180, now=bench.now)
    first = provisional(bench)
    number = first.first("RSeq") or ""
    assert 0 < int(number) < 1 << 31
    moments = []
    began = bench.now
    while bench.now - began < 31.0:
        bench.advance(0.5)
        moments += [bench.now - began] * len(bench.sent())
    assert moments == [0.5, 1.5, 3.5, 7.5, 15.5]
    prack(bench, first)
    assert bench.statuses() == [200]
    bench.advance(20)
    assert bench.sent() == []
    bench.core.answer(invite, ANSWER, now=bench.now)
    assert bench.statuses() == [200]


def test_without_a_prack_it_is_refused() -> None:
    bench, invite = called(RELIABLE)
    bench.core.provisional(invite, 180, now=bench.now)
    bench.advance(32.5)
    assert bench.statuses()[-1] == 504
    failed = bench.event(Failed)
    assert (failed.invite, failed.status, failed.local) == (invite, 504, True)
    bench.advance(60)
    assert 180 not in bench.statuses()


@pytest.mark.parametrize("rack", ["1 1 INVITE", "{0} 2 INVITE", "{0} 1 BYE", "{0}", "x", ""])
def test_a_prack_for_nothing(rack: str) -> None:
    bench, invite = called(RELIABLE)
    bench.core.provisional(invite, 180, now=bench.now)
    response = provisional(bench)
    prack(bench, response, rack=rack.format(response.first("RSeq")) or "?")
    assert bench.statuses() == [481]
    prack(bench, response, sequence=3)
    assert bench.statuses() == [200]
    prack(bench, response, sequence=4)
    assert bench.statuses() == [481], "it has been acknowledged"


def test_only_possible_it_is_reliable_if_it_carries_a_description() -> None:
    bench, invite = called(POSSIBLE)
    bench.core.provisional(invite, 180, now=bench.now)
    (response,) = bench.sent()
    assert response.first("RSeq") is None
    bench.core.provisional(invite, 183, body=ANSWER, now=bench.now)
    assert provisional(bench).body == ANSWER


def test_one_at_a_time_and_the_answer_after_a_description() -> None:
    bench, invite = called(RELIABLE)
    bench.core.provisional(invite, 180, now=bench.now)
    bench.core.provisional(invite, 183, body=ANSWER, now=bench.now)
    first = provisional(bench)
    prack(bench, first)
    acknowledged, second = bench.sent()
    assert isinstance(acknowledged, Response)
    assert isinstance(second, Response)
    assert (acknowledged.status, second.status) == (200, 183)
    assert int(second.first("RSeq") or 0) == int(first.first("RSeq") or 0) + 1
    bench.core.answer(invite, ANSWER, now=bench.now)
    assert bench.sent() == [], "the description is not acknowledged yet"
    with pytest.raises(StateError):
        bench.core.answer(invite, ANSWER, now=bench.now)
    prack(bench, second, sequence=3)
    assert bench.statuses() == [200, 200]
    bench.give(bench.in_dialog("ACK", second, sequence=1))
    bench.event(Acknowledged)


def test_the_answer_does_not_wait_for_a_mere_ringing() -> None:
    bench, invite = called(RELIABLE)
    bench.core.provisional(invite, 180, now=bench.now)
    ringing = provisional(bench)
    bench.core.answer(invite, ANSWER, now=bench.now)
    assert bench.statuses() == [200]
    prack(bench, ringing)
    assert bench.statuses() == [200], "it is answered all the same"
    bench.give(bench.in_dialog("ACK", ringing, sequence=1))
    bench.event(Acknowledged)


def test_cancelled_while_the_answer_waits() -> None:
    bench, invite = called(RELIABLE)
    bench.core.provisional(invite, 183, body=ANSWER, now=bench.now)
    response = provisional(bench)
    bench.core.answer(invite, ANSWER, now=bench.now)
    bench.give(bench.peer_request("CANCEL", branch=response.via.branch))
    assert sorted(bench.statuses()) == [200, 487]
    bench.event(Cancelled)
    bench.advance(40)
    assert 200 not in bench.statuses()


def test_hung_up_while_the_answer_waits() -> None:
    bench, invite = called(RELIABLE)
    bench.core.provisional(invite, 183, body=ANSWER, now=bench.now)
    provisional(bench)
    bench.core.answer(invite, ANSWER, now=bench.now)
    bench.core.bye(invite, now=bench.now)
    assert bench.statuses() == [480]


def test_an_offerless_call_is_offered_to_reliably() -> None:
    bench, invite = called(RELIABLE, offer=b"")
    bench.core.provisional(invite, 180, now=bench.now)
    assert bench.sent() == [], "the first one has to carry our offer"
    bench.core.provisional(invite, 183, body=OFFER, now=bench.now)
    prack(bench, provisional(bench), body=ANSWER)
    assert bench.statuses() == [200]
    assert bench.event(Reanswered).body == ANSWER
    bench.core.answer(invite, OFFER, now=bench.now)
    (answer,) = bench.sent()
    assert isinstance(answer, Response)
    bench.give(bench.in_dialog("ACK", answer, sequence=1))
    bench.event(Acknowledged)


def test_a_further_offer_in_the_prack() -> None:
    bench, invite = called(RELIABLE)
    bench.core.provisional(invite, 183, body=ANSWER, now=bench.now)
    response = provisional(bench)
    prack(bench, response, body=OTHER)
    offered = bench.event(Offered)
    assert (offered.method, offered.body) == ("PRACK", OTHER)
    bench.core.accept_offer(offered.offer_id, ANSWER, now=bench.now)
    (accepted,) = bench.sent()
    assert isinstance(accepted, Response)
    assert (accepted.status, accepted.body, accepted.sequence_method) == (200, ANSWER, "PRACK")
    bench.give(bench.in_dialog("UPDATE", response, sequence=3, body=OTHER))
    bench.event(Offered)
    bench.core.answer(invite, ANSWER, now=bench.now)
    assert bench.statuses() == [488, 200], "the answer comes first"


def test_the_reminder_is_reliable_too() -> None:
    bench, invite = called(RELIABLE)
    bench.core.provisional(invite, 183, body=ANSWER, now=bench.now)
    prack(bench, provisional(bench))
    bench.statuses()
    bench.advance(60)
    reminder = provisional(bench)
    assert (reminder.status, reminder.body) == (183, b"")


def test_two_of_us_over_a_path_that_loses() -> None:
    pair = Pair()
    lost = 0

    def lose(message: Request | Response) -> bool:
        nonlocal lost
        wanted = isinstance(message, Response) and message.status == 183 and lost < 2
        lost += wanted
        return wanted

    ours = pair.alice.core.invite("sip:bob@sip.test", OFFER, now=pair.clock.now())
    pair.exchange()
    theirs = pair.bob.event(Incoming).invite
    pair.bob.core.provisional(theirs, 183, body=ANSWER, now=pair.clock.now())
    pair.exchange(lose=lose)
    for _ in range(40):
        pair.clock.advance(0.1)
        pair.bob.core.timer(pair.clock.now())
        pair.exchange(lose=lose)
    assert (lost, pair.alice.event(Progress).body) == (2, ANSWER)
    pair.bob.core.answer(theirs, ANSWER, now=pair.clock.now())
    pair.exchange()
    assert pair.alice.event(Answered).invite == ours
    pair.bob.event(Acknowledged)
