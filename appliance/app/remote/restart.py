"""[I/O] Starting the service or the machine anew, once nobody talks any more."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from appliance.calls.client import Client
from appliance.calls.events import ClientEvent

log = logging.getLogger(__name__)


class Restart:
    """Whoever runs the unit waits for `wanted`, ends it, and starts it anew."""

    def __init__(self, client: Client, *, reboot: Sequence[str] = ("systemctl", "reboot")) -> None:
        self.wanted = asyncio.Event()
        """The service is to be ended and started again."""
        self._client = client
        self._reboot = reboot

    async def ask(self, *, machine: bool = False, tell: Callable[[str], object] = lambda _: None) -> str:
        """Wait until no call is left, then begin; "" if it begins, else why not."""
        if self._client.calls:
            tell("it waits for the end of a call")
            await self._no_call()
        if machine and (problem := await self._reboot_machine()):
            return problem
        asyncio.get_running_loop().call_later(_GRACE, self.wanted.set)
        return ""

    async def _no_call(self) -> None:
        news = asyncio.Event()

        def happened(_event: ClientEvent) -> None:
            news.set()

        unsubscribe = self._client.subscribe(happened)
        try:
            while self._client.calls:
                news.clear()
                await news.wait()
        finally:
            unsubscribe()

    async def _reboot_machine(self) -> str:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._reboot, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
            )
        except OSError as error:
            return f"{self._reboot[0]}: {error.strerror}"
        _, said = await process.communicate()
        if process.returncode == 0:
            return ""
        words = said.decode("utf-8", "replace").strip().splitlines()
        return f"{self._reboot[0]}: {words[-1] if words else f'exit status {process.returncode}'}"


_GRACE = 0.5
"""Seconds for the answer to leave."""
