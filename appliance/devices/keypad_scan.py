"""Which keys were pressed, from what the wires of a matrix say. Pure.

A matrix without diodes lies when three corners of a rectangle are pressed: current finds its way round, and the fourth
reads closed too.

        c0   c1
    r0 ─●────●─      ● pressed
        │    │
    r1 ─●────○─      ○ reads closed, and nobody touches it
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from appliance.devices.debounce import Integrator

Contact = tuple[int, int]
"""The crossing of a row and a column, both counted from 0."""


class KeypadScan:
    """Debounces every contact, ignores the ones that may be ghosts, and reports each press once.

    Args:
        keys: one text a row, one character a column.
        sweeps: how many sweeps of the matrix a contact has to be closed until it counts as pressed, and open until it
            counts as released; at least 1.
    """

    def __init__(self, keys: Sequence[str], *, sweeps: int = 4) -> None:
        self._keys = {(row, column): key for row, text in enumerate(keys) for column, key in enumerate(text)}
        self._contacts = {contact: Integrator(sweeps) for contact in self._keys}
        self.at_rest = True
        """Whether every contact is open and has been for long enough."""

    def sweep(self, closed: Iterable[Contact]) -> tuple[str, ...]:
        """Take what one sweep read as closed; returns the keys that count as pressed from now on, row by row."""
        reading = frozenset(closed)
        doubtful = ambiguous(reading)
        pressed = []
        for place, contact in self._contacts.items():
            if place in doubtful:
                contact.doubt()
            elif contact.read(place in reading) and contact.closed:
                pressed.append(self._keys[place])
        self.at_rest = all(contact.settled and not contact.closed for contact in self._contacts.values())
        return tuple(pressed)


def ambiguous(closed: AbstractSet[Contact]) -> frozenset[Contact]:
    """The contacts of `closed` that are part of a rectangle with three or four closed corners.

    Three corners, because a sweep takes time: a key that comes in the middle of it shows only part of its rectangle.
    """
    rows: dict[int, set[int]] = {}
    columns: dict[int, set[int]] = {}
    for row, column in closed:
        rows.setdefault(row, set()).add(column)
        columns.setdefault(column, set()).add(row)
    # Three corners of a rectangle are a corner with a neighbour in its row and one in its column.
    corners = {(row, column) for row, column in closed if len(rows[row]) > 1 and len(columns[column]) > 1}
    return frozenset(
        (row, column)
        for row, column in closed
        if (row, column) in corners
        or any((row, other) in corners for other in rows[row])
        or any((other, column) in corners for other in columns[column])
    )
