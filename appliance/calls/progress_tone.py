"""Which tone the calls of a client sound by themselves, for programs that have no telephone around them."""

from collections.abc import Iterable
from typing import Protocol

from appliance.calls.call_info import CallState, Direction
from appliance.calls.call_tones import CallTones, Sound
from appliance.media import tones


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


def wanted(calls: Iterable[Sounding], sounds: CallTones) -> Sound | None:
    """The tone for these calls now: ringtone, call waiting, connecting, ringback, reconnecting, or None."""
    present = tuple(calls)
    established = tuple(call for call in present if call.state is CallState.ANSWERED)
    if any(call.waiting for call in present):
        return sounds.plan.call_waiting if established else sounds.ring_tone
    if established:
        silent = any(call.media_lost and not call.held for call in established)
        return tones.RECONNECTING if silent else None
    made = next((call for call in present if call.direction is Direction.OUTGOING), None)
    if made is None:
        return None
    if made.described and not sounds.covers_early_media:
        return None
    return {CallState.INITIALIZED: sounds.connect_tone, CallState.RINGING: sounds.ring_tone_back}.get(made.state)
