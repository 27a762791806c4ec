"""What comes from a broker."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message that somebody has published."""

    topic: str
    payload: bytes
    retained: bool
    """The broker had kept it, or its sender wants it kept."""
    reply_topic: str = ""
    """Where its sender wants an answer (MQTT 5 §3.3.2.3.5)."""
    correlation: bytes = b""
    """What its sender knows it by (MQTT 5 §3.3.2.3.6)."""
    first: bool = True
    """It came on the first connection since the start."""
