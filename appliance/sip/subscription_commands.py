"""The commands of `subscriptions.Subscriptions` for the user agent's owner, who does not keep the time."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from appliance.sip.events import HeaderPairs, InviteId, SubscriptionId
from appliance.sip.subscriptions import Subscriptions
from appliance.units import Seconds


class SubscriptionCommands:
    """What is wanted of peers, and what peers want of us. A command about one that is over does nothing.

    `command` gives the time, and carries out what was caused.
    """

    def __init__(self, subscriptions: Subscriptions, command: Callable[[], AbstractContextManager[Seconds]]) -> None:
        self._subscriptions = subscriptions
        self._command = command

    def subscribe(
        self, target: str, package: str, *, accept: str = "", expires: int = 3600, headers: HeaderPairs = ()
    ) -> SubscriptionId:
        """Subscribe to an event package of `target`, and stay subscribed until `unsubscribe()`.

        `Notified` tells the state, `SubscriptionEnded` that there is none to be had any more, or for the moment.

        Args:
            target: a SIP URI, or a number of our domain.
            package: its name, such as "dialog".
            accept: content types of the state; "": the package's own.
            expires: seconds to ask for at a time.
            headers: further headers.
        """
        with self._command() as now:
            return self._subscriptions.subscribe(
                target, package, accept=accept, expires=expires, headers=headers, now=now
            )

    def unsubscribe(self, subscription: SubscriptionId) -> None:
        """Want no subscription, and no word of a REFER, any more."""
        with self._command() as now:
            self._subscriptions.unsubscribe(subscription, now)

    def refer(self, invite: InviteId, target: str, *, replaces: str = "", headers: HeaderPairs = ()) -> SubscriptionId:
        """Ask the peer of a call, established or early, to call `target` (RFC 3515).

        `Notified` brings its progress as a status line (`refer.progress`), `SubscriptionEnded` its end, or the refusal.

        Args:
            invite: the call.
            target: a SIP URI, or a number of our domain.
            replaces: the value of a Replaces header: `target` has that dialog, and the peer takes our place in it.
            headers: further headers.
        """
        with self._command() as now:
            return self._subscriptions.refer(invite, target, replaces=replaces, headers=headers, now=now)

    def accept(self, subscription: SubscriptionId) -> None:
        """Grant what a peer asked for (`Subscribing`, `Referred`); tell the state with `notify()` at once."""
        with self._command() as now:
            self._subscriptions.accept(subscription, now)

    def refuse(self, subscription: SubscriptionId, status: int) -> None:
        """Refuse it with a final status of 300 to 699."""
        with self._command() as now:
            self._subscriptions.refuse(subscription, status, now)

    def notify(self, subscription: SubscriptionId, content_type: str, body: bytes, *, final: str = "") -> None:
        """Tell the state; `final` is why it is the last time (RFC 6665 §4.1.3: "noresource" …), "" if it is not.

        While a NOTIFY has no answer yet, only the newest state waits.
        """
        with self._command() as now:
            self._subscriptions.notify(subscription, content_type, body, final=final, now=now)
