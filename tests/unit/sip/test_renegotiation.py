"""re-INVITE and UPDATE, both ways, and when they meet."""

import pytest

from appliance.errors import UsageError
from appliance.sip.events import Ended, Offered, OfferId, Reanswered, ReofferFailed
from appliance.sip.message import Request, Response
from tests.unit.sip.bench import ANSWER, OFFER, OTHER, Bench


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_we_offer_anew(method: str) -> None:
    bench = Bench()
    invite, first = bench.established()
    bench.core.reoffer(invite, OTHER, method=method, now=bench.now)
    request = bench.request(method)
    assert (request.body, request.to.tag, request.sequence) == (OTHER, "peer", first.sequence + 1)
    assert request.first("Contact")
    bench.answer(request, 100)
    bench.answer(request, 200, body=ANSWER, contact="<sip:moved@198.51.100.9>")
    acknowledgements = bench.requests("ACK")
    assert [one.sequence for one in acknowledgements] == ([request.sequence] if method == "INVITE" else [])
    assert bench.event(Reanswered) == Reanswered(invite=invite, body=ANSWER)
    bench.core.bye(invite, now=bench.now)
    assert bench.request("BYE").uri == "sip:moved@198.51.100.9", "the target was refreshed"


def test_a_copy_of_the_2xx_to_a_reinvite_is_acknowledged_again() -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    request = bench.request("INVITE")
    bench.answer(request, 200, body=ANSWER)
    first = bench.core.to_send()
    bench.events()
    bench.answer(request, 200, body=ANSWER)
    assert bench.core.to_send() == first
    assert bench.events() == []


@pytest.mark.parametrize("status", [403, 488, 500, 606])
def test_a_refused_offer_leaves_the_session(status: int) -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    bench.answer(bench.request("INVITE"), status)
    bench.request("ACK")
    failed = bench.event(ReofferFailed)
    assert (failed.invite, failed.status) == (invite, status)
    bench.core.reoffer(invite, OTHER, now=bench.now)
    bench.request("INVITE")


@pytest.mark.parametrize("status", [408, 481])
def test_an_offer_that_finds_no_dialog_ends_it(status: int) -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.reoffer(invite, OTHER, method="UPDATE", now=bench.now)
    bench.answer(bench.request("UPDATE"), status)
    failed, ended = bench.events()
    assert isinstance(failed, ReofferFailed)
    assert ended == Ended(invite=invite, local=True, status=status)
    bench.request("BYE")


def test_a_lost_connection_fails_the_offer_not_the_call() -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    bench.core.disconnected("gone", bench.now)
    assert bench.events()[0] == ReofferFailed(invite=invite, status=503, reason="Connection lost")
    assert not bench.core.is_idle


def test_one_offer_at_a_time() -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    bench.request("INVITE")
    bench.core.reoffer(invite, OFFER, now=bench.now)
    assert bench.event(ReofferFailed).status == 491
    assert bench.sent() == []
    with pytest.raises(UsageError):
        bench.core.reoffer(invite, OFFER, method="INFO", now=bench.now)


@pytest.mark.parametrize(("ours", "shortest", "longest"), [(True, 2.1, 4.0), (False, 0.0, 2.0)])
def test_glare_is_tried_again_after_a_random_wait(ours: bool, shortest: float, longest: float) -> None:
    bench = Bench()
    invite = (bench.established() if ours else bench.talking())[0]
    bench.core.reoffer(invite, OTHER, now=bench.now)
    waits = []
    for _ in range(4):
        bench.answer(bench.request("INVITE"), 491)
        bench.request("ACK")
        assert bench.events() == []
        began, deadline = bench.now, bench.core.deadline()
        assert deadline is not None
        while not (found := bench.core.to_send()):
            bench.advance(0.01)
        waits.append(bench.now - began)
        bench.core.receive(b"\r\n", bench.now)
        request = found[0]
        assert request.startswith(b"INVITE")
        bench.core._endpoint.transactions.queue(request)
    assert shortest - 0.02 <= min(waits) <= max(waits) <= longest + 0.02
    bench.answer(bench.request("INVITE"), 491)
    bench.request("ACK")
    assert bench.event(ReofferFailed).status == 491


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_the_peer_offers_anew(method: str) -> None:
    bench = Bench()
    invite, answer = bench.talking()
    request = bench.in_dialog(method, answer, sequence=2, body=OTHER)
    bench.give(request)
    assert bench.statuses() == ([100] if method == "INVITE" else [])
    offered = bench.event(Offered)
    assert (offered.invite, offered.method, offered.body) == (invite, method, OTHER)
    bench.core.accept_offer(offered.offer_id, ANSWER, now=bench.now)
    (response,) = bench.sent()
    assert isinstance(response, Response)
    assert (response.status, response.body) == (200, ANSWER)
    bench.advance(0.6)
    assert bench.statuses() == ([200] if method == "INVITE" else [])
    bench.give(bench.in_dialog("ACK", answer, sequence=2))
    bench.advance(60)
    assert (bench.sent(), bench.events()) == ([], [])


