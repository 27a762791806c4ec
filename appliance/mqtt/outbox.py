"""What waits for the broker: a bounded memory that knows what may be forgotten.

    put ──► states   the last value of each topic, for ever ──┐
        ──► events   in order, up to a number and a size ─────┼──► take ──► in flight ──► acknowledged
        ──► metrics  the newest few ──────────────────────────┘              │
                                                    connection lost ◄────────┘ (back in front, in order)

States go first, so that a reader who has just seen the unit come back knows it before its past; then events, then
metrics. Everything takes constant time, a lost connection aside.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

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


class Outbox:
    """Not thread-safe: whoever shares it holds a lock."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._states: dict[str, Publication] = {}
        self._due: dict[str, None] = {}
        self._events: deque[Publication] = deque()
        self._event_bytes = 0
        self._metrics: deque[Publication] = deque()
        self._in_flight: dict[int, Publication] = {}
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
        return len(self._due) + len(self._events) + len(self._metrics)

    @property
    def undelivered(self) -> int:
        """Events that the broker has not acknowledged."""
        flying = sum(publication.kind is Kind.EVENT for publication in self._in_flight.values())
        return len(self._events) + flying

    @property
    def in_flight(self) -> int:
        """Publications that were taken and not acknowledged."""
        return len(self._in_flight)

    def put(self, publication: Publication) -> None:
        """Keep `publication` until it can be sent, or until something newer needs its place."""
        if publication.size > self._limits.publication:
            self._dropped = replace(self._dropped, oversized=self._dropped.oversized + 1)
        elif publication.kind is Kind.STATE:
            self._put_state(publication)
        elif publication.kind is Kind.EVENT:
            self._events.append(publication)
            self._event_bytes += publication.size
            self._trim()
        else:
            self._metrics.append(publication)
            if len(self._metrics) > self._limits.metrics:
                self._metrics.popleft()
                self._dropped = replace(self._dropped, metrics=self._dropped.metrics + 1)

    def take(self, window: int) -> Sending | None:
        """The next publication to send; None if nothing waits, or `window` publications are in flight already."""
        while (publication := self._next(1 if self._careful else window)) is not None:
            if publication.size > self._largest:
                self._dropped = replace(self._dropped, oversized=self._dropped.oversized + 1)
                continue
            self._ticket += 1
            if publication.qos:
                self._in_flight[self._ticket] = publication
            return Sending(ticket=self._ticket, publication=publication)
        return None

    def acknowledged(self, ticket: int) -> None:
        """The broker has it."""
        self._in_flight.pop(ticket, None)
        if not self._in_flight and not self._due and not self._events:
            self._troubles, self._suspect = 0, None

    def refused(self, ticket: int) -> Publication | None:
        """The broker does not want it, and would not want it tomorrow: it is counted, not repeated."""
        publication = self._in_flight.pop(ticket, None)
        if publication is not None:
            self._dropped = replace(self._dropped, refused=self._dropped.refused + 1)
            if self._states.get(publication.topic) is publication:
                del self._states[publication.topic]
                self._due.pop(publication.topic, None)
        return publication

    def connected(self, largest: int | None = None) -> None:
        """A connection begins: the broker may have forgotten every state. `largest` octets are all it accepts."""
        self._due = dict.fromkeys(self._states)
        self._largest = self._limits.publication if largest is None else min(largest, self._limits.publication)

    def connection_lost(self, *, answered: bool = False) -> Publication | None:
        """What was in flight may have arrived or not: events go again, first and in their order.

        A broker may close the connection on what it does not want (MQTT 3.1.1 §3.3.5; Mosquitto 2.0 does so in MQTT 5
        as well), and nothing would ever get past that. So, if it `answered` before: after two such ends publications
        fly alone, until none is left; and the one that two connections end over counts as refused, and is returned.
        """
        refused = self._tried(next(iter(self._in_flight))) if answered and self._in_flight else None
        again = [publication for publication in self._in_flight.values() if publication.kind is Kind.EVENT]
        self._in_flight.clear()
        self._events.extendleft(reversed(again))
        self._event_bytes += sum(publication.size for publication in again)
        self._due = dict.fromkeys(self._states)
        self._trim()
        return refused

    def _tried(self, ticket: int) -> Publication | None:
        careful, self._troubles = self._careful, self._troubles + 1
        if not careful:
            return None
        before, self._suspect = self._suspect, self._in_flight[ticket]
        return self.refused(ticket) if self._suspect is before else None

    @property
    def _careful(self) -> bool:
        return self._troubles >= _TROUBLES

    def _put_state(self, publication: Publication) -> None:
        if publication.topic not in self._states and len(self._states) >= self._limits.states:
            self._dropped = replace(self._dropped, oversized=self._dropped.oversized + 1)
            return
        self._states[publication.topic] = publication
        self._due[publication.topic] = None

    def _next(self, window: int) -> Publication | None:
        if len(self._in_flight) < window:
            if self._due:
                topic = next(iter(self._due))
                del self._due[topic]
                return self._states[topic]
            if self._events:
                event = self._events.popleft()
                self._event_bytes -= event.size
                return event
        return self._metrics.popleft() if self._metrics else None

    def _trim(self) -> None:
        while len(self._events) > self._limits.events or self._event_bytes > self._limits.event_bytes:
            self._event_bytes -= self._events.popleft().size
            self._dropped = replace(self._dropped, events=self._dropped.events + 1)
