"""An established call as it is written down, so that another run of this program can go on with it, or end it.

Whoever has it can end or take over the call: it is a secret.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self

from appliance.calls.call_info import Direction
from appliance.calls.facts import CallFacts
from appliance.errors import UsageError
from appliance.sip.dialog_snapshot import DialogSnapshot

_FORMAT: Final = 1
_TEXTS: Final = ("account", "uuid", "former_uuid", "src", "dest", "caller_name", "sip_call_id", "description")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call. `account` is whose it is, as `user@domain`; the other names are those of `CallFacts`."""

    account: str
    direction: Direction
    uuid: str
    former_uuid: str = ""
    src: str
    dest: str
    caller_name: str = ""
    sip_call_id: str = field(default="", repr=False)
    extra_headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    answered: float
    """When it was answered, in seconds of the epoch."""
    muted: bool = False
    held: bool = False
    """By us."""
    dialog: DialogSnapshot
    description: str = field(repr=False)
    """Our last session description (RFC 3264 §8: the next one continues it)."""

    @property
    def facts(self) -> CallFacts:
        """What is known of the call."""
        return CallFacts(
            direction=self.direction,
            uuid=self.uuid,
            former_uuid=self.former_uuid,
            src=self.src,
            dest=self.dest,
            caller_name=self.caller_name,
            sip_call_id=self.sip_call_id,
            extra_headers=self.extra_headers,
        )

    def to_text(self) -> str:
        """As JSON."""
        values: dict[str, object] = {name: getattr(self, name) for name in _TEXTS}
        return json.dumps(
            {
                "format": _FORMAT,
                **values,
                "direction": str(self.direction),
                "extra_headers": dict(self.extra_headers),
                "answered": self.answered,
                "muted": self.muted,
                "held": self.held,
                "dialog": self.dialog.to_json(),
            }
        )

    @classmethod
    def of_text(cls, text: str) -> Self:
        """What `to_text` gave. Raises `UsageError` for anything else."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise UsageError("a call record: no JSON") from error
        if not isinstance(values, dict) or values.get("format") != _FORMAT:
            raise UsageError(f"a call record: an object of format {_FORMAT} is needed")
        for name in _TEXTS:
            if not isinstance(values.get(name), str):
                raise UsageError(f"a call record: {name} is missing, or no text")
        headers, answered = values.get("extra_headers"), values.get("answered")
        if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
            raise UsageError("a call record: extra_headers is missing, or not texts by name")
        if not isinstance(answered, int | float) or values.get("direction") not in list(Direction):
            raise UsageError("a call record: answered or direction is missing, or can't be")
        return cls(
            **{name: values[name] for name in _TEXTS},
            direction=Direction(values["direction"]),
            extra_headers=MappingProxyType(headers),
            answered=float(answered),
            muted=values.get("muted") is True,
            held=values.get("held") is True,
            dialog=DialogSnapshot.from_json(values.get("dialog")),
        )
