"""Our INVITE: answers, refusals, forks, CANCEL, lost ACKs."""

import pytest

from appliance.errors import UsageError
from appliance.sip.events import (
    Answered,
    Disconnected,
    Ended,
    Failed,
    InviteId,
    Progress,
    Reason,
    RequestReceived,
    ResponseReceived,
)
from appliance.sip.message import Request
from tests.unit.sip.bench import ANSWER, OFFER, OTHER, Bench

CHALLENGE = (("Proxy-Authenticate", 'Digest realm="sip.test", nonce="n1", qop="auth"'),)


def test_ring_answer_bye() -> None:
    bench = Bench()
    invite, request = bench.called()
    assert request.body == OFFER
    assert request.first("Content-Type") == "application/sdp"
    bench.answer(request, 100)
    assert bench.events() == []
    bench.answer(request, 180)
    ringing = bench.event(Progress)
    assert (ringing.invite, ringing.status, ringing.early, ringing.body) == (invite, 180, "peer", None)
    bench.answer(request, 183, body=ANSWER)
    assert bench.event(Progress).body == ANSWER

    route = (("Record-Route", "<sip:p2.sip.test;lr>"), ("Record-Route", "<sip:p1.sip.test;lr>"))
    bench.answer(request, 200, body=ANSWER, headers=route)
    acknowledgement = bench.request("ACK")
    assert acknowledgement.uri == "sip:peer@198.51.100.7;transport=ws"
    assert acknowledgement.all("Route") == ("<sip:p1.sip.test;lr>", "<sip:p2.sip.test;lr>")
    assert acknowledgement.sequence == request.sequence
    assert acknowledgement.via.branch != request.via.branch
    answered = bench.event(Answered)
    assert (answered.status, answered.early, answered.remote_uri) == (200, "peer", "sip:bob@sip.test")

    bench.core.bye(invite, now=bench.now)
    bye = bench.request("BYE")
    assert bye.sequence == request.sequence + 1
    assert bye.all("Route") == acknowledgement.all("Route")
    assert bench.event(Ended) == Ended(invite=invite, local=True)
    assert not bench.core.is_idle
    bench.answer(bye, 200)
    assert bench.core.is_idle


def test_the_peer_ends_it() -> None:
    bench = Bench()
    invite, acknowledgement = bench.established()
    bye = bench.in_dialog("BYE", acknowledgement, headers=(("Reason", 'Q.850;cause=16;text="bye"'),))
    bench.give(bye)
    assert bench.statuses() == [200]
    ended = bench.event(Ended)
    assert (ended.local, ended.status) == (False, 0)
    assert ended.cause == Reason(protocol="Q.850", code=16, text="bye")
    bench.give(bye)
    assert bench.statuses() == [200], "a copy is answered alike"
    bench.core.bye(invite, now=bench.now)
    assert bench.sent() == []


@pytest.mark.parametrize("status", [404, 480, 486, 488, 500, 603])
def test_a_refusal_is_acknowledged_and_told(status: int) -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 180)
    bench.answer(request, status, headers=(("Reason", "SIP;cause=999"),))
    acknowledgement = bench.request("ACK")
    assert acknowledgement.via.branch == request.via.branch
    assert acknowledgement.to.tag == "peer"
    failed = bench.events()[-1]
    assert isinstance(failed, Failed)
    assert (failed.status, failed.local, failed.cause) == (status, False, Reason(protocol="SIP", code=999, text=""))
    bench.answer(request, status)
    bench.request("ACK")
    assert bench.events() == []


def test_a_redirection_names_its_targets() -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 302, headers=(("Contact", "<sip:one@a>, <sip:two@b>;q=0.5"),))
    assert bench.event(Failed).contacts == ("sip:one@a", "sip:two@b")


def test_nobody_answers_at_all() -> None:
    bench = Bench()
    bench.called()
    bench.advance(31.9)
    assert bench.events() == []
    bench.advance(0.2)
    failed = bench.event(Failed)
    assert (failed.status, failed.local) == (408, True)
    assert bench.core.is_idle


