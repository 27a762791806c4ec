"""The connect token: what another unit, or this one after a crash, needs to pick a call up (RFC 3891).

It lets whoever has it take the call: it is a secret, and belongs into no log.
"""

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Final

from appliance.errors import UsageError
from appliance.sip.dialog_snapshot import DialogSnapshot
from appliance.sip.header_values import NameAddress, uri_parameters
from appliance.sip.replaces import Replaces

_VERSION: Final = 1
_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Pickup:
    """A call that is to be picked up: whom to call, and which of its dialogs our call replaces."""

    target: str
    replaces: str = field(repr=False)
    uuid: str = ""
    """What the call was called by the unit that had it."""


def encode(snapshot: DialogSnapshot, uuid: str) -> str:
    """The token of a call with this dialog: URL-safe base64 of a JSON object."""
    values = {"v": _VERSION, "to": reachable(snapshot), "replaces": str(snapshot.replaces), "call": uuid}
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(token: str) -> Pickup:
    """What a token says. Raises `UsageError`, without the token."""
    if len(token) > _MAX or not token.isascii():
        raise UsageError(f"connect token: it is longer than {_MAX} characters, or has others than base64's")
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError) as error:
        raise UsageError("connect token: it can't be read") from error
    if not isinstance(values, dict) or values.get("v") != _VERSION:
        raise UsageError("connect token: it is of another kind or version")
    target, replaces, uuid = values.get("to"), values.get("replaces"), values.get("call")
    if not isinstance(target, str) or not isinstance(replaces, str) or not isinstance(uuid, str):
        raise UsageError("connect token: something is missing in it")
    if not target.lower().startswith(("sip:", "sips:")) or Replaces.parse(replaces) is None:
        raise UsageError("connect token: it names no call")
    return Pickup(target, replaces, uuid)


def reachable(snapshot: DialogSnapshot) -> str:
    """The URI by which another unit reaches the peer of a dialog: its GRUU, else its address of record.

    A Contact that is no GRUU mostly leads to one connection, for requests inside the dialog alone (RFC 7118 §5).
    """
    return snapshot.target if "gr" in uri_parameters(snapshot.target) else NameAddress.parse(snapshot.remote).uri
