"""[I/O] Takes a unit off its broker for good: what it left there retained would make it look alive, or merely gone."""

import json
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Self

from appliance.app.broker_link import broker_settings
from appliance.config.model import Broker, Configuration
from appliance.errors import StateError, TransportError
from appliance.mqtt import discovery
from appliance.mqtt.connection import Connection
from appliance.mqtt.publication import Publication
from appliance.mqtt.topics import Topics

_QUIET: Final = 1.0  # seconds without another retained message: that was all of them
_PATIENCE: Final = 20.0  # seconds for everything
_TICK: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What became of what was retained."""

    topics: tuple[str, ...]
    """Taken away."""
    left: tuple[str, ...]
    """Not a unit's to take away: commands and wishes of a manager."""


def decommission(configuration: Configuration, broker: Broker, *, force: bool = False) -> Cleared:
    """Take everything away that the unit has retained. Blocks for some seconds.

    Raises:
        StateError: the unit is online, and would only put it back; `force` does it nevertheless.
        TransportError: the broker can't be reached, or does not allow it.
    """
    topics = Topics(site=configuration.unit.site, device=configuration.unit.name, prefix=broker.prefix)
    empty = Publication(topic=topics.status, payload=b"", qos=1, retain=True)
    name = f"{topics.prefix}-{topics.site}-{topics.device}-decommission"
    with _Visit(Connection(broker_settings(broker), name, empty, version5=True)) as visit:
        retained = visit.retained((f"{topics.base}/#",))
        if not force and _online(retained.get(topics.status, b"")):
            raise StateError(f"{topics.base} is online: stop its service first, or it will put everything back")
        left = tuple(topic for topic in retained if topics.command(topic) or topic == topics.desired)
        own = [topic for topic in retained if topic not in left]
        # The announcement may be read by nobody but Home Assistant: it is taken away unseen.
        announced = [discovery.topic(topics, broker.home_assistant)] if broker.home_assistant else []
        visit.clear([*own, *announced])
    return Cleared(topics=(*own, *announced), left=left)


class _Visit:
    """A connection for as long as it takes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._wake, self._other = socket.socketpair()
        self._until = time.monotonic() + _PATIENCE

    def __enter__(self) -> Self:
        self._connection.open()
        self._wait(lambda: self._connection.accepted is not None)
        return self

    def __exit__(self, *_: object) -> None:
        if not self._connection.ended:
            self._connection.disconnect()
            self._connection.wait(self._wake, _TICK)
        self._connection.close()
        self._wake.close()
        self._other.close()

    def retained(self, filters: tuple[str, ...]) -> dict[str, bytes]:
        """What the broker keeps on topics."""
        self._connection.subscribe(filters)
        found: dict[str, bytes] = {}
        quiet_at = time.monotonic() + _QUIET
        while time.monotonic() < quiet_at:
            self._step()
            while self._connection.received:
                message = self._connection.received.popleft()
                if message.retained and message.payload:
                    found[message.topic] = message.payload
                    quiet_at = time.monotonic() + _QUIET
        if self._connection.deaf:
            raise TransportError(f"the broker does not let us read {filters[0]}: {self._connection.deaf}")
        return found

    def clear(self, topics: Iterable[str]) -> None:
        """Take what is retained on `topics` away, and wait until the broker has done so."""
        for topic in topics:
            number = self._connection.send(Publication(topic=topic, payload=b"", qos=1, retain=True))
            self._wait(lambda: bool(self._connection.acknowledgements))
            acknowledgement = self._connection.acknowledgements.popleft()
            if acknowledgement.message == number and acknowledgement.refusal:
                raise TransportError(f"the broker refuses to clear {topic}: {acknowledgement.refusal}")

    def _wait(self, until: Callable[[], bool]) -> None:
        while not until():
            self._step()

    def _step(self) -> None:
        self._connection.wait(self._wake, _TICK)
        if self._connection.ended:
            raise TransportError(f"the broker: {self._connection.ended}")
        if time.monotonic() > self._until:
            raise TransportError(f"the broker does not answer in {_PATIENCE:g} s")


def _online(status: bytes) -> bool:
    try:
        value = json.loads(status)
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("state") == "online"
