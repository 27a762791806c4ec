"""The user agent without I/O: bytes, commands and time in; bytes, events and the next deadline out.

::

    receive ─► sanity ─► transactions ─┬─ response ─► whoever sent the request
                                       └─ request ──► by dialog: ClientInvite | ServerInvite ─► Session
                                                      outside:   a new ServerInvite, OPTIONS, INFO …
                                                      both:      Subscriptions, PeerRequests
"""

import logging
from dataclasses import replace
from typing import Final

from appliance.errors import StateError, UsageError
from appliance.sip.commands import check_headers, check_status, check_target, check_text
from appliance.sip.dialog_snapshot import DialogSnapshot
from appliance.sip.digest import Credentials
from appliance.sip.endpoint import CoreSettings, Endpoint
from appliance.sip.events import (
    Connected,
    Disconnected,
    Event,
    HeaderPairs,
    InviteId,
    OfferId,
    PeerRequestId,
    Reason,
    ReofferFailed,
    RequestId,
)
from appliance.sip.identifiers import Token
from appliance.sip.incoming import Incoming
from appliance.sip.invite_client import ClientInvite
from appliance.sip.invite_server import ServerInvite
from appliance.sip.liveness import PING, PONG, Liveness
from appliance.sip.message import SDP, Request, Response, phrase
from appliance.sip.peer_requests import PeerRequests
from appliance.sip.registration import Registration
from appliance.sip.replaces import REPLACES
from appliance.sip.requests import Requests
from appliance.sip.restored import RestoredInvite
from appliance.sip.sanity import Refused, check
from appliance.sip.settings import LivenessSettings
from appliance.sip.subscriptions import Subscriptions
from appliance.sip.timers import earliest
from appliance.sip.usages import Usages
from appliance.units import Seconds

log = logging.getLogger(__name__)

_UNWATCHED: Final = LivenessSettings(interval=0.0)


