"""Somebody who speaks, pauses, and stands in a room that is never quite silent."""

import wave
from pathlib import Path

import numpy as np

from appliance.sim.wav_audio import WavAudio
from tests.support.tones import RATE, Samples
from tests.unit.media.voice import voice

_ROOM = 30.0
"""The RMS of a quiet room: -61 dBov."""


def talk(*seconds: float, pitch: float = 120.0) -> Samples:
    """Speech and pause in turn, beginning with speech, each so many seconds long."""
    pieces = [
        voice(length, pitch=pitch) if index % 2 == 0 else np.zeros(round(length * RATE), dtype=np.int16)
        for index, length in enumerate(seconds)
    ]
    sound = np.concatenate(pieces)
    room = np.random.default_rng(5).normal(0.0, _ROOM, sound.size)
    mixed: Samples = np.clip(np.rint(sound + room), -32_767, 32_767).astype(np.int16)
    return mixed


def talking(file: Path, *seconds: float, pitch: float = 120.0, record: Path | None = None) -> WavAudio:
    """A device whose microphone hears `talk`, again and again."""
    with wave.open(str(file), "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", ""))
        writer.writeframes(talk(*seconds, pitch=pitch).tobytes())
    return WavAudio(file, record, loop=True)
