"""The gain over concealed stretches."""

from itertools import pairwise

import numpy as np

from appliance.media.concealment import Concealment

FLAT = np.full(480, 10_000, dtype=np.int16)


def test_the_first_60_ms_are_the_decoder_s_then_it_fades() -> None:
    subject = Concealment()
    levels = [int(subject.missing(FLAT).mean()) for _ in range(25)]
    assert levels[:6] == [10_000] * 6
    assert all(later < earlier for earlier, later in pairwise(levels[5:20]))
    assert levels[20:] == [0] * 5
    assert subject.silent


def test_sound_after_a_short_gap_is_left_alone() -> None:
    subject = Concealment()
    subject.missing(FLAT)
    assert np.array_equal(subject.heard(FLAT), FLAT)


def test_sound_after_a_fade_rises() -> None:
    subject = Concealment()
    for _ in range(30):
        subject.missing(FLAT)
    risen = subject.heard(FLAT)
    assert risen[0] < 100
    assert np.all(np.diff(risen[:240].astype(int)) > 0)
    assert np.array_equal(risen[240:], FLAT[240:])
    assert not subject.silent
    assert np.array_equal(subject.heard(FLAT), FLAT)
    assert subject.heard(FLAT[:0]).size == 0
