"""[I/O] What the service manager is told: `sd_notify(3)` by plain datagram, nothing without a `NOTIFY_SOCKET`."""

import logging
import os
import socket
from collections.abc import Mapping

from appliance.units import Seconds

log = logging.getLogger(__name__)


class Supervisor:
    """Tells systemd that the service is ready, alive or stopping. Never raises, and never waits."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        values = os.environ if environment is None else environment
        self._address = values.get("NOTIFY_SOCKET", "")
        period = values.get("WATCHDOG_USEC", "")
        ours = values.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._period = Seconds(int(period) / 2e6) if period.isdigit() and ours else None

    @property
    def watchdog_period(self) -> Seconds | None:
        """How often `alive` is expected, half of what systemd waits; None without a watchdog."""
        return self._period if self._address else None

    def ready(self, status: str) -> None:
        """The service does its work; `status` is a sentence for `systemctl status`."""
        self._send(f"READY=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        """Another sentence."""
        self._send(f"STATUS={status}")

    def alive(self) -> None:
        """The event loop runs."""
        self._send("WATCHDOG=1")

    def waiting(self, seconds: Seconds) -> None:
        """The end takes longer: wait at least so much more (`EXTEND_TIMEOUT_USEC`)."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def stopping(self) -> None:
        """The service ends on purpose."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A leading @ stands for the NUL of an abstract address (sd_notify(3)).
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as channel:
                channel.sendto(message.encode(), address)
        except OSError as error:
            log.debug("the service manager was not reached: %s", error)
