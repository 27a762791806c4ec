"""What is soldered to the header: a keypad's matrix and a switch, on the pins that gpiozero ships for tests.

gpiozero's `MockPin` knows its own level only; these pins know what they are connected to.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

_PATIENCE = 20.0
"""Seconds a driver is waited for."""


class WiredPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A pin that reads what its wire says while it is an input."""

    wire: Callable[[], bool | None] | None = None
    """The level the wire is held at from outside; None if nothing holds it."""

    def _get_state(self) -> bool:
        held = None if self._function == "output" or self.wire is None else self.wire()
        return bool(super()._get_state()) if held is None else held


class KeyMatrix:
    """Keys between the wires of rows and columns, without diodes: current finds every way there is."""

    def __init__(self, legends: Sequence[str]) -> None:
        self._places = {legend: (row, at) for row, text in enumerate(legends) for at, legend in enumerate(text)}
        self._closed: frozenset[tuple[int, int]] = frozenset()
        self._rows: list[Any] = []
        self._columns: list[Any] = []
        self._looked = threading.Condition()
        self.sweeps = 0
        """How often the last row alone was low when the last column was read."""
        self.rests = 0
        """How often all rows were low when the last column was read."""
        self.shorts = 0
        """How often a pin that was high was connected to one that was low."""

    def solder(self, rows: Sequence[Any], columns: Sequence[Any]) -> None:
        """Connect pins, of which the old ones are gone."""
        self._rows, self._columns = list(rows), list(columns)
        for pin in (*rows, *columns):
            pin.wire = lambda pin=pin: self._level(pin)

    def press(self, legends: str) -> None:
        """Hold exactly these keys down."""
        self._closed = frozenset(self._places[legend] for legend in legends)

    def swept(self, times: int) -> None:
        """Wait until so many more sweeps have been made."""
        target = self.sweeps + times
        self._until(lambda: self.sweeps >= target)

    def at_rest(self) -> None:
        """Wait until the keypad is only watched."""
        target = self.rests + 1
        self._until(lambda: self.rests >= target)

    def _until(self, true: Callable[[], bool]) -> None:
        with self._looked:
            assert self._looked.wait_for(true, _PATIENCE), "nobody looks at the keypad"

    def _level(self, asked: Any) -> bool | None:
        driven = {bool(pin._state) for pin in self._connected(asked) if pin._function == "output"}
        if asked is self._columns[-1]:
            low = [row._function == "output" and not row._state for row in self._rows]
            with self._looked:
                self.sweeps += low == [False] * (len(low) - 1) + [True]
                self.rests += all(low)
                self._looked.notify_all()
        self.shorts += len(driven) > 1
        return None if not driven else min(driven)

    def _connected(self, pin: Any) -> list[Any]:
        keys = [(self._rows[row], self._columns[column]) for row, column in self._closed]
        found, grown = [pin], True
        while grown:
            more = {end for key in keys if found and (key[0] in found or key[1] in found) for end in key}
            new = [end for end in (*self._rows, *self._columns) if end in more and end not in found]
            found += new
            grown = bool(new)
        return found


class Bench:
    """A header with a keypad and a hook switch on it; `pins` is made for a `GpioHeader`."""

    def __init__(self, *, rows: Sequence[int], columns: Sequence[int], legends: Sequence[str], hook: int) -> None:
        self.matrix = KeyMatrix(legends)
        self._rows, self._columns, self._hook = rows, columns, hook
        self.hook_closed = False
        self.looks = 0
        """How often the hook's pin was read."""
        self.opened = 0
        """How often the header was opened."""
        self.broken = False
        """Whether reading the hook's pin fails."""
        self.factory: Any = None

    def pins(self) -> Any:
        """A fresh factory with everything connected."""
        self.opened += 1
        self.factory = MockFactory(pin_class=WiredPin)
        self.matrix.solder(
            [self.factory.pin(number) for number in self._rows], [self.factory.pin(number) for number in self._columns]
        )
        self.factory.pin(self._hook).wire = self._hook_level
        return self.factory

    def looked(self, times: int) -> None:
        """Wait until the hook's pin has been read so many more times."""
        target, deadline = self.looks + times, time.monotonic() + _PATIENCE
        while self.looks < target:
            assert time.monotonic() < deadline, "nobody looks at the hook switch"
            time.sleep(0.001)

    def _hook_level(self) -> bool | None:
        self.looks += 1
        if self.broken:
            raise OSError("the wire is loose")
        return False if self.hook_closed else None
