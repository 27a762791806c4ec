"""What a panel's drivers implement. Their callbacks may come from any thread."""

from collections.abc import Callable
from typing import Final, Protocol

KEYS: Final = "0123456789*#ABCD"
"""The keys of a telephone keypad (ITU-T Q.23), as drivers name them."""

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


class Display(Protocol):
    """A monochrome display of 128×64 pixels. Slow displays keep only the latest image and never block the caller."""

    def start(self) -> None:
        """Switch it on. Raises `DriverError`."""

    def show(self, image: bytes) -> None:
        """Show 1024 bytes: 64 rows of 16 bytes, most significant bit leftmost, 1 is lit."""

    def stop(self) -> None:
        """Blank it and switch it off."""
