"""The transaction layer on its own: matching, absorbing, limits."""

from appliance.clock import ManualClock
from appliance.sip.client_transaction import ClientTransaction
from appliance.sip.digest import Authenticator
from appliance.sip.identifiers import Identifiers
from appliance.sip.message import Request, Response, respond
from appliance.sip.server_transaction import ServerTransaction, transaction_key
from appliance.sip.transactions import Transactions
from appliance.units import Seconds
from tests.unit.sip.bench import Bench, read, tokens

NOW = Seconds(1000.0)


def request(method: str = "OPTIONS", *, branch: str = "z9hG4bK1", sequence: int = 1) -> Request:
    bench = Bench()
    return bench.peer_request(method, branch=branch, sequence=sequence)


class Layer:
    def __init__(self) -> None:
        self.identifiers = Identifiers(tokens("layer"))
        self.layer = Transactions(self.identifiers, Authenticator(self.identifiers.cnonce))
        self.layer.connected(NOW, secure=True)
        self.heard: list[int] = []
        self.clock = ManualClock()

    def _hear(self, response: Response, _request: Request, _now: Seconds) -> None:
        self.heard.append(response.status)

    def send(self, method: str = "OPTIONS") -> Request:
        draft = request(method).without("Via")
        self.layer.send(draft, self._hear, self.clock.now(), next_sequence=lambda: 2)
        sent = read(self.layer.take_outbox()[-1])
        assert isinstance(sent, Request)
        return sent


def test_a_response_finds_its_request_and_no_other() -> None:
    bed = Layer()
    sent = bed.send()
    stranger = respond(request(branch=sent.via.branch), 200)
    bed.layer.receive_response(stranger, NOW)
    assert bed.heard == [], "its Via is not ours (RFC 3261 §18.1.2)"
    other = respond(sent, 200).without("CSeq").with_header("CSeq", "1 BYE")
    bed.layer.receive_response(other, NOW)
    assert bed.heard == []
    bed.layer.receive_response(respond(sent, 200), NOW)
    bed.layer.receive_response(respond(sent, 200), NOW)
    assert bed.heard == [200]


def test_timer_f_runs_on_after_a_provisional_response() -> None:
    bed = Layer()
    sent = bed.send()
    bed.layer.receive_response(respond(sent, 100), bed.clock.now())
    bed.layer.timer(bed.clock.advance(31.9))
    assert bed.heard == [100]
    bed.layer.timer(bed.clock.advance(0.2))
    assert bed.heard == [100, 408]
    assert bed.layer.is_idle
    assert bed.layer.deadline() is None


def test_timer_b_stops_at_a_provisional_response() -> None:
    bed = Layer()
    sent = bed.send("INVITE")
    bed.layer.receive_response(respond(sent, 100), bed.clock.now())
    bed.layer.timer(bed.clock.advance(10_000))
    assert bed.heard == [100]


def test_a_final_response_lingers_and_is_then_forgotten() -> None:
    transaction = ClientTransaction(request("INVITE"), NOW)
    passed, acknowledgement = transaction.receive(respond(request("INVITE"), 486), NOW)
    assert passed
    assert acknowledgement is not None
    passed, again = transaction.receive(respond(request("INVITE"), 486), NOW)
    assert (passed, again) == (False, acknowledgement)
    passed, nothing = transaction.receive(respond(request("INVITE"), 180), NOW)
    assert (passed, nothing) == (False, None)
    assert not transaction.timer(Seconds(NOW + 6))
    assert transaction.is_terminated
    assert transaction.receive(respond(request("INVITE"), 486), NOW) == (False, None)


def test_every_2xx_is_passed_up_for_32_seconds() -> None:
    transaction = ClientTransaction(request("INVITE"), NOW)
    for _ in range(3):
        assert transaction.receive(respond(request("INVITE"), 200), NOW) == (True, None)
    assert not transaction.timer(Seconds(NOW + 31))
    assert not transaction.is_terminated
    transaction.timer(Seconds(NOW + 32))
    assert transaction.is_terminated


def test_the_server_waits_32_s_for_an_ack() -> None:
    server = ServerTransaction(request("INVITE"))
    server.respond(respond(server.request, 486), NOW)
    assert server.copy_received() is not None
    server.timer(Seconds(NOW + 31))
    assert not server.is_terminated
    server.acknowledged(Seconds(NOW + 31))
    assert server.copy_received() is None
    server.timer(Seconds(NOW + 37))
    assert server.is_terminated


def test_an_accepted_invite_absorbs_copies_silently() -> None:
    server = ServerTransaction(request("INVITE"))
    server.respond(respond(server.request, 200), NOW)
    assert server.copy_received() is None
    server.timer(Seconds(NOW + 32))
    assert server.is_terminated


def test_keys() -> None:
    invite, ack, cancel = request("INVITE"), request("ACK"), request("CANCEL")
    assert transaction_key(invite) == transaction_key(ack) == transaction_key(cancel, "INVITE")
    assert transaction_key(cancel) != transaction_key(invite)
    assert transaction_key(request(branch="1")) != transaction_key(request(branch="1", sequence=2))


def test_a_flood_is_bounded() -> None:
    bench = Bench()
    for number in range(2000):
        bench.give(bench.peer_request("OPTIONS", call_id=f"c{number}"))
        bench.events()
    statuses = bench.statuses()
    assert len(bench.core._endpoint.transactions._servers) == 512
    assert statuses.count(503) > 0
    bench.advance(6)
    bench.give(bench.peer_request("OPTIONS", call_id="later"))
    assert bench.statuses() == [200]


def test_what_was_not_sent_is_not_sent_later() -> None:
    bench = Bench(connected=False)
    bench.core.request("OPTIONS", "bob", now=bench.now)
    bench.core.connected(bench.now, url="ws://sip.test")
    assert bench.sent() == []


def test_via_names_the_transport() -> None:
    bench = Bench(connected=False)
    bench.core.connected(bench.now, url="ws://sip.test")
    _, request_ = bench.called()
    assert (request_.first("Via") or "").startswith("SIP/2.0/WS ")
    bench.core.disconnected("x", bench.now)
    bench.core.connected(bench.now, url="wss://sip.test")
    _, request_ = bench.called()
    assert (request_.first("Via") or "").startswith("SIP/2.0/WSS ")
