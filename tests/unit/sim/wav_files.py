"""WAV files as other programs write them."""

import struct
from pathlib import Path

from tests.support.tones import Samples


def write_wav(path: Path, samples: Samples, *, rate: int, channels: int = 1, width: int = 2) -> None:
    """Write `samples`, the same on each channel, as PCM of `width` bytes."""
    frames = b"".join(_encoded(int(sample), width) * channels for sample in samples)
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * width, channels * width, 8 * width)
    chunks = struct.pack("<4sI", b"fmt ", len(form)) + form + struct.pack("<4sI", b"data", len(frames)) + frames
    path.write_bytes(struct.pack("<4sI4s", b"RIFF", 4 + len(chunks), b"WAVE") + chunks)


def _encoded(sample: int, width: int) -> bytes:
    if width == 1:
        return bytes([(sample >> 8) + 128])
    return struct.pack("<i", sample << 16)[4 - width :]
