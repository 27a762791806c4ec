"""Sessions that are refreshed, and those that nobody refreshes any more (RFC 4028)."""

import pytest

from appliance.sip.events import Answered, Ended, HeaderPairs, Incoming, InviteId, Offered, Reanswered, ReofferFailed
from appliance.sip.message import Request, Response
from tests.unit.sip.bench import ANSWER, OFFER, OTHER, Bench, Pair

METHODS: HeaderPairs = (("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE"),)
NO_UPDATE: HeaderPairs = (("Allow", "INVITE, ACK, BYE, CANCEL"),)
TIMER: HeaderPairs = (("Supported", "timer"),)


def expires(text: str) -> HeaderPairs:
    return (("Session-Expires", text),)


def called(said: str, methods: HeaderPairs = METHODS) -> tuple[Bench, InviteId]:
    """Our call is answered with this Session-Expires."""
    bench = Bench()
    invite, _ = bench.established(headers=(*methods, *expires(said)))
    return bench, invite


def answered(headers: HeaderPairs) -> tuple[Bench, InviteId, Response]:
    """A peer's call with these headers is answered."""
    bench = Bench()
    invite, _ = bench.ringing(headers=(*METHODS, *headers))
    bench.core.answer(invite, ANSWER, now=bench.now)
    (response,) = bench.sent()
    assert isinstance(response, Response)
    bench.give(bench.in_dialog("ACK", response, sequence=1))
    bench.events()
    return bench, invite, response


def test_what_we_ask_for() -> None:
    _, request = Bench().called()
    assert request.first("Session-Expires") == "1800"
    assert "timer" in request.items("Supported")
    assert request.first("Min-SE") is None


def test_ours_to_refresh_half_way_by_update() -> None:
    bench, _ = called("1800;refresher=uac")
    for _ in range(3):
        bench.advance(899)
        assert bench.sent() == []
        bench.advance(1)
        update = bench.request("UPDATE")
        assert (update.first("Session-Expires"), update.body) == ("1800;refresher=uac", b"")
        bench.answer(update, 200, headers=expires("1800;refresher=uac"))
    assert bench.events() == []


@pytest.mark.parametrize("status", [500, 503, 408])
def test_a_refresh_that_fails_is_tried_again_until_the_session_ends(status: int) -> None:
    bench, invite = called("200;refresher=uac")
    bench.advance(100)
    while bench.now < 1000 + 195:
        for update in bench.requests("UPDATE"):
            bench.answer(update, status)
        bench.advance(1)
    assert bench.events() == []
    bench.advance(10)
    assert bench.event(Ended) == Ended(invite=invite, local=True, status=408)
    assert bench.requests("BYE")


def test_a_refresh_of_a_dialog_that_is_gone() -> None:
    bench, invite = called("200;refresher=uac")
    bench.advance(100)
    bench.answer(bench.request("UPDATE"), 481)
    assert bench.event(Ended) == Ended(invite=invite, local=True, status=481)


def test_one_refresh_at_a_time() -> None:
    bench, _ = called("600;refresher=uac")
    bench.advance(300)
    assert len(bench.requests("UPDATE")) == 1
    bench.advance(20)
    assert bench.requests("UPDATE") == []


def test_theirs_to_refresh_and_they_do_not() -> None:
    bench, invite = called("1800;refresher=uas")
    bench.advance(1767)
    assert bench.sent() == []
    bench.advance(1)
    assert bench.event(Ended) == Ended(invite=invite, local=True, status=408)
    bench.request("BYE")


@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
def test_theirs_to_refresh_and_they_do(method: str) -> None:
    bench, invite, response = answered((*TIMER, *expires("1800;refresher=uac")))
    body = OFFER if method == "INVITE" else b""
    headers = expires("1800;refresher=uac")
    for sequence in (2, 3, 4):
        bench.advance(1700)
        bench.give(bench.in_dialog(method, response, sequence=sequence, headers=headers, body=body))
        for offered in bench.events():
            assert isinstance(offered, Offered)
            bench.core.accept_offer(offered.offer_id, ANSWER, now=bench.now)
        assert bench.sent()[-1].first("Session-Expires") == "1800;refresher=uac"
        if method == "INVITE":
            bench.give(bench.in_dialog("ACK", response, sequence=sequence))
    bench.advance(1768)
    assert bench.event(Ended).invite == invite


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((*TIMER, *expires("600")), "600;refresher=uac"),
        ((*TIMER, *expires("600;refresher=uas")), "600;refresher=uas"),
        ((*TIMER, *expires("7200;refresher=uac")), "1800;refresher=uac"),
        ((*TIMER, *expires("7200"), ("Min-SE", "3600")), "3600;refresher=uac"),
        (expires("600"), "600;refresher=uas"),
        (expires("600;refresher=uac"), "600;refresher=uac"),
        (expires("30"), "90;refresher=uas"),
        (TIMER, "1800;refresher=uac"),
        ((), None),
        (expires("nonsense"), None),
        ((*TIMER, *expires("600;refresher=me")), "600;refresher=uac"),
    ],
)
def test_what_we_answer(asked: HeaderPairs, said: str | None) -> None:
    _, _, response = answered(asked)
    assert response.first("Session-Expires") == said
    assert ("timer" in response.items("Require")) == (said is not None and said.endswith("uac"))