def test_an_offerless_reinvite_brings_the_answer_in_its_ack() -> None:
    bench = Bench()
    invite, answer = bench.talking()
    bench.give(bench.in_dialog("INVITE", answer, sequence=2))
    bench.sent()
    offered = bench.event(Offered)
    assert offered.body is None
    bench.core.accept_offer(offered.offer_id, OFFER, now=bench.now)
    bench.sent()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    assert bench.event(ReofferFailed).status == 491
    bench.give(bench.in_dialog("ACK", answer, sequence=2, body=ANSWER))
    assert bench.event(Reanswered) == Reanswered(invite=invite, body=ANSWER)


def test_refuse() -> None:
    bench = Bench()
    _, answer = bench.talking()
    bench.give(bench.in_dialog("INVITE", answer, sequence=2, body=OTHER))
    bench.sent()
    bench.core.refuse_offer(bench.event(Offered).offer_id, now=bench.now)
    assert bench.statuses() == [488]
    bench.core.accept_offer(OfferId(1), ANSWER, now=bench.now)
    assert bench.sent() == []


def test_an_update_without_a_body_is_answered_and_moves_the_target() -> None:
    bench = Bench()
    invite, answer = bench.talking()
    update = bench.in_dialog("UPDATE", answer, sequence=2)
    moved = tuple(
        ("Contact", "<sip:moved@h>") if name == "Contact" else (name, value) for name, value in update.headers
    )
    bench.give(Request(method="UPDATE", uri=update.uri, headers=moved))
    assert bench.statuses() == [200]
    assert bench.events() == []
    bench.core.bye(invite, now=bench.now)
    assert bench.request("BYE").uri == "sip:moved@h"


def test_while_ours_is_open_theirs_gets_491() -> None:
    bench = Bench()
    invite, first = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    bench.sent()
    for sequence, method in ((2, "INVITE"), (3, "UPDATE")):
        bench.give(bench.in_dialog(method, first, sequence=sequence, body=OFFER))
        assert bench.statuses() == [491]
    assert bench.events() == []


def test_while_theirs_is_open_another_gets_500() -> None:
    bench = Bench()
    _, answer = bench.talking()
    bench.give(bench.in_dialog("INVITE", answer, sequence=2, body=OTHER))
    bench.sent()
    bench.event(Offered)
    bench.give(bench.in_dialog("INVITE", answer, sequence=3, body=OFFER))
    (response,) = bench.sent()
    assert isinstance(response, Response)
    assert response.status == 500
    assert 0 <= int(response.first("Retry-After") or "-1") <= 10


def test_the_peer_takes_its_reinvite_back() -> None:
    bench = Bench()
    _, answer = bench.talking()
    request = bench.in_dialog("INVITE", answer, sequence=2, body=OTHER)
    bench.give(request)
    bench.sent()
    offered = bench.event(Offered)
    bench.give(bench.in_dialog("CANCEL", answer, sequence=2, branch=request.via.branch))
    assert bench.statuses() == [200, 487]
    bench.core.accept_offer(offered.offer_id, ANSWER, now=bench.now)
    assert (bench.sent(), bench.events()) == ([], [])


def test_a_bye_during_their_offer() -> None:
    bench = Bench()
    invite, answer = bench.talking()
    bench.give(bench.in_dialog("INVITE", answer, sequence=2, body=OTHER))
    bench.sent()
    bench.event(Offered)
    bench.give(bench.in_dialog("BYE", answer, sequence=3))
    assert bench.statuses() == [200, 487]
    assert bench.event(Ended) == Ended(invite=invite, local=False, headers=bench_headers(bench, answer), cause=None)


