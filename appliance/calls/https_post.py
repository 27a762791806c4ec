"""[I/O] Something as one HTTPS request, tried a few times. It follows no redirection and is never in the clear."""

import asyncio
import http.client
import logging
import ssl
from typing import Final
from urllib.parse import urlsplit

from appliance.errors import TransportError
from appliance.tasks import Backoff
from appliance.version import VERSION

log = logging.getLogger(__name__)

TRIES: Final = 4
_TIMEOUT: Final = 5.0
"""Seconds of one try."""

_BUSY: Final = (408, 429)
"""What is worth another try, beside 5xx and no answer at all (RFC 9110 §15.5.9, RFC 6585 §4)."""


class HttpsPost:
    """One address, `https://…`. `what` is sent there, for logs and errors."""

    def __init__(
        self, url: str, ca_file: str | None = None, *, what: str, content_type: str = "application/json"
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or http.client.HTTPS_PORT
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._ca_file = ca_file
        self._what = what
        self._content_type = content_type

    async def send(self, document: bytes) -> None:
        """Post a document; half a minute at most. Raises `TransportError` if nobody has taken it."""
        backoff = Backoff(first=0.5, cap=4.0)
        for rest in range(TRIES - 1, -1, -1):
            try:
                status = await asyncio.to_thread(self._post, document)
                problem = "" if 200 <= status < 300 else f"{self._host} answered {status}"
                final = 200 <= status < 500 and status not in _BUSY
            except (OSError, http.client.HTTPException) as error:
                problem, final = f"{self._host} can't be reached: {str(error) or type(error).__name__}", False
            if not problem:
                return
            if final or not rest:
                break
            log.info("%s: %s; it is tried again", self._what, problem)
            await asyncio.sleep(backoff.next())
        raise TransportError(f"{self._what}: {problem}")

    def _post(self, document: bytes) -> int:
        """On a thread of its own: the status of the answer."""
        context = ssl.create_default_context(cafile=self._ca_file)
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=_TIMEOUT, context=context)
        try:
            headers = {"Content-Type": self._content_type, "User-Agent": f"intercom-appliance/{VERSION}"}
            connection.request("POST", self._target, document, headers)
            return connection.getresponse().status
        finally:
            connection.close()
