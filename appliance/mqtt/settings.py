"""How a unit reaches its broker."""

from dataclasses import dataclass, field
from pathlib import Path

from appliance.config.secret import Secret
from appliance.errors import UsageError
from appliance.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Raises `UsageError` for what can't be used."""

    host: str
    """The broker's name or address."""
    port: int = 1883
    """Its port; 8883 is usual with TLS."""
    tls: bool = False
    """Encrypt, and check the broker's certificate against its name."""
    ca_file: Path | None = None
    """PEM certificates trusted instead of the system's; only with `tls`."""
    certificate_file: Path | None = None
    """The unit's own certificate (PEM), by which the broker knows it; with `key_file`, and only with `tls`."""
    key_file: Path | None = None
    """The private key of that certificate (PEM, not encrypted)."""
    user: str = ""
    """The name of the unit's account, "" for none."""
    password: Secret = field(default_factory=lambda: Secret(""))
    """Of that account."""
    client_id: str = ""
    """What the broker knows this connection by; made of prefix, site and device if empty. One unit each."""
    keepalive: Seconds = Seconds(30.0)
    """After one and a half times of silence the broker publishes the will (MQTT 5 §3.1.2.10); 5 to 3600."""
    connect_timeout: Seconds = Seconds(5.0)
    """For TCP, for TLS and for the broker's word, each."""
    acknowledge_timeout: Seconds = Seconds(30.0)
    """How long a message may stay unacknowledged before the connection counts as lost."""
    window: int = 20
    """Messages that may wait for their acknowledgement at once."""
    drain_rate: float = 500.0
    """Events a second, when many wait."""
    drain_jitter: Seconds = Seconds(5.0)
    """Up to so long a unit waits before it sends what waited, if that is much: a fleet does not do so at once."""

    def __post_init__(self) -> None:
        if not self.host:
            raise UsageError("host '' of the broker: a name or an address is needed")
        if not 0 < self.port < 65_536:
            raise UsageError(f"port {self.port} of the broker: 1 to 65535")
        if not 5.0 <= self.keepalive <= 3600.0:
            raise UsageError(f"keepalive {self.keepalive:g} s: 5 to 3600")
        if self.window < 1:
            raise UsageError(f"window {self.window}: at least 1")
        if self.ca_file is not None and not self.tls:
            raise UsageError(f"ca_file {self.ca_file} is only used with tls")
        if self.certificate_file is not None and not self.tls:
            raise UsageError(f"certificate_file {self.certificate_file} is only used with tls")
        if (self.certificate_file is None) != (self.key_file is None):
            raise UsageError(f"certificate_file {self.certificate_file}, key_file {self.key_file}: one needs the other")
        if self.drain_rate < 1.0:
            raise UsageError(f"drain_rate {self.drain_rate:g}: at least 1 event a second")
