"""The calls of a client: which are there, which one is current, and what gives way to what."""

from typing import Final, Generic, Protocol, TypeVar

from appliance.errors import StateError, UnknownCall

MAX_RINGING: Final = 50
"""Incoming calls that may ring at once."""


class Tabled(Protocol):
    """A call, as the table sees it."""

    @property
    def uuid(self) -> str:
        """Its present name."""

    @property
    def waiting(self) -> bool:
        """Incoming, and nobody has decided about it."""

    @property
    def held(self) -> bool:
        """Held by us."""

    def named(self, uuid: str) -> bool:
        """`uuid` is a name of it."""


C = TypeVar("C", bound=Tabled)


class CallTable(Generic[C]):
    """The calls that are not over, in the order of their beginning; the latest that was taken up is the current one."""

    def __init__(self) -> None:
        self._calls: list[C] = []
        self._taken: list[C] = []
        self.last_uuid = ""
        """Of the call that ended last."""

    @property
    def calls(self) -> tuple[C, ...]:
        """All of them."""
        return tuple(self._calls)

    @property
    def incoming(self) -> tuple[C, ...]:
        """Those that wait for a decision, the oldest first."""
        return tuple(call for call in self._calls if call.waiting)

    @property
    def current(self) -> C | None:
        """The call in progress; with several, one that is not on hold, and the latest of those."""
        active = [call for call in self._taken if not call.held] or self._taken
        return active[-1] if active else None

    def add(self, call: C) -> None:
        """A call has begun."""
        self._calls.append(call)

    def take(self, call: C) -> None:
        """A call was made or answered by our user: it is the current one now."""
        self._taken = [other for other in self._taken if other is not call]
        self._taken.append(call)

    def remove(self, call: C) -> None:
        """A call is over."""
        if call in self._calls:
            self._calls.remove(call)
            self.last_uuid = call.uuid
        if call in self._taken:
            self._taken.remove(call)

    def find(self, uuid: str) -> C | None:
        """The call with that name."""
        return next((call for call in self._calls if call.named(uuid)), None)

    def waiting(self, uuid: str | None) -> C:
        """The incoming call `uuid`, or the latest. Raises `UnknownCall`, or `StateError` if none is there at all."""
        if uuid is not None:
            call = self.find(uuid)
            if call is None:
                raise UnknownCall(f"there is no call {uuid}")
            return call
        if not self.incoming:
            raise StateError("nobody calls")
        return self.incoming[-1]

    def obstacle(self) -> str:
        """Why no call can be made now, "" if one can: whatever is active, or asks to be answered."""
        active = [call for call in self._taken if not call.held]
        if active:
            return f"call {active[-1].uuid} is in progress: end it or put it on hold"
        if self.incoming:
            return f"call {self.incoming[-1].uuid} is ringing: answer, reject or ignore it"
        return ""

    def may_ring(self, *, multiple: bool) -> bool:
        """Whether a further incoming call may ring; otherwise we are busy."""
        return len(self.incoming) < MAX_RINGING if multiple else not self._calls

    def others_active(self, call: C) -> str:
        """Why `call` may not be taken from hold, "" if it may."""
        active = [other for other in self._taken if other is not call and not other.held]
        return f"call {active[-1].uuid} is in progress: end it or put it on hold" if active else ""
