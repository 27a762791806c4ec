"""[I/O] What our own calls show on the lamps of others: we tell each subscriber whenever it changes (RFC 4235).

Whether somebody calls, rings or talks here; with whom is nobody's business.
"""

from dataclasses import dataclass

from appliance.calls import destination, dialog_info
from appliance.calls.board import Board
from appliance.calls.call_info import CallEvent, CallState, Direction
from appliance.calls.dialog_info import DialogInfo
from appliance.calls.events import ClientEvent
from appliance.sip import events as sip
from appliance.sip.events import SubscriptionId


@dataclass(slots=True)
class _Watcher:
    """A subscriber, and the number of the next document for it."""

    subscription: SubscriptionId
    version: int = 0


class LampSource:
    """Subscribers of one client."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._watchers: dict[SubscriptionId, _Watcher] = {}
        self._told: dict[str, DialogInfo] = {}
        board.events.subscribe(self._happened)

    def subscribing(self, event: sip.Subscribing) -> None:
        """Decide on a subscription by `ServiceSettings.lamp_watchers`."""
        settings, subscriptions = self._board.settings, self._board.agent.subscriptions
        ours = destination.host(event.from_uri) == settings.sip_domain.lower()
        if event.package != dialog_info.PACKAGE or settings.services.lamp_watchers == "nobody" or not ours:
            subscriptions.refuse(event.subscription, 403)
            return
        watcher = self._watchers[event.subscription] = _Watcher(event.subscription)
        subscriptions.accept(event.subscription)
        self._tell(watcher)

    def resubscribed(self, event: sip.Resubscribed) -> None:
        """A subscriber asks for the state again."""
        watcher = self._watchers.get(event.subscription)
        if watcher is not None:
            self._tell(watcher)

    def ended(self, event: sip.SubscriptionEnded) -> None:
        """A subscriber is gone."""
        self._watchers.pop(event.subscription, None)

    def close(self) -> None:
        """The line is given up, and the subscriptions with it."""
        self._watchers.clear()

    def _happened(self, event: ClientEvent) -> None:
        if not self._watchers or not isinstance(event, CallEvent):
            return
        dialogs = self._dialogs()
        if dialogs != self._told:
            self._told = dialogs
            for watcher in self._watchers.values():
                self._tell(watcher)

    def _tell(self, watcher: _Watcher) -> None:
        self._told = self._dialogs()
        body = dialog_info.render(self._board.own_uri, watcher.version, self._told)
        watcher.version += 1
        self._board.agent.subscriptions.notify(watcher.subscription, dialog_info.CONTENT_TYPE, body)

    def _dialogs(self) -> dict[str, DialogInfo]:
        return {
            call.uuid: DialogInfo(
                state="confirmed" if call.answered else "trying" if call.state is CallState.INITIALIZED else "early",
                incoming=call.direction is Direction.INCOMING,
            )
            for call in self._board.table.calls
        }
