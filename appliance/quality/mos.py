"""How good a call sounds, estimated from its round trip, jitter and loss.

The first SDK's formula and the second's, on one scale.

All three shorten the E-model (ITU-T G.107): an R-factor that falls with delay and loss, then the R-to-MOS curve of its
Annex B. Terms such as echo or the codec's own impairment are left out, as in the SDKs that these come from.

The samples use `estimated`. It is the second SDK's formula (`twilio`): that one stays within 1.0-4.5 for every input,
and takes loss in small steps where the first one's curve dips below 1; what is ours is that an unknown round trip
gives None, never a guess, and that the loss is what the listener missed.
"""

import math
from typing import Final

from appliance.units import Milliseconds

_JITTER_WEIGHT: Final = 2.0
_PROCESSING: Final = 10.0  # ms, for the codec and the devices
_KNEE: Final = 160.0  # ms of effective delay, from which conversation suffers
_TWILIO_BASE: Final = 94.768
_PLIVO_BASE: Final = 93.2
_CURVE_ROOT: Final = 6.52  # the R below which the cubic of Annex B falls under a MOS of 1


def estimated(round_trip: Milliseconds | None, jitter: Milliseconds, loss: float) -> float | None:
    """The MOS of a sample, 1.0-4.5; None while the round trip is unknown. `loss` is a fraction, 0.0-1.0."""
    if round_trip is None:
        return None
    return twilio(round_trip, jitter, loss * 100.0)


def twilio(round_trip: float, jitter: float, loss: float) -> float | None:
    """The second SDK's MOS, 1.0-4.5; None for an input that is no number ≥ 0.

    `round_trip` and `jitter` are in ms, `loss` in percent.
    """
    if not all(math.isfinite(value) and value >= 0.0 for value in (round_trip, jitter, loss)):
        return None
    delay = _delay(round_trip, jitter)
    if delay < _KNEE:
        rating = _TWILIO_BASE - delay / 40.0
    elif delay < 1000.0:
        rating = _TWILIO_BASE - (delay - 120.0) / 10.0
    else:
        rating = 0.0
    rating = max(rating - 2.5 * loss, _CURVE_ROOT) if loss <= rating / 2.5 else 0.0
    return _curve(rating)


def plivo(round_trip: float, jitter: float, loss: float) -> float:
    """The first SDK's MOS, to three decimals; it may be a little below 1.

    `round_trip` and `jitter` are in ms, `loss` is a fraction, 0.0-1.0.
    """
    delay = _delay(round_trip, jitter)
    rating = _PLIVO_BASE - (delay / 40.0 if delay < _KNEE else (delay - 120.0) / 10.0) - 250.0 * loss
    if rating <= 0.0:
        return 1.0
    if rating >= 100.0:
        return 4.5
    return round(_curve(rating), 3)


def _delay(round_trip: float, jitter: float) -> float:
    return round_trip + _JITTER_WEIGHT * jitter + _PROCESSING


def _curve(rating: float) -> float:
    """MOS of an R-factor (ITU-T G.107 Annex B)."""
    return 1.0 + 0.035 * rating + 7e-6 * rating * (rating - 60.0) * (100.0 - rating)
