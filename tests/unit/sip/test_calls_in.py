"""The peer's INVITE: ringing, answering, CANCEL, what is refused at once."""

import pytest

from appliance.errors import StateError, UsageError
from appliance.sip.events import (
    Acknowledged,
    Cancelled,
    Ended,
    Failed,
    HeaderPairs,
    Incoming,
    Reason,
    RequestReceived,
)
from appliance.sip.message import Request, Response
from tests.unit.sip.bench import ANSWER, OFFER, OTHER, Bench


def test_ring_answer_bye() -> None:
    bench = Bench()
    request = bench.peer_request("INVITE", body=OFFER, headers=(("X-PH-Door", "front"),))
    bench.give(request)
    assert bench.statuses() == [100]
    incoming = bench.event(Incoming)
    assert (incoming.call_id, incoming.from_uri, incoming.from_name) == ("peer-call", "sip:bob@sip.test", "Bob")
    assert (incoming.to_uri, incoming.request_uri, incoming.offer) == ("sip:alice@sip.test",) * 2 + (OFFER,)
    assert ("X-PH-Door", "front") in incoming.headers
    assert bench.core.call_id(incoming.invite) == "peer-call"

    bench.core.provisional(incoming.invite, 180, headers=(("X-CallUUID", "u"),), now=bench.now)
    (ringing,) = bench.sent()
    assert isinstance(ringing, Response)
    assert (ringing.status, ringing.first("X-CallUUID")) == (180, "u")
    assert ringing.to.tag
    bench.core.answer(incoming.invite, ANSWER, now=bench.now)
    (answer,) = bench.sent()
    assert isinstance(answer, Response)
    assert (answer.status, answer.body, answer.to.tag) == (200, ANSWER, ringing.to.tag)
    assert "UPDATE" in answer.items("Allow")
    bench.give(bench.in_dialog("ACK", answer, sequence=1))
    assert bench.event(Acknowledged) == Acknowledged(invite=incoming.invite, body=None)

    bench.core.bye(incoming.invite, now=bench.now)
    bye = bench.request("BYE")
    assert (bye.uri, bye.from_.uri, bye.from_.tag) == (
        "sip:peer@198.51.100.7;transport=ws",
        "sip:alice@sip.test",
        answer.to.tag,
    )
    bench.answer(bye, 200)
    assert bench.core.is_idle


def test_the_answer_is_repeated_until_its_ack() -> None:
    bench = Bench()
    _, answer = bench.answered()
    times = []
    began = bench.now
    for _ in range(80):
        bench.advance(0.25)
        times += [round(bench.now - began, 2) for status in bench.statuses() if status == 200]
    assert times == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5]
    bench.give(bench.in_dialog("ACK", answer, sequence=1))
    bench.advance(60)
    assert bench.sent() == []
    bench.give(bench.in_dialog("ACK", answer, sequence=1))
    assert [type(event) for event in bench.events()] == [Acknowledged]


def test_an_answer_that_is_never_acknowledged_ends() -> None:
    bench = Bench()
    bench.answered()
    bench.advance(31.9)
    bench.sent()
    assert bench.events() == []
    bench.advance(0.2)
    assert bench.requests("BYE")
    ended = bench.event(Ended)
    assert (ended.local, ended.status) == (True, 408)


def test_the_bye_of_a_callee_waits_for_the_ack() -> None:
    bench = Bench()
    invite, answer = bench.answered()
    bench.core.bye(invite, now=bench.now)
    assert bench.event(Ended).local
    assert bench.sent() == []
    bench.give(bench.in_dialog("ACK", answer, sequence=1))
    bench.request("BYE")
    assert bench.events() == []


