"""[I/O] Whether the machine still has the addresses it had: a cable is pulled, a Wi-Fi is left, a lease is another one.

The kernel tells at once what packets that vanish tell after seconds.
"""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from typing import Final

from appliance.calls.netlink import GROUPS, Addresses, question

log = logging.getLogger(__name__)

_SETTLED: Final = 0.2
"""Seconds without a further change: one address goes before the next one comes."""

_LARGEST: Final = 65_536


class AddressWatch:
    """Inside `with`, `changed` hears of every other set of addresses, on the loop that entered it."""

    def __init__(self, changed: Callable[[frozenset[str]], None]) -> None:
        self._changed = changed
        self._addresses = Addresses()
        self._last: frozenset[str] | None = None
        self._kernel: socket.socket | None = None
        self._settling: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        if sys.platform != "linux":
            return  # a call notices by what does not come any more, some seconds later
        kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
        try:
            kernel.bind((0, GROUPS))
            kernel.send(question())
        except OSError as error:
            log.warning("changes of this machine's addresses can't be watched: %s", error)
            kernel.close()
            return
        self._kernel = kernel
        asyncio.get_running_loop().add_reader(kernel, self._read)

    def __exit__(self, *_: object) -> None:
        if self._settling is not None:
            self._settling.cancel()
        if self._kernel is not None:
            asyncio.get_running_loop().remove_reader(self._kernel)
            self._kernel.close()
            self._kernel = None

    def _read(self) -> None:
        assert self._kernel is not None
        try:
            while True:
                self._addresses.told(self._kernel.recv(_LARGEST))
        except BlockingIOError:
            pass
        except OSError as error:
            log.info("changes of this machine's addresses were missed: %s", error)
            self._addresses.forget()
            self._kernel.send(question())
        if self._settling is not None:
            self._settling.cancel()
        self._settling = asyncio.get_running_loop().call_later(_SETTLED, self._settled)

    def _settled(self) -> None:
        before, self._last = self._last, self._addresses.known
        if before is not None and before != self._last:
            log.info("this machine's addresses are now %s", ", ".join(sorted(self._last)) or "none")
            self._changed(self._last)
