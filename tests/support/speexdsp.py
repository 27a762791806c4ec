"""The echo canceller of libspeexdsp, for comparison: 200 ms of path and its suppressor of what is left."""

import ctypes

import numpy as np

from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm
from tests.support.require import missing

PACKAGE = "libspeexdsp1"
_TAIL = SAMPLE_RATE // 5
_SET_SAMPLING_RATE = 24  # of the echo state
_SET_ECHO_STATE = 24  # of the preprocessor


class SpeexEchoCanceller:
    """A `VoiceProcessor` that wants the loudspeaker's frame before the microphone's, each time."""

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL("libspeexdsp.so.1")
        except OSError:
            missing(f"libspeexdsp not found: apt-get install {PACKAGE}")
        for name in ("speex_echo_state_init", "speex_preprocess_state_init"):
            getattr(self._library, name).restype = ctypes.c_void_p
        self._state = ctypes.c_void_p(self._library.speex_echo_state_init(int(FRAME), _TAIL))
        rate = ctypes.c_int(SAMPLE_RATE)
        self._library.speex_echo_ctl(self._state, _SET_SAMPLING_RATE, ctypes.byref(rate))
        self._after = ctypes.c_void_p(self._library.speex_preprocess_state_init(int(FRAME), SAMPLE_RATE))
        self._library.speex_preprocess_ctl(self._after, _SET_ECHO_STATE, self._state)
        self._reference = np.zeros(FRAME, dtype=np.int16)

    def __del__(self) -> None:
        if hasattr(self, "_after"):
            self._library.speex_preprocess_state_destroy(self._after)
            self._library.speex_echo_state_destroy(self._state)

    def played(self, frame: Pcm) -> None:
        self._reference = np.ascontiguousarray(frame)

    def processed(self, frame: Pcm) -> Pcm:
        out = np.zeros(FRAME, dtype=np.int16)
        pointers = (ctypes.c_void_p(each.ctypes.data) for each in (np.ascontiguousarray(frame), self._reference, out))
        self._library.speex_echo_cancellation(self._state, *pointers)
        self._library.speex_preprocess_run(self._after, ctypes.c_void_p(out.ctypes.data))
        return out
