"""Opus (RFC 6716, RFC 7587) through libopus, for the redundancy, concealment and pauses that bindings leave out."""

import ctypes
import importlib.util
import logging
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from appliance.errors import DriverError
from appliance.media.frame import SAMPLE_RATE, Pcm, silence
from appliance.units import Samples

log = logging.getLogger(__name__)

_APPLICATION_VOIP: Final = 2048
_SET_BITRATE: Final = 4002
_SET_VBR: Final = 4006
_SET_COMPLEXITY: Final = 4010
_SET_INBAND_FEC: Final = 4012
_SET_PACKET_LOSS: Final = 4014
_SET_DTX: Final = 4016
_SET_SIGNAL: Final = 4024
_SIGNAL_VOICE: Final = 3001

_LEAST_LOSS: Final = 10
_MOST_LOSS: Final = 40
_LOSS_STEP: Final = 5
"""Percent. The first packet is lost before anybody reports it, so that some redundancy is there from the beginning."""

_MAXIMUM_PAYLOAD: Final = 1275
_MAXIMUM_DURATION: Final = 5_760  # 120 ms, the longest packet
_STEP: Final = 120  # 2.5 ms, the shortest frame: concealment comes in multiples of it
_MISSING: Final = "libopus can't be loaded: install it with 'apt install libopus0'"


@cache
def _library() -> ctypes.CDLL:
    """Debian's libopus, else the copy inside PyAV's wheel. Raises `DriverError`."""
    names = ["libopus.so.0"]
    package = importlib.util.find_spec("av")
    if package is not None and package.origin is not None:
        folder = Path(package.origin).parent.parent / "av.libs"
        names += [str(path) for path in sorted(folder.glob("libopus-*.so*"))]
    return load(names)


def load(names: Sequence[str]) -> ctypes.CDLL:
    """The first of the shared libraries `names` that is there. Raises `DriverError` if none is."""
    for name in names:
        try:
            return _typed(ctypes.CDLL(name))
        except OSError as error:
            log.debug("%s is no libopus: %s", name, error)
    raise DriverError(_MISSING)


def _typed(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, number = ctypes.c_void_p, ctypes.c_int
    signatures = {
        "opus_encoder_create": (pointer, [ctypes.c_int32, number, number, ctypes.POINTER(number)]),
        "opus_encoder_destroy": (None, [pointer]),
        "opus_encode": (ctypes.c_int32, [pointer, pointer, number, pointer, ctypes.c_int32]),
        "opus_decoder_create": (pointer, [ctypes.c_int32, number, ctypes.POINTER(number)]),
        "opus_decoder_destroy": (None, [pointer]),
        "opus_decode": (number, [pointer, ctypes.c_char_p, ctypes.c_int32, pointer, number, number]),
        "opus_packet_get_nb_samples": (number, [ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32]),
        "opus_packet_has_lbrr": (number, [ctypes.c_char_p, ctypes.c_int32]),
        "opus_get_version_string": (ctypes.c_char_p, []),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name, None)  # opus_packet_has_lbrr came with 1.4
        if function is not None:
            function.restype, function.argtypes = result, arguments
    library.opus_encoder_ctl.restype = number
    return library


def version() -> str:
    """Name and version of libopus. Raises `DriverError` if there is none."""
    return str(_library().opus_get_version_string().decode())


class OpusEncoder:
    """One mono stream, tuned for speech."""

    def __init__(
        self,
        *,
        ptime: int = 20,
        bitrate: int = 24_000,
        fec: bool = True,
        dtx: bool = False,
        constant_bitrate: bool = False,
        complexity: int = 5,
    ) -> None:
        """`ptime` is 10, 20, 40 or 60 ms; `bitrate` in bit/s; `fec` adds redundancy, at first for a loss of 10 %.

        Raises `DriverError` if libopus is missing or refuses.
        """
        self._library = _library()
        self._samples = Samples(ptime * SAMPLE_RATE // 1000)
        error = ctypes.c_int(0)
        self._state = self._library.opus_encoder_create(SAMPLE_RATE, 1, _APPLICATION_VOIP, ctypes.byref(error))
        if not self._state:
            raise DriverError(f"libopus gives no encoder: error {error.value}")
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_VBR, int(not constant_bitrate)),
            (_SET_COMPLEXITY, complexity),
            (_SET_SIGNAL, _SIGNAL_VOICE),
            (_SET_INBAND_FEC, int(fec)),
            (_SET_PACKET_LOSS, _LEAST_LOSS if fec else 0),
            (_SET_DTX, int(dtx)),
        ):
            self._set(request, value)
        self._fec = fec
        self._expected_loss = _LEAST_LOSS
        self._pausing = False
        # Both stay where they are: to ask numpy for an address takes as long as to copy the sound.
        self._sound = np.zeros(self._samples, dtype=np.int16)
        self._address = self._sound.ctypes.data
        self._payload = ctypes.create_string_buffer(_MAXIMUM_PAYLOAD)

    def expect_loss(self, share: float) -> None:
        """The peer loses `share` (0 to 1) of our packets: so much more of the bit rate is for redundancy, if any is."""
        loss = max(_LEAST_LOSS, min(_MOST_LOSS, math.ceil(share * 100.0 / _LOSS_STEP) * _LOSS_STEP))
        if self._fec and loss != self._expected_loss:
            self._set(_SET_PACKET_LOSS, loss)
            self._expected_loss = loss

    def _set(self, request: int, value: int) -> None:
        code = self._library.opus_encoder_ctl(ctypes.c_void_p(self._state), request, ctypes.c_int32(value))
        if code != 0:
            raise DriverError(f"libopus refuses encoder setting {request} = {value}: error {code}")

    def __del__(self) -> None:
        """Give the state back."""
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._library.opus_encoder_destroy(state)

    @property
    def samples(self) -> Samples:
        """Samples at 48 kHz that `encode` wants: the ptime."""
        return self._samples

    def encode(self, pcm: Pcm) -> bytes:
        """The payload of one packet, from `pcm` of shape (samples,); b"" in a pause."""
        if pcm.size != self._samples:
            raise DriverError(f"libopus can't encode {pcm.size} samples where a packet has {self._samples}")
        self._sound[:] = pcm
        size = self._library.opus_encode(self._state, self._address, self._samples, self._payload, _MAXIMUM_PAYLOAD)
        if size < 0:
            raise DriverError(f"libopus can't encode {self._samples} samples: error {size}")
        # One or two bytes need not be sent (opus_encode's manual). The first are: they tell that a pause begins.
        paused, self._pausing = self._pausing, size <= 2
        return b"" if paused and self._pausing else ctypes.string_at(self._payload, size)


