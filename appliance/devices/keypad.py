"""A matrix keypad on GPIO pins: rows driven, columns pulled up."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Final

from appliance.devices.gpio_chip import PinFactory, gpiozero
from appliance.devices.gpio_header import GpioHeader, Look, PinWatch
from appliance.devices.keypad_scan import Contact, KeypadScan
from appliance.units import Seconds

_IDLE: Final = Seconds(0.020)
"""Between two looks while no key is touched, which is nearly always: a short press lasts 50 ms."""
_SWEEP: Final = Seconds(0.005)
"""Between two sweeps while one is: with `KeypadScan`'s four sweeps a key counts after 20 ms."""
_SETTLE: Final = Seconds(0.000_1)
"""What the columns are given to follow a row: a pull-up of 50 kΩ needs 10 µs for the 200 pF of a long ribbon."""


class MatrixKeypad:
    """Implements `phone.ports.Keypad`.

    While no key is touched all rows are low together, and any key pulls its column down: that costs one look at the
    columns. Then the rows are tried one by one. A row that is not being tried is an input, never a high output: two
    keys of a column held down would short it to the row that is low.

    Args:
        header: the pins.
        rows: GPIO numbers, from the keypad's top to its bottom.
        columns: GPIO numbers, from left to right.
        keys: one text a row, one character of `phone.ports.KEYS` a column.
    """

    def __init__(self, header: GpioHeader, *, rows: Sequence[int], columns: Sequence[int], keys: Sequence[str]) -> None:
        self._rows, self._columns, self._keys = tuple(rows), tuple(columns), tuple(keys)
        self._watch = PinWatch(header, "keypad")

    def start(self, pressed: Callable[[str], None]) -> None:
        """Report each press. Raises `DriverError`."""

        def claim(pins: PinFactory, taken: ExitStack) -> Look:
            library = gpiozero()
            columns = [
                taken.enter_context(library.InputDevice(number, pull_up=True, pin_factory=pins))
                for number in self._columns
            ]
            rows = [taken.enter_context(library.GPIODevice(number, pin_factory=pins)) for number in self._rows]
            matrix = _Matrix([row.pin for row in rows], [column.pin for column in columns])
            taken.callback(matrix.release)
            return _Scanner(matrix, KeypadScan(self._keys), pressed).look

        self._watch.start(claim)

    def stop(self) -> None:
        """End it."""
        self._watch.stop()


class _Matrix:
    """The wires."""

    def __init__(self, rows: Sequence[Any], columns: Sequence[Any]) -> None:
        self._rows, self._columns = rows, columns
        self._all_low = False

    def touched(self) -> bool:
        """Whether any key is down. Afterwards all rows are low."""
        if not self._all_low:
            for row in self._rows:
                _drive_low(row)
            self._all_low = True
            time.sleep(_SETTLE)
        return bool(self._low_columns())

    def closed(self) -> list[Contact]:
        """The contacts that read closed, row by row. Afterwards no row is driven."""
        if self._all_low:
            self.release()
        found = []
        for number, row in enumerate(self._rows):
            _drive_low(row)
            time.sleep(_SETTLE)
            found += [(number, column) for column in self._low_columns()]
            _let_go(row)
        return found

    def release(self) -> None:
        """Drive no row."""
        self._all_low = False
        for row in self._rows:
            _let_go(row)

    def _low_columns(self) -> list[int]:
        return [number for number, pin in enumerate(self._columns) if not pin.state]


class _Scanner:
    """What the keypad's thread does."""

    def __init__(self, matrix: _Matrix, scan: KeypadScan, pressed: Callable[[str], None]) -> None:
        self._matrix, self._scan, self._pressed = matrix, scan, pressed

    def look(self) -> Seconds:
        if self._scan.at_rest and not self._matrix.touched():
            return _IDLE
        for key in self._scan.sweep(self._matrix.closed()):
            self._pressed(key)
        return _SWEEP


def _drive_low(pin: Any) -> None:
    pin.output_with_state(0)


def _let_go(pin: Any) -> None:
    pin.input_with_pull("up")
