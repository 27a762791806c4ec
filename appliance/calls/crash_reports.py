"""[I/O] Errors that nobody caught: told as an event, and sent to an HTTPS address if there is one.

What fails in a task or a callback of this package is logged with its traceback, by whoever holds the task or the
subscriber; so is what fails in asyncio's own. This listens to those lines, and to no others.
"""

import asyncio
import json
import logging
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

from appliance.calls.events import CrashReported
from appliance.calls.https_post import HttpsPost
from appliance.calls.settings import ClientSettings
from appliance.config.redaction import redacted
from appliance.config.secret import HIDDEN
from appliance.errors import TransportError
from appliance.tasks import TaskSet
from appliance.version import VERSION

log = logging.getLogger(__name__)

_PACKAGE: Final = Path(__file__).parents[1]
_SUBSCRIBERS: Final = "appliance.events"
"""The logger of errors in callbacks that the application has given us."""

_TASKS: Final = "appliance.tasks"
"""The logger of errors in tasks of our own."""

_MAX_TEXT: Final = 8_000
_MAX_WAITING: Final = 20
_REMEMBERED: Final = 100
"""Different errors of which each is told once."""


class CrashReports(logging.Handler):
    """Hears of errors on any thread and tells of them on the loop that entered `listening`, each place once.

    With `capture_sdk_crash_only`, errors in the application's own callbacks are left to it.
    """

    def __init__(
        self,
        settings: ClientSettings,
        tasks: TaskSet,
        emit: Callable[[CrashReported], None],
        secrets: Callable[[], Iterable[str]],
    ) -> None:
        super().__init__(logging.ERROR)
        self._ours_only = settings.capture_sdk_crash_only
        url = settings.crash_report_url
        self._post = HttpsPost(url, settings.crash_report_ca_file, what="crash report") if url else None
        self._tasks = tasks
        self._tell_of = emit
        self._secrets = secrets
        self._loop: asyncio.AbstractEventLoop | None = None
        self._known: deque[str] = deque(maxlen=_REMEMBERED)
        self._waiting: deque[CrashReported] = deque(maxlen=_MAX_WAITING)
        self._sending = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within, errors are told."""
        self._loop = asyncio.get_running_loop()
        loggers = [logging.getLogger(name) for name in ("appliance", "asyncio")]
        for logger in loggers:
            logger.addHandler(self)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(self)
            self._loop = None

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the log; only those with an exception are of interest."""
        error = record.exc_info[1] if record.exc_info else None
        loop = self._loop
        if error is None or loop is None or record.name == __name__:
            return
        ours = record.name == _TASKS or (record.name != _SUBSCRIBERS and _began_here(error.__traceback__))
        if self._ours_only and not ours:
            return
        event = CrashReported(
            where=self._without_secrets(record.getMessage()),
            error=type(error).__name__,
            trace=self._without_secrets("".join(traceback.format_exception(error)))[-_MAX_TEXT:],
            ours=ours,
        )
        loop.call_soon_threadsafe(self._tell, event)

    def _tell(self, event: CrashReported) -> None:
        place = f"{event.where}\n{event.error}\n{event.trace.splitlines()[-2:]}"
        if place in self._known:
            return
        self._known.append(place)
        self._tell_of(event)
        if self._post is not None:
            self._waiting.append(event)
            if not self._sending:
                self._sending = True
                self._tasks.start("crash report", self._send(self._post))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets():
            if secret.strip():
                text = text.replace(secret, HIDDEN)
        return redacted(text)

    async def _send(self, post: HttpsPost) -> None:
        try:
            while self._waiting:
                event = self._waiting.popleft()
                document = {
                    "version": VERSION,
                    "where": event.where,
                    "error": event.error,
                    "trace": event.trace,
                    "ours": event.ours,
                }
                try:
                    await post.send(json.dumps(document).encode())
                except TransportError as problem:
                    log.warning("%s", problem)
        finally:
            self._sending = False


def _began_here(trace: TracebackType | None) -> bool:
    """Whether the outermost frame is of this package: its own task, not one that an application called it from."""
    frames = traceback.extract_tb(trace, limit=1)
    return bool(frames) and Path(frames[0].filename).is_relative_to(_PACKAGE)
