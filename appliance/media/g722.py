"""G.722 (ITU-T G.722, RFC 3551 §4.5.2): 16 kHz in 64 kbit/s, through FFmpeg's codec in PyAV.

Its RTP clock is 8000 Hz by a mistake that RFC 3551 keeps.
"""

from fractions import Fraction
from typing import Final, Literal

import numpy as np
from av import AudioFrame, Packet
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import CodecContext

from appliance.media.frame import Pcm, silence
from appliance.media.polyphase import Narrowing, Widening
from appliance.media.waveform_substitution import WaveformSubstitution
from appliance.units import Samples

_RATE: Final = 16_000
_RATIO: Final = 3  # 48 kHz to 16 kHz
_SAMPLES_OF_A_BYTE: Final = 2 * _RATIO
_BLOCK: Final = 320  # 20 ms at 16 kHz, which is what FFmpeg codes at once
_MAXIMUM_DURATION: Final = 5_760  # 120 ms: no sender packs more


def _codec(direction: Literal["r", "w"]) -> AudioCodecContext:
    context = CodecContext.create("g722", direction)
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = _RATE
    context.layout = "mono"
    if direction == "w":
        context.format = "s16"
        context.time_base = Fraction(1, _RATE)
    return context


class G722Encoder:
    """One stream."""

    def __init__(self, *, ptime: int = 20) -> None:
        """`ptime` is a multiple of 10 ms. One that is no multiple of 20 delays by 10 ms."""
        self._samples = Samples(48 * ptime)
        self._codec = _codec("w")
        self._narrowing = Narrowing(_RATIO)
        self._size = 8 * ptime
        self._ready = bytearray()
        if ptime % 20:
            self._encode(np.zeros(_BLOCK // 2, dtype=np.int16))

    @property
    def samples(self) -> Samples:
        """Samples at 48 kHz that `encode` wants: the ptime."""
        return self._samples

    def encode(self, pcm: Pcm) -> bytes:
        """The payload of one packet, from `pcm` of shape (samples,)."""
        self._encode(self._narrowing.narrowed(pcm))
        payload = bytes(self._ready[: self._size])
        del self._ready[: self._size]
        return payload

    def expect_loss(self, share: float) -> None:
        """Nothing: G.722 carries no redundancy."""

    def _encode(self, narrow: Pcm) -> None:
        frame = AudioFrame.from_ndarray(narrow[None, :], format="s16", layout="mono")
        frame.sample_rate = _RATE
        for packet in self._codec.encode(frame):
            self._ready += bytes(packet)


class G722Decoder:
    """One stream to 48 kHz."""

    def __init__(self) -> None:
        self._codec = _codec("r")
        self._widening = Widening(_RATIO)
        self._substitution = WaveformSubstitution(rate=_RATE)

    def duration(self, payload: bytes) -> Samples:
        """Samples at 48 kHz that `decode` will give for `payload`; 0 if it is longer than any packet of sound."""
        samples = len(payload) * _SAMPLES_OF_A_BYTE
        return Samples(samples if samples <= _MAXIMUM_DURATION else 0)

    def decode(self, payload: bytes) -> Pcm:
        """The sound of `payload`, shape (duration(payload),)."""
        if not self.duration(payload):
            return silence(0)
        (frame,) = self._codec.decode(Packet(payload))
        sound = frame.to_ndarray()[0].astype(np.float32)
        return self._widening.widened(self._substitution.heard(sound))

    def conceal(self, samples: int) -> Pcm:
        """The last pitch period again, silent after 60 ms: shape (samples,)."""
        pcm = self._widening.widened(self._substitution.missing(-(-samples // _RATIO)))
        return pcm[:samples]

    def recover(self, next_payload: bytes, samples: int) -> Pcm | None:  # noqa: ARG002 -- of the Decoder protocol
        """None: G.722 carries no redundancy."""
        return None

    def is_pause(self, payload: bytes) -> bool:
        """True for an empty payload."""
        return not payload
