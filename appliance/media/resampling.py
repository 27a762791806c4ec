"""Other rates than 48 kHz: sound cards that have no other, and files."""

import importlib
from collections.abc import Callable
from functools import cache
from types import ModuleType

import numpy as np
import numpy.typing as npt

from appliance.errors import DriverError
from appliance.media.frame import Pcm
from appliance.media.polyphase import Narrowing, Widening


@cache
def _library() -> ModuleType:
    """The package, imported only where it is needed. Raises `DriverError`."""
    try:
        return importlib.import_module("soxr")
    except (ImportError, OSError) as error:
        raise DriverError(f"another rate than 48 kHz wants the package soxr: {error}") from error


def resampled(samples: npt.NDArray[np.float64], rate: int, target: int) -> npt.NDArray[np.float64]:
    """All of `samples`, shape (n,), at `target` instead of `rate` Hz. Raises `DriverError` without the package."""
    if rate == target:
        return samples
    other: npt.NDArray[np.float64] = _library().resample(samples, rate, target)
    return other


Converter = Callable[[Pcm], Pcm]
"""Gives what follows of a stream, from some samples at one rate about as many milliseconds at the other."""


def converter(rate: int, target: int) -> Converter:
    """One stream from `rate` to `target` Hz, one of which is 48000. Raises `DriverError` without the package.

    To and from 8, 16 and 24 kHz by filters of our own: they delay by 0.5 to 1.5 ms and give whole frames, where soxr
    keeps up to 48 ms back. To and from 44.1 kHz soxr delays by 1 to 5 ms.
    """
    if rate == target:
        return lambda samples: samples
    if rate % target == 0:
        return Narrowing(rate // target).narrowed
    if target % rate == 0:
        widening = Widening(target // rate)
        return lambda samples: widening.widened(samples.astype(np.float32))
    # What soxr's better qualities do above 15 kHz takes them 10 ms longer, and a telephone has no use for it.
    stream = _library().ResampleStream(rate, target, 1, dtype="int16", quality="LQ")

    def convert(samples: Pcm) -> Pcm:
        other: Pcm = stream.resample_chunk(np.ascontiguousarray(samples))
        return other

    return convert
