"""The Replaces header (RFC 3891): an INVITE that takes the place of a dialog that is there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, Self

from appliance.sip.dialog import Dialog
from appliance.sip.events import InviteId
from appliance.sip.header_values import parameters, split_outside
from appliance.sip.message import Request
from appliance.sip.session import Session

REPLACES: Final = "replaces"
"""The option tag (RFC 3891 §6.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaces:
    """Which dialog is meant, as whoever receives the INVITE knows it: `to_tag` is the receiver's own."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def of_dialog(cls, dialog: Dialog) -> Self:
        """What the peer of a dialog of ours has to be sent."""
        return cls(call_id=dialog.call_id, to_tag=dialog.remote_tag, from_tag=dialog.local_tag)

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """Read the header's value; None if it names no dialog."""
        parts = split_outside(value, ";")
        call_id = next(parts)
        fields = parameters(parts)
        to_tag, from_tag = fields.get("to-tag", ""), fields.get("from-tag", "")
        if not call_id or not to_tag or not from_tag:
            return None
        return cls(call_id=call_id, to_tag=to_tag, from_tag=from_tag, early_only="early-only" in fields)

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"


class Replaceable(Protocol):
    """An INVITE usage, as a Replaces sees it."""

    call_id: str
    local_tag: str

    @property
    def session(self) -> Session | None:
        """The established dialog."""

    def is_early_with(self, remote_tag: str) -> bool:
        """Whether it is an INVITE of ours with an early dialog of this tag."""


def resolve(request: Request, usages: Iterable[tuple[InviteId, Replaceable]]) -> tuple[int, InviteId | None]:
    """What the Replaces of an INVITE comes to (RFC 3891 §3): a status that refuses it, or 0 and what it replaces."""
    values = request.all("Replaces")
    if not values:
        return 0, None
    wanted = Replaces.parse(values[0])
    if wanted is None or len(values) > 1 or request.all("Join"):
        return 400, None
    for invite, usage in usages:
        if (usage.call_id, usage.local_tag) == (wanted.call_id, wanted.to_tag):
            status = _obstacle(usage, wanted)
            return status, None if status else invite
    return 481, None


def _obstacle(usage: Replaceable, wanted: Replaces) -> int:
    """The status that says why it can't be replaced; 0 if it can."""
    if usage.session is None:
        return 0 if usage.is_early_with(wanted.from_tag) else 481
    if usage.session.dialog.remote_tag != wanted.from_tag:
        return 481
    if usage.session.is_ended:
        return 603
    return 486 if wanted.early_only else 0