class OpusDecoder:
    """One stream to mono at 48 kHz. Stereo streams are mixed down by libopus."""

    def __init__(self) -> None:
        self._library = _library()
        error = ctypes.c_int(0)
        self._state = self._library.opus_decoder_create(SAMPLE_RATE, 1, ctypes.byref(error))
        if not self._state:
            raise DriverError(f"libopus gives no decoder: error {error.value}")
        self._sound = np.zeros(_MAXIMUM_DURATION, dtype=np.int16)
        self._address = self._sound.ctypes.data

    def __del__(self) -> None:
        """Give the state back."""
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._library.opus_decoder_destroy(state)

    def duration(self, payload: bytes) -> Samples:
        """Samples at 48 kHz in `payload`, by its table of contents (RFC 6716 §3.1); 0 if it is damaged."""
        if not payload:
            return Samples(0)
        return Samples(max(0, self._library.opus_packet_get_nb_samples(payload, len(payload), SAMPLE_RATE)))

    def decode(self, payload: bytes) -> Pcm:
        """The sound of `payload`, shape (duration(payload),); concealment of that length where it is damaged."""
        if not payload:
            return silence(0)
        count = self._library.opus_decode(self._state, payload, len(payload), self._address, _MAXIMUM_DURATION, 0)
        return self._sound[:count].copy() if count > 0 else self.conceal(self.duration(payload))

    def conceal(self, samples: int) -> Pcm:
        """A guess at `samples` (a multiple of 120) that never came, which fades by itself: shape (samples,)."""
        pieces = []
        left = samples
        while left >= _STEP:
            size = min(left // _STEP * _STEP, 960)
            pcm = self._decode(None, size, fec=False)
            pieces.append(silence(size) if pcm is None else pcm)
            left -= size
        if left:
            pieces.append(silence(left))
        return pieces[0] if len(pieces) == 1 else np.concatenate([silence(0), *pieces])

    def recover(self, next_payload: bytes, samples: int) -> Pcm | None:
        """The sound before `next_payload`, from its redundancy (RFC 7587 §3.4): shape (samples,), or None."""
        if samples % _STEP or not 0 < samples <= 2_880 or not _has_redundancy(next_payload):
            return None
        return self._decode(next_payload, samples, fec=True)

    def is_pause(self, payload: bytes) -> bool:
        """True for the one or two bytes that begin a pause."""
        return len(payload) <= 2

    def _decode(self, payload: bytes | None, samples: int, *, fec: bool) -> Pcm | None:
        count = self._library.opus_decode(
            self._state, payload, len(payload) if payload else 0, self._address, samples, int(fec)
        )
        return self._sound[:count].copy() if count == samples else None


def _has_redundancy(payload: bytes) -> bool:
    """True if the first SILK frame carries low bit-rate redundancy (RFC 6716 §4.2.4)."""
    if len(payload) < 3:
        return False
    configuration, code = payload[0] >> 3, payload[0] & 3
    if configuration >= 16:  # CELT only
        return False
    first = 1
    if code == 2:
        first += 2 if payload[1] >= 252 else 1
    elif code == 3:
        return True  # any number of frames: libopus looks itself, and conceals if there is none
    frames = _SILK_FRAMES[configuration % 4] if configuration < 12 else 1
    # From the top: voice activity of each 20 ms, then "has redundancy"; of stereo, the middle channel's come first.
    return first < len(payload) and bool(payload[first] >> (7 - frames) & 1)


_SILK_FRAMES: Final = (1, 1, 2, 3)
"""SILK frames in a packet of 10, 20, 40 and 60 ms."""
