"""Shorter and longer by a period."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.frame import Pcm, silence
from appliance.media.time_stretch import lengthen, shorten
from tests.support.tones import hear, sine
from tests.unit.media.voice import voice


def stretched(pcm: Pcm, *, longer: bool) -> Pcm:
    """Every third packet of 20 ms is changed, if it can be."""
    pieces = []
    for index, start in enumerate(range(0, pcm.size - 959, 960)):
        piece = pcm[start : start + 960]
        changed = (lengthen(piece) if longer else shorten(piece)) if index % 3 == 0 else None
        pieces.append(piece if changed is None else changed)
    return np.concatenate(pieces)


@pytest.mark.parametrize("longer", [False, True])
@pytest.mark.parametrize("hertz", [220, 440, 1_000, 3_000])
def test_a_tone_stays_the_tone(hertz: int, longer: bool) -> None:
    sound = sine(hertz, 4.0)
    result = stretched(sound, longer=longer)
    assert abs(result.size - sound.size) > 0.04 * sound.size
    assert (result.size > sound.size) is longer
    assert hear(result, hertz).share == 1.0
    assert hear(result, hertz).longest_gap == 0
    assert np.abs(np.diff(result.astype(int))).max() < 1.3 * np.abs(np.diff(sound.astype(int))).max()


@pytest.mark.parametrize("longer", [False, True])
@pytest.mark.parametrize("pitch", [110, 150, 220])
def test_a_voice_can_be_changed(pitch: float, longer: bool) -> None:
    sound = voice(4.0, pitch=pitch)
    result = stretched(sound, longer=longer)
    assert abs(result.size - sound.size) > 0.02 * sound.size
    assert np.abs(np.diff(result.astype(int))).max() < 1.5 * np.abs(np.diff(sound.astype(int))).max()


def test_noise_is_left_alone_unless_it_must_be() -> None:
    noise = np.random.default_rng(2).normal(0, 3_000, 960).astype(np.int16)
    assert shorten(noise, likeness=0.8) is None
    assert shorten(noise, likeness=0.0) is not None


def test_silence_is_always_free_to_go() -> None:
    shorter, longer = shorten(silence(960)), lengthen(silence(960))
    assert shorter is not None
    assert longer is not None
    assert shorter.size < 960 < longer.size


def test_too_short_to_tell() -> None:
    assert shorten(silence(239)) is None


@given(st.binary(max_size=4_000).filter(lambda data: len(data) % 2 == 0), st.floats(0.0, 1.0))
def test_the_change_is_one_period(data: bytes, likeness: float) -> None:
    pcm = np.frombuffer(data, dtype=np.int16)
    for change, sign in ((shorten, -1), (lengthen, 1)):
        result = change(pcm, likeness=likeness)
        assert result is None or 120 <= sign * (result.size - pcm.size) <= 480
