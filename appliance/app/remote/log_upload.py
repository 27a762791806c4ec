"""The last of the log, kept in memory, and sent when it is asked for."""

from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Final

from appliance.calls.https_post import HttpsPost
from appliance.calls.log_tail import LogTail
from appliance.clock import Clock, SystemClock

_LINES: Final = 10_000  # a megabyte, about


class LogUpload:
    """Sends to one https:// address, as text whose first line is the unit's name."""

    def __init__(self, address: str, unit: str, *, ca_file: Path | None = None, clock: Clock | None = None) -> None:
        self._tail = LogTail(_LINES)
        self._post = HttpsPost(
            address,
            None if ca_file is None else str(ca_file),
            what="logs",
            content_type="text/plain; charset=utf-8",
        )
        self._unit = unit
        self._clock = clock or SystemClock()

    def attached(self) -> AbstractContextManager[None]:
        """Within, lines are kept."""
        return self._tail.attached()

    async def send(self, minutes: int) -> int:
        """Send the last `minutes`; how many octets that were. Raises `TransportError`."""
        lines = self._tail.since(self._clock.wall() - timedelta(minutes=minutes))
        body = "\n".join([self._unit, *lines, ""]).encode("utf-8", "replace")
        await self._post.send(body)
        return len(body)
