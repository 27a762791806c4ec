"""The hook switch: where the handset is, and what its moving means."""

from dataclasses import dataclass
from enum import StrEnum


class HookMove(StrEnum):
    """What a report of the hook switch means."""

    NONE = "none"
    """It is where it was."""
    LIFTED = "lifted"
    REPLACED = "replaced"
    FOUND_OFF = "found_off"
    """The first report of all finds the handset off-hook: nobody lifted it, so nobody wants to dial."""


@dataclass(frozen=True, slots=True)
class Hook:
    """The position as far as it is known; `off_hook` is None until the switch has reported."""

    off_hook: bool | None = None

    def moved(self, off_hook: bool) -> tuple["Hook", HookMove]:
        """The hook after a report, and what the report means. A first report of on-hook counts as `REPLACED`."""
        if off_hook == self.off_hook:
            return self, HookMove.NONE
        if not off_hook:
            return Hook(off_hook=False), HookMove.REPLACED
        return Hook(off_hook=True), HookMove.FOUND_OFF if self.off_hook is None else HookMove.LIFTED
