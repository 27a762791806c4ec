"""Every subscription of a user agent, both ways: by SUBSCRIBE (RFC 6665) and by REFER (RFC 3515)."""

from collections.abc import Callable
from itertools import count
from typing import Final

from appliance.errors import UsageError
from appliance.sip.commands import check_headers, check_status, check_target, check_text
from appliance.sip.dialog import Dialog
from appliance.sip.endpoint import Endpoint
from appliance.sip.event_header import EventType
from appliance.sip.events import HeaderPairs, InviteId, Referred, Subscribing, SubscriptionEnded, SubscriptionId
from appliance.sip.message import Request
from appliance.sip.notifier import PACKAGES, Notice, Notifier, wanted_seconds
from appliance.sip.refer import Referral
from appliance.sip.referring import Referring
from appliance.sip.replaces import Replaces
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.subscription import Order, Subscription
from appliance.sip.timers import earliest
from appliance.sip.usages import Usages
from appliance.units import Seconds

_MAX_NOTIFIERS: Final = 64
"""Peers that may be subscribed to us at once; a further one is told 480."""


class Subscriptions:
    """Ours, by what we asked for; peers', by what they asked for.

    Commands about one that is over do nothing. `settle` is called after each command that sends.
    """

    def __init__(self, endpoint: Endpoint, usages: Usages, settle: Callable[[Seconds], None]) -> None:
        self._endpoint = endpoint
        self._usages = usages
        self._settle = settle
        self._identifiers = map(SubscriptionId, count(1))
        self._ours: dict[SubscriptionId, Subscription] = {}
        self._referring: dict[SubscriptionId, Referring] = {}
        self._notifiers: dict[SubscriptionId, Notifier] = {}

    # Commands: what we want of peers

    def subscribe(
        self,
        target: str,
        package: str,
        *,
        accept: str = "",
        expires: int = 3600,
        headers: HeaderPairs = (),
        now: Seconds,
    ) -> SubscriptionId:
        """Subscribe to a package of `target`, and stay subscribed."""
        for text, what in ((package, "package"), (accept, "accept")):
            check_text(text, what)
        if not package or expires <= 0:
            raise UsageError(f"package {package!r}, expires {expires}: a name and a positive number are needed")
        uri = check_target(target, self._endpoint.settings.domain)
        order = Order(target=uri, package=package, accept=accept, expires=expires, headers=check_headers(headers))
        identifier = next(self._identifiers)
        self._ours[identifier] = Subscription(self._endpoint, identifier, order, now)
        self._settle(now)
        return identifier

    def unsubscribe(self, subscription: SubscriptionId, now: Seconds) -> None:
        """Want it no longer."""
        if (ours := self._ours.get(subscription)) is not None:
            ours.unsubscribe(now)
        if (referring := self._referring.get(subscription)) is not None:
            referring.forget()
        self._settle(now)

    def refer(
        self, invite: InviteId, target: str, *, replaces: str = "", headers: HeaderPairs = (), now: Seconds
    ) -> SubscriptionId:
        """Ask the peer of a call to call `target`."""
        wanted = Replaces.parse(replaces)
        if replaces and wanted is None:
            raise UsageError(f"replaces {replaces!r}: a Call-ID, to-tag and from-tag are needed")
        uri = check_target(target, self._endpoint.settings.domain)
        referral = Referral(target=uri, replaces=wanted, referred_by=self._endpoint.aor)
        own = (*referral.headers(), ("Contact", self._endpoint.contact), *check_headers(headers))
        identifier = next(self._identifiers)
        usage = self._usages.find(invite)
        dialog = usage.dialog if usage is not None else None
        if usage is None or dialog is None:
            self._endpoint.emit(SubscriptionEnded(subscription=identifier, status=481, reason="No dialog"))
        else:
            referring = self._referring[identifier] = Referring(self._endpoint, identifier, dialog)
            usage.request("REFER", own, b"", referring.answered, now)
        self._settle(now)
        return identifier

    # Commands: what peers want of us

    def accept(self, subscription: SubscriptionId, now: Seconds) -> None:
        """Grant what a peer asked for; `notify` has to follow at once."""
        if (notifier := self._notifiers.get(subscription)) is not None:
            notifier.accept(now)
        self._settle(now)

    def refuse(self, subscription: SubscriptionId, status: int, now: Seconds) -> None:
        """Refuse it with a final status of 300 to 699."""
        check_status(status, 300, 699)
        if (notifier := self._notifiers.get(subscription)) is not None:
            notifier.refuse(status, now)
        self._settle(now)

    def notify(
        self, subscription: SubscriptionId, content_type: str, body: bytes, *, final: str = "", now: Seconds
    ) -> None:
        """Tell the state of what a peer subscribed to; `final` is the reason if it is the last time."""
        notice = Notice(check_text(content_type, "content_type"), body, check_text(final, "final"))
        if (notifier := self._notifiers.get(subscription)) is not None:
            notifier.notify(notice, now)
        self._settle(now)

    # What peers send

    def received(self, request: Request, transaction: ServerTransaction, now: Seconds) -> bool:
        """A request with a To tag; False if it is none of ours."""
        key, event = (request.call_id, request.to.tag), EventType.of(request)
        for ours in self._ours.values():
            if (ours.call_id, ours.local_tag) == key:
                ours.received(request, transaction, now)
                return True
        if event is None or request.method not in ("NOTIFY", "SUBSCRIBE"):
            return False
        usage = self._subscribed(request, event)
        if usage is None:
            return False
        if usage.dialog.in_order(request):
            usage.received(request, transaction, now)
        else:
            self._endpoint.reply(transaction, 500, now, reason="CSeq Out Of Order")
        return True

    def _subscribed(self, request: Request, event: EventType) -> Referring | Notifier | None:
        """The usage that a NOTIFY or a SUBSCRIBE in a dialog is about (RFC 5057 §4)."""
        key = (request.call_id, request.to.tag, request.from_.tag)

        def matches(dialog: Dialog) -> bool:
            return (dialog.call_id, dialog.local_tag, dialog.remote_tag) == key

        if request.method == "NOTIFY":
            told = [one for one in self._referring.values() if matches(one.dialog) and one.may_be(event)]
            return next((one for one in told if one.is_named(event)), told[0] if told else None)
        return next((one for one in self._notifiers.values() if matches(one.dialog) and one.event == event), None)

    def asked(
        self, transaction: ServerTransaction, invite: InviteId | None, dialog: Dialog | None, now: Seconds
    ) -> None:
        """A SUBSCRIBE or REFER that begins something, in `dialog` or outside one."""
        request = transaction.request
        event, referral = EventType.of(request), Referral.of(request)
        refers = request.method == "REFER"
        if refers and referral is None:
            self._endpoint.reply(transaction, 400, now, reason="No Single Usable Refer-To")
        elif not refers and (event is None or event.package not in PACKAGES):
            self._endpoint.reply(transaction, 489, now, headers=(("Allow-Events", ", ".join(PACKAGES)),))
        elif not refers and event is not None and event.package == "refer":
            self._endpoint.reply(transaction, 403, now)  # only a REFER makes one (RFC 3515 §2.4.4)
        elif len(self._notifiers) >= _MAX_NOTIFIERS:
            self._endpoint.reply(transaction, 480, now)
        else:
            self._begin(transaction, invite, dialog, referral if refers else None, now)

    def _begin(
        self,
        transaction: ServerTransaction,
        invite: InviteId | None,
        dialog: Dialog | None,
        referral: Referral | None,
        now: Seconds,
    ) -> None:
        request, identifier = transaction.request, next(self._identifiers)
        own = dialog or Dialog.of_server(request, self._endpoint.identifiers.tag())
        notifier = self._notifiers[identifier] = Notifier(self._endpoint, identifier, transaction, own, now)
        if referral is not None:
            self._endpoint.emit(
                Referred(
                    subscription=identifier,
                    invite=invite,
                    target=referral.target,
                    replaces="" if referral.replaces is None else str(referral.replaces),
                    referred_by=referral.referred_by,
                    from_uri=request.from_.uri,
                    headers=request.headers,
                )
            )
            return
        self._endpoint.emit(
            Subscribing(
                subscription=identifier,
                package=notifier.event.package,
                expires=wanted_seconds(request),
                from_uri=request.from_.uri,
                to_uri=request.to.uri,
                headers=request.headers,
            )
        )

    # Connections and time

    def reachable(self, now: Seconds) -> None:
        """Requests go out again, and find us at another place."""
        for ours in self._ours.values():
            ours.reachable(now)
        for notifier in self._notifiers.values():
            notifier.reachable(now)

    def close(self, now: Seconds) -> None:
        """End all of them."""
        for ours in self._ours.values():
            ours.unsubscribe(now)
        for notifier in self._notifiers.values():
            notifier.finish("probation", now)

    @property
    def _all(self) -> tuple[Subscription | Referring | Notifier, ...]:
        return (*self._ours.values(), *self._referring.values(), *self._notifiers.values())

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest(one.deadline() for one in self._all)

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        for one in self._all:
            one.timer(now)

    def sweep(self) -> None:
        """Forget what is over."""
        self._ours = {key: one for key, one in self._ours.items() if not one.is_over}
        self._referring = {key: one for key, one in self._referring.items() if not one.is_over}
        self._notifiers = {key: one for key, one in self._notifiers.items() if not one.is_over}
