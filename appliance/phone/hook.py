"""The hook switch and the key for hands-free talk: whether somebody is at the telephone, and what a move means.

    handset    ────────┐                      ┌──────────       up, down for a moment, up again
                       └──────────────────────┘
                       │◄─ bounce ─►│◄─ flash ─►│ replaced     80 ms and 500 ms, as exchanges have it (ETSI ES 201 970)

Until it is known which of the three a handset is that went down, nothing has happened.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.errors import UsageError
from appliance.units import Seconds


class HookMove(StrEnum):
    """What a report means."""

    NONE = "none"
    """Nothing that matters."""
    LIFTED = "lifted"
    REPLACED = "replaced"
    FLASHED = "flashed"
    """The handset was down just long enough to ask for something."""
    FOUND_OFF = "found_off"
    """The first report of all finds the handset off-hook: nobody lifted it, so nobody wants to dial."""


@dataclass(frozen=True, slots=True)
class FlashTimes:
    """How long a handset is down in a hook flash, in seconds; shorter is a bounce, longer is hanging up."""

    shortest: Seconds = Seconds(0.08)
    longest: Seconds = Seconds(0.5)

    def __post_init__(self) -> None:
        if not 0.0 < self.shortest < self.longest <= 2.0:
            raise UsageError(
                f"hook flash from {self.shortest:g} to {self.longest:g} s: allowed are two rising times up to 2 s"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where the handset is as far as it is known, and whether somebody talks without it."""

    handset: bool | None = None
    """Lifted, down, or None until the switch has reported. Lifted as long as `down_since` leaves it open."""
    down_since: Seconds | None = None
    """When it went down, while that may still be a flash."""
    hands_free: bool = False

    @property
    def alone(self) -> bool:
        """Whether somebody talks without the handset, which is down."""
        return self.hands_free and not self.handset

    @property
    def off_hook(self) -> bool | None:
        """Whether somebody is at the telephone; None until that is known."""
        return True if self.hands_free else self.handset

    def moved(self, off_hook: bool, at: Seconds, flash: FlashTimes | None) -> tuple["Hook", HookMove]:
        """The hook after the switch reported at `at`. A first report of on-hook counts as `REPLACED`.

        `flash` says what is a flash at present; None that nothing is, so that the handset counts as down at once.
        """
        if self.down_since is not None:
            return self._decided(at, flash) if off_hook else (self, HookMove.NONE)
        if off_hook == self.handset:
            return self, HookMove.NONE
        moved = replace(self, handset=off_hook)
        if self.hands_free:
            # Who lifts the handset goes on with it; who puts it down goes on without.
            return replace(moved, hands_free=not off_hook), HookMove.NONE
        if off_hook:
            return moved, HookMove.FOUND_OFF if self.handset is None else HookMove.LIFTED
        if flash is not None and self.handset is not None:
            return replace(self, down_since=at), HookMove.NONE
        return moved, HookMove.REPLACED

    def _decided(self, at: Seconds, flash: FlashTimes | None) -> tuple["Hook", HookMove]:
        assert self.down_since is not None
        down = at - self.down_since
        long_enough = flash is not None and down >= flash.shortest
        return replace(self, down_since=None), HookMove.FLASHED if long_enough else HookMove.NONE

    def deadline(self, flash: FlashTimes) -> Seconds | None:
        """When a handset that went down counts as replaced."""
        return None if self.down_since is None else Seconds(self.down_since + flash.longest)

    def settled(self) -> "Hook":
        """The hook when that time has come."""
        return replace(self, handset=False, down_since=None)

    def hands_free_pressed(self) -> tuple["Hook", HookMove]:
        """The hook after the key for hands-free talk, or a headset's own hook key; nothing before the switch spoke."""
        if self.handset is None:
            return self, HookMove.NONE
        if not self.hands_free:
            return replace(self, hands_free=True), HookMove.NONE if self.handset else HookMove.LIFTED
        return replace(self, hands_free=False), HookMove.NONE if self.handset else HookMove.REPLACED

    def left(self) -> "Hook":
        """The hook when hands-free talk ends by itself; a handset that is lifted stays so."""
        return replace(self, hands_free=False)