def test_an_offerless_invite_gets_our_offer_and_brings_the_answer_in_the_ack() -> None:
    bench = Bench()
    request = bench.peer_request("INVITE")
    bench.give(request)
    bench.sent()
    incoming = bench.event(Incoming)
    assert incoming.offer is None
    bench.core.answer(incoming.invite, OFFER, now=bench.now)
    (answer,) = bench.sent()
    assert isinstance(answer, Response)
    bench.give(bench.in_dialog("INVITE", answer, sequence=2, body=OTHER))
    assert bench.statuses() == [491], "our offer is not answered yet"
    bench.give(bench.in_dialog("ACK", answer, sequence=1, body=ANSWER))
    assert bench.event(Acknowledged).body == ANSWER


@pytest.mark.parametrize("status", [302, 404, 408, 480, 486, 488, 603])
def test_reject(status: int) -> None:
    bench = Bench()
    invite, request = bench.ringing()
    contacts = ("sip:carol@sip.test",) if status == 302 else ()
    bench.core.reject(invite, status, reason="Not Now", contacts=contacts, now=bench.now)
    (response,) = bench.sent()
    assert isinstance(response, Response)
    assert (response.status, response.reason) == (status, "Not Now")
    assert response.all("Contact") == tuple(f"<{uri}>" for uri in contacts)
    bench.give(request)
    assert bench.statuses() == [status], "a copy gets it again"
    bench.give(bench.peer_request("ACK", branch=request.via.branch, to_tag=response.to.tag))
    bench.give(request)
    assert (bench.sent(), bench.events()) == ([], [])
    assert bench.core.is_idle


def test_a_copy_of_the_invite_gets_the_last_provisional_response() -> None:
    bench = Bench()
    invite, request = bench.ringing()
    bench.give(request)
    assert bench.statuses() == [100]
    bench.core.provisional(invite, 183, body=ANSWER, now=bench.now)
    bench.sent()
    bench.give(request)
    assert bench.statuses() == [183]
    assert bench.events() == []


def test_a_provisional_response_is_repeated_every_minute() -> None:
    bench = Bench()
    invite, _ = bench.ringing()
    bench.core.provisional(invite, 180, now=bench.now)
    bench.sent()
    bench.advance(59)
    assert bench.sent() == []
    bench.advance(122)
    assert bench.statuses() == [180, 180, 180]


def test_an_invite_that_expires() -> None:
    bench = Bench()
    invite, _ = bench.ringing(headers=(("Expires", "20"),))
    bench.advance(19.9)
    assert bench.events() == []
    bench.advance(0.2)
    assert bench.statuses() == [487]
    assert bench.event(Cancelled).invite == invite


# CANCEL and its races


def test_cancelled() -> None:
    bench = Bench()
    invite, request = bench.ringing()
    cause = 'SIP;cause=200;text="Call completed elsewhere"'
    cancel = bench.peer_request("CANCEL", branch=request.via.branch, headers=(("Reason", cause),))
    bench.give(cancel)
    assert bench.statuses() == [200, 487]
    reason = Reason(protocol="SIP", code=200, text="Call completed elsewhere")
    assert bench.event(Cancelled) == Cancelled(invite=invite, cause=reason)
    bench.give(cancel)
    assert bench.statuses() == [200]
    bench.core.answer(invite, ANSWER, now=bench.now)
    assert (bench.sent(), bench.events()) == ([], []), "too late, and no misuse"


def test_a_cancel_that_comes_after_the_answer_changes_nothing() -> None:
    bench = Bench()
    _, answer = bench.answered()
    bench.give(bench.peer_request("CANCEL", branch=answer.via.branch))
    assert bench.statuses() == [200]
    assert bench.events() == []
    bench.give(bench.in_dialog("ACK", answer, sequence=1))
    bench.event(Acknowledged)


def test_a_cancel_of_nothing() -> None:
    bench = Bench()
    bench.give(bench.peer_request("CANCEL"))
    assert bench.statuses() == [481]


