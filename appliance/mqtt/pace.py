"""How fast what waited is sent: a broker that has come back meets a whole fleet's backlog at once."""

from typing import Final

from appliance.units import Seconds

_BURST: Final = 50  # events that may follow each other at once


class Pace:
    """Lets `rate` events a second pass, and `_BURST` of them at once; none before what `begin` says."""

    def __init__(self, rate: float) -> None:
        self._each = 1.0 / rate
        self._due = Seconds(0.0)

    def begin(self, now: Seconds, delay: float) -> None:
        """A connection begins: the first event may pass after `delay` seconds."""
        self._due = Seconds(now + delay + (_BURST - 1) * self._each if delay else now)

    def wait(self, now: Seconds) -> Seconds:
        """Seconds until the next event may pass; 0 if it may now."""
        return Seconds(max(0.0, self._due - (_BURST - 1) * self._each - now))

    def passed(self, now: Seconds) -> None:
        """An event has passed."""
        self._due = Seconds(max(self._due, now) + self._each)
