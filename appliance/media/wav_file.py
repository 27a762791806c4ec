"""WAV files: PCM of any rate becomes 48 kHz mono."""

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from appliance.errors import DriverError
from appliance.media.frame import SAMPLE_RATE, Pcm
from appliance.media.resampling import resampled


def read(path: Path, *, longest: float | None = None) -> Pcm:
    """The samples of a WAV file (PCM of 8 to 32 bits, any rate, channels averaged) as 48 kHz mono.

    Args:
        path: the file.
        longest: seconds that it may have.

    Raises:
        DriverError: the file is missing, is not PCM or too long, or its rate wants a package that is not there.
    """
    try:
        with wave.open(str(path)) as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            frames = file.getnframes()
            if longest is not None and frames > longest * rate:
                raise DriverError(f"{path} can't be played: it has {frames / rate:.0f} s, {longest:.0f} are allowed")
            data = file.readframes(frames)
    except (OSError, EOFError, wave.Error) as error:
        if isinstance(error, DriverError):
            raise
        raise DriverError(f"{path} can't be played: {error}") from error
    usable = len(data) - len(data) % (width * channels)
    samples = _widened(data[:usable], width).reshape(-1, channels).mean(axis=1)
    return np.clip(np.rint(resampled(samples, rate, SAMPLE_RATE)), -32768, 32767).astype(np.int16)


def _widened(data: bytes, width: int) -> npt.NDArray[np.float64]:
    """Little-endian PCM of `width` bytes on the scale of 16 bits."""
    raw = np.frombuffer(data, dtype=np.uint8).reshape(-1, width)
    if width == 1:
        return (raw[:, 0].astype(np.float64) - 128.0) * 256.0
    wide = np.zeros((len(raw), 4), dtype=np.uint8)
    wide[:, 4 - width :] = raw
    return wide.reshape(-1).view("<i4").astype(np.float64) / 65536.0
