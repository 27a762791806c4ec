"""How a user agent is set up."""

from dataclasses import dataclass, field
from enum import StrEnum

from appliance.errors import UsageError
from appliance.version import PRODUCT


class Question(StrEnum):
    """How a registrar is asked for a sign of life."""

    WEBSOCKET = "websocket"
    CRLF = "crlf"
    OPTIONS = "options"


@dataclass(frozen=True, slots=True, kw_only=True)
class LivenessSettings:
    """How closely a registrar is watched: its death is seen `interval` + `patience` seconds later at most."""

    interval: float = 2.0
    """Seconds of quiet after which it is asked for a sign of life; 0: never of our own accord."""
    patience: float = 2.5
    """Seconds it may take to answer."""
    questions: tuple[Question, ...] = tuple(Question)
    """What it is asked."""

    def __post_init__(self) -> None:
        if self.interval < 0.0 or self.patience <= 0.0:
            raise UsageError(f"interval {self.interval:g} s, patience {self.patience:g} s: 0 or more, and more than 0")
        if not self.questions:
            raise UsageError("questions: websocket, crlf or options, at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAgentSettings:
    """Who we are and where the registrar is."""

    registrars: tuple[str, ...]
    """WebSocket URLs (ws:// or wss://), the nearest first: tried in order, and gone back to (`sip/failover.py`)."""
    domain: str
    """The SIP domain of the AOR."""
    user: str
    """The user part of the AOR; empty: that of the credentials."""
    display_name: str = ""
    """Shown to those we call; empty: none."""
    instance_id: str = ""
    """This unit for ever, as `urn:uuid:…` (RFC 5626 §4.1); empty: made at start."""
    register_expires: int = 120
    """How long a binding is asked for, in seconds. The registrar may grant less."""
    session_expires: int = 1800
    """How long a call lasts unless one side refreshes it, in seconds (RFC 4028); 0: we ask for nothing of the kind."""
    session_least: int = 90
    """The shortest such time that a peer may ask for, seconds."""
    ca_file: str | None = None
    """PEM file of the trust anchors for wss; None: the system's."""
    user_agent: str = PRODUCT
    """The User-Agent header."""
    liveness: LivenessSettings = field(default_factory=LivenessSettings)
    """How soon a registrar that says nothing any more counts as dead."""
    failback: float = 300.0
    """Seconds on a registrar that is not the first before the ones before it are tried again; 0: never."""
    connect_timeout: float = 10.0
    """Seconds for name, TCP, TLS and WebSocket handshake together."""
    dscp: int = 0
    """The mark of every message (RFC 2474 §3); 0 is none."""
