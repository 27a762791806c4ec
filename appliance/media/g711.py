"""PCMU and PCMA (ITU-T G.711, RFC 3551 §4.5.14): 8-bit samples at 8 kHz, and the filters from and to 48 kHz."""

from enum import StrEnum
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.media.frame import Pcm, silence
from appliance.media.waveform_substitution import WaveformSubstitution
from appliance.units import Samples

_RATIO: Final = 6  # 48 kHz to 8 kHz
_PHASE_TAPS: Final = 25
_TAPS: Final = _RATIO * _PHASE_TAPS
_KAISER_BETA: Final = 5.65  # 60 dB of stop band
_MAXIMUM_DURATION: Final = 5_760  # 120 ms: no sender packs more
_BIAS: Final = 33

Coefficients = npt.NDArray[np.float32]


class Law(StrEnum):
    """The two companding laws, by their names in session descriptions."""

    MU = "PCMU"
    A = "PCMA"


@cache
def _low_pass() -> Coefficients:
    """4 kHz (half the lower rate) at 48 kHz: flat to 3.4 kHz, 60 dB down from 4.6 kHz. Delay 1.5 ms."""
    position = np.arange(_TAPS) - (_TAPS - 1) / 2
    taps = np.sinc(position / _RATIO) * np.kaiser(_TAPS, _KAISER_BETA)
    low_pass: Coefficients = (taps / taps.sum()).astype(np.float32)
    return low_pass


@cache
def _expansion(law: Law) -> npt.NDArray[np.float32]:
    """The 16-bit value of each byte: shape (256,)."""
    if law is Law.MU:
        code = ~np.arange(256, dtype=np.int32) & 0xFF
        magnitude = ((((code & 0x0F) << 1) + _BIAS) << ((code >> 4) & 7)) - _BIAS
        return np.where(code & 0x80, -magnitude, magnitude).astype(np.float32) * 4
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code >> 4) & 7
    mantissa = ((code & 0x0F) << 1) + 1
    magnitude = np.where(segment > 0, (mantissa + 32) << np.maximum(segment - 1, 0), mantissa)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.float32) * 8


@cache
def _compression(law: Law) -> npt.NDArray[np.uint8]:
    """The byte nearest to each 16-bit value, by the value as an unsigned number: shape (65536,)."""
    values = _expansion(law)
    order = np.argsort(values, kind="stable")
    middles = (values[order][1:] + values[order][:-1]) / 2
    samples = np.arange(65_536, dtype=np.uint16).view(np.int16)
    nearest: npt.NDArray[np.uint8] = order[np.searchsorted(middles, samples)].astype(np.uint8)
    return nearest


def _windows(sound: Coefficients, size: int) -> Coefficients:
    """Every stretch of `size` samples, without a copy: sliding_window_view takes longer than the filter."""
    shape = (sound.size - size + 1, size)
    windows: Coefficients = np.ndarray(shape, np.float32, sound, 0, (sound.itemsize, sound.itemsize))
    return windows


def _diagonals(products: Coefficients) -> Coefficients:
    """The diagonals of a matrix that is higher than wide, as rows, without a copy."""
    rows, columns = products.shape
    size = products.itemsize
    shape, strides = (rows - columns + 1, columns), (columns * size, (columns + 1) * size)
    diagonals: Coefficients = np.ndarray(shape, np.float32, products, 0, strides)
    return diagonals


class G711Encoder:
    """One stream of one law."""

    def __init__(self, law: Law, *, ptime: int = 20) -> None:
        """`ptime` is a multiple of 10 ms."""
        self._samples = Samples(48 * ptime)
        self._table = _compression(law)
        self._phases = np.ascontiguousarray(_low_pass().reshape(_PHASE_TAPS, _RATIO).T)
        self._history = np.zeros(_TAPS - 1, dtype=np.float32)

    @property
    def samples(self) -> Samples:
        """Samples at 48 kHz that `encode` wants: the ptime."""
        return self._samples

    def encode(self, pcm: Pcm) -> bytes:
        """The payload of one packet, from `pcm` of shape (samples,)."""
        sound = np.concatenate([self._history, pcm], dtype=np.float32)
        self._history = sound[-(_TAPS - 1) :]
        # Each stretch of 6 samples times each stretch of 6 taps: a sample at 8 kHz is the sum of a diagonal. That is
        # one small product of matrices, where overlapping windows would be copied first.
        products: Coefficients = sound[_RATIO - 1 :].reshape(-1, _RATIO) @ self._phases
        narrow = np.clip(np.rint(_diagonals(products).sum(axis=1)), -32_768, 32_767).astype(np.int16)
        payload: npt.NDArray[np.uint8] = self._table[narrow.view(np.uint16)]
        return payload.tobytes()


class G711Decoder:
    """One stream of one law to 48 kHz."""

    def __init__(self, law: Law) -> None:
        self._values = _expansion(law)
        self._phases = np.ascontiguousarray(_low_pass().reshape(_PHASE_TAPS, _RATIO)[::-1]) * _RATIO
        self._history = np.zeros(_PHASE_TAPS - 1, dtype=np.float32)
        self._substitution = WaveformSubstitution()

    def duration(self, payload: bytes) -> Samples:
        """Samples at 48 kHz that `decode` will give for `payload`; 0 if it is longer than any packet of sound."""
        samples = len(payload) * _RATIO
        return Samples(samples if samples <= _MAXIMUM_DURATION else 0)

    def decode(self, payload: bytes) -> Pcm:
        """The sound of `payload`, shape (duration(payload),)."""
        if not self.duration(payload):
            return silence(0)
        return self._widened(self._substitution.heard(self._values[np.frombuffer(payload, dtype=np.uint8)]))

    def conceal(self, samples: int) -> Pcm:
        """The last pitch period again, silent after 60 ms: shape (samples,)."""
        pcm = self._widened(self._substitution.missing(-(-samples // _RATIO)))
        return pcm[:samples]

    def recover(self, next_payload: bytes, samples: int) -> Pcm | None:  # noqa: ARG002 -- of the Decoder protocol
        """None: G.711 carries no redundancy."""
        return None

    def is_pause(self, payload: bytes) -> bool:
        """True for an empty payload."""
        return not payload

    def _widened(self, narrow: Coefficients) -> Pcm:
        if not narrow.size:
            return silence(0)
        sound = np.concatenate([self._history, narrow])
        self._history = sound[-(_PHASE_TAPS - 1) :]
        windows = _windows(sound, _PHASE_TAPS)
        wide: Coefficients = windows @ self._phases
        pcm: Pcm = np.clip(np.rint(wide), -32_768, 32_767).astype(np.int16).ravel()
        return pcm
