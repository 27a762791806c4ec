"""One start of a service as far as its outbox goes."""

import threading
from pathlib import Path
from typing import Self

from appliance.mqtt.mailbox import Mailbox
from appliance.mqtt.outbox import Limits, Outbox
from appliance.mqtt.outbox_store import Kept, OutboxStore
from appliance.mqtt.publication import Publication

HOUR = 3_600.0


class Start:
    """One start of a service: its outbox and what is kept of it, in a folder. A context manager."""

    def __init__(self, folder: Path, *, linger: float = HOUR, limits: Limits | None = None) -> None:
        self.store = OutboxStore(folder / "outbox.db", linger=linger)
        self.mailbox = Mailbox(Outbox(limits, kept=True), self.store)
        self.kept = Kept()
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self.store.open(self.mailbox.restore, self._found)
        assert self._ready.wait(10.0)
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def _found(self, kept: Kept) -> None:
        self.kept = kept
        self._ready.set()

    def synced(self) -> str:
        """Wait until everything is on the disk; why it is not."""
        done, problems = threading.Event(), [""]

        def told(problem: str) -> None:
            problems.append(problem)
            done.set()

        self.store.sync(told)
        assert done.wait(10.0)
        return problems[-1]

    def delivered(self, count: int = 1_000) -> list[int]:
        """What a broker gets and acknowledges."""
        found: list[int] = []
        while len(found) < count and (sending := self.mailbox.take(10)) is not None:
            found.append(number_of(sending.publication))
            self.mailbox.acknowledged(sending.ticket)
        return found


def number_of(publication: Publication) -> int:
    return int(publication.payload)
