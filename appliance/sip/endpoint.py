"""What every part of the user agent shares: who we are, how requests begin, where events go."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from appliance.sip.dialog import Dialog
from appliance.sip.digest import Authenticator
from appliance.sip.events import Event, HeaderPairs, InviteId
from appliance.sip.header_values import quote
from appliance.sip.identifiers import Identifiers, Token
from appliance.sip.message import ALLOW, SDP, Request, Response, respond
from appliance.sip.sanity import usable_target
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.session_timer import SessionTimer
from appliance.sip.transactions import Transactions
from appliance.units import Seconds
from appliance.version import PRODUCT

SUPPORTED = frozenset(("100rel", "gruu", "norefersub", "outbound", "path", "replaces", "timer"))
"""Option tags that a peer may require (RFC 3262, 5627, 4488, 5626, 3327, 3891, 4028)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSettings:
    """The part of the user agent's settings that the protocol needs; see `UserAgentSettings`."""

    domain: str
    user: str
    display_name: str = ""
    instance_id: str = ""
    register_expires: int = 120
    session_expires: int = 1800
    session_least: int = 90
    user_agent: str = PRODUCT


Deliver = Callable[[ServerTransaction, InviteId | None, Dialog | None, Seconds], None]
"""Takes a peer's request that changes no state of an INVITE: of which INVITE and dialog it is, if of any."""


class Endpoint:
    """Identity, transactions and the queue of events.

    Attributes:
        deliver: where a peer's requests go that change no state of an INVITE; set by the core.
        user: the user part of the AOR.
        user_agent: the User-Agent header of our requests.
        gruu: the public GRUU from the last REGISTER (RFC 5627 §5.1); empty if the registrar gives none.
        service_route: the route for requests outside a dialog (RFC 3608).
    """

    def __init__(self, settings: CoreSettings, token: Token) -> None:
        self.settings = settings
        self.identifiers = Identifiers(token)
        self.authenticator = Authenticator(self.identifiers.cnonce)
        self.transactions = Transactions(self.identifiers, self.authenticator)
        self.user = settings.user
        self.instance = settings.instance_id or self.identifiers.instance()
        self.user_agent = settings.user_agent
        self.gruu = ""
        self.service_route: tuple[str, ...] = ()
        self.deliver: Deliver = _deliver_nowhere
        self._events: deque[Event] = deque()

    @property
    def aor(self) -> str:
        """Our address of record, as a URI."""
        return f"sip:{self.user}@{self.settings.domain}" if self.user else f"sip:{self.settings.domain}"

    @property
    def contact_uri(self) -> str:
        """Where this instance is reached, if the registrar gave it no GRUU (RFC 7118 §5.2)."""
        return f"sip:{self.identifiers.contact_user}@{self.identifiers.host};transport=ws"

    @property
    def contact(self) -> str:
        """The Contact of requests and responses that make or refresh a dialog.

        A GRUU outlives the connection by itself; without one `;ob` asks the proxy to bring later requests over the
        flow that is open then (RFC 5626 §4.3).
        """
        return f"<{self.gruu}>" if self.gruu else f"<{self.contact_uri};ob>"

    @property
    def capabilities(self) -> HeaderPairs:
        """What we can do, for OPTIONS and whatever makes a dialog (RFC 3261 §11.2)."""
        return ("Allow", ALLOW), ("Supported", ", ".join(sorted(SUPPORTED)))

    def new_request(
        self, method: str, uri: str, headers: HeaderPairs = (), body: bytes = b"", *, call_id: str = ""
    ) -> Request:
        """A request outside a dialog, without Via, with CSeq 1 and a From tag of its own (RFC 3261 §8.1.1)."""
        name = f"{quote(self.settings.display_name)} " if self.settings.display_name else ""
        return Request(
            method=method,
            uri=uri,
            headers=(
                *(("Route", value) for value in self.service_route),
                ("Max-Forwards", "70"),
                ("From", f"{name}<{self.aor}>;tag={self.identifiers.tag()}"),
                ("To", f"<{uri}>"),
                ("Call-ID", call_id or self.identifiers.call_id()),
                ("CSeq", f"1 {method}"),
                ("User-Agent", self.user_agent),
                *headers,
            ),
            body=body,
        )

    def reply(
        self,
        transaction: ServerTransaction,
        status: int,
        now: Seconds,
        *,
        tag: str = "",
        reason: str = "",
        headers: HeaderPairs = (),
        body: bytes | None = None,
    ) -> Response:
        """Answer a request; a body is a session description."""
        described: HeaderPairs = (("Content-Type", SDP),) if body else ()
        response = respond(
            transaction.request,
            status,
            tag=tag or self.identifiers.tag(),
            reason=reason,
            headers=(*headers, *described),
            body=body or b"",
        )
        self.transactions.respond(transaction, response, now)
        return response

    def learn(self, gruu: str, service_route: tuple[str, ...]) -> None:
        """Take over what the registrar said."""
        self.gruu = gruu if usable_target(gruu) else ""
        self.service_route = service_route

    def session_timer(self) -> SessionTimer:
        """The timer of a dialog that begins."""
        return SessionTimer(self.settings.session_expires, self.settings.session_least)

    def emit(self, event: Event) -> None:
        """Queue an event for the owner."""
        self._events.append(event)

    def next_event(self) -> Event | None:
        """The oldest event that was not taken yet."""
        return self._events.popleft() if self._events else None


def _deliver_nowhere(*_: object) -> None:
    """Before the core has said where to."""


def sdp_of(message: Request | Response) -> bytes | None:
    """The session description in a message; None if it has none."""
    kind = (message.first("Content-Type") or SDP).partition(";")[0].strip().lower()
    return message.body if message.body and kind == SDP else None


def credentials_of(request: Request) -> HeaderPairs:
    """The credentials a request carried: its ACK repeats them (RFC 3261 §22.1)."""
    return tuple(pair for pair in request.headers if pair[0] in ("Authorization", "Proxy-Authorization"))
