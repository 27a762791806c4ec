"""The link to the broker [I/O].

    the loop:    publish_event ──► bridge ──► outbox ──► (one octet to wake)          never waits for anything
    the thread:  connect ──► birth ──► outbox ──► connection ──► socket      waits for names, TCP, TLS, the broker
                    ▲          lost, refused, silent │
                    └── backoff, jittered ◄──────────┘

Resolving a name, connecting and a TLS handshake block, for minutes if the network swallows packets. They do so in a
thread that shares nothing with the calls but the outbox, behind a lock that is only ever held for constant time.
What has to outlive a connection is in the outbox, and nowhere else.
"""

import asyncio
import logging
import selectors
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final, Self

from appliance.calls.events import ClientEvent
from appliance.clock import Clock, SystemClock
from appliance.errors import TransportError
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.connection import Accepted, Connection
from appliance.mqtt.mailbox import Mailbox
from appliance.mqtt.outbox import Limits, Outbox
from appliance.mqtt.publication import Publication
from appliance.mqtt.settings import BrokerSettings
from appliance.mqtt.unit_states import Dropped
from appliance.tasks import Backoff
from appliance.units import Seconds

log = logging.getLogger(__name__)

_TICK: Final = 1.0  # seconds between looks at the keepalive and the deadlines
_SHORT_TICK: Final = 0.05  # the same while saying goodbye
_BATCH: Final = 64  # publications handed over before acknowledgements are read again
_DROPPED_EVERY: Final = 5.0  # seconds
_SENTENCES: Final = 20  # that are told of one trouble
_STABLE: Final = 30.0  # seconds; what ends sooner (two units of one name throw each other out) keeps its backoff
_GOODBYE: Final = 0.4  # of the deadline of `close()` belongs to the farewell, the rest to what still waits


