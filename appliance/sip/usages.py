"""The INVITE usages of a user agent (RFC 5057 §2): which live, and what they are called."""

from collections.abc import Iterator
from itertools import count

from appliance.errors import StateError, UsageError
from appliance.sip.early_offer import EarlyOffers
from appliance.sip.events import InviteId, OfferId
from appliance.sip.invite_client import ClientInvite
from appliance.sip.invite_server import ServerInvite
from appliance.sip.renegotiation import Renegotiation
from appliance.sip.restored import RestoredInvite
from appliance.sip.session import Session
from appliance.sip.timers import earliest
from appliance.units import Seconds

Usage = ClientInvite | ServerInvite | RestoredInvite


class Usages:
    """INVITEs of ours and of peers, by number, in the order of their beginning; iterated over as they are now."""

    def __init__(self) -> None:
        self._usages: dict[InviteId, Usage] = {}
        self._offer_ids = map(OfferId, count(1))
        self._last = 0

    def __iter__(self) -> Iterator[Usage]:
        return iter(tuple(self._usages.values()))

    def items(self) -> tuple[tuple[InviteId, Usage], ...]:
        """Each with its number."""
        return tuple(self._usages.items())

    def __len__(self) -> int:
        return len(self._usages)

    def __setitem__(self, invite: InviteId, usage: Usage) -> None:
        self._usages[invite] = usage

    @property
    def sessions(self) -> tuple[Session, ...]:
        """Their established dialogs."""
        return tuple(usage.session for usage in self if usage.session is not None)

    def new_id(self) -> InviteId:
        """The number of another INVITE."""
        self._last += 1
        return InviteId(self._last)

    def new_offer_id(self) -> OfferId:
        """The number of another offer of a peer's."""
        return next(self._offer_ids)

    def find(self, invite: InviteId) -> Usage | None:
        """The INVITE; None if it has ended. One that never was is a mistake: `UsageError`."""
        if not 0 < invite <= self._last:
            raise UsageError(f"there never was an INVITE {invite}")
        return self._usages.get(invite)

    def find_incoming(self, invite: InviteId, command: str) -> ServerInvite | None:
        """The same for a peer's. Raises `StateError` for one of ours."""
        usage = self.find(invite)
        if isinstance(usage, ClientInvite | RestoredInvite):
            raise StateError(f"INVITE {invite} is ours, or answered: {command}() is for a peer's that waits")
        return usage

    def offers(self, offer_id: OfferId) -> Renegotiation | EarlyOffers | None:
        """Where this offer of a peer's waits; None if it does no longer."""
        offers: list[Renegotiation | EarlyOffers] = [session.offers for session in self.sessions]
        offers += [usage.early_offers for usage in self if not isinstance(usage, RestoredInvite)]
        return next((one for one in offers if one.offer_id == offer_id), None)

    def of_dialog(self, call_id: str, local_tag: str) -> Usage | None:
        """The INVITE with a dialog of this Call-ID and this tag of ours."""
        return next((one for one in self if (one.call_id, one.local_tag) == (call_id, local_tag)), None)

    def deadline(self) -> Seconds | None:
        """When `timer` has something to do."""
        return earliest(usage.deadline() for usage in self)

    def timer(self, now: Seconds) -> None:
        """Let time pass."""
        for usage in self:
            usage.timer(now)

    def sweep(self) -> None:
        """Forget what is over."""
        for invite in [invite for invite, usage in self._usages.items() if usage.is_over]:
            del self._usages[invite]
