"""A user agent core on a bench: a clock that is turned by hand, a wire that is read and written by hand."""

import hashlib
from collections.abc import Callable
from itertools import count
from typing import TypeVar

from appliance.clock import ManualClock
from appliance.sip.core import Core
from appliance.sip.endpoint import CoreSettings
from appliance.sip.events import Event, HeaderPairs, Incoming, InviteId
from appliance.sip.identifiers import Token
from appliance.sip.message import Request, Response, respond
from appliance.sip.sanity import check
from appliance.units import Seconds

E = TypeVar("E")
OFFER, ANSWER, OTHER = b"v=0\r\ns=offer\r\n", b"v=0\r\ns=answer\r\n", b"v=0\r\ns=other\r\n"
PEER_CONTACT = "<sip:peer@198.51.100.7;transport=ws>"


def tokens(seed: str) -> Token:
    """Randomness that is the same in every run."""
    numbers = count()

    def token(size: int) -> str:
        return hashlib.shake_256(f"{seed}/{next(numbers)}".encode()).hexdigest(size)

    return token


def read(data: bytes) -> Request | Response:
    """What we send has to pass our own door."""
    message = check(data)
    assert isinstance(message, Request | Response), (message, data)
    return message


class Bench:
    """One core, connected unless said otherwise."""

    def __init__(self, user: str = "alice", *, connected: bool = True, clock: ManualClock | None = None) -> None:
        settings = CoreSettings(domain="sip.test", user=user, display_name=user.title(), register_expires=120)
        self.clock = clock or ManualClock()
        self.core = Core(settings, token=tokens(user))
        self._peer_numbers = count(1)
        if connected:
            self.core.connected(self.now, url="wss://sip.test/ws")
            self.events()

    @property
    def now(self) -> Seconds:
        return self.clock.now()

    def sent(self) -> list[Request | Response]:
        """Everything sent since the last look, keepalives aside."""
        return [read(data) for data in self.core.to_send()]

    def requests(self, method: str) -> list[Request]:
        return [one for one in self.sent() if isinstance(one, Request) and one.method == method]

    def request(self, method: str) -> Request:
        found = self.sent()
        assert [one.method if isinstance(one, Request) else one.status for one in found] == [method]
        assert isinstance(found[0], Request)
        return found[0]

    def statuses(self) -> list[int]:
        return [one.status for one in self.sent() if isinstance(one, Response)]

    def events(self) -> list[Event]:
        found = []
        while (event := self.core.next_event()) is not None:
            found.append(event)
        return found

    def event(self, kind: type[E]) -> E:
        """The only event since the last look."""
        found = self.events()
        assert [type(one) for one in found] == [kind], found
        assert isinstance(found[0], kind)
        return found[0]

    def give(self, message: Request | Response | bytes) -> None:
        self.core.receive(message if isinstance(message, bytes) else message.render(), self.now)

    def advance(self, seconds: float) -> None:
        """Let time pass, and the core act whenever it asked to."""
        end = self.now + seconds
        while (deadline := self.core.deadline()) is not None and deadline <= end:
            self.clock.advance(max(0.0, deadline - self.now))
            self.core.timer(self.now)
        self.clock.advance(end - self.now)
        self.core.timer(self.now)

    def answer(
        self,
        request: Request,
        status: int,
        *,
        tag: str = "peer",
        body: bytes = b"",
        headers: HeaderPairs = (),
        contact: str = PEER_CONTACT,
    ) -> Response:
        """The peer answers a request of ours."""
        own: HeaderPairs = (("Contact", contact),) if 100 < status < 300 else ()
        described: HeaderPairs = (("Content-Type", "application/sdp"),) if body else ()
        response = respond(request, status, tag=tag, headers=(*own, *headers, *described), body=body)
        self.give(response)
        return response

    def peer_request(
        self,
        method: str,
        *,
        sequence: int = 1,
        branch: str = "",
        call_id: str = "peer-call",
        from_tag: str = "peer",
        to_tag: str = "",
        headers: HeaderPairs = (),
        body: bytes = b"",
        uri: str = "sip:alice@sip.test",
    ) -> Request:
        """A request of the peer's, not yet given."""
        number = next(self._peer_numbers)
        described: HeaderPairs = (("Content-Type", "application/sdp"),) if body else ()
        return Request(
            method=method,
            uri=uri,
            headers=(
                ("Via", f"SIP/2.0/WSS proxy.sip.test;branch={branch or f'z9hG4bKpeer{number}'}"),
                ("Max-Forwards", "68"),
                ("From", f'"Bob" <sip:bob@sip.test>;tag={from_tag}'),
                ("To", f"<sip:alice@sip.test>{f';tag={to_tag}' if to_tag else ''}"),
                ("Call-ID", call_id),
                ("CSeq", f"{sequence} {method}"),
                ("Contact", PEER_CONTACT),
                *headers,
                *described,
            ),
            body=body,
        )

    def in_dialog(self, method: str, ours: Request | Response, sequence: int = 2, **more: object) -> Request:
        """A request of the peer's in the dialog that a request or response of ours belongs to."""
        if isinstance(ours, Request):
            local_tag, remote_tag = ours.from_.tag, ours.to.tag or "peer"
        else:
            local_tag, remote_tag = ours.to.tag, ours.from_.tag
        make: Callable[..., Request] = self.peer_request
        return make(method, sequence=sequence, call_id=ours.call_id, from_tag=remote_tag, to_tag=local_tag, **more)

    # Short ways into a state

    def registered(self) -> None:
        self.core.register("alice", "secret", now=self.now)
        request = self.request("REGISTER")
        self.answer(request, 200, contact=f"{request.first('Contact')}")
        self.events()

    def called(self, offer: bytes | None = OFFER) -> tuple[InviteId, Request]:
        """Our INVITE is out."""
        invite = self.core.invite("sip:bob@sip.test", offer, now=self.now)
        return invite, self.request("INVITE")

    def established(
        self, *, headers: HeaderPairs = (("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE"),)
    ) -> tuple[InviteId, Request]:
        """Our INVITE is answered and acknowledged. Its ACK carries the dialog's tags."""
        invite, request = self.called()
        self.answer(request, 200, body=ANSWER, headers=headers)
        acknowledgement = self.request("ACK")
        self.events()
        return invite, acknowledgement

    def ringing(self, offer: bytes = OFFER, **more: object) -> tuple[InviteId, Request]:
        """A peer's INVITE waits for our answer."""
        make: Callable[..., Request] = self.peer_request
        request = make("INVITE", body=offer, **more)
        self.give(request)
        assert self.statuses() == [100]
        return self.event(Incoming).invite, request

    def answered(self, offer: bytes = OFFER) -> tuple[InviteId, Response]:
        """A peer's INVITE is answered; the ACK has not come."""
        invite, _ = self.ringing(offer)
        self.core.answer(invite, ANSWER, now=self.now)
        (response,) = self.sent()
        assert isinstance(response, Response)
        return invite, response

    def talking(self) -> tuple[InviteId, Response]:
        """A peer's INVITE is answered and acknowledged."""
        invite, response = self.answered()
        self.give(self.in_dialog("ACK", response, sequence=1))
        self.events()
        return invite, response


class Pair:
    """Two cores on one clock, each the other's proxy."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.alice = Bench("alice", clock=self.clock)
        self.bob = Bench("bob", clock=self.clock)
        self.log: list[Request | Response] = []

    def exchange(self, *, lose: Callable[[Request | Response], bool] = lambda _: False) -> None:
        """Carry messages until nobody has any; those that `lose` picks vanish."""
        for _ in range(200):
            carried = False
            for sender, receiver in ((self.alice, self.bob), (self.bob, self.alice)):
                for data in sender.core.to_send():
                    carried = True
                    message = read(data)
                    self.log.append(message)
                    if not lose(message):
                        receiver.core.receive(data, self.clock.now())
            if not carried:
                return
        raise AssertionError("they never come to an end")

    def advance(self, seconds: float) -> None:
        """Let time pass for both, in small steps, carrying messages in between."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.clock.advance(min(0.1, end - self.clock.now()))
            self.alice.core.timer(self.clock.now())
            self.bob.core.timer(self.clock.now())
            self.exchange()
