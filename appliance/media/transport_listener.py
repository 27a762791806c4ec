"""Who hears what arrives on a media path."""

from typing import Protocol

from appliance.units import Seconds


class TransportListener(Protocol):
    """What a transport tells, on its loop. None of these may raise or block."""

    def rtp(self, data: bytes, now: Seconds) -> None:
        """An RTP packet in the clear."""

    def rtcp(self, data: bytes, now: Seconds) -> None:
        """A compound RTCP packet in the clear."""

    def connected(self) -> None:
        """ICE and DTLS are through. Once."""

    def failed(self, reason: str) -> None:
        """There is no path, or not any more. At most once, and last."""


class Nobody:
    """The listener of a transport that is closed: without it, each would keep the other until a full collection."""

    def rtp(self, data: bytes, now: Seconds) -> None:
        """Nobody hears it."""

    def rtcp(self, data: bytes, now: Seconds) -> None:
        """Nobody hears it."""

    def connected(self) -> None:
        """Nobody hears it."""

    def failed(self, reason: str) -> None:
        """Nobody hears it."""
