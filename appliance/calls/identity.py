"""Who calls, as the network says it: asserted identity, diversions, and whether the number was verified.

These headers are worth what the registrar is: it has to take away what callers put in themselves (RFC 3325 §7).
"""

from dataclasses import dataclass
from typing import Final

from appliance.sip.events import HeaderPairs
from appliance.sip.header_values import NameAddress, parameters, split_list, split_outside

_MAX_DIVERSIONS: Final = 10
_VERDICTS: Final = ("x-plivo-stir-verification", "x-stir-verification")
_NOTHING_SAID: Final = ("", "not_applicable", "not applicable", "no-tn-validation")
_FULL: Final = ("verified", "tn-validation-passed-a")
"""Attestation A: the originating provider knows the caller, and that the number is theirs (RFC 8588 §4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerInfo:
    """What the network found out about the caller's number (STIR, RFC 8224).

    `verified` is true for a number that passed with attestation A, and for nothing less; `status` is the verdict as it
    came.
    """

    verified: bool
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverted:
    """One diversion of the call on its way: from whom, and why ("user-busy", "no-answer", "unconditional" …)."""

    uri: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Everything of it that one INVITE says.

    Attributes:
        asserted_uri: P-Asserted-Identity (RFC 3325 §9.1), else Remote-Party-ID; "" without one.
        asserted_name: the name that goes with it.
        diverted: the latest diversion first (Diversion, RFC 5806 §4; else History-Info, RFC 7044 §5).
        caller_info: None when nothing was said of verification.
    """

    asserted_uri: str = ""
    asserted_name: str = ""
    diverted: tuple[Diverted, ...] = ()
    caller_info: CallerInfo | None = None


def identity(headers: HeaderPairs) -> Identity:
    """Read the headers of an INVITE. Never raises."""
    asserted = _asserted(headers)
    return Identity(
        asserted_uri=asserted.uri,
        asserted_name=asserted.name,
        diverted=(_diversions(headers) or _history(headers))[:_MAX_DIVERSIONS],
        caller_info=_caller_info(headers, asserted),
    )


def _all(headers: HeaderPairs, name: str) -> list[str]:
    return [item for key, value in headers if key.lower() == name for item in split_list(value)]


def _asserted(headers: HeaderPairs) -> NameAddress:
    values = _all(headers, "p-asserted-identity") or _all(headers, "remote-party-id")
    return NameAddress.parse(values[0]) if values else NameAddress("")


def _diversions(headers: HeaderPairs) -> tuple[Diverted, ...]:
    found = map(NameAddress.parse, _all(headers, "diversion"))
    return tuple(Diverted(uri=one.uri, reason=one.parameter("reason") or "") for one in found if one.uri)


def _history(headers: HeaderPairs) -> tuple[Diverted, ...]:
    """All targets but the last, which is ourselves; the latest first. The Reason in the URI's headers says why."""
    entries = [NameAddress.parse(value).uri for value in _all(headers, "history-info")]
    return tuple(
        Diverted(uri=uri.partition("?")[0], reason=_history_reason(uri)) for uri in reversed(entries[:-1]) if uri
    )


def _history_reason(uri: str) -> str:
    for field in uri.partition("?")[2].split("&"):
        name, _, value = field.partition("=")
        if name.lower() == "reason":
            return value.replace("%3B", ";").replace("%3D", "=").replace("%20", " ").replace("%22", '"')
    return ""


def _caller_info(headers: HeaderPairs, asserted: NameAddress) -> CallerInfo | None:
    verdicts = [value.strip() for key, value in headers if key.lower() in _VERDICTS]
    status = verdicts[0] if verdicts else _verstat(headers, asserted)
    if status.lower() in _NOTHING_SAID:
        return None
    return CallerInfo(verified=status.lower() in _FULL, status=status)


def _verstat(headers: HeaderPairs, asserted: NameAddress) -> str:
    """The `verstat` of the asserted identity or of From, with the attestation that stands in a header of its own."""
    origin = next((value for key, value in headers if key.lower() == "from"), "")
    for address in (asserted, NameAddress.parse(origin)):
        inside = parameters(split_outside(address.uri.partition("@")[0].partition(";")[2], ";"))
        status = inside.get("verstat") or address.parameter("verstat") or ""
        status = status or parameters(split_outside(address.uri.partition(";")[2], ";")).get("verstat", "")
        if status:
            levels = [value.strip().upper() for key, value in headers if key.lower() == "p-attestation-indicator"]
            return f"{status}-{levels[0]}" if levels and status.lower() == "tn-validation-passed" else status
    return ""
