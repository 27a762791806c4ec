"""A dialog (RFC 3261 §12): who talks to whom, over which proxies, and whose turn it is."""

from dataclasses import dataclass
from typing import Self

from appliance.sip.events import HeaderPairs
from appliance.sip.header_values import NameAddress, uri_parameters
from appliance.sip.message import Request, Response
from appliance.sip.sanity import usable_target


@dataclass(slots=True, kw_only=True)
class Dialog:
    """The state of RFC 3261 §12.1; URIs and addresses are kept as they were written.

    Attributes:
        local: our From or To value, without tag.
        remote: the peer's, without tag.
        target: the peer's Contact URI: where requests go.
        route_set: Route values in the order we send them.
        local_sequence: the CSeq of our last request.
        remote_sequence: the CSeq of the peer's last request; None before the first.
        methods: the methods the peer allows; empty if it never said.
    """

    call_id: str
    local: str
    local_tag: str
    remote: str
    remote_tag: str
    target: str
    route_set: tuple[str, ...]
    local_sequence: int
    remote_sequence: int | None = None
    methods: frozenset[str] = frozenset()

    @classmethod
    def of_client(cls, request: Request, response: Response) -> Self:
        """The dialog that a response with a To tag makes for the UAC (RFC 3261 §12.1.2)."""
        return cls(
            call_id=request.call_id,
            local=_without_tag(request.first("From") or ""),
            local_tag=request.from_.tag,
            remote=_without_tag(request.first("To") or ""),
            remote_tag=response.to.tag,
            target=_target(response) or request.uri,
            route_set=tuple(reversed(response.items("Record-Route"))),
            local_sequence=request.sequence,
            methods=_methods(response),
        )

    @classmethod
    def of_server(cls, request: Request, local_tag: str) -> Self:
        """The dialog that our response makes for the UAS (RFC 3261 §12.1.1)."""
        return cls(
            call_id=request.call_id,
            local=_without_tag(request.first("To") or ""),
            local_tag=local_tag,
            remote=_without_tag(request.first("From") or ""),
            remote_tag=request.from_.tag,
            target=_target(request) or request.from_.uri,
            route_set=request.items("Record-Route"),
            local_sequence=0,
            remote_sequence=request.sequence,
            methods=_methods(request),
        )

    def confirm(self, response: Response) -> None:
        """The 2xx decides the route set and target that a provisional response began (RFC 3261 §13.2.2.4)."""
        self.route_set = tuple(reversed(response.items("Record-Route")))
        self.refresh(response)

    def refresh(self, message: Request | Response) -> None:
        """A target refresh: the peer's Contact may have moved (RFC 3261 §12.2.1.2, §12.2.2)."""
        self.target = _target(message) or self.target
        self.methods = _methods(message) or self.methods

    def in_order(self, request: Request) -> bool:
        """Whether the peer's CSeq goes up, and note it (RFC 3261 §12.2.2). ACK and CANCEL never come here."""
        if self.remote_sequence is not None and request.sequence <= self.remote_sequence:
            return False
        self.remote_sequence = request.sequence
        return True

    def next_sequence(self) -> int:
        """The CSeq of our next request (RFC 3261 §12.2.1.1)."""
        self.local_sequence += 1
        return self.local_sequence

    def request(
        self, method: str, headers: HeaderPairs = (), body: bytes = b"", *, sequence: int | None = None
    ) -> Request:
        """A request in the dialog, without Via (RFC 3261 §12.2.1.1).

        Args:
            method: any but CANCEL.
            headers: further headers.
            body: described by `headers`.
            sequence: the CSeq of an ACK, which is its INVITE's; else the next one.
        """
        uri, route = self.target, self.route_set
        if route and "lr" not in uri_parameters(NameAddress.parse(route[0]).uri):
            # A strict router of RFC 2543 wants itself as the Request-URI and the target last.
            uri, route = NameAddress.parse(route[0]).uri, (*route[1:], f"<{self.target}>")
        number = self.next_sequence() if sequence is None else sequence
        return Request(
            method=method,
            uri=uri,
            headers=(
                *(("Route", value) for value in route),
                ("Max-Forwards", "70"),
                ("From", f"{self.local};tag={self.local_tag}"),
                ("To", f"{self.remote};tag={self.remote_tag}" if self.remote_tag else self.remote),
                ("Call-ID", self.call_id),
                ("CSeq", f"{number} {method}"),
                *headers,
            ),
            body=body,
        )


def _without_tag(value: str) -> str:
    """A From or To value as `<URI>` with its display name; header parameters are not the dialog's."""
    address = NameAddress.parse(value)
    opening = value.rfind("<", 0, value.find(address.uri)) if address.uri else -1
    return f"{value[:opening]}<{address.uri}>" if opening >= 0 else f"<{address.uri}>"


def _target(message: Request | Response) -> str:
    contacts = message.items("Contact")
    uri = NameAddress.parse(contacts[0]).uri if contacts else ""
    return uri if usable_target(uri) else ""


def _methods(message: Request | Response) -> frozenset[str]:
    return frozenset(message.items("Allow"))
