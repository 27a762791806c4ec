"""Events that wait for the broker, in order and bounded; those that must last are the last to go."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.mqtt.publication import Publication


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event and its place in the order: what a former start of the service left is below zero."""

    serial: int
    publication: Publication


class EventQueue:
    """At most `count` events of `octets` altogether. Everything takes constant time but `put_back` and `restore`."""

    def __init__(self, count: int, octets: int) -> None:
        self._count, self._bound = count, octets
        self._usual: deque[Entry] = deque()
        self._lasting: deque[Entry] = deque()
        self._octets = 0
        self._next = 0

    def __len__(self) -> int:
        return len(self._usual) + len(self._lasting)

    def put(self, publication: Publication) -> Entry:
        """Add it at the end. `trim` after it."""
        entry = Entry(serial=self._next, publication=publication)
        self._next += 1
        self._of(entry).append(entry)
        self._octets += publication.size
        return entry

    def put_back(self, entries: Iterable[Entry]) -> None:
        """What was popped goes to the front again, `entries` in their order. `trim` after it."""
        for entry in reversed(list(entries)):
            self._of(entry).appendleft(entry)
            self._octets += entry.publication.size

    def restore(self, publications: Iterable[Publication]) -> list[Entry]:
        """What a former start left comes before everything. Once. `trim` after it."""
        former = list(publications)
        entries = [Entry(serial=index - len(former), publication=one) for index, one in enumerate(former)]
        self.put_back(entries)
        return entries

    def pop(self) -> Entry | None:
        """The oldest; None if there is none."""
        queues = [queue for queue in (self._usual, self._lasting) if queue]
        if not queues:
            return None
        entry = min(queues, key=lambda queue: queue[0].serial).popleft()
        self._octets -= entry.publication.size
        return entry

    def trim(self) -> list[Entry]:
        """Take out what is too much, the oldest first; what must last only when nothing else is left."""
        gone = []
        while len(self) > self._count or self._octets > self._bound:
            entry = (self._usual or self._lasting).popleft()
            self._octets -= entry.publication.size
            gone.append(entry)
        return gone

    def _of(self, entry: Entry) -> deque[Entry]:
        return self._lasting if entry.publication.lasting else self._usual
