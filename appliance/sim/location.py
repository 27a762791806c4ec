"""Who can be reached where: the bindings of a registrar (RFC 3261 §10.3, RFC 5626 §6, RFC 5627 §5)."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, NewType

from appliance.sip.header_values import NameAddress, quote, uri_parameters
from appliance.sip.message import Request, Response, respond
from appliance.sip.sanity import usable_target
from appliance.units import Seconds

Flow = NewType("Flow", int)
"""One WebSocket connection, from its opening to its end."""

MIN_EXPIRES: Final = 5
"""The shortest registration that is taken, seconds (423 says so)."""
MAX_EXPIRES: Final = 3600
"""The longest that is granted, seconds."""
MAX_BINDINGS: Final = 10
"""Phones that one user may have."""
_MAX_LEARNED: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One phone of a user: its Contact, and the flow that leads to it."""

    user: str
    contact: str
    flow: Flow
    instance: str
    reg_id: int
    call_id: str
    sequence: int
    expires: Seconds

    @property
    def outbound(self) -> bool:
        """Whether it follows RFC 5626: then a new flow replaces the one before."""
        return bool(self.instance and self.reg_id)


class Location:
    """The table of bindings. It also remembers the Contacts that passed by, for peers that never registered."""

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self._bindings: dict[str, list[Binding]] = {}
        self._learned: OrderedDict[str, Flow] = OrderedDict()

    def bindings(self, user: str, now: Seconds) -> tuple[Binding, ...]:
        """The phones of a user whose registration has not run out."""
        return tuple(binding for binding in self._bindings.get(user, ()) if binding.expires > now)

    def resolve(self, uri: str, now: Seconds) -> Flow | None:
        """The flow to a GRUU or a Contact, wherever its phone is connected at present; None if that is unknown."""
        user = user_of(uri)
        gruu = uri_parameters(uri).get("gr")
        if gruu:
            return next((b.flow for b in self.bindings(user, now) if _bare(b.instance) == gruu), None)
        for registered in self._bindings.values():
            for binding in registered:
                if _same(binding.contact, uri) and binding.expires > now:
                    return binding.flow
        return self._learned.get(_key(uri))

    def learn(self, uri: str, flow: Flow) -> None:
        """A message with this Contact came over `flow`."""
        if "gr" in uri_parameters(uri):
            return
        self._learned[_key(uri)] = flow
        self._learned.move_to_end(_key(uri))
        while len(self._learned) > _MAX_LEARNED:
            self._learned.popitem(last=False)

    def flow_lost(self, flow: Flow) -> None:
        """Nothing leads over this flow any more (RFC 5626 §5.3.1)."""
        for user, registered in list(self._bindings.items()):
            self._keep(user, [binding for binding in registered if binding.flow != flow])
        for key in [key for key, learned in self._learned.items() if learned == flow]:
            del self._learned[key]

    def register(self, request: Request, user: str, flow: Flow, now: Seconds) -> Response:
        """Carry out an authenticated REGISTER and answer it."""
        contacts = request.items("Contact")
        if contacts == ("*",):
            if request.first("Expires") != "0":
                return respond(request, 400, tag="registrar", reason="Contact * needs Expires: 0")
            self._keep(user, [])
            return self._granted(request, user, now)
        wanted = self._wanted(request, user, contacts, flow, now)
        if isinstance(wanted, Response):
            return wanted
        kept = list(self.bindings(user, now))
        for binding in wanted:
            before = [old for old in kept if _replaces(binding, old)]
            if any(old.call_id == binding.call_id and old.sequence >= binding.sequence for old in before):
                return respond(request, 400, tag="registrar", reason="CSeq is older than the binding's")
            kept = [old for old in kept if old not in before]
            if binding.expires > now:
                kept.append(binding)
        if len(kept) > MAX_BINDINGS:
            return respond(request, 403, tag="registrar", reason="Too many bindings")
        self._keep(user, kept)
        return self._granted(request, user, now)

    def _keep(self, user: str, bindings: list[Binding]) -> None:
        if bindings:
            self._bindings[user] = bindings
        else:
            self._bindings.pop(user, None)

    def _wanted(
        self, request: Request, user: str, contacts: tuple[str, ...], flow: Flow, now: Seconds
    ) -> list[Binding] | Response:
        wanted: list[Binding] = []
        for value in contacts:
            contact = NameAddress.parse(value)
            if not usable_target(contact.uri):
                return respond(request, 400, tag="registrar", reason="Contact has no SIP URI")
            expires = contact.parameter("expires") or request.first("Expires") or str(MAX_EXPIRES)
            if not (expires.isascii() and expires.isdigit() and len(expires) <= 10):
                return respond(request, 400, tag="registrar", reason="Expires is no number")
            granted = min(int(expires), MAX_EXPIRES)
            if 0 < granted < MIN_EXPIRES:
                return respond(request, 423, tag="registrar", headers=(("Min-Expires", str(MIN_EXPIRES)),))
            reg_id = contact.parameter("reg-id") or "0"
            wanted.append(
                Binding(
                    user=user,
                    contact=contact.uri,
                    flow=flow,
                    instance=contact.parameter("+sip.instance") or "",
                    reg_id=int(reg_id) if reg_id.isascii() and reg_id.isdigit() and len(reg_id) < 6 else 0,
                    call_id=request.call_id,
                    sequence=request.sequence,
                    expires=Seconds(now + granted),
                )
            )
        return wanted

    def _granted(self, request: Request, user: str, now: Seconds) -> Response:
        supported = {option.lower() for option in request.items("Supported")}
        headers = [
            ("Contact", self._contact(binding, now, gruu="gruu" in supported)) for binding in self.bindings(user, now)
        ]
        if "outbound" in supported and any(";reg-id=" in value for value in request.items("Contact")):
            headers.append(("Require", "outbound"))
        headers.append(("Supported", "outbound, gruu"))
        return respond(request, 200, tag="registrar", headers=tuple(headers))

    def _contact(self, binding: Binding, now: Seconds, *, gruu: bool) -> str:
        value = f"<{binding.contact}>;expires={max(1, round(binding.expires - now))}"
        if binding.instance:
            value += f";+sip.instance={quote(binding.instance)}"
            if binding.reg_id:
                value += f";reg-id={binding.reg_id}"
            if gruu:
                public = f"sip:{binding.user}@{self._domain};gr={_bare(binding.instance)}"
                value += f";pub-gruu={quote(public)}"
        return value


def user_of(uri: str) -> str:
    """The user part of a SIP URI, without its password; "" if it has none."""
    rest = uri.partition(":")[2]
    user, at, _ = rest.partition("@")
    return user.partition(":")[0] if at else ""


def host_of(uri: str) -> str:
    """Host and port of a SIP URI in lower case."""
    rest = uri.partition(":")[2].partition("?")[0]
    _, at, after = rest.partition("@")
    return (after if at else rest).partition(";")[0].lower()


def _key(uri: str) -> str:
    return f"{user_of(uri)}@{host_of(uri)}"


def _same(one: str, other: str) -> bool:
    # Contacts have a random user and host (RFC 7118 §5): comparing these is as good as all of RFC 3261 §19.1.4.
    return _key(one) == _key(other)


def _bare(instance: str) -> str:
    return instance.strip("<>")


def _replaces(new: Binding, old: Binding) -> bool:
    if new.outbound and old.outbound:
        return (new.instance, new.reg_id) == (old.instance, old.reg_id)
    return _same(new.contact, old.contact)
