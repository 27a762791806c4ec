"""Requests and responses as values (RFC 3261 §7): headers in the order of arrival, URIs verbatim, bodies as bytes.

`sipmessage` re-encodes parameters when it writes (`gr=urn:uuid:…` becomes `gr=urn%3Auuid%3A…`, `+sip.instance` loses
its quotes), and a registrar compares what we echo byte for byte. So values stay text here, and only `sanity.py` lets a
peer's text become one of them.
"""

from dataclasses import dataclass, replace
from typing import Self

from appliance.sip.events import HeaderPairs
from appliance.sip.header_values import NameAddress, Via, split_list

ALLOWED_METHODS = (
    *("INVITE", "ACK", "CANCEL", "BYE", "PRACK", "UPDATE"),
    *("INFO", "OPTIONS", "MESSAGE", "NOTIFY", "REFER", "SUBSCRIBE"),
)
ALLOW = ", ".join(ALLOWED_METHODS)
SDP = "application/sdp"

PHRASES = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}
"""Reason phrases (RFC 3261 §21)."""


def phrase(status: int) -> str:
    """The reason phrase for a status code; the class's name for a code that has none here."""
    known = PHRASES.get(status)
    if known is not None:
        return known
    classes = ("Progress", "OK", "Redirection", "Request Failure", "Server Failure", "Global Failure")
    return classes[min(max(status // 100 - 1, 0), 5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What requests and responses share. Header names are compared without case; compact forms are long ones here."""

    headers: HeaderPairs
    body: bytes = b""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header, one per header line."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def first(self, name: str) -> str | None:
        """The first value of a header."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def items(self, name: str) -> tuple[str, ...]:
        """The elements of a comma-separated header over all of its lines."""
        return tuple(item for line in self.all(name) for item in split_list(line))

    def with_header(self, name: str, value: str) -> Self:
        """A copy with one more header line, the last."""
        return replace(self, headers=(*self.headers, (name, value)))

    def without(self, *names: str) -> Self:
        """A copy without these headers."""
        gone = {name.lower() for name in names}
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0].lower() not in gone))

    @property
    def call_id(self) -> str:
        """The Call-ID (RFC 3261 §20.8)."""
        return self.first("Call-ID") or ""

    @property
    def sequence(self) -> int:
        """The number of the CSeq header (RFC 3261 §20.16)."""
        return int((self.first("CSeq") or "0 -").split()[0])

    @property
    def sequence_method(self) -> str:
        """The method of the CSeq header."""
        return (self.first("CSeq") or "0 -").split()[1]

    @property
    def from_(self) -> NameAddress:
        """Who sent the request (RFC 3261 §20.20)."""
        return NameAddress.parse(self.first("From") or "<>")

    @property
    def to(self) -> NameAddress:
        """Who was meant (RFC 3261 §20.39)."""
        return NameAddress.parse(self.first("To") or "<>")

    @property
    def via(self) -> Via:
        """The topmost Via (RFC 3261 §20.42)."""
        return Via.parse(self.items("Via")[0])

    def _render(self, first_line: str) -> bytes:
        lines = [first_line, *(f"{name}: {value}" for name, value in self.headers if name.lower() != "content-length")]
        lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Message):
    """A request (RFC 3261 §7.1); `uri` is the Request-URI as it was written."""

    method: str
    uri: str

    def render(self) -> bytes:
        """The bytes to send; Content-Length is always that of the body."""
        return self._render(f"{self.method} {self.uri} SIP/2.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Message):
    """A response (RFC 3261 §7.2). `local` marks one made here because none came (408, 503)."""

    status: int
    reason: str
    local: bool = False

    def render(self) -> bytes:
        """The bytes to send; Content-Length is always that of the body."""
        return self._render(f"SIP/2.0 {self.status} {self.reason}")


def respond(
    request: Request,
    status: int,
    *,
    tag: str = "",
    reason: str = "",
    headers: HeaderPairs = (),
    body: bytes = b"",
) -> Response:
    """A response to `request` (RFC 3261 §8.2.6).

    Args:
        request: what is answered; Via, From, Call-ID and CSeq are copied.
        status: 100 to 699.
        tag: put on To if it has none (never on a 100).
        reason: the phrase; the standard's if empty.
        headers: further headers, after the copied ones.
        body: sent with the headers that describe it in `headers`.
    """
    copied: list[tuple[str, str]] = [("Via", value) for value in request.all("Via")]
    if 100 < status < 300:
        copied += [("Record-Route", value) for value in request.all("Record-Route")]
    to = request.first("To") or ""
    if tag and status > 100 and not request.to.tag:
        to = f"{to};tag={tag}"
    copied += [("From", request.first("From") or ""), ("To", to), ("Call-ID", request.call_id)]
    copied.append(("CSeq", request.first("CSeq") or ""))
    if status == 100:
        copied += [("Timestamp", value) for value in request.all("Timestamp")]
    return Response(status=status, reason=reason or phrase(status), headers=(*copied, *headers), body=body)


def local_response(request: Request, status: int, reason: str) -> Response:
    """The response that nobody sent: 408 for a timer (RFC 3261 §8.1.3.1), 503 for a lost connection."""
    return replace(respond(request, status, reason=reason), local=True)
