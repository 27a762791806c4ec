"""The registrar and proxy without its WebSockets: time, limits, and whatever a peer may send."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.clock import ManualClock
from appliance.sim import forwarding, gatekeeper, location, proxy
from appliance.sim.location import Flow
from appliance.sim.proxy import Proxy, ProxySettings
from appliance.sip.core import Core
from appliance.sip.endpoint import CoreSettings
from appliance.sip.events import (
    Answered,
    Cancelled,
    Event,
    Failed,
    Incoming,
    Registered,
    RegistrationFailed,
    Unregistered,
)
from appliance.sip.message import Request
from appliance.sip.sanity import check
from appliance.units import Seconds

DOMAIN = "sip.test"
USERS = {"alice": "a's word", "bob": "b's word"}


class Exchange:
    """A proxy and phones on it, all without I/O and with one manual clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        counter = count(1)
        self._token = lambda size: f"{next(counter):0{2 * size}x}"
        self.proxy = Proxy(ProxySettings(users=USERS, domain=DOMAIN), "127.0.0.1:5060", self._token)
        self.phones: dict[Flow, Core] = {}
        self.said: dict[Flow, list[Event]] = {}
        self.sent: list[tuple[Flow, bytes]] = []

    def phone(self, user: str, password: str = "") -> Flow:
        flow = Flow(len(self.phones) + 1)
        core = Core(CoreSettings(domain=DOMAIN, user=user), token=self._token)
        self.phones[flow] = core
        self.said[flow] = []
        core.connected(self.clock.now())
        core.register(user, password or USERS[user], now=self.clock.now())
        self.settle()
        return flow

    def settle(self) -> None:
        for _ in range(100):
            moved = False
            now = self.clock.now()
            for flow, core in self.phones.items():
                for data in core.to_send():
                    self.sent.append((flow, data))
                    self.proxy.receive(flow, data, now)
                    moved = True
                while (event := core.next_event()) is not None:
                    self.said[flow].append(event)
            for flow, data in self.proxy.to_send():
                if flow in self.phones:
                    self.phones[flow].receive(data, now)
                    moved = True
            if not moved:
                return
        raise AssertionError("it never settles")

    def advance(self, seconds: float, *, phones: bool = True) -> None:
        self.clock.advance(seconds)
        if phones:
            for core in self.phones.values():
                core.timer(self.clock.now())
        self.proxy.timer(self.clock.now())
        self.settle()

    def lose(self, flow: Flow) -> None:
        self.phones.pop(flow)
        self.proxy.flow_lost(flow, self.clock.now())
        self.settle()

    def last(self, flow: Flow, kind: type) -> Event | None:
        return next((event for event in reversed(self.said[flow]) if isinstance(event, kind)), None)


def test_registration_runs_out() -> None:
    exchange = Exchange()
    alice = exchange.phone("alice")
    assert isinstance(exchange.last(alice, Registered), Registered)
    exchange.phones.pop(alice)  # silent from now on, its connection still open
    assert len(exchange.proxy.bindings("alice", exchange.clock.now())) == 1
    exchange.advance(location.MAX_EXPIRES + 1.0)
    assert exchange.proxy.bindings("alice", exchange.clock.now()) == ()


def test_a_wrong_password_and_an_unknown_user() -> None:
    exchange = Exchange()
    assert isinstance(exchange.last(exchange.phone("alice", "wrong"), RegistrationFailed), RegistrationFailed)
    failed = exchange.last(exchange.phone("mallory", "x"), RegistrationFailed)
    assert isinstance(failed, RegistrationFailed)
    assert failed.status == 403


def test_a_stale_nonce_is_answered_without_the_user_noticing() -> None:
    exchange = Exchange()
    alice = exchange.phone("alice")
    exchange.advance(gatekeeper.NONCE_LIFE + 1.0)
    exchange.phones[alice].unregister(now=exchange.clock.now())
    exchange.settle()
    assert isinstance(exchange.last(alice, Unregistered), Unregistered)
    assert exchange.last(alice, RegistrationFailed) is None
    assert exchange.proxy.bindings("alice", exchange.clock.now()) == ()


def test_a_captured_register_can_not_be_played_again() -> None:
    exchange = Exchange()
    exchange.phone("alice")
    captured = next(data for _, data in exchange.sent if data.startswith(b"REGISTER") and b"\r\nAuthorization" in data)
    fresh = captured.replace(b"branch=", b"branch=z9hG4bKother")
    exchange.proxy.receive(Flow(99), fresh, exchange.clock.now())
    ((flow, answer),) = exchange.proxy.to_send()
    assert flow == 99
    assert answer.startswith(b"SIP/2.0 401")


def test_nobody_calls_in_another_name() -> None:
    exchange = Exchange()
    alice = exchange.phone("alice")
    exchange.phone("bob")
    exchange.phones[alice].invite(f"sip:bob@{DOMAIN}", b"v=0\r\n", now=exchange.clock.now())
    (invite,) = exchange.phones[alice].to_send()
    forged = invite.replace(b"sip:alice@", b"sip:bob@")
    exchange.proxy.receive(alice, forged, exchange.clock.now())
    ((_, challenge),) = exchange.proxy.to_send()
    assert challenge.startswith(b"SIP/2.0 407")


def ringing(exchange: Exchange) -> tuple[Flow, Flow]:
    alice, bob = exchange.phone("alice"), exchange.phone("bob")
    exchange.phones[alice].invite(f"sip:bob@{DOMAIN}", b"v=0\r\n", now=exchange.clock.now())
    exchange.settle()
    incoming = exchange.last(bob, Incoming)
    assert isinstance(incoming, Incoming)
    exchange.phones[bob].provisional(incoming.invite, 180, now=exchange.clock.now())
    exchange.settle()
    return alice, bob


