"""A registrar and proxy without I/O: messages of flows in, messages for flows out (RFC 3261 §10.3, §16).

    flow ──bytes──► sanity ──► who is it? (gatekeeper) ──► where to? (location) ──► Forwarding ──bytes──► flows

It puts itself into the route set of every call (Record-Route), so that requests inside a call find the phone again by
its GRUU or Contact, over whatever connection it has by then.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from appliance.sim.forwarding import Branch, Forwarding, refusal
from appliance.sim.gatekeeper import Gatekeeper
from appliance.sim.location import Binding, Flow, Location, host_of, user_of
from appliance.sip.events import HeaderPairs
from appliance.sip.header_values import NameAddress, parse_reason, uri_parameters
from appliance.sip.identifiers import MAGIC_COOKIE, Token
from appliance.sip.liveness import PING, PONG
from appliance.sip.message import ALLOW, SDP, Request, Response, respond
from appliance.sip.sanity import Refused, check
from appliance.sip.server_transaction import State as ServerState
from appliance.sip.server_transaction import TransactionKey, transaction_key
from appliance.sip.timers import earliest
from appliance.units import Seconds

MAX_FORWARDINGS: Final = 2000
"""Requests on their way at once; further ones are answered 503."""

_CHALLENGED: Final = frozenset({"INVITE", "MESSAGE", "REFER", "SUBSCRIBE", "PUBLISH", "OPTIONS", "INFO", "NOTIFY"})
_RECORDED: Final = frozenset({"INVITE", "SUBSCRIBE", "REFER"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """What the proxy is told."""

    users: Mapping[str, str]
    """Names and passwords."""
    domain: str
    """The SIP domain, also the realm of the passwords."""
    algorithms: tuple[str, ...] = ("SHA-256", "MD5")
    """Digest algorithms that are offered, the best first (RFC 8760 §2.3)."""


class Proxy:
    """The registrar and proxy of one domain."""

    def __init__(self, settings: ProxySettings, address: str, token: Token) -> None:
        self._domain = settings.domain.lower()
        self._address = address
        self._token = token
        self._gatekeeper = Gatekeeper(settings.users, settings.domain, settings.algorithms, token)
        self._location = Location(settings.domain)
        self._out: deque[tuple[Flow, bytes]] = deque()
        self._servers: dict[tuple[Flow, TransactionKey], Forwarding] = {}
        self._branches: dict[str, tuple[Forwarding, Branch]] = {}

    def to_send(self) -> list[tuple[Flow, bytes]]:
        """What has to be sent now, in order."""
        ready = list(self._out)
        self._out.clear()
        return ready

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest(forwarding.deadline() for forwarding in self._servers.values())

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        for forwarding in list(self._servers.values()):
            forwarding.timer(now)
        self._sweep()

    def bindings(self, user: str, now: Seconds) -> tuple[Binding, ...]:
        """The phones of a user."""
        return self._location.bindings(user, now)

    @property
    def forwardings(self) -> int:
        """How many requests are on their way."""
        return len(self._servers)

    def flow_lost(self, flow: Flow, now: Seconds) -> None:
        """A WebSocket closed."""
        self._location.flow_lost(flow)
        for forwarding in list(self._servers.values()):
            forwarding.flow_lost(flow, now)
        self._sweep()

    def receive(self, flow: Flow, data: bytes, now: Seconds) -> None:
        """A message came over a WebSocket. Never raises for what a peer sent."""
        if not data.strip():
            if data == PING:
                self._send(flow, PONG)
            return
        match check(data):
            case Refused(response=Response() as response):
                self._send(flow, response.render())
            case Request() as request:
                self._request(request, flow, now)
            case Response() as response:
                self._response(response, flow, now)
            case _:
                return

    def _send(self, flow: Flow, data: bytes) -> None:
        self._out.append((flow, data))

    def _response(self, response: Response, flow: Flow, now: Seconds) -> None:
        forwarding, branch = self._branches.get(response.via.branch, (None, None))
        if forwarding is None or branch is None or branch.flow != flow:
            return
        if response.sequence_method != branch.transaction.request.method:
            return  # the 200 to our CANCEL
        if response.status < 300:  # the Contact of a 3xx is somebody else's
            self._learn(response, flow)
        forwarding.receive(branch, response, now)

    def _request(self, request: Request, flow: Flow, now: Seconds) -> None:
        known = self._servers.get((flow, transaction_key(request)))
        match request.method:
            case "ACK":
                if known is not None and known.server.state is not ServerState.ACCEPTED:
                    known.server.acknowledged(now)
                else:
                    self._acknowledge(request, now)
            case _ if known is not None:
                known.repeat()
            case "CANCEL":
                self._cancel(request, flow, now)
            case _:
                self._learn(request, flow)
                self._begin(request, flow, now)

    def _cancel(self, request: Request, flow: Flow, now: Seconds) -> None:
        invite = self._servers.get((flow, transaction_key(request, "INVITE")))
        self._send(flow, refusal(request, 481 if invite is None else 200).render())
        if invite is not None and not invite.server.is_answered:
            invite.cancel(parse_reason(request.items("Reason")), now)

    def _begin(self, request: Request, flow: Flow, now: Seconds) -> None:
        if len(self._servers) >= MAX_FORWARDINGS:
            self._send(flow, refusal(request, 503).render())
            return
        forwarding = Forwarding(request, flow, self._send)
        self._servers[flow, forwarding.server.key] = forwarding
        answer = self._own_answer(request, flow, now)
        if answer is not None:
            forwarding.answer(answer, now)
            return
        request, routed = self._without_our_route(request)
        targets = self._targets(request, now) if routed else refusal(request, 404, "The route leads elsewhere")
        if isinstance(targets, Response):
            forwarding.answer(targets, now)
            return
        if request.method == "INVITE":
            forwarding.answer(respond(request, 100), now)
        for uri, target in targets:
            onward = self._onward(request, uri)
            self._branches[onward.via.branch] = (forwarding, forwarding.forward(onward, target, now))

    def _own_answer(self, request: Request, flow: Flow, now: Seconds) -> Response | None:
        """The answer of the registrar or proxy itself; None if the request is to be forwarded."""
        if int(request.first("Max-Forwards") or "70") == 0:
            return refusal(request, 483)
        if unknown := request.items("Proxy-Require"):
            return refusal(request, 420).with_header("Unsupported", ", ".join(unknown))
        if request.method == "REGISTER":
            return self._register(request, flow, now)
        if request.method == "OPTIONS" and self._is_ours(request.uri) and not user_of(request.uri):
            headers: HeaderPairs = (("Accept", SDP), ("Allow", ALLOW), ("Supported", "outbound, gruu"))
            return respond(request, 200, tag="proxy", headers=headers)
        if request.to.tag or request.method not in _CHALLENGED:
            return None
        return self._admit(request, now)

    def _admit(self, request: Request, now: Seconds) -> Response | None:
        if not self._is_ours(request.from_.uri):
            return refusal(request, 403, "From another domain")
        return self._gatekeeper.admit(request, user_of(request.from_.uri), now)

    def _register(self, request: Request, flow: Flow, now: Seconds) -> Response:
        user = user_of(request.to.uri)
        if not self._is_ours(request.to.uri) or not self._is_ours(request.uri):
            return refusal(request, 404, "Another domain")
        return self._gatekeeper.admit(request, user, now) or self._location.register(request, user, flow, now)

    def _targets(self, request: Request, now: Seconds) -> list[tuple[str, Flow]] | Response:
        """Where a request goes: to one phone by its GRUU or Contact, or to all phones of a user."""
        direct = self._location.resolve(request.uri, now)
        if direct is not None:
            return [(self._contact(request.uri, direct, now), direct)]
        if "gr" in uri_parameters(request.uri) or request.to.tag:
            return refusal(request, 480)
        user = user_of(request.uri)
        if not self._is_ours(request.uri) or not self._gatekeeper.knows(user):
            return refusal(request, 404)
        bindings = self._location.bindings(user, now)
        return [(binding.contact, binding.flow) for binding in bindings] or refusal(request, 480)

    def _contact(self, uri: str, flow: Flow, now: Seconds) -> str:
        """The Contact behind a GRUU (RFC 5627 §5.4); anything else as it is."""
        if "gr" not in uri_parameters(uri):
            return uri
        bindings = self._location.bindings(user_of(uri), now)
        return next((binding.contact for binding in bindings if binding.flow == flow), uri)

    def _acknowledge(self, request: Request, now: Seconds) -> None:
        """The ACK for a 2xx is a transaction of its own and has no response (RFC 3261 §13.2.2.4)."""
        request, routed = self._without_our_route(request)
        flow = self._location.resolve(request.uri, now) if routed else None
        if flow is not None and int(request.first("Max-Forwards") or "70") > 0:
            self._send(flow, self._onward(request, self._contact(request.uri, flow, now)).render())

    def _without_our_route(self, request: Request) -> tuple[Request, bool]:
        """The request without the Route that is ours, and whether none is left (RFC 3261 §16.4)."""
        routes = list(request.items("Route"))
        while routes and self._is_ours(NameAddress.parse(routes[0]).uri):
            routes.pop(0)
        return request.without("Route"), not routes

    def _onward(self, request: Request, uri: str) -> Request:
        """What is sent to a phone (RFC 3261 §16.6)."""
        via = f"SIP/2.0/WS {self._address};branch={MAGIC_COOKIE}{self._token(8)}"
        headers: list[tuple[str, str]] = [("Via", via)]
        if request.method in _RECORDED:
            headers.append(("Record-Route", f"<sip:{self._address};transport=ws;lr>"))
        left = int(request.first("Max-Forwards") or "70") - 1
        headers.append(("Max-Forwards", str(left)))
        headers += request.without("Max-Forwards", "Proxy-Authorization").headers
        return replace(request, uri=uri, headers=tuple(headers))

    def _learn(self, message: Request | Response, flow: Flow) -> None:
        contacts = message.items("Contact")
        if len(contacts) == 1 and message.sequence_method not in {"REGISTER", "CANCEL"}:
            self._location.learn(NameAddress.parse(contacts[0]).uri, flow)

    def _is_ours(self, uri: str) -> bool:
        host = host_of(uri)
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        own = self._address.rpartition(":")[0]
        return host == self._address or name in {self._domain, own, "localhost"}

    def _sweep(self) -> None:
        for key in [key for key, forwarding in self._servers.items() if forwarding.is_over]:
            for branch in self._servers.pop(key).branches:
                self._branches.pop(branch.transaction.request.via.branch, None)