class Core:
    """One user agent: its registration and its calls.

    Every method that takes `now` may cause bytes (`to_send`), events (`next_event`) and another `deadline`. Nothing a
    peer sends makes one raise; commands raise `UsageError` and `StateError` for misuse only. A command about an INVITE
    that has ended meanwhile does nothing.

    Attributes:
        liveness: whether the registrar still lives; its pings are the transport's to send.
    """

    def __init__(self, settings: CoreSettings, *, token: Token, liveness: LivenessSettings = _UNWATCHED) -> None:
        for value, what in ((settings.domain, "domain"), (settings.user, "user"), (settings.user_agent, "user_agent")):
            check_text(value, what)
        check_text(settings.display_name, "display_name")
        if not settings.domain:
            raise UsageError("domain: empty")
        self._endpoint = Endpoint(settings, token)
        self._registration = Registration(self._endpoint)
        self.liveness = Liveness(self._endpoint, liveness)
        self._usages = Usages()
        self._requests = Requests(self._endpoint, self._usages)
        self.subscriptions = Subscriptions(self._endpoint, self._usages, self._settle)
        self._peer_requests = PeerRequests(self._endpoint, self.subscriptions.asked)
        self._endpoint.deliver = self._peer_requests.received
        self._incoming = Incoming(self._endpoint, self._usages, self.subscriptions)
        self._url = ""
        self._is_moved = False
        """There is a new connection, and who is in a dialog with us has not been told."""

    # State

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection."""
        return self._endpoint.transactions.is_connected

    @property
    def is_registered(self) -> bool:
        """Whether the registrar has our binding."""
        return self._registration.is_registered

    @property
    def is_reachable(self) -> bool:
        """Whether there is a connection, and the registrar knows it if it is to."""
        return self.is_connected and (self.is_registered or not self._registration.is_wanted)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for a far end."""
        return self._endpoint.transactions.is_idle and not self._usages

    # The connection

    def connected(self, now: Seconds, *, url: str = "") -> None:
        """The transport is open."""
        self._url = url
        self._endpoint.transactions.connected(now, secure=not url.startswith("ws:"))
        self._endpoint.emit(Connected(url=url))
        self.liveness.connected(now)
        self._registration.connected(now)
        for session in self._usages.sessions:
            session.connected(now)
        self._is_moved = True
        self._settle(now)

    def disconnected(self, reason: str, now: Seconds, *, code: int | None = None) -> None:
        """The transport is gone. Calls stay; whatever waits for an answer fails."""
        self.liveness.disconnected()
        self._endpoint.transactions.disconnected(now)
        self._endpoint.emit(Disconnected(url=self._url, reason=reason, code=code))
        self._registration.disconnected(reason)
        for usage in self._usages:
            usage.disconnected()
        self._settle(now)

    def unreachable(self, url: str, reason: str, *, wrong_clock: bool = False) -> None:
        """The transport could not be opened."""
        self._endpoint.emit(Disconnected(url=url, reason=reason, was_connected=False, wrong_clock=wrong_clock))

    def receive(self, data: bytes, now: Seconds) -> None:
        """A message, or a keepalive (RFC 5626 §3.5.1), arrived."""
        if not data.strip(b"\r\n"):
            if data.startswith(PING):
                self._endpoint.transactions.queue(PONG)
                self.liveness.heard(now)
            else:
                self.liveness.keepalive_answered(now)
            return
        message = check(data)
        match message:
            case Refused(why=why, response=response):
                log.debug("refused a message: %s", why)
                if response is not None:
                    self._endpoint.transactions.queue(response.render())
            case Response():
                self._endpoint.transactions.receive_response(message, now)
            case Request():
                self._incoming.received(message, now)
        self.liveness.heard(now)
        self._settle(now)

    def timer(self, now: Seconds) -> None:
        """Let time pass; to be called at `deadline`, and harmless at any other time."""
        self._endpoint.transactions.timer(now)
        self.liveness.timer(now)
        self._registration.timer(now)
        self._usages.timer(now)
        self._peer_requests.timer(now)
        self.subscriptions.timer(now)
        self._settle(now)

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do; None: only after something else happened."""
        return earliest(
            (
                self._endpoint.transactions.deadline(),
                self.liveness.deadline(),
                self._registration.deadline(),
                self._usages.deadline(),
                self._peer_requests.deadline(),
                self.subscriptions.deadline(),
            )
        )

    def to_send(self) -> list[bytes]:
        """The messages to send now, in order."""
        return self._endpoint.transactions.take_outbox()

    def next_event(self) -> Event | None:
        """The oldest event that was not taken yet."""
        return self._endpoint.next_event()

    def _settle(self, now: Seconds) -> None:
        """After every step: fail what could not be sent, refresh targets once we are reachable, forget what is over."""
        self._endpoint.transactions.settle(now)
        if self._is_moved and self.is_reachable:
            self._is_moved = False
            for session in self._usages.sessions:
                session.refresh_target(now)
            self.subscriptions.reachable(now)
        self._usages.sweep()
        self.subscriptions.sweep()

    def identify(self, user_agent: str) -> None:
        """Name ourselves so from the next request on."""
        self._endpoint.user_agent = check_text(user_agent, "user_agent")

    # Registration

    def authenticate(self, username: str, password: str) -> None:
        """Credentials for challenges, without registering."""
        self._endpoint.authenticator.use(_credentials(username, password))
        self._endpoint.user = self._endpoint.settings.user or username

    def register(self, username: str, password: str, *, headers: HeaderPairs = (), now: Seconds) -> None:
        """Register and stay registered."""
        self._registration.register(_credentials(username, password), check_headers(headers), now)
        self._settle(now)

    def unregister(self, *, now: Seconds) -> None:
        """Remove our binding."""
        self._registration.unregister(now)
        self._settle(now)

    def close(self, now: Seconds) -> None:
        """End every call and the registration; `is_idle` says when the far ends have answered."""
        for usage in self._usages:
            usage.bye(None, now)
        self.subscriptions.close(now)
        if self._registration.is_wanted:
            self._registration.unregister(now)
        self._settle(now)

    # Calls

    def invite(
        self, target: str, offer: bytes | None, *, headers: HeaderPairs = (), call_id: str = "", now: Seconds
    ) -> InviteId:
        """Send an INVITE."""
        uri = check_target(target, self._endpoint.settings.domain)
        described: HeaderPairs = (("Content-Type", SDP),) if offer else ()
        replaces = any(name.lower() == REPLACES for name, _ in headers)
        required: HeaderPairs = (("Require", REPLACES),) if replaces else ()
        contact: HeaderPairs = (("Contact", self._endpoint.contact), *required)
        own = (*contact, *self._endpoint.capabilities, ("Accept", SDP), *check_headers(headers), *described)
        request = self._endpoint.new_request("INVITE", uri, own, offer or b"", call_id=call_id)
        invite = self._usages.new_id()
        self._usages[invite] = ClientInvite(
            self._endpoint, invite, request, now, new_offer_id=self._usages.new_offer_id
        )
        self._settle(now)
        return invite

    def call_id(self, invite: InviteId) -> str:
        """The Call-ID of an INVITE that lives."""
        usage = self._usages.find(invite)
        if usage is None:
            raise UsageError(f"INVITE {invite} has ended")
        return usage.call_id

    def provisional(
        self, invite: InviteId, status: int, *, body: bytes | None = None, headers: HeaderPairs = (), now: Seconds
    ) -> None:
        """Send a provisional response."""
        check_status(status, 101, 199)
        if (usage := self._usages.find_incoming(invite, "provisional")) is not None:
            usage.provisional(status, body, check_headers(headers), now)
        self._settle(now)

    def answer(self, invite: InviteId, body: bytes, *, headers: HeaderPairs = (), now: Seconds) -> None:
        """Send 200."""
        if (usage := self._usages.find_incoming(invite, "answer")) is not None:
            usage.answer(body, check_headers(headers), now)
        self._settle(now)

    def reject(
        self,
        invite: InviteId,
        status: int,
        *,
        reason: str = "",
        headers: HeaderPairs = (),
        contacts: tuple[str, ...] = (),
        now: Seconds,
    ) -> None:
        """Send a final response that is not 2xx."""
        check_status(status, 300, 699)
        targets = tuple(check_target(contact, self._endpoint.settings.domain) for contact in contacts)
        if (usage := self._usages.find_incoming(invite, "reject")) is not None:
            usage.reject(status, check_text(reason, "reason"), check_headers(headers), targets, now)
        self._settle(now)

    def cancel(self, invite: InviteId, *, cause: Reason | None = None, now: Seconds) -> None:
        """Take our INVITE back."""
        usage = self._usages.find(invite)
        if isinstance(usage, ServerInvite):
            raise StateError(f"INVITE {invite} is the peer's: reject() it")
        if usage is not None:
            usage.bye(_checked(cause), now)
        self._settle(now)

    def bye(self, invite: InviteId, *, cause: Reason | None = None, now: Seconds) -> None:
        """End a call, in whatever state it is."""
        if (usage := self._usages.find(invite)) is not None:
            usage.bye(_checked(cause), now)
        self._settle(now)

    def acknowledge(self, invite: InviteId, body: bytes, *, now: Seconds) -> None:
        """Send the ACK with our answer."""
        usage = self._usages.find(invite)
        if usage is None:
            return
        if not isinstance(usage, ClientInvite) or not usage.acknowledge(body, now):
            raise StateError(f"INVITE {invite} waits for no answer in an ACK")
        self._settle(now)

    def reoffer(self, invite: InviteId, body: bytes, *, method: str = "INVITE", now: Seconds) -> None:
        """Offer anew."""
        if method not in ("INVITE", "UPDATE"):
            raise UsageError(f"method {method!r}: INVITE or UPDATE")
        usage = self._usages.find(invite)
        if usage is None or usage.session is None:
            self._endpoint.emit(ReofferFailed(invite=invite, status=481, reason=phrase(481)))
        elif isinstance(usage, ClientInvite) and usage.awaits_answer:
            raise StateError(f"INVITE {invite}: the peer's own offer is not answered yet, acknowledge() it")
        else:
            usage.session.offers.reoffer(body, method, now)
        self._settle(now)

    def withdraw_offer(self, invite: InviteId, *, now: Seconds) -> None:
        """Take our offer in the dialog back, if one is open."""
        usage = self._usages.find(invite)
        if usage is not None and usage.session is not None:
            usage.session.offers.withdraw(now)
        self._settle(now)

    def accept_offer(self, offer_id: OfferId, body: bytes | None, *, now: Seconds) -> None:
        """Answer the peer's offer."""
        if (offers := self._usages.offers(offer_id)) is not None:
            offers.accept(body, now)
        self._settle(now)

    def refuse_offer(self, offer_id: OfferId, status: int = 488, *, now: Seconds) -> None:
        """Refuse the peer's offer."""
        check_status(status, 300, 699)
        if (offers := self._usages.offers(offer_id)) is not None:
            offers.refuse(status, now)
        self._settle(now)

    def request(
        self,
        method: str,
        target: str | InviteId,
        *,
        headers: HeaderPairs = (),
        content_type: str = "",
        body: bytes = b"",
        now: Seconds,
    ) -> RequestId:
        """Send another request, to a URI or in a dialog."""
        identifier = self._requests.send(method, target, headers=headers, content_type=content_type, body=body, now=now)
        self._settle(now)
        return identifier

    def respond(self, request: PeerRequestId, status: int, *, headers: HeaderPairs = (), now: Seconds) -> None:
        """Answer a peer's request that waits for it."""
        check_status(status, 200, 699)
        self._peer_requests.respond(request, status, check_headers(headers), now)
        self._settle(now)

    # Dialogs that outlive this user agent

    def snapshot(self, invite: InviteId) -> DialogSnapshot | None:
        """The established dialog of an INVITE, to be restored elsewhere; None if there is none."""
        usage = self._usages.find(invite)
        session = usage.session if usage is not None else None
        if session is None or session.is_ended:
            return None
        return DialogSnapshot.of(session.dialog, began_here=session.began_here)

    def restore(self, snapshot: DialogSnapshot) -> InviteId:
        """Take up an established dialog. The peer hears of it with the first request in it: `reoffer()` at once."""
        invite = self._usages.new_id()
        self._usages[invite] = RestoredInvite(self._endpoint, invite, snapshot, new_offer_id=self._usages.new_offer_id)
        return invite


def _credentials(username: str, password: str) -> Credentials:
    if not username:
        raise UsageError("username: empty")
    check_text(password, "password")
    return Credentials(check_text(username, "username"), password)


def _checked(cause: Reason | None) -> Reason | None:
    if cause is None:
        return None
    check_text(cause.protocol, "cause")
    return replace(cause, text=check_text(cause.text, "cause"))
