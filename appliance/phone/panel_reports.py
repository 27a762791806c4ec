"""[I/O] Brings what a panel's drivers report on their threads to the loop, in order and stamped with its time."""

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from appliance.clock import Clock
from appliance.phone.inputs import ButtonPressed, HookChanged, Input, KeyPressed

log = logging.getLogger(__name__)

WAITING: Final = 64
"""Reports that may wait for the loop; further keys and buttons are dropped, of hook moves the last is kept."""


class PanelReports:
    """Hands each report to `happened`, on the loop, and never has more than `WAITING` of them."""

    def __init__(self, happened: Callable[[Input], None], clock: Clock) -> None:
        self._happened = happened
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._waiting: deque[Input] = deque()

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on `loop` from now on."""
        self._loop = loop

    def close(self) -> None:
        """Deliver nothing any more."""
        self._loop = None

    def key_pressed(self, key: str) -> None:
        """Report a key. From any thread."""
        self._report(KeyPressed(key))

    def button_pressed(self, name: str) -> None:
        """Report a button. From any thread."""
        self._report(ButtonPressed(name))

    def hook_changed(self, off_hook: bool) -> None:
        """Report the hook. From any thread."""
        self._report(HookChanged(off_hook=off_hook, at=self._clock.now()))

    def _report(self, report: KeyPressed | ButtonPressed | HookChanged) -> None:
        loop = self._loop
        if loop is None:
            return
        with self._lock:
            if len(self._waiting) >= WAITING:
                log.warning("the panel reports faster than they are served: %s", type(report).__name__)
                if not isinstance(report, HookChanged):
                    return
                # Where the handset is must not be lost: everything older gives way to it.
                self._waiting.clear()
            self._waiting.append(report)
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        while self._loop is not None:
            with self._lock:
                if not self._waiting:
                    return
                report = self._waiting.popleft()
            self._happened(report)
