"""What every audio codec offers: 48 kHz mono on this side, payloads of RTP packets on the other."""

from typing import Protocol

from appliance.media.frame import Pcm
from appliance.units import Samples


class Encoder(Protocol):
    """Turns one ptime of sound into one payload. Keeps state: one for each stream."""

    @property
    def samples(self) -> Samples:
        """Samples at 48 kHz that `encode` wants: the ptime."""

    def encode(self, pcm: Pcm) -> bytes:
        """The payload of one packet, from `pcm` of shape (samples,); b"" means silence: send nothing (DTX)."""

    def expect_loss(self, share: float) -> None:
        """The peer loses `share` (0 to 1) of our packets: weigh redundancy, if there is any, by it."""


class Decoder(Protocol):
    """Turns payloads into sound, and invents it where they are missing. Keeps state: one for each stream.

    Payloads are a peer's: none of these raises for what is in them.
    """

    def duration(self, payload: bytes) -> Samples:
        """Samples at 48 kHz that `decode` will give for `payload`; 0 if it is damaged."""

    def decode(self, payload: bytes) -> Pcm:
        """The sound of `payload`, shape (duration(payload),); concealment of the same length where it is damaged."""

    def conceal(self, samples: int) -> Pcm:
        """What may have been said in `samples` (a multiple of 120: 2.5 ms) that never came: shape (samples,)."""

    def recover(self, next_payload: bytes, samples: int) -> Pcm | None:
        """The sound just before `next_payload`, from its redundancy: shape (samples,); None if it carries none."""

    def is_pause(self, payload: bytes) -> bool:
        """True if the sender pauses after `payload` (DTX): what doesn't follow was never sent."""
