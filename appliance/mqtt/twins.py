"""Two units with one name, like a card that was copied into a second machine: seen by what becomes of `status`."""

import json
from collections.abc import Mapping
from typing import Final

from appliance.mqtt.unit_states import TwinSeen

_REMEMBERED: Final = 16  # of the other's starts, each of which is told once


class Twins:
    """Hand it every message on the unit's own `status`; it tells what another unit has written there."""

    def __init__(self, boot_id: str, serial: str) -> None:
        self._boot_id, self._serial = boot_id, serial
        self._told: set[str] = set()

    def heard(self, payload: bytes, *, retained: bool, first: bool) -> TwinSeen | None:
        """A status; `first` on the first connection since the start. None unless another unit wrote it, told once.

        On the first connection a former start of this very unit may be what is retained, or what its will says now.
        """
        status = _read(payload)
        other = status.get("boot_id", "")
        if not other or other == self._boot_id:
            return None
        serial = status.get("serial", "")
        stranger = bool(serial and self._serial and serial != self._serial)
        online = status.get("state") == "online"
        if first and not online:
            return None
        if first and retained and not stranger:
            return None
        return self._tell(other, serial)

    def taken_over(self) -> TwinSeen | None:
        """The broker has ended the connection because somebody else came with our client id (MQTT 5 §3.14.2.1)."""
        return self._tell("", "")

    def _tell(self, other: str, serial: str) -> TwinSeen | None:
        if other in self._told or len(self._told) >= _REMEMBERED:
            return None
        self._told.add(other)
        return TwinSeen(other_boot_id=other, other_serial=serial, serial=self._serial)


def _read(payload: bytes) -> Mapping[str, str]:
    try:
        value = json.loads(payload)
    except ValueError:
        return {}
    return {key: text for key, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
