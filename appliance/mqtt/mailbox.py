"""The outbox between two threads [I/O]: one puts, the other takes and is woken; and what the disk is told of it."""

import socket
import threading
from collections.abc import Iterable

from appliance.mqtt.outbox import Outbox, Sending
from appliance.mqtt.outbox_store import OutboxStore
from appliance.mqtt.publication import Publication
from appliance.mqtt.unit_states import Dropped


class Mailbox:
    """The outbox between two threads, and how the one that puts wakes the one that takes. Both tell the `store`."""

    def __init__(self, outbox: Outbox, store: OutboxStore | None = None) -> None:
        self._outbox = outbox
        self._store = store
        self._lock = threading.Lock()
        self._waker: socket.socket | None = None
        self._awake = False
        self.listening = False
        """Whether what is put is worth waking for: only while there is a connection."""
        self.wake: socket.socket | None = None
        """Readable when it is time to look."""

    @property
    def dropped(self) -> Dropped:
        """What the broker never got."""
        with self._lock:
            return self._outbox.dropped

    @property
    def undelivered(self) -> int:
        """Events the broker has not acknowledged."""
        with self._lock:
            return self._outbox.undelivered

    @property
    def busy(self) -> bool:
        """Something waits, or is not acknowledged."""
        with self._lock:
            return bool(self._outbox.waiting or self._outbox.in_flight)

    def open(self) -> None:
        """Make `wake`."""
        with self._lock:
            self.wake, self._waker = socket.socketpair()
            self.wake.setblocking(False)
            self._waker.setblocking(False)

    def close(self) -> None:
        """Nobody is woken any more; what is put stays."""
        with self._lock:
            for end in (self.wake, self._waker):
                if end is not None:
                    end.close()
            self.wake = self._waker = None

    def put(self, publications: Iterable[Publication]) -> None:
        """Keep them, each in constant time."""
        with self._lock:
            for publication in publications:
                self._outbox.put(publication)
            self._write()
            if self.listening:
                self._signal()

    def restore(self, publications: list[Publication]) -> list[int]:
        """See `Outbox.restore`."""
        with self._lock:
            serials = self._outbox.restore(publications)
            self._write()
            if self.listening:
                self._signal()
            return serials

    def rouse(self) -> None:
        """Wake the other thread."""
        with self._lock:
            self._signal()

    def _signal(self) -> None:
        # At most one octet is ever in the pair, so that this can't block.
        if not self._awake and self._waker is not None:
            self._awake = True
            self._waker.send(b"\0")

    def settle(self) -> None:
        """Forget that it was time to look."""
        with self._lock:
            if self._awake and self.wake is not None:
                self._awake = False
                self.wake.recv(1)

    def take(self, window: int, *, events: bool = True) -> Sending | None:
        """See `Outbox.take`."""
        with self._lock:
            sending = self._outbox.take(window, events=events)
            self._write()
            return sending

    def acknowledged(self, ticket: int) -> None:
        """See `Outbox.acknowledged`."""
        with self._lock:
            self._outbox.acknowledged(ticket)
            self._write()

    def refused(self, ticket: int) -> Publication | None:
        """See `Outbox.refused`."""
        with self._lock:
            refused = self._outbox.refused(ticket)
            self._write()
            return refused

    def _write(self) -> None:
        if self._store is not None and self._outbox.writes:
            self._store.write(self._outbox.writes)
            self._outbox.writes.clear()

    def connected(self, largest: int | None) -> None:
        """See `Outbox.connected`."""
        with self._lock:
            self._outbox.connected(largest)
            self.listening = True

    def connection_lost(self, *, answered: bool) -> Publication | None:
        """See `Outbox.connection_lost`."""
        with self._lock:
            self.listening = False
            refused = self._outbox.connection_lost(answered=answered)
            self._write()
            return refused
