"""Where a peer's request goes (RFC 3261 §8.2, §12.2.2): to its transaction, its dialog, or it begins something new."""

from appliance.sip.endpoint import SUPPORTED, Endpoint
from appliance.sip.header_values import Via
from appliance.sip.invite_server import ServerInvite
from appliance.sip.message import ALLOW, ALLOWED_METHODS, SDP, Request
from appliance.sip.replaces import resolve
from appliance.sip.server_transaction import ServerTransaction
from appliance.sip.session_timer import refusal
from appliance.sip.subscriptions import Subscriptions
from appliance.sip.usages import Usages
from appliance.units import Seconds

_FOR_OTHERS = ("REGISTER", "PUBLISH")
_MAX_RINGING = 50
_MAX_USAGES = 200


class Incoming:
    """Sorts the requests that passed the door and are no copies."""

    def __init__(self, endpoint: Endpoint, usages: Usages, subscriptions: Subscriptions) -> None:
        self._endpoint = endpoint
        self._usages = usages
        self._subscriptions = subscriptions

    def received(self, request: Request, now: Seconds) -> None:
        """Take a request in."""
        transactions = self._endpoint.transactions
        if request.method == "ACK":
            if not transactions.is_absorbed_acknowledgement(request, now):
                self._acknowledged(request, now)
            return
        transaction = transactions.receive_request(request, now)
        if transaction is None:
            return
        if request.method == "CANCEL":
            self._cancelled(request, transaction, now)
        elif not self._refused(request, transaction, now):
            self._dispatch(request, transaction, now)

    def _dispatch(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        if request.to.tag:
            if self._subscriptions.received(request, transaction, now):
                return
            usage = self._usages.of_dialog(request.call_id, request.to.tag)
            if usage is None:
                self._endpoint.reply(transaction, 481, now)
            else:
                usage.received(request, transaction, now)
        elif self._endpoint.transactions.is_merged(transaction) or self._is_loop(request):
            self._endpoint.reply(transaction, 482, now)
        elif request.method == "INVITE":
            self._invited(transaction, now)
        elif request.method in ("BYE", "UPDATE", "PRACK"):
            self._endpoint.reply(transaction, 481, now)
        else:
            self._endpoint.deliver(transaction, None, None, now)

    def _acknowledged(self, request: Request, now: Seconds) -> None:
        usage = self._usages.of_dialog(request.call_id, request.to.tag)
        session = usage.session if usage is not None else None
        if session is not None and session.dialog.remote_tag == request.from_.tag:
            session.acknowledged(request, now)

    def _cancelled(self, request: Request, transaction: ServerTransaction, now: Seconds) -> None:
        invite = self._endpoint.transactions.cancelled_invite(request)
        if invite is None:
            self._endpoint.reply(transaction, 481, now)
            return
        self._endpoint.reply(transaction, 200, now)
        for usage in self._usages:
            usage.cancelled(invite, request, now)

    def _refused(self, request: Request, transaction: ServerTransaction, now: Seconds) -> bool:
        """What no request may have (RFC 3261 §8.2.1, §8.2.2.3, §8.2.3)."""
        if request.method not in ALLOWED_METHODS:
            # What is for registrars only is known and not allowed here; anything else nobody implements here (§21.5.2).
            status = 405 if request.method in _FOR_OTHERS else 501
            self._endpoint.reply(transaction, status, now, headers=(("Allow", ALLOW),))
            return True
        if request.method == "INVITE" and not _accepts_descriptions(request):
            self._endpoint.reply(transaction, 406, now)
            return True
        unsupported = [tag for tag in request.items("Require") if tag.lower() not in SUPPORTED]
        if unsupported:
            self._endpoint.reply(transaction, 420, now, headers=(("Unsupported", ", ".join(unsupported)),))
            return True
        encoding = (request.first("Content-Encoding") or "identity").lower()
        kind = (request.first("Content-Type") or SDP).partition(";")[0].strip().lower()
        if request.body and encoding != "identity":
            self._endpoint.reply(transaction, 415, now, headers=(("Accept-Encoding", "identity"),))
            return True
        if request.body and request.method in ("INVITE", "UPDATE", "PRACK") and kind != SDP:
            self._endpoint.reply(transaction, 415, now, headers=(("Accept", SDP),))
            return True
        return False

    def _is_loop(self, request: Request) -> bool:
        """Whether it is our own request that came back (RFC 3261 §8.2.2.2)."""
        return any(Via.parse(value).sent_by == self._endpoint.identifiers.host for value in request.items("Via"))

    def _invited(self, transaction: ServerTransaction, now: Seconds) -> None:
        ringing = sum(isinstance(one, ServerInvite) and one.is_ringing for one in self._usages)
        if ringing >= _MAX_RINGING or len(self._usages) >= _MAX_USAGES:
            self._endpoint.reply(transaction, 486, now)
            return
        if least := refusal(transaction.request, self._endpoint.settings.session_least):
            self._endpoint.reply(transaction, 422, now, headers=least)
            return
        status, replaced = resolve(transaction.request, self._usages.items())
        if status:
            self._endpoint.reply(transaction, status, now)
            return
        invite = self._usages.new_id()
        self._usages[invite] = ServerInvite(
            self._endpoint, invite, transaction, now, new_offer_id=self._usages.new_offer_id, replaces=replaced
        )


def _accepts_descriptions(request: Request) -> bool:
    """Whether the caller takes what an answer is made of (RFC 3261 §20.1: without Accept it does)."""
    if request.first("Accept") is None:
        return True
    kinds = {value.partition(";")[0].strip().lower() for value in request.items("Accept")}
    return not kinds.isdisjoint((SDP, "application/*", "*/*"))
