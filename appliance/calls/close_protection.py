"""[I/O] Whoever stops a client waits for its calls, unless it is in a hurry."""

import asyncio
from collections.abc import Callable


class CloseProtection:
    """`in_call` says whether there is a call, answered or not."""

    def __init__(self, in_call: Callable[[], bool]) -> None:
        self._in_call = in_call
        self._over = asyncio.Event()
        self.is_closing = False
        """The client waits to be closed: no further call begins."""

    async def wait(self) -> None:
        """Wait until there is no call."""
        self.is_closing = True
        self.look()
        await self._over.wait()

    def look(self) -> None:
        """A call may have been the last one."""
        if self.is_closing and not self._in_call():
            self._over.set()

    def lift(self) -> None:
        """Wait no longer."""
        self._over.set()
