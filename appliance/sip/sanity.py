"""The door: everything a peer sends is checked here once, and nothing behind it looks twice (RFC 3261 §8.2, §16.3).

Linear in the input, never raises. What passes has exactly one From, To, Call-ID and CSeq, a topmost Via with a host,
numbers that are numbers, no control characters in its head, and the body that its Content-Length says.
"""

import re
from dataclasses import dataclass, replace
from typing import TypeVar

from sipmessage.message import COMPACT_FORMS

from appliance.sip.events import HeaderPairs
from appliance.sip.header_values import NameAddress, Via
from appliance.sip.message import Message, Request, Response, respond

MAX_MESSAGE = 65_536
"""The longest message that is read, in bytes."""

_MAX_LINE = 8_192
_MAX_HEADERS = 200
_MAX_SEQUENCE = 1 << 31  # RFC 3261 §8.1.1.5
_MAX_ELEMENTS = 100  # of one list header over all of its lines: a route of 70 hops is the longest there can be
_LISTS = ("Contact", "Record-Route", "Require", "Allow", "Reason", "Service-Route", "Supported")
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
# In a quoted string a backslash makes most of them harmless (RFC 3261 §25.1: quoted-pair), line ends excepted.
_CONTROL = re.compile(r"[\n\r]|(?<!\\)[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FOLD = re.compile(r"\r\n[ \t]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):[^\s<>\"]+")
_SEQUENCE = re.compile(r"([0-9]{1,100})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")
_ONCE = ("From", "To", "Call-ID", "CSeq", "Content-Length", "Content-Type", "Max-Forwards", "Expires")
_M = TypeVar("_M", Request, Response)
_COMPACT = {short: long for short, long in COMPACT_FORMS.items() if len(short) == 1}


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that goes no further: why, and the answer if it was a request that can be answered."""

    why: str
    response: Response | None = None


def check(data: bytes) -> Request | Response | Refused:
    """Read one WebSocket message.

    Args:
        data: the payload of a text or binary frame; leading line ends are skipped (RFC 3261 §7.5).

    Returns:
        A message that can be trusted in form, or the refusal.
    """
    head, separator, body = data[: MAX_MESSAGE * 2].lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        return Refused("the head has no end")
    if len(head) > MAX_MESSAGE:
        return Refused("the head is too long")
    # A display name in another encoding is no reason to miss a call.
    lines = _FOLD.sub(" ", head.decode(errors="replace")).split("\r\n")
    headers = _headers(lines)
    if isinstance(headers, Refused):
        return headers
    if lines[0][:4].upper() == "SIP/":
        return _check_response(lines[0], headers, body)
    return _check_request(lines[0], headers, body, too_long=len(data) > MAX_MESSAGE)


def _headers(lines: list[str]) -> HeaderPairs | Refused:
    """The header lines after the first line as pairs, compact names written out."""
    if any(_CONTROL.search(line) for line in lines):
        return Refused("control characters in the head")
    if len(lines) > _MAX_HEADERS or any(len(line) > _MAX_LINE for line in lines):
        return Refused("too many or too long header lines")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = name.strip(" \t")
        if not colon or _TOKEN.fullmatch(name) is None:
            return Refused("a header line without a name")
        headers.append((_COMPACT.get(name.lower(), name), value.strip(" \t")))
    return tuple(headers)


def _check_response(line: str, headers: HeaderPairs, body: bytes) -> Response | Refused:
    version, _, rest = line.partition(" ")
    code, _, reason = rest.partition(" ")
    if version.upper() != "SIP/2.0" or len(code) != 3 or not _is_number(code) or not 100 <= int(code) <= 699:
        return Refused("the status line is none")
    response = Response(status=int(code), reason=reason.strip(), headers=headers, body=body)
    problem = _identity_problem(response) or _value_problem(response)
    if problem:
        return Refused(problem)
    return _with_body(response)


def _check_request(line: str, headers: HeaderPairs, body: bytes, *, too_long: bool) -> Request | Refused:
    parts = line.split()
    if len(parts) < 3 or _TOKEN.fullmatch(parts[0]) is None or not parts[-1].upper().startswith("SIP/"):
        return Refused("the request line is none")
    request = Request(method=parts[0], uri=parts[1], headers=headers, body=body)
    problem = _identity_problem(request)
    if problem:
        return Refused(problem)  # there is nothing to build a response from
    if line != " ".join(parts) or len(parts) > 3:
        return _refuse(request, 400, "the request line has other spaces than two")
    status, problem = _request_problem(request, parts[-1].upper(), too_long=too_long)
    if status:
        return _refuse(request, status, problem)
    checked = _with_body(request)
    if isinstance(checked, Refused):
        return _refuse(request, 400, checked.why)
    return checked


def _request_problem(request: Request, version: str, *, too_long: bool) -> tuple[int, str]:
    """The status that refuses a request and why; 0 if nothing is wrong with it."""
    scheme = _SCHEME.fullmatch(request.uri)
    checks = (
        (505, version != "SIP/2.0", ""),
        (513, too_long, ""),
        (400, scheme is None, "the Request-URI is none"),
        (416, scheme is not None and scheme[1].lower() not in ("sip", "sips", "tel"), ""),
        (400, request.sequence_method != request.method, "CSeq names another method"),
        (400, not request.from_.tag, "From has no tag"),
    )
    status, problem = next(((status, why) for status, wrong, why in checks if wrong), (0, ""))
    if not status and (problem := _value_problem(request)):
        status = 400
    return status, problem


def _refuse(request: Request, status: int, why: str = "") -> Refused:
    # The phrase tells the peer's engineer what to mend (RFC 3261 §21.4.1).
    response = (
        None if request.method == "ACK" else respond(request, status, tag="refused", reason=why[:1].upper() + why[1:])
    )
    return Refused(why or f"status {status}", response)


def _identity_problem(message: Message) -> str:
    """Why neither a transaction nor a response can be made of it."""
    if _elements(message, "Via") > _MAX_ELEMENTS:
        return "too many Vias"
    if not message.items("Via"):
        return "no Via"
    via = message.via
    if not via.sent_by:
        return "the topmost Via has no host"  # one without a branch is of RFC 2543
    for name in ("From", "To", "Call-ID", "CSeq"):
        if not message.first(name):
            return f"no {name}"
    sequence = _SEQUENCE.fullmatch(message.first("CSeq") or "")
    return "CSeq is no number and method" if sequence is None else ""


def _value_problem(message: Message) -> str:
    """What is wrong with its header values, in a few words."""
    doubled = next((name for name in _ONCE if len(message.all(name)) > 1), "")
    if doubled:
        return f"more than one {doubled}"
    endless = next((name for name in _LISTS if _elements(message, name) > _MAX_ELEMENTS), "")
    if endless:
        return f"too many elements in {endless}"
    if any(character.isspace() for character in message.call_id):
        return "Call-ID has spaces"
    return _address_problem(message) or _number_problem(message)


def _address_problem(message: Message) -> str:
    for name, address in (("From", message.from_), ("To", message.to)):
        if _SCHEME.fullmatch(address.uri) is None:
            return f"{name} has no URI"
    if not all(Via.parse(value).sent_by for value in message.items("Via")):
        return "a Via has no host"
    if not all(_SCHEME.fullmatch(NameAddress.parse(value).uri) for value in message.items("Record-Route")):
        return "Record-Route has no URI"
    return ""


def _number_problem(message: Message) -> str:
    if message.sequence >= _MAX_SEQUENCE:
        return "CSeq is too large a number"
    for name in ("Content-Length", "Max-Forwards", "Expires", "Min-Expires"):
        value = message.first(name)
        if value is not None and not _is_number(value):
            return f"{name} is no number"
    return "Max-Forwards is above 255" if int(message.first("Max-Forwards") or "70") > 255 else ""


def _elements(message: Message, name: str) -> int:
    """How many elements a list header has at most; counted without looking inside, to bound the work of doing so."""
    return sum(1 + value.count(",") for value in message.all(name))


def _with_body(message: _M) -> _M | Refused:
    """With exactly the body that Content-Length says; what stands behind it is dropped (RFC 3261 §18.3)."""
    declared = message.first("Content-Length")
    if declared is None:
        return message  # a WebSocket message has its own end (RFC 7118 §5.3)
    if int(declared) > len(message.body):
        return Refused("the body is shorter than Content-Length")
    return replace(message, body=message.body[: int(declared)])


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 10


def usable_target(uri: str) -> bool:
    """Whether a Contact's URI can be the target of requests (RFC 3261 §12.1)."""
    scheme = _SCHEME.fullmatch(uri)
    return scheme is not None and scheme[1].lower() in ("sip", "sips")