def bench_headers(bench: Bench, answer: Response) -> tuple[tuple[str, str], ...]:
    """The headers of the BYE above, as the door hands them on."""
    number = next(bench._peer_numbers) - 1
    bye = bench.in_dialog("BYE", answer, sequence=3, branch=f"z9hG4bKpeer{number}")
    return (*bye.headers, ("Content-Length", "0"))


def test_a_bye_during_our_offer() -> None:
    bench = Bench()
    invite, first = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    request = bench.request("INVITE")
    bench.give(bench.in_dialog("BYE", first))
    bench.sent()
    assert isinstance(bench.event(Ended), Ended)
    bench.answer(request, 487)
    bench.request("ACK")
    assert bench.events() == []


def test_a_late_2xx_to_our_offer_after_our_bye_is_still_acknowledged() -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    request = bench.request("INVITE")
    bench.core.bye(invite, now=bench.now)
    bench.sent()
    bench.event(Ended)
    bench.answer(request, 200, body=ANSWER)
    bench.request("ACK")
    assert bench.events() == []


def test_a_2xx_of_ours_to_a_reinvite_that_is_never_acknowledged_ends_the_call() -> None:
    bench = Bench()
    _, answer = bench.talking()
    bench.give(bench.in_dialog("INVITE", answer, sequence=2, body=OTHER))
    bench.core.accept_offer(bench.event(Offered).offer_id, ANSWER, now=bench.now)
    bench.advance(33)
    ended = bench.event(Ended)
    assert (ended.local, ended.status) == (True, 408)


@pytest.mark.parametrize("late", [False, True])
def test_an_offer_that_nobody_answers_is_taken_back(late: bool) -> None:
    bench = Bench()
    invite, first = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    request = bench.request("INVITE")
    if not late:
        bench.answer(request, 100)
    bench.core.withdraw_offer(invite, now=bench.now)
    assert bench.event(ReofferFailed) == ReofferFailed(invite=invite, status=487, reason="Withdrawn")
    if late:
        assert bench.sent() == [], "a CANCEL waits for the first response (RFC 3261 §9.1)"
        bench.answer(request, 100)
    assert bench.request("CANCEL").sequence == request.sequence
    # The peer's own offer is not in its way, another of ours is.
    bench.core.reoffer(invite, OTHER, now=bench.now)
    assert bench.event(ReofferFailed).status == 491
    bench.give(bench.in_dialog("INVITE", first, sequence=2, body=OFFER))
    assert bench.statuses() == [100]
    bench.core.accept_offer(bench.event(Offered).offer_id, ANSWER, now=bench.now)
    assert bench.statuses() == [200]
    bench.give(bench.in_dialog("ACK", first, sequence=2))
    bench.answer(request, 487)
    bench.request("ACK")
    assert bench.events() == []
    bench.core.reoffer(invite, OTHER, now=bench.now)
    bench.request("INVITE")


def test_an_answer_that_crosses_its_withdrawal_is_acknowledged_and_means_nothing() -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    request = bench.request("INVITE")
    bench.answer(request, 100)
    bench.core.withdraw_offer(invite, now=bench.now)
    bench.event(ReofferFailed)
    bench.sent()
    bench.answer(request, 200, body=ANSWER)
    bench.request("ACK")
    assert bench.events() == []
    bench.core.withdraw_offer(invite, now=bench.now)
    assert (bench.sent(), bench.events()) == ([], [])


def test_an_offer_that_waits_after_glare_is_taken_back_unsent() -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    bench.answer(bench.request("INVITE"), 491)
    bench.request("ACK")
    bench.core.withdraw_offer(invite, now=bench.now)
    assert bench.event(ReofferFailed).status == 487
    bench.advance(10)
    assert bench.sent() == []


def test_an_offer_for_a_call_that_is_gone() -> None:
    bench = Bench()
    invite, first = bench.established()
    bench.give(bench.in_dialog("BYE", first))
    bench.events()
    bench.core.reoffer(invite, OTHER, now=bench.now)
    assert bench.event(ReofferFailed).status == 481
