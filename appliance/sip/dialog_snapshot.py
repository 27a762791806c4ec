"""An established dialog as a value: written down, carried to another process or unit, and taken up again there.

Its tags let whoever knows them end or take over the call: a snapshot is a secret.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, Self

from appliance.errors import UsageError
from appliance.sip.commands import check_text
from appliance.sip.dialog import Dialog
from appliance.sip.replaces import Replaces
from appliance.sip.sanity import usable_target

_GAP: Final = 1000
"""How far the CSeq leaps when a snapshot is taken up: requests may have gone out after it was made."""

_MAX_SEQUENCE: Final = (1 << 31) - 1 - _GAP  # RFC 3261 §8.1.1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogSnapshot:
    """A `Dialog` at one moment, each field as there; `began_here` if our INVITE made it."""

    call_id: str = field(repr=False)
    local: str
    local_tag: str = field(repr=False)
    remote: str
    remote_tag: str = field(repr=False)
    target: str
    route_set: tuple[str, ...] = ()
    local_sequence: int = 0
    remote_sequence: int = -1
    """-1 before the peer's first request."""
    methods: tuple[str, ...] = ()
    began_here: bool = True

    @classmethod
    def of(cls, dialog: Dialog, *, began_here: bool) -> Self:
        """The dialog as it is now."""
        return cls(
            call_id=dialog.call_id,
            local=dialog.local,
            local_tag=dialog.local_tag,
            remote=dialog.remote,
            remote_tag=dialog.remote_tag,
            target=dialog.target,
            route_set=dialog.route_set,
            local_sequence=dialog.local_sequence,
            remote_sequence=-1 if dialog.remote_sequence is None else dialog.remote_sequence,
            methods=tuple(sorted(dialog.methods)),
            began_here=began_here,
        )

    def dialog(self) -> Dialog:
        """The dialog to go on with."""
        return Dialog(
            call_id=self.call_id,
            local=self.local,
            local_tag=self.local_tag,
            remote=self.remote,
            remote_tag=self.remote_tag,
            target=self.target,
            route_set=self.route_set,
            local_sequence=self.local_sequence + _GAP,
            remote_sequence=None if self.remote_sequence < 0 else self.remote_sequence,
            methods=frozenset(self.methods),
        )

    @property
    def replaces(self) -> Replaces:
        """What an INVITE of another unit says that takes the place of this dialog at its peer (RFC 3891)."""
        return Replaces(call_id=self.call_id, to_tag=self.remote_tag, from_tag=self.local_tag)

    def to_json(self) -> dict[str, object]:
        """A value that `json` can write."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """What `to_json` gave. Raises `UsageError` that names the first field that can't be right."""
        if not isinstance(value, Mapping):
            raise UsageError("a dialog: a JSON object is needed")
        given = _Fields(value)
        target = given.text("target")
        if not usable_target(target):
            raise UsageError("a dialog: target is no SIP URI")
        return cls(
            call_id=given.text("call_id"),
            local=given.text("local"),
            local_tag=given.text("local_tag"),
            remote=given.text("remote"),
            remote_tag=given.text("remote_tag"),
            target=target,
            route_set=given.texts("route_set"),
            local_sequence=given.number("local_sequence", lowest=0),
            remote_sequence=given.number("remote_sequence", lowest=-1),
            methods=given.texts("methods"),
            began_here=bool(given.number("began_here", lowest=0)),
        )


class _Fields:
    """Reads an object that may come from anywhere; what is wrong with it is said without its values."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if not isinstance(value, str) or not value:
            raise UsageError(f"a dialog: {name} is missing, or no text")
        return check_text(value, name)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name)
        if not isinstance(value, list | tuple):
            raise UsageError(f"a dialog: {name} is missing, or no list")
        return tuple(_Fields({name: item}).text(name) for item in value)

    def number(self, name: str, *, lowest: int) -> int:
        value = self._values.get(name)
        if not isinstance(value, int) or not lowest <= value <= _MAX_SEQUENCE:
            raise UsageError(f"a dialog: {name} is missing, or no number from {lowest} to {_MAX_SEQUENCE}")
        return value
