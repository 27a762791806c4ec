"""A clock for audio that has no sound card: one call every frame, on a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

PERIOD: Final = 0.010
"""Seconds of one frame."""

_FORGIVEN: Final = 0.5
"""Seconds the thread may fall behind and catch up; beyond it (a suspended machine) the missed calls are dropped."""


class Ticker:
    """Calls `work` a hundred times a second on average, whatever a single call takes.

    Deadlines are absolute, so lateness never adds up to drift. Not restartable: make another one.
    """

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._work = work
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; `work` is not called after this returns. May be called from `work` itself, then it just ends."""
        self._stopping = True
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping:
            self._work()
            due += PERIOD
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            elif wait < -_FORGIVEN:
                log.info("the audio clock stood still for %.1f s", -wait)
                due = time.monotonic()
