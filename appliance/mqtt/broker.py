"""The link to the broker, as the loop sees it [I/O].

    the loop:    publish_event ──► bridge ──► outbox ──► (one octet to wake)          never waits for anything
                 messages ◄── inbox ◄──────────────┐
    the thread:  broker_thread ──► connection ──► socket
    the disk's:  outbox_store

Resolving a name, connecting and a TLS handshake block, for minutes if the network swallows packets; so does a card that
wears out. Both have a thread of their own.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final, Self

from appliance.calls.events import ClientEvent
from appliance.clock import Clock, SystemClock
from appliance.events import Emitter
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.broker_thread import BrokerThread
from appliance.mqtt.mailbox import Mailbox
from appliance.mqtt.outbox import Limits, Outbox
from appliance.mqtt.outbox_store import Kept, OutboxStore
from appliance.mqtt.publication import Publication
from appliance.mqtt.received import Received
from appliance.mqtt.settings import BrokerSettings
from appliance.mqtt.twins import Twins
from appliance.mqtt.unit_states import Dropped
from appliance.tasks import Backoff

log = logging.getLogger(__name__)

WAITING: Final = 64
"""Messages that may wait for the loop; further ones are dropped."""
_DISK_PATIENCE: Final = 3.0  # seconds for what was kept; a telephone does not wait longer for its past


class BrokerLink:
    """Keeps a unit connected to its broker. Subscribe `publish_event` to a client's events, and to `messages`.

    One loop enters, publishes and leaves. Nothing here waits for the broker or raises because of it. Without a `store`
    a power cut takes what the broker has not got yet.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        bridge: Bridge,
        clock: Clock | None = None,
        *,
        limits: Limits | None = None,
        backoff: Backoff | None = None,
        store: OutboxStore | None = None,
        filters: Iterable[str] = (),
    ) -> None:
        self.messages: Emitter[Received] = Emitter()
        """What comes on `filters`, on the loop."""
        self.desired: Received | None = None
        """The configuration that a manager wants, as it came last: it may come before anybody listens."""
        self.kept = Kept()
        """What the store knew at the start; whole after entry, if the disk is not too slow."""
        self.bridge = bridge
        """What the unit says."""
        self._clock = clock or SystemClock()
        self._store = store
        self._mailbox = Mailbox(Outbox(limits, kept=store is not None), store)
        self._inbox = _Inbox(self._heard)
        self._worker = BrokerThread(
            settings,
            bridge,
            self._clock,
            self._mailbox,
            backoff or Backoff(first=1.0, cap=60.0, floor=0.2),
            filters=(bridge.topics.status, *filters),
            heard=self._inbox.put,
        )
        self._twins = Twins(bridge.boot_id, bridge.info.serial)
        self._thread: threading.Thread | None = None
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def connected(self) -> bool:
        """The broker has accepted us and was not lost since."""
        return self._worker.connected

    @property
    def problem(self) -> str:
        """Why not, in one sentence without secrets; "" while connected."""
        return self._worker.problem

    @property
    def dropped(self) -> Dropped:
        """What the broker never got."""
        return self._mailbox.dropped

    @property
    def undelivered(self) -> int:
        """Events that wait for the broker."""
        return self._mailbox.undelivered

    @property
    def disk_problem(self) -> str:
        """Why events do not outlive a power cut at the moment; "" if they do."""
        return self._store.problem if self._store is not None else "no folder for the unit's state is configured"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._inbox.open(loop)
        if self._store is not None:
            await self._open(self._store, loop)
        self.publish(self.bridge.initial(self._clock.wall()))

        def tell(event: asyncio.Event) -> None:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:
                log.debug("the loop was closed before the broker's thread ended")

        def work() -> None:
            try:
                self._worker.run(lambda: tell(self._changed))
            finally:
                tell(self._ended)

        self._mailbox.open()
        self._thread = threading.Thread(target=work, name="mqtt", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def publish_event(self, event: ClientEvent) -> None:
        """Publish what `event` means, as soon as the broker can have it."""
        publications = self.bridge.event(event, self._clock.wall())
        self.publish(publications)
        for name, value in self.bridge.notes(publications).items():
            self.note(name, value)

    def publish(self, publications: Iterable[Publication]) -> None:
        """Put them into the outbox, in constant time each."""
        self._mailbox.put(publications)

    async def kept_safe(self) -> str:
        """Wait until all that was published or remembered so far outlives a power cut; why it does not, else ""."""
        if self._store is None:
            return self.disk_problem
        loop = asyncio.get_running_loop()
        safe: asyncio.Future[str] = loop.create_future()

        def settle(problem: str) -> None:
            if not safe.done():
                safe.set_result(problem)

        self._store.sync(lambda problem: _on(loop, lambda: settle(problem)))
        try:
            return await asyncio.wait_for(safe, _DISK_PATIENCE)
        except TimeoutError:
            return f"the disk does not answer in {_DISK_PATIENCE:g} s"

    def remember(self, command: str) -> None:
        """The id of a command that must never be done again; `kept_safe()` after it."""
        if self._store is not None:
            self._store.remember(command, self._clock.wall().timestamp())

    def note(self, name: str, value: str) -> None:
        """A text that the next start finds in `kept`."""
        if self._store is not None:
            self._store.note(name, value)

    async def wait_connected(self) -> None:
        """Return as soon as the broker has accepted us. Put a timeout around it."""
        while not self.connected:
            self._changed.clear()
            if not self.connected:
                await self._changed.wait()

    async def close(self, *, deadline: float = 2.0) -> None:
        """Deliver what waits, say goodbye and disconnect, within about `deadline` seconds. Never raises."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        # A broker that is not there can't be told: then there is nothing to wait for.
        patience = deadline + 0.5 if self.connected else min(deadline, 0.5)
        self._worker.stop(deadline)
        try:
            await asyncio.wait_for(self._ended.wait(), patience)
        except TimeoutError:
            log.info("the network still holds the broker's thread; it ends by itself")
        else:
            thread.join()
        if self._store is not None:
            await asyncio.to_thread(self._store.close)

    async def _open(self, store: OutboxStore, loop: asyncio.AbstractEventLoop) -> None:
        ready = asyncio.Event()

        def found(kept: Kept) -> None:
            self.kept = kept
            self.publish(self.bridge.restored(kept.notes, self._clock.wall()))
            ready.set()

        store.open(self._mailbox.restore, lambda kept: _on(loop, lambda: found(kept)))
        try:
            await asyncio.wait_for(ready.wait(), _DISK_PATIENCE)
        except TimeoutError:
            log.warning("the disk is slow: the unit begins without its past")

    def _heard(self, message: Received | None) -> None:
        if message is None:
            twin = self._twins.taken_over()
        elif message.topic == self.bridge.topics.status:
            twin = self._twins.heard(message.payload, retained=message.retained, first=message.first)
        else:
            if message.topic == self.bridge.topics.desired:
                self.desired = message
            self.messages.emit(message)
            return
        if twin is not None:
            log.error("another unit speaks as %s: %s", self.bridge.topics.base, twin)
            self.publish([self.bridge.happened(twin, self._clock.wall())])


class _Inbox:
    """Brings messages from the broker's thread to the loop, in their order, and never more than `WAITING` of them."""

    def __init__(self, heard: Callable[[Received | None], object]) -> None:
        self._heard = heard
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._waiting: deque[Received | None] = deque()

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on `loop` from now on."""
        self._loop = loop

    def put(self, message: Received | None) -> None:
        """From the broker's thread."""
        with self._lock:
            if len(self._waiting) >= WAITING:
                log.warning("more messages come than are served: one on %s is dropped", message and message.topic)
                return
            self._waiting.append(message)
        if self._loop is not None:
            _on(self._loop, self._deliver)

    def _deliver(self) -> None:
        with self._lock:
            message = self._waiting.popleft()
        self._heard(message)


def _on(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    """Do `work` on `loop`, if that is not closed yet."""
    try:
        loop.call_soon_threadsafe(work)
    except RuntimeError:
        log.debug("the loop was closed meanwhile")
