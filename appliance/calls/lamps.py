"""[I/O] Lamps: what the telephones of others do, as far as they tell (busy lamp field, RFC 4235)."""

import logging
from dataclasses import dataclass, field
from typing import Final

from appliance.calls import dialog_info
from appliance.calls.board import Board
from appliance.calls.dialog_info import Lamp, Watched
from appliance.calls.service_events import LampChanged
from appliance.errors import StateError
from appliance.sip import events as sip
from appliance.sip.events import SubscriptionId

log = logging.getLogger(__name__)

MOST: Final = 64
"""Addresses that may be watched."""


@dataclass(slots=True)
class _Watch:
    """One address that is watched."""

    uri: str
    subscription: SubscriptionId | None = None
    watched: Watched = field(default_factory=Watched)
    lamp: Lamp = Lamp.UNKNOWN


class Lamps:
    """Those of one client. They are watched whenever the line is registered."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._watches: dict[str, _Watch] = {}

    def watch(self, uri: str) -> Lamp:
        """Watch an address from now on, if it is not watched; what its lamp shows. Raises `StateError` for too many."""
        watch = self._watches.get(uri)
        if watch is None:
            if len(self._watches) >= MOST:
                raise StateError(f"{MOST} addresses are watched, more are not allowed")
            watch = self._watches[uri] = _Watch(uri)
            if self._board.reachable:
                self._subscribe(watch)
        return watch.lamp

    def unwatch(self, uri: str) -> None:
        """Watch it no longer; nothing if it is not watched."""
        watch = self._watches.pop(uri, None)
        if watch is not None and watch.subscription is not None:
            self._board.agent.subscriptions.unsubscribe(watch.subscription)

    @property
    def shown(self) -> dict[str, Lamp]:
        """What each lamp shows, by address."""
        return {uri: watch.lamp for uri, watch in self._watches.items()}

    def registered(self) -> None:
        """The line is there: ask for what is not subscribed to."""
        for watch in self._watches.values():
            if watch.subscription is None:
                self._subscribe(watch)

    def close(self) -> None:
        """The line is given up."""
        for watch in self._watches.values():
            watch.subscription = None
            watch.watched.forget()
            self._show(watch)

    def _subscribe(self, watch: _Watch) -> None:
        watch.subscription = self._board.agent.subscriptions.subscribe(
            watch.uri, dialog_info.PACKAGE, accept=dialog_info.CONTENT_TYPE
        )

    def happened(self, event: sip.Notified | sip.SubscriptionEnded) -> bool:
        """Take what is said of a subscription; False if it is not one of these."""
        watch = next((one for one in self._watches.values() if one.subscription == event.subscription), None)
        if watch is None:
            return False
        if isinstance(event, sip.SubscriptionEnded):
            log.info("%s can't be watched: %s", watch.uri, event.reason or event.status)
            watch.watched.forget()
        else:
            self._told(watch, event)
        self._show(watch)
        return True

    def _told(self, watch: _Watch, event: sip.Notified) -> None:
        document = dialog_info.parse(event.body) if event.body else None
        if document is not None and not watch.watched.told(event.notifier, document):
            # Something in between is missing: a new subscription begins with the whole state.
            if watch.subscription is not None:
                self._board.agent.subscriptions.unsubscribe(watch.subscription)
            self._subscribe(watch)
        if event.state == "terminated":
            watch.watched.gone(event.notifier)

    def _show(self, watch: _Watch) -> None:
        lamp, remote = watch.watched.lamp
        if lamp is not watch.lamp:
            watch.lamp = lamp
            self._board.emit(LampChanged(uri=watch.uri, lamp=lamp, remote=remote))