class BrokerLink:
    """Keeps a unit connected to its broker. Subscribe `publish_event` to a client's events.

    One loop enters, publishes and leaves. Nothing here waits for the broker or raises because of it.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        bridge: Bridge,
        clock: Clock | None = None,
        *,
        limits: Limits | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._bridge = bridge
        self._clock = clock or SystemClock()
        self._mailbox = Mailbox(Outbox(limits))
        self._worker = _Worker(
            settings, bridge, self._clock, self._mailbox, backoff or Backoff(first=1.0, cap=60.0, floor=0.2)
        )
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

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.publish(self._bridge.initial(self._clock.wall()))

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
        self.publish(self._bridge.event(event, self._clock.wall()))

    def publish(self, publications: Iterable[Publication]) -> None:
        """Put them into the outbox, in constant time each."""
        self._mailbox.put(publications)

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


class _Worker:
    """What the thread does: one connection after the other."""

    def __init__(
        self, settings: BrokerSettings, bridge: Bridge, clock: Clock, mailbox: Mailbox, backoff: Backoff
    ) -> None:
        self.connected = False
        self.problem = ""
        self._settings = settings
        self._bridge = bridge
        self._clock = clock
        self._mailbox = mailbox
        self._backoff = backoff
        self._name = f"broker {settings.host}:{settings.port}"
        self._version5 = True
        self._stop_at: Seconds | None = None
        self._drain_until = Seconds(0.0)
        self._unacknowledged: dict[int, tuple[int | None, Seconds]] = {}
        self._window = settings.window
        self._answered = False
        self._told: set[str] = set()
        self._dropped_told = Dropped()
        self._dropped_at = Seconds(0.0)

    def stop(self, deadline: float) -> None:
        """End within `deadline` seconds. Called from another thread."""
        now = self._clock.now()
        self._drain_until = Seconds(now + deadline * (1.0 - _GOODBYE))
        self._stop_at = Seconds(now + deadline)
        self._mailbox.rouse()

    def run(self, report: Callable[[], None]) -> None:
        """Stay connected until stopped; `report` whenever `connected` has changed."""
        try:
            while self._stop_at is None:
                began = self._clock.now()
                problem = self._attempt(report)
                if self._stop_at is None:
                    if self._clock.now() - began > _STABLE:
                        self._backoff.reset()
                        self._told.clear()
                        self._version5 = True  # it may have been taken for an older one while it started
                    self.problem = problem
                    self._say(problem)
                    self._rest(self._backoff.next())
        finally:
            self._mailbox.close()
            if undelivered := self._mailbox.undelivered:
                log.warning("%s: %d events were not delivered", self._name, undelivered)

    def _attempt(self, report: Callable[[], None]) -> str:
        try:
            return self._once(report)
        except Exception:
            # A fault in here must not be the end of all that a unit has to tell.
            log.exception("%s: the connection failed", self._name)
            return "an internal error"

    def _say(self, sentence: str) -> None:
        # The same after every attempt would fill a log that nobody reads then.
        known = sentence in self._told or len(self._told) >= _SENTENCES
        log.log(logging.DEBUG if known else logging.WARNING, "%s: %s", self._name, sentence)
        self._told.add(sentence)

    def _rest(self, seconds: float) -> None:
        wake = self._mailbox.wake
        if wake is None:
            return
        with selectors.PollSelector() as selector:
            selector.register(wake, selectors.EVENT_READ)
            selector.select(seconds)
        self._mailbox.settle()

    def _once(self, report: Callable[[], None]) -> str:
        """One connection, from its beginning to its end; why it ended."""
        connection = Connection(
            self._settings,
            self._settings.client_id or self._bridge.client_id,
            self._bridge.will(self._clock.wall()),
            version5=self._version5,
        )
        try:
            connection.open()
            if self._accepted(connection):
                report()
                self._serve(connection)
        except TransportError as error:
            return str(error)
        finally:
            self._finish(connection)
            report()
        if connection.wants_other_version:
            self._version5 = not self._version5
        return connection.ended

    def _finish(self, connection: Connection) -> None:
        connection.close()
        self.connected = False
        self._unacknowledged.clear()
        refused = self._mailbox.connection_lost(answered=self._answered)
        self._answered = False
        if refused is not None:
            self._say_refused(refused.topic, "the connection ends over it")

    def _accepted(self, connection: Connection) -> bool:
        give_up_at = self._clock.now() + self._settings.connect_timeout
        while connection.accepted is None and not connection.ended and self._stop_at is None:
            self._wait(connection, _TICK / 4)
            if self._clock.now() > give_up_at:
                connection.give_up(f"it accepts connections and says nothing for {self._settings.connect_timeout:g} s")
        if connection.accepted is None or connection.ended:
            return False
        self._begin(connection, connection.accepted)
        return True

    def _begin(self, connection: Connection, accepted: Accepted) -> None:
        self._window = accepted.window
        self._mailbox.connected(accepted.largest)
        self.problem = ""
        self.connected = True
        log.info("%s: connected with MQTT %s", self._name, accepted.version)
        self._send(connection, self._bridge.birth(self._clock.wall()), None)

    def _serve(self, connection: Connection) -> None:
        while not connection.ended and self._stop_at is None:
            self._turn(connection, _TICK)
            self._tell_dropped()
        while not connection.ended and self._clock.now() < self._drain_until and self._mailbox.busy:
            self._turn(connection, _SHORT_TICK)
        if not connection.ended and len(self._unacknowledged) < self._window:
            self._leave(connection, self._stop_at or self._clock.now())

    def _leave(self, connection: Connection, until: Seconds) -> None:
        self._send(connection, self._bridge.farewell(self._clock.wall()), None)
        while not connection.ended and self._unacknowledged and self._clock.now() < until:
            self._wait(connection, _SHORT_TICK)
        connection.disconnect()
        while not connection.ended and self._clock.now() < until:
            self._wait(connection, _SHORT_TICK)

    def _turn(self, connection: Connection, tick: float) -> None:
        more = self._pump(connection)
        self._wait(connection, 0.0 if more else tick)
        oldest = next(iter(self._unacknowledged.values()), None)
        if oldest is not None and self._clock.now() - oldest[1] > self._settings.acknowledge_timeout:
            connection.give_up(f"it acknowledges nothing for {self._settings.acknowledge_timeout:g} s")

    def _pump(self, connection: Connection) -> bool:
        """Hand over what waits, until the network or the window is full; whether there may be more."""
        for _ in range(_BATCH):
            # The birth has no place in the outbox but one in the window.
            window = self._window - sum(ticket is None for ticket, _ in self._unacknowledged.values())
            if connection.ended or not connection.writable or (sending := self._mailbox.take(window)) is None:
                return False
            self._send(connection, sending.publication, sending.ticket)
        return True

    def _send(self, connection: Connection, publication: Publication, ticket: int | None) -> None:
        message = connection.send(publication)
        if message is not None:
            self._unacknowledged[message] = (ticket, self._clock.now())

    def _wait(self, connection: Connection, seconds: float) -> None:
        wake = self._mailbox.wake
        if wake is None:
            connection.give_up("closed")
            return
        connection.wait(wake, seconds)
        self._mailbox.settle()
        while connection.acknowledgements:
            acknowledgement = connection.acknowledgements.popleft()
            ticket, _ = self._unacknowledged.pop(acknowledgement.message, (None, None))
            if acknowledgement.refusal:
                self._refused(ticket, acknowledgement.refusal)
            else:
                self._answered = True
                if ticket is not None:
                    self._mailbox.acknowledged(ticket)

    def _refused(self, ticket: int | None, reason: str) -> None:
        publication = self._mailbox.refused(ticket) if ticket is not None else None
        self._say_refused(publication.topic if publication is not None else self._bridge.topics.status, reason)

    def _say_refused(self, topic: str, reason: str) -> None:
        self._say(f"it refuses {topic}: {reason}; check its access rules")

    def _tell_dropped(self) -> None:
        now, dropped = self._clock.now(), self._mailbox.dropped
        if dropped != self._dropped_told and now - self._dropped_at > _DROPPED_EVERY:
            self._dropped_told, self._dropped_at = dropped, now
            self._mailbox.put([self._bridge.state(dropped, self._clock.wall())])
