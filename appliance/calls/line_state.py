"""What is told of a line: connected or not, registered or not, each change once."""

from collections.abc import Callable
from typing import Final

from appliance.calls.events import ClientEvent, ConnectionChange, Login, Logout

REQUESTED: Final = "requested"
LOST: Final = "connection_lost"
EXPIRED: Final = "expired"


class LineState:
    """`tell` hears `ConnectionChange`, `Login` and `Logout`."""

    def __init__(self, tell: Callable[[ClientEvent], None]) -> None:
        self._tell = tell
        self._announced = False
        """"connected" was told, and "disconnected" not since."""
        self.registered = False
        self.identifier = ""
        """Which unit of the user this is."""
        self.reason = REQUESTED
        """Of the next `Login`."""

    def gained(self, aor: str) -> None:
        """The registrar has our binding."""
        if self.registered:
            return
        self.registered = True
        self.connected("registered")
        self._tell(Login(aor=aor, reason=self.reason, identifier=self.identifier))

    def lost(self, reason: str) -> None:
        """It no longer has it."""
        if not self.registered:
            return
        self.registered = False
        self.reason = LOST
        self.disconnected(reason, None)
        self._tell(Logout(reason=reason))

    def connected(self, reason: str) -> None:
        """The line is of use."""
        if not self._announced:
            self._announced = True
            self._tell(ConnectionChange(state="connected", reason=reason))

    def disconnected(self, reason: str, code: int | None) -> None:
        """The line is of no use."""
        if self._announced:
            self._announced = False
            self._tell(ConnectionChange(state="disconnected", reason=reason, code=code))
