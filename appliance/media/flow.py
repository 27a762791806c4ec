"""What should be on its way at the moment, by what was agreed and by who holds."""

from dataclasses import dataclass
from typing import Self

from appliance.media.negotiation import Negotiated


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One session's."""

    connected: bool = False
    """A path is open."""
    sends: bool = False
    """Our sound should be going out: neither side holds."""
    receives: bool = False
    """The peer's should be coming in: neither side holds."""
    discontinuous: bool = False
    """We send nothing while the microphone is silent (Opus DTX)."""

    @classmethod
    def of(cls, agreed: Negotiated | None, *, connected: bool, held: bool, discontinuous: bool) -> Self:
        """Under `agreed`, while we hold or not; `discontinuous` is our own wish, whatever the peer's is."""
        if agreed is None:
            return cls(connected=connected)
        return cls(
            connected=connected,
            sends=agreed.direction.sends and not held,
            receives=agreed.direction.receives and not held and not agreed.remote_held,
            discontinuous=agreed.send.name == "opus" and (agreed.dtx or discontinuous),
        )
