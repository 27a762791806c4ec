"""Typed events and who hears them."""

import logging
import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

log = logging.getLogger(__name__)

E = TypeVar("E")
K = TypeVar("K")


class Emitter(Generic[E]):
    """Hands each event to every subscriber, in the order of their subscription.

    A subscriber that raises is logged with its traceback and never keeps the event from the others. Events of the
    classes `on_demand` go only to those who name them; `demand_changed` hears when the first of these comes and when
    the last goes. Not thread-safe: emit and subscribe on one thread.
    """

    def __init__(
        self, *, on_demand: tuple[type, ...] = (), demand_changed: Callable[[], object] = lambda: None
    ) -> None:
        self._on_demand = on_demand
        self._demand_changed = demand_changed
        self._subscriptions: list[tuple[Callable[[Any], object], tuple[type, ...]]] = []

    @overload
    def subscribe(self, subscriber: Callable[[E], object]) -> Callable[[], None]: ...

    @overload
    def subscribe(self, subscriber: Callable[[K], object], *kinds: type[K]) -> Callable[[], None]: ...

    def subscribe(self, subscriber: Callable[[Any], object], *kinds: type) -> Callable[[], None]:
        """Call `subscriber` with every event from now on, or with those of `kinds`; returns what ends it (idempotent).

        Without `kinds`, what is told on demand only is left out.
        """
        subscription = (subscriber, kinds)
        self._subscriptions.append(subscription)
        self._demand_changed()

        def unsubscribe() -> None:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
                self._demand_changed()

        return unsubscribe

    def wanted(self, kind: type) -> bool:
        """Somebody hears events of this class."""
        return any(_hears(kind, kinds, self._on_demand) for _, kinds in self._subscriptions)

    def emit(self, event: E) -> None:
        """Hand `event` to everyone who subscribed to it."""
        for subscriber, kinds in tuple(self._subscriptions):
            if not _hears(type(event), kinds, self._on_demand):
                continue
            try:
                subscriber(event)
            except Exception:
                log.exception("a subscriber of %s failed", type(event).__name__)


def _hears(kind: type, kinds: tuple[type, ...], on_demand: tuple[type, ...]) -> bool:
    return issubclass(kind, kinds) if kinds else not issubclass(kind, on_demand)


def event_name(event: object) -> str:
    """The name of an event in logs, topics and scripts: `CallAnswered` is `call_answered`."""
    kind = event if isinstance(event, type) else type(event)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()
