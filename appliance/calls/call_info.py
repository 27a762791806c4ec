"""What every event of a call says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from appliance.calls.identity import CallerInfo, Diverted


class Direction(StrEnum):
    """Who made the call."""

    INCOMING = "INCOMING"
    OUTGOING = "OUTGOING"


class CallState(StrEnum):
    """Where a call is. `ENDED` follows `ANSWERED`; the other last states follow `RINGING`."""

    INITIALIZED = "initialized"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"
    REJECTED = "rejected"
    IGNORED = "ignored"
    CANCELED = "canceled"
    FAILED = "failed"
    REDIRECTED = "redirected"
    """Incoming, and sent elsewhere by us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInfo:
    """A call as it was when the event happened.

    `call_uuid` is ours from the first moment, until the far end names the call itself (X-CallUUID: of an outgoing call
    with its first response); `Client.call_by_uuid` knows both, and `sip_call_id` never changes once it is there.
    `src` and `dest` are SIP URIs. `originator` says who ended it ("local", "remote", "" while it lives); `reason`,
    `protocol` and `code` are the Reason header's (RFC 3326) or, without one, the SIP status of the end. `replaces` is
    the UUID of the call whose place this one takes, by a transfer or a pickup; "" for most.
    `identifier` is what `Client.set_identifier` called this unit.

    Of an incoming call the network may say more (`calls.identity`): `asserted_uri` and `asserted_name` who calls,
    `diverted` over whom it came, the latest first, and `caller_info` whether the number was verified, None if nobody
    said so.
    """

    call_uuid: str
    sip_call_id: str
    direction: Direction
    state: CallState
    src: str
    dest: str
    caller_name: str = ""
    extra_headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    originator: str = ""
    reason: str = ""
    protocol: str = ""
    code: int = 0
    replaces: str = ""
    identifier: str = ""
    asserted_uri: str = ""
    asserted_name: str = ""
    diverted: tuple[Diverted, ...] = ()
    caller_info: CallerInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """The base of every event of one call."""

    call: CallInfo