def test_a_bye_in_the_early_dialog() -> None:
    bench = Bench()
    invite, _ = bench.ringing()
    bench.core.provisional(invite, 180, now=bench.now)
    (ringing,) = bench.sent()
    bench.give(bench.in_dialog("BYE", ringing))
    assert bench.statuses() == [200, 487]
    assert bench.event(Cancelled).invite == invite


# What is refused at once


@pytest.mark.parametrize(
    ("method", "headers", "body", "status", "header"),
    [
        ("SUBSCRIBE", (), b"", 489, "Allow-Events"),
        ("SUBSCRIBE", (("Event", "presence"),), b"", 489, "Allow-Events"),
        ("REFER", (), b"", 400, ""),
        ("PUBLISH", (), b"", 405, "Allow"),
        ("INVITE", (("Require", "precondition, gruu"),), OFFER, 420, "Unsupported"),
        ("OPTIONS", (("Require", "sec-agree"),), b"", 420, "Unsupported"),
        ("INVITE", (("Content-Encoding", "gzip"),), OFFER, 415, "Accept-Encoding"),
        ("BYE", (), b"", 481, ""),
        ("UPDATE", (), OFFER, 481, ""),
    ],
)
def test_refused(method: str, headers: HeaderPairs, body: bytes, status: int, header: str) -> None:
    bench = Bench()
    bench.give(bench.peer_request(method, headers=headers, body=body))
    (response,) = bench.sent()
    assert isinstance(response, Response)
    assert response.status == status
    if header:
        assert response.first(header)
    assert bench.events() == []
    if status == 420:
        assert "gruu" not in response.items("Unsupported")


def test_a_body_that_is_no_session_description() -> None:
    bench = Bench()
    request = bench.peer_request("INVITE", headers=(("Content-Type", "multipart/mixed;boundary=x"),))
    bench.give(Request(method="INVITE", uri=request.uri, headers=request.headers, body=b"--x"))
    (response,) = bench.sent()
    assert isinstance(response, Response)
    assert (response.status, response.first("Accept")) == (415, "application/sdp")


def test_the_same_request_over_two_paths() -> None:
    bench = Bench()
    invite, _ = bench.ringing()
    bench.give(bench.peer_request("INVITE", body=OFFER))
    assert bench.statuses() == [482]
    bench.core.answer(invite, ANSWER, now=bench.now)
    assert bench.statuses() == [200]


def test_our_own_request_comes_back() -> None:
    bench = Bench()
    _, request = bench.called()
    looped = Request(
        method="INVITE",
        uri=request.uri,
        headers=(("Via", "SIP/2.0/WSS proxy.sip.test;branch=z9hG4bKloop"), *request.headers),
        body=request.body,
    )
    bench.give(looped)
    assert bench.statuses() == [482]


def test_an_unknown_dialog() -> None:
    bench = Bench()
    for method in ("INVITE", "BYE", "INFO", "UPDATE", "NOTIFY", "OPTIONS"):
        bench.give(bench.peer_request(method, to_tag="nobody", sequence=9))
        assert bench.statuses() == [481], method
    bench.give(bench.peer_request("ACK", to_tag="nobody"))
    assert (bench.sent(), bench.events()) == ([], [])


def test_no_more_than_fifty_ring() -> None:
    bench = Bench()
    for number in range(60):
        bench.give(bench.peer_request("INVITE", call_id=f"call-{number}", body=OFFER))
    statuses = bench.statuses()
    assert (statuses.count(100), statuses.count(486)) == (50, 10)
    assert len(bench.events()) == 50


def test_options_and_messages_outside_a_dialog() -> None:
    bench = Bench()
    bench.give(bench.peer_request("OPTIONS"))
    (response,) = bench.sent()
    assert isinstance(response, Response)
    assert response.status == 200
    assert {"INVITE", "BYE", "UPDATE"} <= set(response.items("Allow"))
    assert response.first("Accept") == "application/sdp"
    assert bench.events() == []
    for number, method in enumerate(("MESSAGE", "NOTIFY", "INFO")):
        bench.give(bench.peer_request(method, call_id=f"c{number}", headers=(("Event", "x"),)))
        assert bench.statuses() == []
        received = bench.event(RequestReceived)
        assert (received.invite, received.method) == (None, method)
        assert ("Event", "x") in received.headers
        bench.core.respond(received.request, 202, now=bench.now)
        assert bench.statuses() == [202]


