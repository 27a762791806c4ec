"""What the broker's thread does [I/O]: one connection after the other.

    connect ──► birth ──► outbox ──► connection ──► socket      waits for names, TCP, TLS, the broker
       ▲                         lost, refused, silent │
       └──────────── backoff, jittered ◄───────────────┘

It shares nothing with the calls but the outbox, behind a lock that is only ever held for constant time. What has to
outlive a connection is in the outbox, and nowhere else.
"""

import logging
import random
import selectors
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from appliance.clock import Clock
from appliance.errors import TransportError
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.connection import Accepted, Connection
from appliance.mqtt.mailbox import Mailbox
from appliance.mqtt.pace import Pace
from appliance.mqtt.publication import Kind, Publication
from appliance.mqtt.received import Received
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
_MANY: Final = 20  # events that wait: so many are not sent at once

Heard = Callable[[Received | None], object]
"""Called on the thread with each message; None says that somebody else came with our client id."""


class BrokerThread:
    """One connection after the other, until it is stopped."""

    def __init__(
        self,
        settings: BrokerSettings,
        bridge: Bridge,
        clock: Clock,
        mailbox: Mailbox,
        backoff: Backoff,
        *,
        filters: tuple[str, ...],
        heard: Heard,
    ) -> None:
        self.connected = False
        self.problem = ""
        self._settings = settings
        self._bridge = bridge
        self._clock = clock
        self._mailbox = mailbox
        self._backoff = backoff
        self._filters = filters
        self._heard = heard
        self._pace = Pace(settings.drain_rate)
        self._connections = 0
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
        if connection.taken_over:
            self._heard(None)
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
        self._connections += 1
        # Before the birth: what stands in `status` until then may be another unit's word.
        connection.subscribe(self._filters)
        self._send(connection, self._bridge.birth(self._clock.wall()), None)
        many = self._mailbox.undelivered > _MANY
        self._pace.begin(self._clock.now(), random.uniform(0.0, self._settings.drain_jitter) if many else 0.0)

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
        paced = self._pace.wait(self._clock.now()) if self._mailbox.undelivered else 0.0
        self._wait(connection, 0.0 if more else min(tick, paced or tick))
        oldest = next(iter(self._unacknowledged.values()), None)
        if oldest is not None and self._clock.now() - oldest[1] > self._settings.acknowledge_timeout:
            connection.give_up(f"it acknowledges nothing for {self._settings.acknowledge_timeout:g} s")

    def _pump(self, connection: Connection) -> bool:
        """Hand over what waits, until the network or the window is full; whether there may be more."""
        for _ in range(_BATCH):
            # The birth has no place in the outbox but one in the window.
            window = self._window - sum(ticket is None for ticket, _ in self._unacknowledged.values())
            now = self._clock.now()
            events = self._stop_at is not None or not self._pace.wait(now)
            if connection.ended or not connection.writable:
                return False
            if (sending := self._mailbox.take(window, events=events)) is None:
                return False
            if sending.publication.kind is Kind.EVENT:
                self._pace.passed(now)
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
        while connection.received:
            self._heard(replace(connection.received.popleft(), first=self._connections == 1))
        if connection.deaf:
            self._say(f"it does not let us hear commands: {connection.deaf}; check its access rules")
            connection.deaf = ""
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
