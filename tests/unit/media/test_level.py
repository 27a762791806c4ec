"""Levels in dBov."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.frame import silence
from appliance.media.level import SILENCE, level
from tests.support.tones import sine


def test_known_levels() -> None:
    assert level(np.full(480, 32_767, dtype=np.int16)) == pytest.approx(0.0, abs=0.01)
    assert level(sine(1000, 0.1, level=1.0)) == pytest.approx(-3.01, abs=0.01)
    assert level(sine(1000, 0.1, level=0.1)) == pytest.approx(-23.01, abs=0.01)
    assert level(silence()) == SILENCE == -127.0
    assert level(silence(0)) == SILENCE


@given(st.binary(min_size=2, max_size=960).filter(lambda data: len(data) % 2 == 0))
def test_always_between_silence_and_overload(data: bytes) -> None:
    assert -127.0 <= level(np.frombuffer(data, dtype=np.int16)) <= 0.0
