"""What a supplementary service needs of the switchboard that it stands on."""

from typing import Protocol

from appliance.calls.call import Call
from appliance.calls.events import ClientEvent
from appliance.calls.ports import CallHome
from appliance.calls.table import CallTable
from appliance.events import Emitter
from appliance.sip.events import Incoming, InviteId
from appliance.tasks import TaskSet


class Board(CallHome, Protocol):
    """The switchboard, as its services see it."""

    events: Emitter[ClientEvent]
    table: CallTable[Call]
    tasks: TaskSet

    @property
    def own_uri(self) -> str:
        """Our address of record."""

    @property
    def reachable(self) -> bool:
        """Requests reach far ends, and they reach us."""

    def outgoing(self, target: str, *, replaces: str = "") -> Call:
        """A call of ours to a SIP URI that is to be placed; the current one from now on.

        `replaces` is the UUID of the call in whose place it is made.
        """

    def incoming(self, event: Incoming, *, replaces: str = "") -> Call | None:
        """The call that a peer's INVITE is, not ringing yet; None if its offer is of no use, which it is told."""

    def of_invite(self, invite: InviteId | None) -> Call | None:
        """The call with this INVITE; None if it is over."""
