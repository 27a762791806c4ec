"""PCMU and PCMA (ITU-T G.711, RFC 3551 §4.5.14): 8-bit samples at 8 kHz."""

from enum import StrEnum
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from appliance.media.frame import Pcm, silence
from appliance.media.polyphase import Narrowing, Widening
from appliance.media.waveform_substitution import WaveformSubstitution
from appliance.units import Samples

_RATIO: Final = 6  # 48 kHz to 8 kHz
_MAXIMUM_DURATION: Final = 5_760  # 120 ms: no sender packs more
_BIAS: Final = 33


class Law(StrEnum):
    """The two companding laws, by their names in session descriptions."""

    MU = "PCMU"
    A = "PCMA"


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


class G711Encoder:
    """One stream of one law."""

    def __init__(self, law: Law, *, ptime: int = 20) -> None:
        """`ptime` is a multiple of 10 ms."""
        self._samples = Samples(48 * ptime)
        self._table = _compression(law)
        self._narrowing = Narrowing(_RATIO)

    @property
    def samples(self) -> Samples:
        """Samples at 48 kHz that `encode` wants: the ptime."""
        return self._samples

    def encode(self, pcm: Pcm) -> bytes:
        """The payload of one packet, from `pcm` of shape (samples,)."""
        narrow = self._narrowing.narrowed(pcm)
        payload: npt.NDArray[np.uint8] = self._table[narrow.view(np.uint16)]
        return payload.tobytes()

    def expect_loss(self, share: float) -> None:
        """Nothing: G.711 carries no redundancy."""


class G711Decoder:
    """One stream of one law to 48 kHz."""

    def __init__(self, law: Law) -> None:
        self._values = _expansion(law)
        self._widening = Widening(_RATIO)
        self._substitution = WaveformSubstitution()

    def duration(self, payload: bytes) -> Samples:
        """Samples at 48 kHz that `decode` will give for `payload`; 0 if it is longer than any packet of sound."""
        samples = len(payload) * _RATIO
        return Samples(samples if samples <= _MAXIMUM_DURATION else 0)

    def decode(self, payload: bytes) -> Pcm:
        """The sound of `payload`, shape (duration(payload),)."""
        if not self.duration(payload):
            return silence(0)
        return self._widening.widened(self._substitution.heard(self._values[np.frombuffer(payload, dtype=np.uint8)]))

    def conceal(self, samples: int) -> Pcm:
        """The last pitch period again, silent after 60 ms: shape (samples,)."""
        pcm = self._widening.widened(self._substitution.missing(-(-samples // _RATIO)))
        return pcm[:samples]

    def recover(self, next_payload: bytes, samples: int) -> Pcm | None:  # noqa: ARG002 -- of the Decoder protocol
        """None: G.711 carries no redundancy."""
        return None

    def is_pause(self, payload: bytes) -> bool:
        """True for an empty payload."""
        return not payload
