"""REGISTER: the binding, its refresh, its loss."""

import pytest

from appliance.sip.events import Disconnected, Registered, RegistrationFailed, Unregistered
from appliance.sip.message import Request
from appliance.sip.registration import refresh_after
from tests.unit.sip.bench import Bench

CHALLENGE = (("WWW-Authenticate", 'Digest realm="sip.test", nonce="n1", algorithm=MD5, qop="auth"'),)


def register(bench: Bench) -> Request:
    bench.core.register("alice", "secret", now=bench.now)
    return bench.request("REGISTER")


def grant(bench: Bench, request: Request, expires: int = 120, **more: str) -> None:
    contact = f"{request.items('Contact')[0].rpartition(';expires=')[0]};expires={expires}"
    for name, value in more.items():
        contact += f';{name.replace("_", "-")}="{value}"'
    bench.answer(request, 200, contact=contact)


@pytest.mark.parametrize(
    ("expires", "after"), [(120, 108.0), (600, 540.0), (60, 54.0), (40, 35.0), (10, 5.0), (5, 2.5), (2, 1.0), (1, 1.0)]
)
def test_when_to_refresh(expires: int, after: float) -> None:
    assert refresh_after(expires) == after


def test_the_first_request() -> None:
    bench = Bench()
    request = register(bench)
    assert request.uri == "sip:sip.test"
    assert request.from_.uri == request.to.uri == "sip:alice@sip.test"
    assert request.to.tag == ""
    contact = request.items("Contact")[0]
    assert ";transport=ws>" in contact
    assert ';+sip.instance="<urn:uuid:' in contact
    assert contact.endswith(";reg-id=1;expires=120")
    assert request.items("Supported") == ("gruu", "outbound", "path")
    assert not bench.core.is_registered


def test_registered_refreshed_and_not_challenged_again() -> None:
    bench = Bench()
    request = register(bench)
    bench.answer(request, 401, headers=CHALLENGE)
    authorized = bench.request("REGISTER")
    assert authorized.call_id == request.call_id
    assert authorized.sequence == request.sequence + 1
    assert authorized.via.branch != request.via.branch
    assert 'username="alice"' in (authorized.first("Authorization") or "")
    grant(bench, authorized)
    event = bench.event(Registered)
    assert (event.aor, event.expires, event.refresh) == ("sip:alice@sip.test", 120, False)
    assert bench.core.is_registered

    bench.advance(107)
    assert bench.sent() == []
    bench.advance(1)
    refresh = bench.request("REGISTER")
    assert "nc=00000002" in (refresh.first("Authorization") or "")
    grant(bench, refresh)
    assert bench.event(Registered).refresh


def test_a_stale_nonce_is_answered_again() -> None:
    bench = Bench()
    bench.answer(register(bench), 401, headers=CHALLENGE)
    stale = (("WWW-Authenticate", 'Digest realm="sip.test", nonce="n2", stale=true, qop="auth"'),)
    bench.answer(bench.request("REGISTER"), 401, headers=stale)
    assert 'nonce="n2"' in (bench.request("REGISTER").first("Authorization") or "")


@pytest.mark.parametrize("status", [401, 407])
def test_a_wrong_password_is_tried_once(status: int) -> None:
    bench = Bench()
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    bench.answer(register(bench), status, headers=((name, CHALLENGE[0][1]),))
    again = ((name, 'Digest realm="sip.test", nonce="n2", qop="auth"'),)
    bench.answer(bench.request("REGISTER"), status, headers=again)
    assert bench.event(RegistrationFailed).status == status
    bench.advance(7200)
    assert bench.sent() == [], "the account would be locked"


def test_an_outage_of_the_registrar_is_tried_again_ever_more_slowly() -> None:
    bench = Bench()
    bench.answer(register(bench), 503)
    assert bench.event(RegistrationFailed).status == 503
    waits = []
    for _ in range(8):
        began = bench.now
        while not (found := bench.requests("REGISTER")):
            bench.advance(1)
        waits.append(bench.now - began)
        bench.answer(found[0], 500)
        bench.event(RegistrationFailed)
    assert 15 <= waits[0] <= 31
    assert max(waits) <= 601
    assert waits[-1] > 200


def test_retry_after_is_heard() -> None:
    bench = Bench()
    bench.answer(register(bench), 503, headers=(("Retry-After", "300 (maintenance);duration=5"),))
    bench.advance(299)
    assert bench.sent() == []
    bench.advance(2)
    bench.request("REGISTER")


def test_no_answer_is_a_408() -> None:
    bench = Bench()
    register(bench)
    bench.advance(31.9)
    assert bench.events() == []
    bench.advance(0.2)
    assert bench.event(RegistrationFailed).status == 408


def test_423_is_followed_once() -> None:
    bench = Bench()
    request = register(bench)
    bench.answer(request, 423, headers=(("Min-Expires", "300"),))
    longer = bench.request("REGISTER")
    assert longer.first("Expires") == "300"
    bench.answer(longer, 423, headers=(("Min-Expires", "900"),))
    assert bench.event(RegistrationFailed).status == 423


