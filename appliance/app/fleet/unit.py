"""One imagined unit on a real broker [I/O]: the bridge, the outbox and the connection that real units have.

    Telephone ──► Bridge ──► Outbox ──► Connection ──► socket        all on one loop; connecting alone is a thread's
        ▲                                   │ ended
        └── after a fault: a new start      └─► backoff ─► connect again

A real unit gives each broker a thread of its own; a thousand units in one process share a loop instead.
"""

import asyncio
import selectors
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Final

from appliance.app.fleet.desk import Desk
from appliance.app.fleet.network import SiteNetwork
from appliance.app.fleet.past import past
from appliance.app.fleet.places import Place
from appliance.app.fleet.telephone import Fault, Happening, Telephone, Traffic
from appliance.clock import Clock
from appliance.errors import TransportError
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.connection import Connection, tls_context
from appliance.mqtt.outbox import Outbox
from appliance.mqtt.publication import Publication
from appliance.mqtt.settings import BrokerSettings
from appliance.mqtt.unit_states import Health, QualityHours, Sound
from appliance.tasks import Backoff
from appliance.units import Seconds

_DOWN: Final = (8.0, 40.0)  # seconds from a fault to the next start


@dataclass(slots=True)
class Counts:
    """What all units together did."""

    published: int = 0
    acknowledged: int = 0
    refused: int = 0
    connects: int = 0
    losses: int = 0
    lags: list[float] = field(default_factory=list)
    """Seconds by which something happened too late, since somebody looked last."""


