"""[I/O] Sounds of one's own: WAV files, and what an address on the web gives, kept for when it can't be reached."""

import asyncio
import hashlib
import http.client
import logging
import os
import ssl
import tempfile
import time
from pathlib import Path
from typing import Final, Self
from urllib.parse import SplitResult, urljoin, urlsplit

from appliance.errors import DriverError, TransportError, UsageError
from appliance.media.frame import Pcm
from appliance.media.recording import Recording
from appliance.media.wav_file import read
from appliance.version import VERSION

log = logging.getLogger(__name__)

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a file from the web."""

LONGEST: Final = 120.0
"""Seconds of a sound: 11 MB of memory."""

PATIENCE: Final = 10.0
"""Seconds until all of it has come."""

_FRESH: Final = 24 * 3600.0
"""Seconds during which what was fetched is not asked for again."""

_REDIRECTIONS: Final = 5
_PIECE: Final = 64 * 1024


class SoundSource:
    """Reads sounds off the loop. `folder` keeps what came from the web, "" in the user's cache."""

    def __init__(self, folder: str = "", ca_file: str | None = None) -> None:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self._folder = Path(folder or Path(base) / "intercom") / "sounds"
        self._ca_file = ca_file

    async def chosen(self, source: str | Path | bool) -> Recording | bool:
        """The sound at a path or an `http(s)://` address; True and False as they are.

        Raises:
            UsageError: `source` is none of these.
            DriverError: there is no WAV file of PCM, or one that is too long.
            TransportError: it can't be fetched, and never was.
        """
        if isinstance(source, bool):
            return source
        return await asyncio.to_thread(self._recording, source)

    def _recording(self, source: str | Path) -> Recording:
        parts = urlsplit(str(source))
        if "://" not in str(source):
            return Recording(str(source), read(Path(source).expanduser(), longest=LONGEST))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"sound: {source!r} is no path and no http(s):// address")
        name = f"{parts.hostname}{parts.path}"  # what follows a ? may be a secret
        path = self._folder / f"{hashlib.sha256(str(source).encode()).hexdigest()}.wav"
        return Recording(str(source), self._fetched(str(source), path, name))

    def _fetched(self, url: str, path: Path, name: str) -> Pcm:
        known = path.exists()
        if known and time.time() - path.stat().st_mtime < _FRESH:
            return read(path, longest=LONGEST)
        try:
            data = _get(url, name, self._ca_file)
        except TransportError as error:
            if not known:
                raise
            log.warning("%s; the sound of before is taken", error)
            return read(path, longest=LONGEST)
        return self._kept(data, path, name)

    def _kept(self, data: bytes, path: Path, name: str) -> Pcm:
        """What is no sound is not kept, and what can't be kept is a sound all the same."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            folder: Path | None = self._folder
        except OSError as error:
            log.warning("%s can't be kept: %s", name, error)
            folder = None
        handle, temporary = tempfile.mkstemp(suffix=".wav", dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        try:
            samples = read(Path(temporary), longest=LONGEST)
            if folder is not None:
                Path(temporary).replace(path)
        except DriverError as error:
            raise DriverError(f"{name} can't be played: {str(error).partition(': ')[2]}") from error
        finally:
            Path(temporary).unlink(missing_ok=True)
        return samples


def _get(url: str, name: str, ca_file: str | None) -> bytes:
    """What is at `url`. Raises `TransportError`."""
    deadline = time.monotonic() + PATIENCE
    try:
        for _ in range(_REDIRECTIONS + 1):
            parts = urlsplit(url)
            with _Connection(parts, ca_file) as connection:
                response = connection.get(parts)
                if response.status in (301, 302, 303, 307, 308) and (place := response.getheader("Location")):
                    url = urljoin(url, place)
                    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
                        raise TransportError(f"{name} leads elsewhere than the web")
                    continue
                if response.status != 200:
                    raise TransportError(f"{name}: the answer is {response.status} {response.reason}")
                return _all_of(response, name, deadline)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, TransportError):
            raise
        raise TransportError(f"{name} can't be fetched: {str(error) or type(error).__name__}") from error
    raise TransportError(f"{name} leads from one address to the next")


class _Connection:
    """To one host, closed on exit."""

    def __init__(self, parts: SplitResult, ca_file: str | None) -> None:
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=ca_file)
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=PATIENCE, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, parts: SplitResult) -> http.client.HTTPResponse:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._connection.request("GET", target, headers={"User-Agent": f"intercom-appliance/{VERSION}"})
        return self._connection.getresponse()


def _all_of(response: http.client.HTTPResponse, name: str, deadline: float) -> bytes:
    data = bytearray()
    while piece := response.read1(_PIECE):
        data += piece
        if len(data) > LARGEST:
            raise TransportError(f"{name} is larger than {LARGEST // 1024 // 1024} MB")
        if time.monotonic() > deadline:
            raise TransportError(f"{name} takes longer than {PATIENCE:.0f} s")
    return bytes(data)
