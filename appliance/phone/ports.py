"""What a panel's drivers implement. Their callbacks may come from any thread."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

KEYS: Final = "0123456789*#ABCD"
"""The keys of a telephone keypad (ITU-T Q.23), as drivers name them."""

DIGITS: Final = frozenset("0123456789*#")
MUTE: Final = "A"
HOLD: Final = "B"
DELETE: Final = "C"
"""Takes a digit back, rejects a call."""
REDIAL: Final = "D"


class Button(StrEnum):
    """The buttons beside the keypad that mean the same on every telephone; a board may have others."""

    HOOK = "hook"
    """Hands-free talk on and off; the hook key of a headset."""
    FLASH = "flash"
    """R: what a hook flash does."""
    MUTE = "mute"
    DO_NOT_DISTURB = "dnd"
    REDIAL = "redial"


DISPLAY_WIDTH: Final = 128
DISPLAY_HEIGHT: Final = 64
"""Pixels of the display."""


class Keypad(Protocol):
    """A keypad that has debounced its keys: one call a press."""

    def start(self, pressed: Callable[[str], None]) -> None:
        """Report each press as one character of `KEYS`."""

    def stop(self) -> None:
        """End it; no more reports when this returns."""


class HookSwitch(Protocol):
    """A hook switch that has debounced its contact."""

    def start(self, changed: Callable[[bool], None]) -> None:
        """Report the present position at once and each change after it: True is off-hook (handset lifted)."""

    def stop(self) -> None:
        """End it; no more reports when this returns."""


class Buttons(Protocol):
    """Buttons beside the keypad, debounced: one call a press."""

    def start(self, pressed: Callable[[str], None]) -> None:
        """Report each press by the button's name: one of `Button`, or a name of the board's own."""

    def stop(self) -> None:
        """End it; no more reports when this returns."""


class Door(Protocol):
    """What releases a door for a moment."""

    async def open(self, name: str) -> None:
        """Release the door called `name` once ("" is the only one), for as long as it is made for.

        Raises:
            UsageError: there is no door of that name.
            DriverError: it could not be released.
        """


class VolumeControl(Protocol):
    """How loud the speaker is."""

    @property
    def level(self) -> int | None:
        """Percent; None if that can't be told now."""

    def set_level(self, percent: int) -> None:
        """Set it, 0 to 100. Raises `DriverError`."""


class Display(Protocol):
    """A monochrome display of 128×64 pixels. Slow displays keep only the latest image and never block the caller."""

    def start(self) -> None:
        """Switch it on. Raises `DriverError`."""

    def show(self, image: bytes) -> None:
        """Show 1024 bytes: 64 rows of 16 bytes, most significant bit leftmost, 1 is lit."""

    def stop(self) -> None:
        """Blank it and switch it off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What a person touches and sees. A door station has no hook switch, a desk phone may have no buttons."""

    display: Display
    keypad: Keypad | None = None
    hook: HookSwitch | None = None
    buttons: Buttons | None = None