def test_a_request_that_nobody_decides_on_is_answered_all_the_same() -> None:
    bench = Bench()
    bench.give(bench.peer_request("MESSAGE"))
    received = bench.event(RequestReceived)
    bench.advance(7.9)
    assert bench.statuses() == []
    bench.advance(0.2)
    assert bench.statuses() == [500]
    bench.core.respond(received.request, 200, now=bench.now)
    assert (bench.statuses(), bench.events()) == ([], [])
    with pytest.raises(UsageError):
        bench.core.respond(received.request, 100, now=bench.now)


def test_info_in_the_dialog_once() -> None:
    bench = Bench()
    invite, answer = bench.talking()
    info = bench.in_dialog("INFO", answer, sequence=2, body=b"x")
    bench.give(info)
    bench.give(info)
    assert bench.statuses() == []
    received = bench.event(RequestReceived)
    assert received.invite == invite
    bench.core.respond(received.request, 415, now=bench.now)
    bench.give(info)
    assert bench.statuses() == [415, 415]
    assert bench.events() == []
    bench.give(bench.in_dialog("INFO", answer, sequence=2))
    assert bench.statuses() == [500], "CSeq did not go up"


def test_keepalive() -> None:
    bench = Bench()
    bench.give(b"\r\n\r\n")
    assert bench.core.to_send() == [b"\r\n"]
    bench.give(b"\r\n")
    assert bench.core.to_send() == []


def test_a_connection_lost_while_it_rings() -> None:
    bench = Bench()
    invite, _ = bench.ringing()
    bench.core.disconnected("gone", bench.now)
    failed = bench.events()[-1]
    assert isinstance(failed, Failed)
    assert (failed.invite, failed.status, failed.local) == (invite, 503, True)


def test_a_connection_lost_before_the_ack() -> None:
    bench = Bench()
    _, answer = bench.answered()
    bench.core.disconnected("gone", bench.now)
    bench.advance(1)
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    bench.events()
    bench.advance(5)
    assert 200 in bench.statuses()
    bench.give(bench.in_dialog("ACK", answer, sequence=1))
    bench.event(Acknowledged)


def test_a_transaction_of_rfc_2543() -> None:
    bench = Bench()
    first = bench.peer_request("MESSAGE", branch="1", call_id="a")
    second = bench.peer_request("MESSAGE", branch="1", call_id="b")
    for request in (first, second, first):
        bench.give(request)
    assert len(bench.events()) == 2


def test_misuse() -> None:
    bench = Bench()
    invite, _ = bench.ringing()
    with pytest.raises(StateError):
        bench.core.cancel(invite, now=bench.now)
    with pytest.raises(UsageError):
        bench.core.provisional(invite, 200, now=bench.now)
    with pytest.raises(UsageError):
        bench.core.reject(invite, 200, now=bench.now)
    bench.core.answer(invite, ANSWER, now=bench.now)
    with pytest.raises(StateError):
        bench.core.answer(invite, ANSWER, now=bench.now)
    with pytest.raises(StateError):
        bench.core.reject(invite, 486, now=bench.now)
    outgoing = bench.core.invite("bob", OFFER, now=bench.now)
    with pytest.raises(StateError):
        bench.core.answer(outgoing, ANSWER, now=bench.now)


def test_closing_while_it_rings_lets_other_telephones_ring() -> None:
    bench = Bench()
    bench.ringing()
    bench.core.close(bench.now)
    assert bench.statuses() == [480]
    assert bench.core.is_idle