def test_after_a_provisional_response_it_may_ring_for_ever() -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 180)
    bench.events()
    bench.advance(3600)
    assert bench.events() == []


def test_a_challenge_is_answered_and_the_ack_has_the_same_credentials() -> None:
    bench = Bench()
    bench.core.authenticate("alice", "secret")
    _, request = bench.called()
    bench.answer(request, 407, headers=CHALLENGE)
    acknowledgement, again = bench.sent()
    assert isinstance(acknowledgement, Request)
    assert isinstance(again, Request)
    assert (acknowledgement.method, again.method, again.sequence) == ("ACK", "INVITE", request.sequence + 1)
    assert (again.call_id, again.from_.tag, again.body) == (request.call_id, request.from_.tag, OFFER)
    bench.answer(again, 200, body=ANSWER)
    confirmed = bench.request("ACK")
    assert confirmed.sequence == again.sequence
    assert confirmed.first("Proxy-Authorization") == again.first("Proxy-Authorization")
    bench.event(Answered)


def test_without_credentials_a_challenge_is_a_refusal() -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 407, headers=CHALLENGE)
    bench.request("ACK")
    assert bench.event(Failed).status == 407


@pytest.mark.parametrize("method", ["BYE", "INFO", "INVITE"])
def test_a_challenge_in_the_dialog(method: str) -> None:
    bench = Bench()
    bench.core.authenticate("alice", "secret")
    invite, _ = bench.established()
    if method == "BYE":
        bench.core.bye(invite, now=bench.now)
    elif method == "INFO":
        bench.core.request("INFO", invite, now=bench.now)
    else:
        bench.core.reoffer(invite, OTHER, now=bench.now)
    request = bench.request(method)
    bench.answer(request, 407, headers=CHALLENGE)
    again = next(one for one in bench.requests(method))
    assert again.sequence == request.sequence + 1
    assert "Digest" in (again.first("Proxy-Authorization") or "")


# Early dialogs


def test_requests_in_an_early_dialog() -> None:
    bench = Bench()
    invite, request = bench.called()
    bench.answer(request, 180)
    bench.events()
    bench.core.request("INFO", invite, content_type="text/plain", body=b"x", now=bench.now)
    info = bench.request("INFO")
    assert (info.to.tag, info.sequence) == ("peer", request.sequence + 1)
    bench.answer(info, 200)
    assert bench.event(ResponseReceived).status == 200

    bench.give(bench.in_dialog("INFO", request, sequence=1))
    received = bench.event(RequestReceived)
    assert received.invite == invite
    bench.core.respond(received.request, 200, now=bench.now)
    assert bench.statuses() == [200]
    bench.give(bench.in_dialog("UPDATE", request, sequence=2, body=OTHER))
    assert bench.statuses() == [491]
    bench.give(bench.in_dialog("UPDATE", request, sequence=3))
    assert bench.statuses() == [200]
    bench.give(bench.in_dialog("INFO", request, sequence=3))
    assert bench.statuses() == [500]
    bench.give(bench.in_dialog("BYE", request, sequence=4))
    assert bench.statuses() == [481]

    bench.answer(request, 200, body=ANSWER)
    bench.request("ACK")
    bench.events()
    bench.core.bye(invite, now=bench.now)
    assert bench.request("BYE").sequence == request.sequence + 2


def test_a_request_where_there_is_no_dialog_yet() -> None:
    bench = Bench()
    invite, _ = bench.called()
    bench.core.request("INFO", invite, now=bench.now)
    response = bench.event(ResponseReceived)
    assert (response.status, response.local) == (481, True)


# Connections


def test_without_a_connection_it_fails_after_the_command() -> None:
    bench = Bench(connected=False)
    invite = bench.core.invite("sip:bob@sip.test", OFFER, now=bench.now)
    failed = bench.event(Failed)
    assert (failed.invite, failed.status, failed.local) == (invite, 503, True)
    assert bench.core.is_idle


