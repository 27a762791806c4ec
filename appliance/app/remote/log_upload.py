"""[I/O] The last of the log, kept in memory, and sent when it is asked for."""

import asyncio
import logging
import ssl
import time
import urllib.error
import urllib.request
from collections import deque
from pathlib import Path
from typing import Final

from appliance.errors import TransportError

LINES: Final = 10_000
"""So many are kept."""
_PATIENCE: Final = 30.0  # seconds for the other side, at each step


class LogMemory(logging.Handler):
    """Keeps the last lines, without secrets as its formatter leaves them."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[tuple[float, str]] = deque(maxlen=LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        self._lines.append((record.created, self.format(record)))

    def since(self, minutes: int) -> str:
        """The lines of the last `minutes`."""
        oldest = time.time() - minutes * 60.0
        return "".join(f"{line}\n" for moment, line in tuple(self._lines) if moment >= oldest)


class LogUpload:
    """Sends what `memory` has to one https:// address, by POST, and says of which unit it is in `X-Intercom-Unit`."""

    def __init__(self, memory: LogMemory, address: str, unit: str, *, ca_file: Path | None = None) -> None:
        self._memory = memory
        self._address = address
        self._unit = unit
        self._ca_file = ca_file

    async def send(self, minutes: int) -> int:
        """Send the last `minutes`; how many octets that were. Raises `TransportError`."""
        body = self._memory.since(minutes).encode("utf-8", "replace")
        await asyncio.to_thread(self._post, body)
        return len(body)

    def _post(self, body: bytes) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8", "X-Intercom-Unit": self._unit}
        request = urllib.request.Request(self._address, data=body, headers=headers, method="POST")  # noqa: S310 -- https only, says the configuration
        try:
            tls = ssl.create_default_context(cafile=self._ca_file)
            with urllib.request.urlopen(request, timeout=_PATIENCE, context=tls):  # noqa: S310
                pass
        except urllib.error.HTTPError as error:
            raise TransportError(f"{self._address} answers {error.code} {error.reason}") from error
        except OSError as error:
            raise TransportError(f"{self._address}: {getattr(error, 'reason', None) or error}") from error
