"""What is handed to a broker."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What becomes of a publication while the broker is away."""

    STATE = "state"
    """Retained: only the last value of a topic matters."""
    ANSWER = "answer"
    """To a command: kept up to a small bound, and sent before events."""
    EVENT = "event"
    """Kept, in order, up to a bound."""
    METRIC = "metric"
    """Kept up to a small bound; the oldest are dropped first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One message: its topic, its bytes, and how much the broker is to care (MQTT 5 §3.3.1)."""

    topic: str
    payload: bytes
    qos: int
    """0 at most once, 1 at least once. 2 is used nowhere."""
    retain: bool
    answer: bool = False
    """Somebody waits for it."""
    correlation: bytes = b""
    """Of an answer: what its receiver knows the request by (MQTT 5 §4.10)."""
    lasting: bool = False
    """It must outlive a power cut: kept on the disk before anything is said to depend on it."""

    @property
    def kind(self) -> Kind:
        """States are retained, events acknowledged, metrics neither."""
        if self.retain:
            return Kind.STATE
        if self.answer:
            return Kind.ANSWER
        return Kind.EVENT if self.qos else Kind.METRIC

    @property
    def size(self) -> int:
        """Octets of the packet, give or take its header and properties."""
        return len(self.payload) + len(self.topic.encode()) + 64