def test_a_phone_that_rings_for_ever_is_cancelled() -> None:
    exchange = Exchange()
    alice, bob = ringing(exchange)
    exchange.advance(forwarding.TIMER_C + 1.0)
    assert isinstance(exchange.last(bob, Cancelled), Cancelled)
    failed = exchange.last(alice, Failed)
    assert isinstance(failed, Failed)
    assert failed.status in {408, 487}


def test_a_phone_that_says_nothing_is_given_up() -> None:
    exchange = Exchange()
    alice, bob = exchange.phone("alice"), exchange.phone("bob")
    dead = exchange.phones.pop(bob)
    assert dead is not None
    exchange.phones[alice].invite(f"sip:bob@{DOMAIN}", b"v=0\r\n", now=exchange.clock.now())
    exchange.settle()
    exchange.advance(33.0, phones=False)
    failed = exchange.last(alice, Failed)
    assert isinstance(failed, Failed)
    assert (failed.status, failed.local) == (408, False)


def test_nothing_stays_behind() -> None:
    exchange = Exchange()
    alice, bob = ringing(exchange)
    incoming = exchange.last(bob, Incoming)
    assert isinstance(incoming, Incoming)
    exchange.phones[bob].answer(incoming.invite, b"v=0\r\n", now=exchange.clock.now())
    exchange.settle()
    assert isinstance(exchange.last(alice, Answered), Answered)
    exchange.phones[bob].bye(incoming.invite, now=exchange.clock.now())
    exchange.settle()
    for _ in range(3):
        exchange.advance(40.0, phones=False)
    assert exchange.proxy.forwardings == 0
    assert exchange.proxy.deadline() is None


def test_a_lost_flow_ends_what_was_on_it() -> None:
    exchange = Exchange()
    alice, bob = ringing(exchange)
    exchange.lose(alice)
    assert isinstance(exchange.last(bob, Cancelled), Cancelled)


def test_too_many_requests_at_once_are_refused() -> None:
    exchange = Exchange()
    exchange.phone("alice")
    answer = b""
    for number in range(proxy.MAX_FORWARDINGS + 10):
        options = (
            f"OPTIONS sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK{number}\r\n"
            f"From: <sip:alice@{DOMAIN}>;tag=1\r\nTo: <sip:{DOMAIN}>\r\nCall-ID: a\r\nCSeq: 1 OPTIONS\r\n\r\n"
        )
        exchange.proxy.receive(Flow(1), options.encode(), exchange.clock.now())
        ((_, answer),) = exchange.proxy.to_send()
    assert answer.startswith(b"SIP/2.0 503")
    assert exchange.proxy.forwardings == proxy.MAX_FORWARDINGS


@pytest.mark.parametrize("expires", ["1", "4"])
def test_too_short_a_registration(expires: str) -> None:
    exchange = Exchange()
    exchange.phone("alice")
    register = next(data for _, data in reversed(exchange.sent) if data.startswith(b"REGISTER"))
    table = location.Location(DOMAIN)
    request = check(register)
    assert isinstance(request, Request)
    contact = request.items("Contact")[0].partition(";expires")[0] + f";expires={expires}"
    brief = request.without("Contact").with_header("Contact", contact)
    answer = table.register(brief, "alice", Flow(1), Seconds(0.0))
    assert (answer.status, answer.first("Min-Expires")) == (423, str(location.MIN_EXPIRES))


def conversation() -> list[tuple[Flow, bytes]]:
    """Every message of a call, as the proxy got it."""
    exchange = Exchange()
    _, bob = ringing(exchange)
    incoming = exchange.last(bob, Incoming)
    assert isinstance(incoming, Incoming)
    exchange.phones[bob].answer(incoming.invite, b"v=0\r\n", now=exchange.clock.now())
    exchange.settle()
    exchange.phones[bob].bye(incoming.invite, now=exchange.clock.now())
    exchange.settle()
    return exchange.sent


CONVERSATION = conversation()
PIECES = sorted({piece for _, data in CONVERSATION for piece in data.split(b"\r\n") if piece})


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Flow, bytes]:
    flow, data = draw(st.sampled_from(CONVERSATION))
    lines = data.split(b"\r\n")
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "foreign", "bytes", "cut"])):
            case "drop":
                lines[at : at + 1] = [] if len(lines) > 1 else lines
            case "double":
                lines.insert(at, lines[at])
            case "foreign":
                lines[at] = draw(st.sampled_from(PIECES))
            case "bytes":
                cut = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:cut] + draw(st.binary(max_size=6)) + lines[at][cut:]
            case _:
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
    return draw(st.sampled_from([flow, Flow(1), Flow(2), Flow(7)])), b"\r\n".join(lines)


@given(st.lists(mutated(), max_size=12), st.lists(st.floats(0.0, 200.0), min_size=3, max_size=3))
@settings(max_examples=150, deadline=None)
def test_whatever_comes_it_answers_and_stays_small(messages: list[tuple[Flow, bytes]], pauses: list[float]) -> None:
    exchange = Exchange()
    exchange.phone("alice")
    exchange.phone("bob")
    for index, (flow, data) in enumerate(messages):
        exchange.proxy.receive(flow, data, exchange.clock.now())
        exchange.settle()
        if index % 4 == 3:
            exchange.advance(pauses[index // 4])
    exchange.proxy.flow_lost(Flow(7), exchange.clock.now())
    for flow in list(exchange.phones):
        exchange.lose(flow)
    for _ in range(4):
        exchange.advance(200.0)
    assert exchange.proxy.forwardings == 0
