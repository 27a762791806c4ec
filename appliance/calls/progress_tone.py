"""Which tone the calls of a client sound by themselves, for programs that have no telephone around them."""

from collections.abc import Iterable
from typing import Protocol

from appliance.calls.call_info import CallState, Direction
from appliance.media import tones
from appliance.media.tones import Tone


class Sounding(Protocol):
    """A call, as its tone sees it."""

    @property
    def direction(self) -> Direction:
        """Who made it."""

    @property
    def state(self) -> CallState:
        """Where it is."""

    @property
    def held(self) -> bool:
        """Held by us."""

    @property
    def waiting(self) -> bool:
        """Incoming, and nobody has decided about it."""

    @property
    def media_lost(self) -> bool:
        """Nothing is heard of the far end."""

    @property
    def described(self) -> bool:
        """The far end's own sound may come."""


def wanted(calls: Iterable[Sounding]) -> Tone | None:
    """The tone for these calls now: ringtone, call waiting, ringback (not over early media), reconnecting, or None."""
    present = tuple(calls)
    established = tuple(call for call in present if call.state is CallState.ANSWERED)
    answered = bool(established)
    if any(call.waiting for call in present):
        return tones.CALL_WAITING if answered else tones.RINGTONE
    if answered:
        silent = any(call.media_lost and not call.held for call in established)
        return tones.RECONNECTING if silent else None
    ringing = any(
        call.direction is Direction.OUTGOING and call.state is CallState.RINGING and not call.described
        for call in present
    )
    return tones.RINGBACK if ringing else None