class Unit:
    """Starts with `start()`, and lives until `stop()`. Everything but connecting happens on the running loop."""

    def __init__(
        self,
        place: Place,
        settings: BrokerSettings,
        network: SiteNetwork,
        random: Random,
        *,
        traffic: Traffic,
        clock: Clock,
        counts: Counts,
        connecting: Executor,
    ) -> None:
        self.place = place
        self.problem = ""
        self._settings = settings
        self._network = network
        self._random = random
        self._traffic = traffic
        self._clock = clock
        self._counts = counts
        self._connecting = connecting
        self._loop = asyncio.get_running_loop()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._connection: Connection | None = None
        self._context: ssl.SSLContext | None = None
        self._file = -1
        self._writing = False
        self._tickets: dict[int, int | None] = {}
        self._window = settings.window
        self._answered = False
        self._give_up_at = Seconds(0.0)
        self._backoff = Backoff(first=1.0, cap=60.0, floor=0.2, source=random)
        self._renew()

    @property
    def connected(self) -> bool:
        """The broker has accepted it."""
        return self._connection is not None and self._connection.accepted is not None

    @property
    def waiting(self) -> int:
        """Events that the broker has not acknowledged."""
        return self._outbox.undelivered

    def start(self) -> None:
        """Begin to live, and to connect."""
        self._schedule()
        self._connect()

    def power_cut(self, down: float | None = None) -> None:
        """It is gone at once, without a goodbye, and starts again after `down` seconds."""
        self._drop()
        self._rest("start", self._random.uniform(*_DOWN) if down is None else down, self._restart)

    def farewell(self) -> None:
        """Say goodbye and end; nothing happens from now on."""
        for timer in self._timers.values():
            timer.cancel()
        connection = self._connection
        if connection is not None and self.connected and not connection.ended:
            self._send(connection, self._bridge.farewell(self._clock.wall()), None)
            connection.disconnect()

    def drop(self) -> None:
        """Give everything back. Without `farewell()`, the broker publishes the will."""
        self._drop()

    def keep_alive(self) -> None:
        """Ping when it is time; notice a broker that accepts and then says nothing. Call it every few seconds."""
        connection = self._connection
        if connection is None or self._file < 0:
            return
        if not self.connected and self._clock.now() > self._give_up_at:
            connection.give_up("no answer")
        self._serve(connection, 0)

    def _renew(self) -> None:
        boot_id = f"{self._random.getrandbits(48):012x}-1"
        wall = self._clock.wall()
        info = replace(self.place.info, started=wall)
        self._bridge = Bridge(self.place.site, self.place.device, boot_id, info=info)
        self._outbox = Outbox()
        self._telephone = Telephone(
            self.place, self._network, self._random, self._traffic, now=self._clock.now(), wall=wall
        )
        self._desk = Desk(
            self.place,
            self._bridge,
            self._telephone,
            self._clock,
            publish=self._say,
            later=self._after,
            restart=lambda: self._fail(Fault.RESTART),
        )
        self._publish(
            [
                *self._bridge.initial(wall),
                *self._bridge.restored(self._bridge.notes([self._bridge.state(self._past(wall), wall)]), wall),
                self._bridge.state(Sound(device="USB Handset"), wall),
                self._bridge.state(self._desk.controls, wall),
            ]
        )

    def _past(self, wall: datetime) -> QualityHours:
        return past(Random(self.place.site), Random(self.place.name), wall, busy=self._traffic.busy)

    def _restart(self) -> None:
        self._renew()
        self.start()

    def _schedule(self) -> None:
        self._rest("life", self._telephone.due - self._clock.now(), self._live)

    def _live(self) -> None:
        now = self._clock.now()
        self._counts.lags.append(max(0.0, now - self._telephone.due))
        for happening in self._telephone.advance(now):
            if isinstance(happening, Fault):
                self._fail(happening)
                return
            self._publish(self._publications(happening))
        self._pump()
        self._schedule()

    def _publications(self, happening: Happening) -> list[Publication]:
        wall = self._clock.wall()
        if isinstance(happening, Health | Sound):
            return [self._bridge.state(happening, wall)]
        assert not isinstance(happening, Fault)
        return self._bridge.event(happening, wall)

    def _fail(self, fault: Fault) -> None:
        if fault is Fault.RESTART:
            self.farewell()
        self.power_cut()

    def _say(self, publications: Iterable[Publication]) -> None:
        self._publish(publications)
        self._pump()

    def _publish(self, publications: Iterable[Publication]) -> None:
        for publication in publications:
            self._outbox.put(publication)

    def _connect(self) -> None:
        connection = Connection(
            self._settings, self._bridge.client_id, self._bridge.will(self._clock.wall()), version5=True
        )
        self._connection = connection
        opened = self._loop.run_in_executor(self._connecting, self._open, connection)
        opened.add_done_callback(lambda done: self._opened(connection, done))

    def _open(self, connection: Connection) -> str:
        """Connect, in a thread: what went wrong, or ""."""
        try:
            if self._settings.tls and self._context is None:
                # Made once: a thousand units that come back at once have better things to do.
                self._context = tls_context(self._settings)
            connection.open(self._context)
        except (TransportError, OSError) as error:
            return str(error)
        return ""

    def _opened(self, connection: Connection, done: "asyncio.Future[str]") -> None:
        if connection is not self._connection or done.cancelled():
            connection.close()  # it was dropped meanwhile
            return
        held = connection.held
        problem = done.result()
        if problem or held is None:
            self._lost(problem or connection.ended)
            return
        self._file = held.fileno()
        self._give_up_at = Seconds(self._clock.now() + self._settings.connect_timeout)
        self._loop.add_reader(self._file, self._serve, connection, selectors.EVENT_READ)
        self._serve(connection, selectors.EVENT_READ)

    def _serve(self, connection: Connection, ready: int) -> None:
        begun = self.connected
        connection.serve(ready)
        if not begun and connection.accepted is not None:
            self._begin(connection)
        while connection.acknowledgements:
            acknowledgement = connection.acknowledgements.popleft()
            ticket = self._tickets.pop(acknowledgement.message, None)
            if acknowledgement.refusal:
                self._counts.refused += 1
                self.problem = acknowledgement.refusal
                if ticket is not None:
                    self._outbox.refused(ticket)
                continue
            self._answered = True
            self._counts.acknowledged += 1
            if ticket is not None:
                self._outbox.acknowledged(ticket)
        while connection.received:
            self._desk.heard(connection.received.popleft())
        if connection.ended:
            self._lost(connection.ended)
        elif self.connected:
            self._pump()

    def _begin(self, connection: Connection) -> None:
        assert connection.accepted is not None
        self._counts.connects += 1
        self._window = connection.accepted.window
        self._outbox.connected(connection.accepted.largest)
        self.problem = ""
        self._backoff.reset()
        connection.subscribe((self._bridge.topics.commands, self._bridge.topics.desired))
        self._send(connection, self._bridge.birth(self._clock.wall()), None)

    def _pump(self) -> None:
        connection = self._connection
        if connection is None or not self.connected or connection.ended:
            return
        window = self._window - sum(ticket is None for ticket in self._tickets.values())
        while connection.writable and (sending := self._outbox.take(window)) is not None:
            self._send(connection, sending.publication, sending.ticket)
        if connection.writable == self._writing and self._file >= 0:
            self._writing = not self._writing
            if self._writing:
                self._loop.add_writer(self._file, self._serve, connection, selectors.EVENT_WRITE)
            else:
                self._loop.remove_writer(self._file)

    def _send(self, connection: Connection, publication: Publication, ticket: int | None) -> None:
        self._counts.published += 1
        message = connection.send(publication)
        if message is not None:
            self._tickets[message] = ticket

    def _lost(self, problem: str) -> None:
        self.problem = problem
        self._counts.losses += 1
        self._release()
        self._outbox.connection_lost(answered=self._answered)
        self._answered = False
        self._rest("connect", self._backoff.next(), self._connect)

    def _drop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._release()

    def _release(self) -> None:
        connection, self._connection = self._connection, None
        # paho may have closed the socket by itself: its number is all that is left of it.
        if self._file >= 0:
            self._loop.remove_reader(self._file)
            self._loop.remove_writer(self._file)
            self._file, self._writing = -1, False
            if connection is not None:
                connection.close()
        self._tickets.clear()

    def _after(self, seconds: float, then: Callable[[], None]) -> None:
        """Call `then` later, unless this start of the unit is over by then."""
        bridge = self._bridge
        self._loop.call_later(seconds, lambda: then() if self._bridge is bridge else None)

    def _rest(self, what: str, seconds: float, then: Callable[[], None]) -> None:
        self._timers[what] = self._loop.call_later(max(0.0, seconds), then)
