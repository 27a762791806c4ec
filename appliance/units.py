"""Units as types, so that a type checker keeps them apart."""

from typing import NewType

Seconds = NewType("Seconds", float)
"""A duration, or an instant on the monotonic clock whose zero means nothing."""

Milliseconds = NewType("Milliseconds", float)
"""A duration."""

Samples = NewType("Samples", int)
"""A count of PCM samples of one channel, at `media.frame.SAMPLE_RATE` unless said otherwise."""

RtpTicks = NewType("RtpTicks", int)
"""A count of an RTP payload's own clock (48,000/s for Opus, 8,000/s for G.711 and G.722: RFC 3551 §4.5.2)."""

Dbov = NewType("Dbov", float)
"""A level relative to the overload of the system: 0 is a full-scale square wave, -127 silence (RFC 6464 §3)."""


def to_milliseconds(duration: Seconds) -> Milliseconds:
    """Seconds as milliseconds."""
    return Milliseconds(duration * 1000.0)


def to_seconds(duration: Milliseconds) -> Seconds:
    """Milliseconds as seconds."""
    return Seconds(duration / 1000.0)
