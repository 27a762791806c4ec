"""What waits for the broker: a bounded memory that knows what may be forgotten.

    put ──► states   the last value of each topic, for ever ──┐
        ──► answers  the newest few ──────────────────────────┤
        ──► events   in order, up to a number and a size ─────┼──► take ──► in flight ──► acknowledged
        ──► metrics  the newest few ──────────────────────────┘              │
                                                    connection lost ◄────────┘ (back in front, in order)

States go first, so that a reader who has just seen the unit come back knows it before its past; then answers, for which
somebody waits, then events, then metrics. Everything takes constant time, a lost connection aside. What the disk should
know of the events is in `writes`.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from appliance.mqtt.event_queue import Entry, EventQueue
from appliance.mqtt.publication import Kind, Publication
from appliance.mqtt.unit_states import Dropped

_TROUBLES: Final = 2  # connections that ended while something was in flight, before publications fly alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is kept while the broker is away."""

    events: int = 5_000
    """Events: a busy day of a telephone."""
    event_bytes: int = 4 * 1024 * 1024
    """Octets of all events."""
    answers: int = 64
    """Answers to commands."""
    metrics: int = 300
    """Metrics: five minutes of one call."""
    states: int = 128
    """Topics with a last value."""
    publication: int = 64 * 1024
    """Octets of one publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A publication that was taken. Acknowledge its `ticket` if its QoS is 1."""

    ticket: int
    publication: Publication


@dataclass(frozen=True, slots=True)
class Forget:
    """The disk need not know this event any more."""

    serial: int


Write = Entry | Forget
"""An event to keep, or to forget."""


