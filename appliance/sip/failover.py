"""Which of several registrars is next: the nearest that can be had, and back to a nearer one when it can be had again.

::

    nearest ─ fails ─► second ─ fails ─► … ─ fails ─► wait (ever longer) ─► nearest
       ▲                  │ serves
       └── after `failback`, then after twice as long if that was in vain …
"""

from typing import Final

from appliance.units import Seconds

STABLE: Final = 30.0
"""Seconds after which a connection counts as good: when it is lost, the nearest registrar is tried first again."""

_MAX_FAILBACK: Final = 3600.0


class Failover:
    """The order of attempts.

    Args:
        urls: the registrars, the nearest first.
        failback: seconds on a farther registrar after which the nearer ones are tried again; 0: never.
    """

    def __init__(self, urls: tuple[str, ...], failback: float) -> None:
        self._urls = urls
        self._failback = failback
        self._index = 0
        self._wait = failback

    @property
    def url(self) -> str:
        """The registrar to try, or the one that serves."""
        return self._urls[self._index]

    @property
    def nearer(self) -> tuple[str, ...]:
        """Those that are preferred to it."""
        return self._urls[: self._index]

    @property
    def wait(self) -> Seconds | None:
        """Seconds until a nearer one is tried while this one serves; None: never."""
        return Seconds(self._wait) if self._wait and self._index else None

    def ended(self, lasted: float) -> bool:
        """An attempt or a connection is over after `lasted` seconds; True when all have been tried in vain."""
        if lasted >= STABLE:
            self._index, self._wait = 0, self._failback
            return False
        self._index = (self._index + 1) % len(self._urls)
        return self._index == 0

    def moved(self, url: str) -> None:
        """A nearer one has taken over. If it proves no good, it is asked for more seldom."""
        self._index = self._urls.index(url)
        self.stayed()

    def stayed(self) -> None:
        """No nearer one could be reached: ask more seldom."""
        self._wait = min(2.0 * self._wait, _MAX_FAILBACK)