def test_too_short_is_said() -> None:
    bench = Bench()
    bench.give(bench.peer_request("INVITE", headers=(*TIMER, *expires("89")), body=OFFER))
    (response,) = bench.sent()
    assert isinstance(response, Response)
    assert (response.status, response.first("Min-SE")) == (422, "90")
    bench, _, established = answered((*TIMER, *expires("600;refresher=uac")))
    bench.give(bench.in_dialog("UPDATE", established, headers=(*TIMER, *expires("10"))))
    assert bench.statuses() == [422]


def test_who_wants_it_longer_gets_it() -> None:
    bench = Bench()
    invite, request = bench.called()
    bench.answer(request, 422, headers=(("Min-SE", "3600"),))
    acknowledgement, again = bench.sent()
    assert isinstance(acknowledgement, Request)
    assert isinstance(again, Request)
    assert (acknowledgement.method, again.method, again.body) == ("ACK", "INVITE", OFFER)
    assert (again.call_id, again.from_.tag) == (request.call_id, request.from_.tag)
    assert again.sequence == request.sequence + 1
    assert (again.first("Session-Expires"), again.first("Min-SE")) == ("3600", "3600")
    bench.answer(again, 200, body=ANSWER, headers=expires("3600;refresher=uac"))
    bench.request("ACK")
    assert bench.event(Answered).invite == invite


@pytest.mark.parametrize("minimum", ["1800", "nonsense", "", "999999999999"])
def test_a_422_that_makes_no_sense_ends_the_call(minimum: str) -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 422, headers=(("Min-SE", minimum),))
    bench.request("ACK")
    assert [type(event).__name__ for event in bench.events()] == ["Failed"]


def test_a_refresh_that_is_too_short_meanwhile() -> None:
    bench, _ = called("200;refresher=uac")
    bench.advance(100)
    bench.answer(bench.request("UPDATE"), 422, headers=(("Min-SE", "400"),))
    update = bench.request("UPDATE")
    assert update.first("Session-Expires") == "400;refresher=uac"
    bench.answer(update, 200, headers=expires("400;refresher=uac"))
    bench.advance(199)
    assert bench.sent() == []


def test_without_update_what_stands_is_offered_again() -> None:
    bench, _ = called("200;refresher=uac", NO_UPDATE)
    bench.advance(100)
    again = bench.request("INVITE")
    assert (again.body, again.first("Session-Expires")) == (OFFER, "200;refresher=uac")
    bench.answer(again, 200, body=ANSWER, headers=expires("200;refresher=uac"))
    bench.request("ACK")
    assert bench.events() == [], "nothing has changed"
    bench.advance(100)
    bench.answer(bench.request("INVITE"), 200, body=OTHER, headers=expires("200;refresher=uac"))
    bench.request("ACK")
    assert bench.event(Reanswered).body == OTHER, "the peer has moved"
    bench.advance(100)
    bench.answer(bench.request("INVITE"), 488)
    bench.request("ACK")
    assert bench.events() == []


def test_what_stands_is_the_last_that_was_agreed_on() -> None:
    bench, invite = called("200;refresher=uac", NO_UPDATE)
    bench.core.reoffer(invite, OTHER, now=bench.now)
    bench.answer(bench.request("INVITE"), 488)
    bench.request("ACK")
    assert bench.event(ReofferFailed).status == 488
    bench.advance(100)
    assert bench.request("INVITE").body == OFFER
    bench.advance(40)
    bench.events()


def test_a_reoffer_refreshes_too() -> None:
    bench, invite = called("200;refresher=uac")
    bench.advance(90)
    bench.core.reoffer(invite, OTHER, now=bench.now)
    again = bench.request("INVITE")
    assert again.first("Session-Expires") == "200;refresher=uac"
    bench.answer(again, 200, body=ANSWER, headers=expires("200;refresher=uas"))
    bench.request("ACK")
    bench.events()
    bench.advance(100)
    assert bench.sent() == [], "theirs to refresh now"


def test_a_peer_without_timers_is_left_alone() -> None:
    bench = Bench()
    bench.established()
    bench.advance(7200)
    assert (bench.sent(), bench.events()) == ([], [])


def test_a_lost_connection_is_no_end_and_the_next_one_refreshes() -> None:
    bench, _ = called("200;refresher=uac")
    bench.core.disconnected("gone", bench.now)
    bench.advance(120)
    bench.events()
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    update = bench.request("UPDATE")
    assert update.first("Session-Expires") == "200;refresher=uac"
    bench.answer(update, 200, headers=expires("200;refresher=uac"))
    bench.events()
    bench.advance(99)
    assert (bench.sent(), bench.events()) == ([], [])


def test_two_of_us() -> None:
    pair = Pair()
    ours = pair.alice.core.invite("sip:bob@sip.test", OFFER, now=pair.clock.now())
    pair.exchange()
    pair.bob.core.answer(pair.bob.event(Incoming).invite, ANSWER, now=pair.clock.now())
    pair.exchange()
    pair.alice.events()
    pair.bob.events()
    before = len(pair.log)
    pair.clock.advance(899.0)
    pair.advance(2.0)
    refreshes = [one.method for one in pair.log[before:] if isinstance(one, Request)]
    assert refreshes == ["UPDATE"]
    pair.alice.core.disconnected("gone for ever", pair.clock.now())
    pair.clock.advance(1800.0)
    pair.advance(1.0)
    assert any(isinstance(event, Ended) and event.status == 408 for event in pair.bob.events())
    assert any(isinstance(event, Ended) and event.invite == ours for event in pair.alice.events())
