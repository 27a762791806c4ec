"""Something like a voice: what codecs, concealment and stretching treat as speech."""

import numpy as np

from appliance.media.frame import Pcm


def voice(seconds: float, *, pitch: float = 120.0, peak: float = 9_000.0) -> Pcm:
    """A buzz of gliding pitch under syllables, four a second, with a little breath. The same each time."""
    count = round(48_000 * seconds)
    time = np.arange(count) / 48_000
    phase = 2 * np.pi * np.cumsum(pitch * (1.0 + 0.1 * np.sin(2 * np.pi * 0.7 * time))) / 48_000
    buzz = sum(
        (
            np.sin(k * phase) * np.exp(-(((k * pitch - formant) / 250.0) ** 2))
            for k in range(1, 25)
            for formant in (500.0, 1_500.0)
        ),
        np.zeros(count),
    )
    syllables = np.clip(np.sin(2 * np.pi * 4.0 * time) + 0.6, 0.0, 1.0)
    breath = np.random.default_rng(1).normal(0.0, 0.02, count)
    sound = (buzz + breath) * syllables
    pcm: Pcm = np.rint(sound / np.abs(sound).max() * peak).astype(np.int16)
    return pcm
