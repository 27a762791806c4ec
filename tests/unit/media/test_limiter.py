"""What nobody's ear has to bear."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from appliance.media.frame import FRAME, Pcm
from appliance.media.level import level
from appliance.media.limiter import Limiter
from appliance.units import Dbov
from tests.support.speech import man
from tests.support.tones import sine

LOUDEST = Dbov(-9.0)


def limited(sound: Pcm, limiter: Limiter | None = None) -> Pcm:
    limiter = limiter or Limiter(LOUDEST)
    return np.concatenate([limiter.limited(sound[at : at + FRAME]) for at in range(0, sound.size - FRAME + 1, FRAME)])


def test_a_voice_passes_untouched() -> None:
    voice = man()[: 10 * 48_000]
    assert np.array_equal(limited(voice), voice)


def test_a_shriek_is_turned_down_from_its_first_sample() -> None:
    out = limited(sine(2_000.0, 0.5, level=1.0))
    assert max(level(out[at : at + FRAME]) for at in range(0, out.size, FRAME)) <= LOUDEST + 0.1
    assert level(out) == pytest.approx(LOUDEST, abs=0.2)


def test_what_comes_after_it_comes_back_over_half_a_second_without_a_step() -> None:
    sound = np.concatenate([sine(1_000.0, 0.2, level=1.0), sine(1_000.0, 1.0, level=0.1)])
    out = limited(sound)
    after = [level(out[at : at + FRAME]) for at in range(9_600, out.size, FRAME)]
    assert all(0.0 <= later - earlier < 0.6 for earlier, later in pairwise(after[1:]))
    assert after[0] < -25.0
    assert after[60] == pytest.approx(level(sine(1_000.0, 1.0, level=0.1)), abs=0.1)


@given(st.lists(arrays.arrays(np.int16, int(FRAME)), min_size=1, max_size=6))
def test_no_frame_is_ever_louder_and_none_changes_its_sign(frames: list[Pcm]) -> None:
    limiter = Limiter(LOUDEST)
    for frame in frames:
        out = limiter.limited(frame)
        assert level(out) <= LOUDEST + 0.2
        assert (out.astype(int) * frame >= 0).all()
        assert (np.abs(out.astype(int)) <= np.abs(frame.astype(int))).all()
