"""Whether the unit can be called, gathered from the events of its line."""

from dataclasses import dataclass, replace
from datetime import datetime

from appliance.calls.events import ClientEvent, ConnectionChange, Login, LoginFailed, Logout, WebSocketConnected


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """`state/registration`: whether the unit can be called."""

    state: str = "unregistered"
    """"connecting", "registered", "refused", "unregistered" or "disconnected"."""
    aor: str = ""
    """The address of record, while registered."""
    since: datetime | None = None
    """When it came into this state."""
    cause: str = ""
    """Why it was refused, in the words of the call API."""
    status: int = 0
    """The SIP status of a refusal, else 0."""
    reason: str = ""
    """More about it, in words."""


def followed(before: Registration, event: ClientEvent, wall: datetime) -> Registration:
    """The registration after `event`, the same object if that changes nothing."""
    after = _after(before, event)
    if after == before:
        return before
    return after if after.state == before.state else replace(after, since=wall)


def _after(before: Registration, event: ClientEvent) -> Registration:
    match event:
        case Login():
            return Registration(state="registered", aor=event.aor, since=before.since, reason=event.reason)
        case LoginFailed():
            return Registration(
                state="refused", since=before.since, cause=event.cause, status=event.status, reason=event.reason
            )
        case Logout():
            return Registration(state="unregistered", since=before.since, reason=event.reason)
        case ConnectionChange(state="disconnected"):
            return Registration(state="disconnected", since=before.since, reason=event.reason)
        case WebSocketConnected() if before.state != "registered":
            return Registration(state="connecting", since=before.since)
    return before