def test_a_lost_connection_fails_what_is_unanswered_and_keeps_what_is_established() -> None:
    bench = Bench()
    established, acknowledgement = bench.established()
    ringing, request = bench.called()
    bench.answer(request, 180)
    bench.events()
    bench.core.disconnected("gone", bench.now)
    failed, lost = bench.events()
    assert isinstance(failed, Failed)
    assert isinstance(lost, Disconnected)
    assert (failed.invite, failed.status, failed.local) == (ringing, 503, True)

    bench.core.connected(bench.now, url="wss://other.sip.test/ws")
    cancel, update = bench.sent()
    assert isinstance(cancel, Request)
    assert isinstance(update, Request)
    assert (cancel.method, cancel.call_id, cancel.via.branch) == ("CANCEL", request.call_id, request.via.branch)
    assert update.method == "UPDATE"
    assert (update.call_id, update.body) == (acknowledgement.call_id, b"")
    bench.answer(update, 200)
    bench.events()
    bench.give(bench.in_dialog("BYE", acknowledgement))
    assert bench.event(Ended).invite == established


def test_a_call_that_was_lost_long_ago_is_not_taken_back() -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 180)
    bench.core.disconnected("gone", bench.now)
    bench.clock.advance(200.0)
    bench.core.connected(bench.now, url="wss://other.sip.test/ws")
    assert bench.sent() == []


def test_after_a_reconnect_the_target_is_refreshed_when_registered() -> None:
    bench = Bench()
    bench.registered()
    bench.established()
    bench.core.disconnected("gone", bench.now)
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    register = bench.request("REGISTER")
    bench.answer(register, 200, contact=register.first("Contact") or "")
    bench.request("UPDATE")


def test_a_peer_that_left_meanwhile_is_found_out() -> None:
    bench = Bench()
    bench.established()
    bench.core.disconnected("gone", bench.now)
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    bench.events()
    bench.answer(bench.request("UPDATE"), 481)
    ended = bench.event(Ended)
    assert (ended.local, ended.status) == (True, 481)


def test_a_bye_without_a_connection_is_said_later() -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.disconnected("gone", bench.now)
    bench.events()
    bench.core.bye(invite, now=bench.now)
    assert bench.event(Ended).local
    bench.advance(60)
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    bye = bench.request("BYE")
    bench.answer(bye, 200)
    assert bench.core.is_idle


def test_a_bye_that_nobody_can_carry_is_forgotten() -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.disconnected("gone", bench.now)
    bench.core.bye(invite, now=bench.now)
    bench.advance(121)
    assert bench.core.is_idle
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    assert bench.sent() == []


# Requests of ours in the dialog


@pytest.mark.parametrize(("status", "ends"), [(200, False), (415, False), (500, False), (408, True), (481, True)])
def test_what_a_failed_info_means_for_the_call(status: int, ends: bool) -> None:
    bench = Bench()
    invite, _ = bench.established()
    request = bench.core.request("INFO", invite, content_type="a/b", body=b"x", now=bench.now)
    bench.answer(bench.request("INFO"), status)
    events = bench.events()
    assert isinstance(events[0], ResponseReceived)
    assert (events[0].request, events[0].status) == (request, status)
    assert [event.status for event in events[1:] if isinstance(event, Ended)] == ([status] if ends else [])


def test_commands_after_the_end_do_nothing() -> None:
    bench = Bench()
    invite, acknowledgement = bench.established()
    bench.give(bench.in_dialog("BYE", acknowledgement))
    bench.sent()
    bench.events()
    bench.core.bye(invite, now=bench.now)
    bench.core.cancel(invite, now=bench.now)
    bench.core.acknowledge(invite, ANSWER, now=bench.now)
    assert (bench.sent(), bench.events()) == ([], [])
    with pytest.raises(UsageError, match="has ended"):
        bench.core.call_id(invite)
    with pytest.raises(UsageError, match="never was"):
        bench.core.bye(InviteId(99), now=bench.now)
