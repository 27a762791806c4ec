"""How a call sounds to whoever reports it: the VoIP metrics block of extended reports (RFC 3611 §4.7)."""

import struct
from dataclasses import dataclass
from typing import Final, Self

UNKNOWN: Final = 127
"""What a level or a rating says that is not known."""

BLOCK_TYPE: Final = 7
GAP: Final = 16
"""Packets without a loss that end a burst: Gmin, as recommended."""

_BLOCK: Final = struct.Struct("!BBHIBBBBHHHHbbBBBBBBBBHHH")
_WORDS: Final = 8
_CONFIGURATION: Final = 0b11_11_0000
"""Enhanced concealment, an adaptive jitter buffer (RFC 3611 §4.7.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoipMetrics:
    """What is heard of `source`.

    Rates and densities are in 1/256; durations and delays in ms; levels in dBm0; `r_factor` 0-100 and `mos` ten times
    the MOS, of listening and of conversation; what is unknown is `UNKNOWN`, or 0 for a delay.
    """

    source: int
    loss_rate: int
    discard_rate: int = 0
    burst_density: int = 0
    gap_density: int = 0
    burst_duration: int = 0
    gap_duration: int = 0
    round_trip: int = 0
    end_system_delay: int = 0
    signal_level: int = UNKNOWN
    noise_level: int = UNKNOWN
    echo_return_loss: int = UNKNOWN
    r_factor: int = UNKNOWN
    mos_listening: int = UNKNOWN
    mos_conversation: int = UNKNOWN
    nominal_delay: int = 0
    maximum_delay: int = 0
    absolute_delay: int = 0

    def serialise(self) -> bytes:
        """The block, as it stands in an extended report."""

        def short(value: int) -> int:
            return max(0, min(0xFFFF, value))

        return _BLOCK.pack(
            BLOCK_TYPE,
            0,
            _WORDS,
            self.source,
            *(max(0, min(255, rate)) for rate in (self.loss_rate, self.discard_rate)),
            *(max(0, min(255, rate)) for rate in (self.burst_density, self.gap_density)),
            short(self.burst_duration),
            short(self.gap_duration),
            short(self.round_trip),
            short(self.end_system_delay),
            self.signal_level,
            self.noise_level,
            self.echo_return_loss,
            GAP,
            self.r_factor,
            UNKNOWN,
            self.mos_listening,
            self.mos_conversation,
            _CONFIGURATION,
            0,
            short(self.nominal_delay),
            short(self.maximum_delay),
            short(self.absolute_delay),
        )

    @classmethod
    def parse(cls, block: bytes) -> Self | None:
        """The metrics in `block`, its header included; None if it is another one, or damaged."""
        if len(block) != _BLOCK.size or block[0] != BLOCK_TYPE:
            return None
        (_, _, words, source, loss, discard, burst, gap, burst_ms, gap_ms, round_trip, end_system, *rest) = (
            _BLOCK.unpack(block)
        )
        signal, noise, echo, _, r_factor, _, listening, conversation, _, _, nominal, maximum, absolute = rest
        if words != _WORDS:
            return None
        return cls(
            source=source,
            loss_rate=loss,
            discard_rate=discard,
            burst_density=burst,
            gap_density=gap,
            burst_duration=burst_ms,
            gap_duration=gap_ms,
            round_trip=round_trip,
            end_system_delay=end_system,
            signal_level=signal,
            noise_level=noise,
            echo_return_loss=echo,
            r_factor=r_factor,
            mos_listening=listening,
            mos_conversation=conversation,
            nominal_delay=nominal,
            maximum_delay=maximum,
            absolute_delay=absolute,
        )
