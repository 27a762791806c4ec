"""[I/O] The few timers of a call, by name."""

import asyncio
from collections.abc import Callable


class Timers:
    """Each name runs once at a time."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.TimerHandle] = {}

    def start(self, name: str, seconds: float, expired: Callable[[], None]) -> None:
        """Call `expired` in `seconds`; nothing if `name` runs already."""
        if name not in self._running:

            def expire() -> None:
                self._running.pop(name, None)
                expired()

            self._running[name] = asyncio.get_running_loop().call_later(seconds, expire)

    def stop(self, name: str) -> None:
        """Call it off."""
        timer = self._running.pop(name, None)
        if timer is not None:
            timer.cancel()

    def stop_all(self) -> None:
        """Call all of them off."""
        for name in tuple(self._running):
            self.stop(name)
