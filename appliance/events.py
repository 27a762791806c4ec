"""Typed events and who hears them."""

import logging
import re
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

E = TypeVar("E")


class Emitter(Generic[E]):
    """Hands each event to every subscriber, in the order of their subscription.

    A subscriber that raises is logged with its traceback and never keeps the event from the others.
    Not thread-safe: emit and subscribe on one thread.
    """

    def __init__(self) -> None:
        self._subscribers: list[Callable[[E], object]] = []

    def subscribe(self, subscriber: Callable[[E], object]) -> Callable[[], None]:
        """Call `subscriber` with every event from now on; returns what ends it (idempotent)."""
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return unsubscribe

    def emit(self, event: E) -> None:
        """Hand `event` to everyone who subscribed."""
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(event)
            except Exception:
                log.exception("a subscriber of %s failed", type(event).__name__)


def event_name(event: object) -> str:
    """The name of an event in logs, topics and scripts: `CallAnswered` is `call_answered`."""
    kind = event if isinstance(event, type) else type(event)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()
