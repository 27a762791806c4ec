"""Our INVITE taken back, and our INVITE answered more than once."""

import pytest

from appliance.errors import StateError
from appliance.sip.events import Answered, Failed, Progress, Reason
from appliance.sip.message import Request
from tests.unit.sip.bench import ANSWER, OFFER, OTHER, Bench

CHALLENGE = (("Proxy-Authenticate", 'Digest realm="sip.test", nonce="n1", qop="auth"'),)


def test_cancel_waits_for_a_provisional_response() -> None:
    bench = Bench()
    invite, request = bench.called()
    cause = Reason(protocol="SIP", code=487, text="gave up")
    bench.core.cancel(invite, cause=cause, now=bench.now)
    assert bench.sent() == []
    bench.answer(request, 100)
    cancel = bench.request("CANCEL")
    assert (cancel.uri, cancel.via.branch, cancel.sequence) == (request.uri, request.via.branch, request.sequence)
    assert cancel.first("To") == request.first("To")
    assert cancel.first("Reason") == 'SIP;cause=487;text="gave up"'
    bench.answer(cancel, 200)
    bench.answer(request, 180)
    assert bench.events() == [], "who has cancelled does not hear it ring"
    bench.answer(request, 487)
    bench.request("ACK")
    failed = bench.event(Failed)
    assert (failed.status, failed.local) == (487, False)


def test_a_2xx_that_crosses_the_cancel_is_acknowledged_and_ended() -> None:
    bench = Bench()
    invite, request = bench.called()
    bench.answer(request, 180)
    bench.core.cancel(invite, now=bench.now)
    bench.request("CANCEL")
    bench.events()
    bench.answer(request, 200, body=ANSWER)
    assert [one.method for one in bench.sent() if isinstance(one, Request)] == ["ACK", "BYE"]
    failed = bench.event(Failed)
    assert (failed.status, failed.local) == (487, True)
    bench.answer(request, 200, body=ANSWER)
    bench.request("ACK")
    assert bench.events() == []


def test_a_cancel_that_nobody_heeds_is_over_after_32_s() -> None:
    bench = Bench()
    invite, request = bench.called()
    bench.answer(request, 180)
    bench.events()
    bench.core.cancel(invite, now=bench.now)
    bench.advance(31.9)
    assert bench.events() == []
    bench.advance(0.2)
    failed = bench.event(Failed)
    assert (failed.status, failed.local) == (487, True)


def test_cancel_while_being_challenged_is_no_new_attempt() -> None:
    bench = Bench()
    bench.core.authenticate("alice", "secret")
    invite, request = bench.called()
    bench.core.cancel(invite, now=bench.now)
    bench.answer(request, 407, headers=CHALLENGE)
    bench.request("ACK")
    failed = bench.event(Failed)
    assert (failed.status, failed.local) == (487, True)


def test_cancel_after_the_answer_is_a_bye() -> None:
    bench = Bench()
    invite, _ = bench.established()
    bench.core.cancel(invite, now=bench.now)
    bench.request("BYE")


# Forking and copies


def test_a_lost_ack_is_repeated_for_every_copy_of_the_2xx() -> None:
    bench = Bench()
    invite, request = bench.called()
    bench.answer(request, 200, body=ANSWER)
    first = bench.core.to_send()
    bench.events()
    for _ in range(3):
        bench.answer(request, 200, body=ANSWER)
        assert bench.core.to_send() == first
    assert bench.events() == []
    assert invite


def test_the_first_2xx_wins_and_others_are_ended() -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 183, tag="one", body=ANSWER)
    bench.answer(request, 180, tag="two")
    bench.answer(request, 200, tag="two", body=OTHER, contact="<sip:two@198.51.100.8>")
    bench.request("ACK")
    events = bench.events()
    assert [event.early for event in events if isinstance(event, Progress | Answered)] == ["one", "two", "two"]

    bench.answer(request, 200, tag="three", body=ANSWER, contact="<sip:three@198.51.100.9>")
    acknowledgement, bye = bench.sent()
    assert isinstance(acknowledgement, Request)
    assert isinstance(bye, Request)
    assert (acknowledgement.method, acknowledgement.to.tag) == ("ACK", "three")
    assert (bye.method, bye.to.tag, bye.uri) == ("BYE", "three", "sip:three@198.51.100.9")
    bench.answer(request, 200, tag="three", body=ANSWER)
    assert bench.request("ACK").to.tag == "three"
    assert bench.events() == []


def test_a_provisional_response_after_the_answer_changes_nothing() -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 200, body=ANSWER)
    bench.sent()
    bench.events()
    bench.answer(request, 180, tag="late")
    assert (bench.sent(), bench.events()) == ([], [])


def test_the_2xx_decides_the_route() -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 180, headers=(("Record-Route", "<sip:early.sip.test;lr>"),))
    bench.answer(request, 200, body=ANSWER, headers=(("Record-Route", "<sip:final.sip.test;lr>"),))
    assert bench.request("ACK").all("Route") == ("<sip:final.sip.test;lr>",)


def test_a_strict_router_is_addressed_itself() -> None:
    bench = Bench()
    _, request = bench.called()
    bench.answer(request, 200, body=ANSWER, headers=(("Record-Route", "<sip:old.sip.test>"),))
    acknowledgement = bench.request("ACK")
    assert acknowledgement.uri == "sip:old.sip.test"
    assert acknowledgement.all("Route") == ("<sip:peer@198.51.100.7;transport=ws>",)


def test_an_offerless_invite_is_acknowledged_with_the_answer() -> None:
    bench = Bench()
    invite, request = bench.called(None)
    assert request.body == b""
    assert request.first("Content-Type") is None
    bench.answer(request, 200, body=OFFER)
    assert bench.sent() == []
    assert bench.event(Answered).body == OFFER
    with pytest.raises(StateError):
        bench.core.reoffer(invite, OTHER, now=bench.now)
    bench.core.acknowledge(invite, ANSWER, now=bench.now)
    acknowledgement = bench.request("ACK")
    assert (acknowledgement.body, acknowledgement.first("Content-Type")) == (ANSWER, "application/sdp")
    bench.answer(request, 200, body=OFFER)
    assert bench.request("ACK").body == ANSWER
    with pytest.raises(StateError):
        bench.core.acknowledge(invite, ANSWER, now=bench.now)


def test_an_offer_that_is_not_wanted_is_acknowledged_and_ended() -> None:
    bench = Bench()
    invite, request = bench.called(None)
    bench.answer(request, 200, body=OFFER)
    bench.core.bye(invite, now=bench.now)
    assert [one.method for one in bench.sent() if isinstance(one, Request)] == ["ACK", "BYE"]
