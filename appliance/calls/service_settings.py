"""How supplementary services behave: what a client is told of them before it starts."""

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from appliance.calls.auto_answer import AutoAnswer
from appliance.calls.screening import BUSY_HERE, UNAVAILABLE, Forwarding
from appliance.errors import UsageError

LampWatchers = Literal["domain", "nobody"]
"""Who may see whether we ring or talk."""

Transfers = Literal["follow", "domain", "refuse"]
"""Where a far end may send us."""

_HOPS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Raises `UsageError` for what can't work."""

    follow_redirects: int = 5
    """How often a call of ours may be sent on before it is answered (302, REFER), 0-20; 0: it ends, "Redirected"."""
    transfers: Transfers = "follow"
    """Whether the far end may transfer us: "follow" it anywhere, within our "domain" only, or "refuse"."""
    forwarding: Forwarding = field(default_factory=Forwarding)
    """Where calls are sent at first; `Client.forward` changes it."""
    do_not_disturb: bool = False
    """Whether calls are turned away at first; `Client.do_not_disturb` changes it."""
    do_not_disturb_status: int = BUSY_HERE
    """What a caller hears of it: 486 (busy) or 480 (unavailable: other phones of the same user go on ringing)."""

    auto_answer: AutoAnswer = field(default_factory=AutoAnswer)
    """Whose calls the unit answers by itself; nobody's at first."""

    message_waiting: bool = False
    """Ask the registrar's side whether messages wait (RFC 3842). What it tells without being asked is told anyway."""
    lamp_watchers: LampWatchers = "domain"
    """Who may watch what our telephone does (RFC 4235), never with whom: users of our "domain", or "nobody"."""

    def __post_init__(self) -> None:
        if not 0 <= self.follow_redirects <= _HOPS:
            raise UsageError(f"follow_redirects: {self.follow_redirects} is outside 0-{_HOPS}")
        if self.transfers not in get_args(Transfers):
            raise UsageError(f"transfers: {self.transfers!r} is not one of {', '.join(get_args(Transfers))}")
        if self.lamp_watchers not in get_args(LampWatchers):
            raise UsageError(f"lamp_watchers: {self.lamp_watchers!r} is not one of {', '.join(get_args(LampWatchers))}")
        if self.do_not_disturb_status not in (BUSY_HERE, UNAVAILABLE):
            raise UsageError(f"do_not_disturb_status: {self.do_not_disturb_status} is not one of 486, 480")