def test_a_binding_that_cannot_be_refreshed_expires() -> None:
    bench = Bench()
    grant(bench, register(bench))
    bench.events()
    bench.advance(108)
    bench.answer(bench.request("REGISTER"), 500)
    assert bench.event(RegistrationFailed).status == 500
    assert bench.core.is_registered
    bench.advance(7)
    bench.answer(bench.request("REGISTER"), 500), "a second try while there is something to save"
    bench.events()
    bench.advance(6)
    assert [event for event in bench.events() if isinstance(event, Unregistered)] == [
        Unregistered(requested=False, reason="the binding expired")
    ]
    assert not bench.core.is_registered


def test_the_contact_parameter_wins_over_the_header_and_our_binding_over_others() -> None:
    bench = Bench()
    request = register(bench)
    ours = request.items("Contact")[0].rpartition(";expires=")[0]
    contacts = f'<sip:other@1.2.3.4>;expires=7, {ours};expires=50, "x, y" <sip:z@1.2.3.5>;expires=9'
    bench.answer(request, 200, contact=contacts, headers=(("Expires", "3600"),))
    assert bench.event(Registered).expires == 50


def test_a_registrar_that_lists_nothing() -> None:
    bench = Bench()
    request = register(bench)
    bench.answer(request, 200, contact="<sip:other@1.2.3.4>", headers=(("Expires", "90"),))
    assert bench.event(Registered).expires == 90


def test_gruu_and_service_route_are_used() -> None:
    bench = Bench()
    request = register(bench)
    instance = f"{request.items('Contact')[0].rpartition(';expires=')[0]};expires=120"
    gruu = "sip:alice@sip.test;gr=urn:uuid:1"
    headers = (("Service-Route", "<sip:edge.sip.test;lr>"),)
    bench.answer(request, 200, contact=f'{instance};pub-gruu="{gruu}"', headers=headers)
    assert bench.event(Registered).contact == gruu
    _, invite = bench.called()
    assert invite.first("Contact") == f"<{gruu}>"
    assert invite.all("Route") == ("<sip:edge.sip.test;lr>",)
    bench.advance(108)
    assert bench.request("REGISTER").all("Route") == ()


def test_without_a_gruu_the_contact_asks_for_outbound() -> None:
    bench = Bench()
    bench.registered()
    _, invite = bench.called()
    assert (invite.first("Contact") or "").endswith(";transport=ws;ob>")


def test_a_new_connection_registers_again_with_the_same_instance() -> None:
    bench = Bench()
    first = register(bench)
    grant(bench, first)
    bench.events()
    bench.core.disconnected("gone", bench.now)
    lost, gone = bench.events()
    assert lost == Disconnected(url="wss://sip.test/ws", reason="gone")
    assert gone == Unregistered(requested=False, reason="gone")
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    second = bench.request("REGISTER")
    assert second.items("Contact") == first.items("Contact")
    assert (second.call_id, second.sequence) == (first.call_id, first.sequence + 1)
    bench.events()
    grant(bench, second)
    assert not bench.event(Registered).refresh


def test_unregister() -> None:
    bench = Bench()
    grant(bench, register(bench))
    bench.events()
    bench.core.unregister(now=bench.now)
    request = bench.request("REGISTER")
    assert request.first("Expires") == "0"
    assert request.items("Contact")[0].endswith(";expires=0")
    bench.answer(request, 200)
    assert bench.event(Unregistered).requested
    bench.advance(600)
    assert bench.sent() == []


def test_unregister_waits_for_a_register_under_way() -> None:
    bench = Bench()
    request = register(bench)
    bench.core.unregister(now=bench.now)
    assert bench.sent() == []
    grant(bench, request)
    removal = bench.request("REGISTER")
    assert removal.first("Expires") == "0"
    bench.answer(removal, 200)
    assert [type(event) for event in bench.events()] == [Registered, Unregistered]


def test_unregister_without_a_connection() -> None:
    bench = Bench(connected=False)
    bench.core.register("alice", "secret", now=bench.now)
    bench.core.unregister(now=bench.now)
    assert bench.event(Unregistered).requested
    bench.core.connected(bench.now, url="wss://sip.test/ws")
    assert bench.sent() == []


def test_registered_while_unregistering_is_registered_in_the_end() -> None:
    bench = Bench()
    grant(bench, register(bench))
    bench.core.unregister(now=bench.now)
    removal = bench.request("REGISTER")
    bench.core.register("alice", "secret", now=bench.now)
    bench.answer(removal, 200)
    grant(bench, bench.request("REGISTER"))
    assert bench.core.is_registered


def test_extra_headers_are_on_every_register() -> None:
    bench = Bench()
    bench.core.register("alice", "secret", headers=(("X-Token", "t"),), now=bench.now)
    request = bench.request("REGISTER")
    assert request.first("X-Token") == "t"
    bench.answer(request, 401, headers=CHALLENGE)
    assert bench.request("REGISTER").first("X-Token") == "t"


def test_other_credentials_while_a_register_is_under_way() -> None:
    bench = Bench()
    register(bench)
    bench.core.register("alice", "another", now=bench.now)
    assert bench.sent() == []
    bench.advance(32)
    assert bench.event(RegistrationFailed).status == 408
    grant(bench, bench.request("REGISTER"))
    assert isinstance(bench.event(Registered), Registered)
    bench.advance(107)
    assert bench.sent() == []
