"""The binding of our AOR to this connection (RFC 3261 §10, outbound RFC 5626, GRUU RFC 5627)."""

from collections.abc import Iterable

from appliance.sip.digest import Credentials
from appliance.sip.endpoint import Endpoint
from appliance.sip.events import HeaderPairs, Registered, RegistrationFailed, Unregistered
from appliance.sip.header_values import NameAddress
from appliance.sip.message import ALLOW, Request, Response
from appliance.sip.timers import earliest, later
from appliance.sip.transactions import Exchange
from appliance.units import Seconds

_MAX_EXPIRES = 7 * 86_400
_RETRY_FIRST, _RETRY_CAP = 30.0, 600.0
_ABOUT_CREDENTIALS = (401, 403, 404, 407)


def refresh_after(expires: int) -> float:
    """When to refresh a binding, seconds after it was granted for `expires` seconds: early enough for a second try."""
    return max(min(expires - 5.0, 0.9 * expires), 0.5 * expires, 1.0)


class Registration:
    """Registers, refreshes, and registers again on a new connection, as long as it is wanted."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._headers: HeaderPairs = ()
        self._call_id = endpoint.identifiers.call_id()
        self._sequence = 0
        self._expires = endpoint.settings.register_expires
        self._exchange: Exchange | None = None
        self._removing = False
        self._succeeded_before = False
        self._failures = 0
        self._raised = False
        self._once_more = False
        """`register()` came while a REGISTER was under way: its answer is about what was wanted before."""
        self._again: Seconds | None = None
        self._expiry: Seconds | None = None
        self.is_wanted = False
        self.is_registered = False

    def register(self, credentials: Credentials, headers: HeaderPairs, now: Seconds) -> None:
        """Want the binding from now on; also for another user, or to refresh at once."""
        endpoint = self._endpoint
        changed = (credentials, headers) != (endpoint.authenticator.credentials, self._headers)
        if changed:
            self._succeeded_before = False
        endpoint.authenticator.use(credentials)
        endpoint.user = endpoint.settings.user or credentials.username
        self._headers = headers
        self._failures = 0
        self._expires = endpoint.settings.register_expires
        self.is_wanted = True
        self._once_more = changed and self._exchange is not None
        if endpoint.transactions.is_connected and self._exchange is None:
            self._send(now)

    def unregister(self, now: Seconds) -> None:
        """Remove the binding; without a connection it is as good as gone, for it went with the flow."""
        self.is_wanted = False
        self._again = None
        if not self._endpoint.transactions.is_connected:
            self._forget(requested=True)
        elif self._exchange is not None:
            pass  # a REGISTER is under way; its answer decides (RFC 3261 §10.2: one at a time)
        elif self.is_registered:
            self._send(now)
        else:
            self._forget(requested=True)

    def connected(self, now: Seconds) -> None:
        """A new connection: the registrar has to learn of it."""
        self._failures = 0
        if self.is_wanted:
            self._send(now)

    def disconnected(self, reason: str) -> None:
        """The binding pointed to a flow that is gone."""
        self._exchange = None
        self._once_more = False
        self._again = None
        if self.is_registered:
            self._forget(requested=not self.is_wanted, reason=reason)

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest((self._again, self._expiry))

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        if self._expiry is not None and now >= self._expiry:
            self._forget(requested=False, reason="the binding expired")
        if self._again is not None and now >= self._again:
            self._again = None
            if self.is_wanted and self._exchange is None and self._endpoint.transactions.is_connected:
                self._send(now)

    def _send(self, now: Seconds) -> None:
        endpoint = self._endpoint
        self._again = None
        self._once_more = False
        self._removing = not self.is_wanted
        expires = 0 if self._removing else self._expires
        contact = f'<{endpoint.contact_uri}>;+sip.instance="<{endpoint.instance}>";reg-id=1;expires={expires}'
        draft = endpoint.new_request("REGISTER", f"sip:{endpoint.settings.domain}", call_id=self._call_id)
        number = self._next_sequence()
        replaced = {"To": f"<{endpoint.aor}>", "CSeq": f"{number} REGISTER"}
        request = Request(
            method="REGISTER",
            uri=draft.uri,
            headers=(
                # Service-Route is for everything but this (RFC 3608 §5.1).
                *((name, replaced.get(name, value)) for name, value in draft.headers if name != "Route"),
                ("Contact", contact),
                ("Expires", str(expires)),
                ("Supported", "gruu, outbound, path"),
                ("Allow", ALLOW),
                *self._headers,
            ),
        )
        self._exchange = endpoint.transactions.send(request, self._answered, now, next_sequence=self._next_sequence)

    def _next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def _answered(self, response: Response, request: Request, now: Seconds) -> None:
        if response.status < 200 or self._exchange is None or self._exchange.request.call_id != request.call_id:
            return
        self._exchange = None
        if response.local and response.status == 503:
            return  # `disconnected` says the rest
        if self._removing:
            self._forget(requested=True)
        elif response.status < 300:
            self._granted(response, now)
        elif response.status == 423 and self._accept_minimum(response):
            self._send(now)
            return
        else:
            self._refused(response, now)
        if self.is_wanted and (self._removing or self._once_more):
            self._send(now)
        elif not self.is_wanted and not self._removing:
            # unregister() came while the REGISTER was under way.
            self.unregister(now)

    def _granted(self, response: Response, now: Seconds) -> None:
        endpoint = self._endpoint
        contact = self._our_contact(NameAddress.parse(value) for value in response.items("Contact"))
        said = (contact.parameter("expires") if contact else None) or response.first("Expires") or ""
        granted = int(said) if said.isascii() and said.isdigit() and len(said) < 8 else self._expires
        granted = min(max(granted, 1), _MAX_EXPIRES)
        refresh, self.is_registered = self.is_registered, True
        self._succeeded_before, self._failures, self._raised = True, 0, False
        self._expiry = later(now, granted)
        self._again = later(now, refresh_after(granted))
        endpoint.learn((contact.parameter("pub-gruu") if contact else None) or "", response.items("Service-Route"))
        endpoint.emit(
            Registered(
                aor=endpoint.aor,
                contact=endpoint.gruu or endpoint.contact_uri,
                expires=granted,
                refresh=refresh,
                headers=response.headers,
            )
        )

    def _our_contact(self, contacts: Iterable[NameAddress]) -> NameAddress | None:
        """Our binding among all of the AOR's; None if the registrar does not list it, which some do not."""
        instance = f"<{self._endpoint.instance}>".lower()
        found = tuple(contacts)
        by_instance = (one for one in found if (one.parameter("+sip.instance") or "").lower() == instance)
        by_uri = (one for one in found if f"{self._endpoint.identifiers.contact_user}@" in one.uri)
        return next(by_instance, next(by_uri, None))

    def _accept_minimum(self, response: Response) -> bool:
        """423: ask for as long as the registrar wants (RFC 3261 §10.2.8), once."""
        minimum = int(response.first("Min-Expires") or "0")
        if self._raised or not self._expires < minimum <= _MAX_EXPIRES:
            return False
        self._raised, self._expires = True, minimum
        return True

    def _refused(self, response: Response, now: Seconds) -> None:
        self._raised = False
        self._failures += 1
        self._endpoint.emit(
            RegistrationFailed(status=response.status, reason=response.reason, headers=response.headers)
        )
        if response.status in _ABOUT_CREDENTIALS and not self._succeeded_before:
            return  # trying the same again would only lock the account
        told = response.first("Retry-After") or ""
        number = told.split("(")[0].split(";")[0].strip()
        wait = min(_RETRY_CAP, _RETRY_FIRST * 2.0 ** min(self._failures - 1, 5))
        wait *= 0.5 + 0.5 * self._endpoint.identifiers.fraction()  # a fleet must not come back at one instant
        if self._expiry is not None:
            # There is still a binding to save.
            wait = min(wait, max(2.0, (self._expiry - now) / 2))
        if number.isascii() and number.isdigit() and len(number) < 6:
            wait = max(wait, float(number))
        self._again = later(now, wait)

    def _forget(self, *, requested: bool, reason: str = "") -> None:
        self.is_registered = False
        self._expiry = None
        self._endpoint.learn(self._endpoint.gruu, ())
        self._endpoint.emit(Unregistered(requested=requested, reason=reason))