class Outbox:
    """Not thread-safe: whoever shares it holds a lock."""

    def __init__(self, limits: Limits | None = None, *, kept: bool = False) -> None:
        self.writes: deque[Write] = deque()
        """What has changed of the events since it was last emptied, if they are `kept` on a disk."""
        self._kept = kept
        self._limits = limits or Limits()
        self._states: dict[str, Publication] = {}
        self._due: dict[str, None] = {}
        self._answers: deque[Publication] = deque(maxlen=self._limits.answers)
        self._events = EventQueue(self._limits.events, self._limits.event_bytes)
        self._metrics: deque[Publication] = deque()
        self._in_flight: dict[int, Entry | Publication] = {}
        self._ticket = 0
        self._largest = self._limits.publication
        self._dropped = Dropped()
        self._suspect: Publication | None = None
        self._troubles = 0

    @property
    def dropped(self) -> Dropped:
        """What the broker never got."""
        return self._dropped

    @property
    def waiting(self) -> int:
        """Publications that were not taken yet."""
        return len(self._due) + len(self._answers) + len(self._events) + len(self._metrics)

    @property
    def undelivered(self) -> int:
        """Events that the broker has not acknowledged."""
        return len(self._events) + sum(isinstance(flying, Entry) for flying in self._in_flight.values())

    @property
    def in_flight(self) -> int:
        """Publications that were taken and not acknowledged."""
        return len(self._in_flight)

    def put(self, publication: Publication) -> int | None:
        """Keep `publication` until it can be sent, or until something newer needs its place; an event's serial."""
        if publication.size > self._limits.publication:
            self._count(oversized=1)
            return None
        match publication.kind:
            case Kind.STATE:
                self._put_state(publication)
            case Kind.ANSWER:
                self._answers.append(publication)
            case Kind.EVENT:
                entry = self._events.put(publication)
                self._write(entry)
                self._trim()
                return entry.serial
            case Kind.METRIC:
                self._metrics.append(publication)
                if len(self._metrics) > self._limits.metrics:
                    self._metrics.popleft()
                    self._count(metrics=1)
        return None

    def restore(self, publications: Iterable[Publication]) -> list[int]:
        """The events that a former start of the service left, in their order; their serials."""
        serials = [entry.serial for entry in self._events.restore(publications)]
        self._trim()
        return serials

    def take(self, window: int, *, events: bool = True) -> Sending | None:
        """The next publication to send; None if nothing waits, or `window` publications are in flight already.

        Without `events` those stay where they are.
        """
        while (found := self._next(1 if self._careful else window, events=events)) is not None:
            publication = _publication(found)
            if publication.size > self._largest:
                self._count(oversized=1)
                self._forget(found)
                continue
            self._ticket += 1
            if publication.qos:
                self._in_flight[self._ticket] = found
            return Sending(ticket=self._ticket, publication=publication)
        return None

    def acknowledged(self, ticket: int) -> None:
        """The broker has it."""
        self._forget(self._in_flight.pop(ticket, None))
        if not self._in_flight and not self._due and not self._answers and not self._events:
            self._troubles, self._suspect = 0, None

    def refused(self, ticket: int) -> Publication | None:
        """The broker does not want it, and would not want it tomorrow: it is counted, not repeated."""
        found = self._in_flight.pop(ticket, None)
        if found is None:
            return None
        self._count(refused=1)
        self._forget(found)
        publication = _publication(found)
        if self._states.get(publication.topic) is publication:
            del self._states[publication.topic]
            self._due.pop(publication.topic, None)
        return publication

    def connected(self, largest: int | None = None) -> None:
        """A connection begins: the broker may have forgotten every state. `largest` octets are all it accepts."""
        self._due = dict.fromkeys(self._states)
        self._largest = self._limits.publication if largest is None else min(largest, self._limits.publication)

    def connection_lost(self, *, answered: bool = False) -> Publication | None:
        """What was in flight may have arrived or not: answers and events go again, first and in their order.

        A broker may close the connection on what it does not want (MQTT 3.1.1 §3.3.5; Mosquitto 2.0 does so in MQTT 5
        as well), and nothing would ever get past that. So, if it `answered` before: after two such ends publications
        fly alone, until none is left; and the one that two connections end over counts as refused, and is returned.
        """
        refused = self._tried(next(iter(self._in_flight))) if answered and self._in_flight else None
        again = list(self._in_flight.values())
        self._in_flight.clear()
        answers = [one for one in again if isinstance(one, Publication) and one.kind is Kind.ANSWER]
        self._answers.extendleft(reversed(answers))
        self._events.put_back(one for one in again if isinstance(one, Entry))
        self._due = dict.fromkeys(self._states)
        self._trim()
        return refused

    def _tried(self, ticket: int) -> Publication | None:
        careful, self._troubles = self._careful, self._troubles + 1
        if not careful:
            return None
        before, self._suspect = self._suspect, _publication(self._in_flight[ticket])
        return self.refused(ticket) if self._suspect is before else None

    @property
    def _careful(self) -> bool:
        return self._troubles >= _TROUBLES

    def _put_state(self, publication: Publication) -> None:
        if publication.topic not in self._states and len(self._states) >= self._limits.states:
            self._count(oversized=1)
            return
        self._states[publication.topic] = publication
        self._due[publication.topic] = None

    def _next(self, window: int, *, events: bool) -> Entry | Publication | None:
        if len(self._in_flight) < window:
            if self._due:
                topic = next(iter(self._due))
                del self._due[topic]
                return self._states[topic]
            if self._answers:
                return self._answers.popleft()
            if events and (entry := self._events.pop()) is not None:
                return entry
        return self._metrics.popleft() if self._metrics else None

    def _trim(self) -> None:
        for entry in self._events.trim():
            self._count(events=1, audit=int(entry.publication.lasting))
            self._forget(entry)

    def _forget(self, found: Entry | Publication | None) -> None:
        if isinstance(found, Entry):
            self._write(Forget(found.serial))

    def _write(self, write: Write) -> None:
        if self._kept:
            self.writes.append(write)

    def _count(self, **more: int) -> None:
        changed = {name: getattr(self._dropped, name) + number for name, number in more.items()}
        self._dropped = replace(self._dropped, **changed)


def _publication(found: Entry | Publication) -> Publication:
    return found.publication if isinstance(found, Entry) else found
