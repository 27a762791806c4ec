"""The inside of header values: lists, addresses, parameters, Via, Reason.

Quote-aware where `sipmessage` 0.7 is not (it splits at commas and semicolons inside quoted strings, and its quoted
string matches past its closing quote), and linear in the input, because the input is a peer's.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from appliance.sip.events import Reason

_QUOTED = r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
_BRACKETED = r"<[^>]*(?:>|\Z)"
_PIECES = {
    separator: re.compile(f'{_QUOTED}|{_BRACKETED}|(?P<separator>{separator})|[^"<{separator}]+', re.DOTALL)
    for separator in (",", ";")
}
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_OPENING = re.compile(f'(?:{_QUOTED}|[^"<])*+<', re.DOTALL)


def _places(value: str, wanted: str) -> Iterator[int]:
    """Where `wanted` (a comma or semicolon) stands outside quotes and angle brackets."""
    for piece in _PIECES[wanted].finditer(value):
        if piece["separator"]:
            yield piece.start()


def split_outside(value: str, separator: str) -> Iterator[str]:
    """The parts of `value` between separators that stand outside quotes and angle brackets, stripped.

    An unclosed quote or bracket runs to the end.
    """
    start = 0
    for place in _places(value, separator):
        yield value[start:place].strip()
        start = place + 1
    yield value[start:].strip()


@lru_cache(maxsize=64)
def split_list(value: str) -> tuple[str, ...]:
    """The elements of a comma-separated header (RFC 3261 §7.3.1), empty ones left out."""
    return tuple(item for item in split_outside(value, ",") if item)


def quote(text: str) -> str:
    """A quoted-string (RFC 3261 §25.1)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """What a quoted-string or token stands for."""
    if len(text) < 2 or not text.startswith('"') or not text.endswith('"'):
        return text
    return _ESCAPED.sub(r"\1", text[1:-1])


def parameters(parts: Iterator[str]) -> dict[str, str]:
    """`;name=value` parameters by lower-case name; without a value it is the empty string. The first one counts."""
    found: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition("=")
        if name := name.strip().lower():
            found.setdefault(name, unquote(value.strip()))
    return found


@dataclass(frozen=True, slots=True)
class NameAddress:
    """An address of From, To, Contact, Route … (RFC 3261 §20.10): display name, URI verbatim, header parameters."""

    uri: str
    name: str = ""
    parameters: Mapping[str, str] | None = None

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read an address. Never raises: what has no URI gets an empty one, which `sanity.py` refuses."""
        parts = split_outside(value, ";")
        address = next(parts)
        opening = _opening(address)
        if opening < 0:
            # Without angle brackets every parameter belongs to the header (RFC 3261 §20).
            return cls(address.strip(), "", parameters(parts))
        closing = address.find(">", opening)
        uri = address[opening + 1 : closing if closing >= 0 else len(address)]
        name = _UNPRINTABLE.sub("", unquote(address[:opening].strip()))
        return cls(uri.strip(), name, parameters(parts))

    def parameter(self, name: str) -> str | None:
        """The value of a header parameter; None if it is absent."""
        return (self.parameters or {}).get(name)

    @property
    def tag(self) -> str:
        """The tag (RFC 3261 §19.3); empty if there is none."""
        return self.parameter("tag") or ""


def _opening(address: str) -> int:
    """Where the angle bracket stands that no quote hides; -1 if nowhere."""
    found = _OPENING.match(address)
    return found.end() - 1 if found is not None else -1


@dataclass(frozen=True, slots=True)
class Via:
    """A Via value (RFC 3261 §20.42), as far as matching needs it."""

    sent_by: str
    branch: str

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read a Via. Never raises: what is missing is empty, and `sanity.py` refuses that."""
        parts = split_outside(value, ";")
        protocol_and_host = next(parts).split()
        host = protocol_and_host[-1].lower() if len(protocol_and_host) > 1 else ""
        return cls(host, parameters(parts).get("branch", ""))


def uri_parameters(uri: str) -> Mapping[str, str]:
    """The parameters of a SIP URI, without its headers."""
    after_host = uri.partition("@")[2] or uri
    _, _, tail = after_host.partition("?")[0].partition(";")
    return parameters(iter(tail.split(";"))) if tail else {}


def parse_reason(values: tuple[str, ...]) -> Reason | None:
    """The Reason header (RFC 3326 §2); of several, that of SIP, else the first."""
    reasons = []
    for value in values:
        parts = split_outside(value, ";")
        protocol = next(parts)
        fields = parameters(parts)
        code = fields.get("cause", "")
        number = int(code) if code.isascii() and code.isdigit() and len(code) < 6 else None
        if protocol:
            reasons.append(Reason(protocol=protocol, code=number, text=fields.get("text", "")))
    return next((reason for reason in reasons if reason.protocol.upper() == "SIP"), reasons[0] if reasons else None)


def render_reason(reason: Reason) -> str:
    """A Reason header's value."""
    code = "" if reason.code is None else f";cause={reason.code}"
    text = f";text={quote(reason.text)}" if reason.text else ""
    return f"{reason.protocol}{code}{text}"
