"""Levels in dBov."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.frame import FRAME, silence
from appliance.media.level import SILENCE, Meter, level
from tests.support.tones import sine


def test_known_levels() -> None:
    assert level(np.full(480, 32_767, dtype=np.int16)) == pytest.approx(0.0, abs=0.01)
    assert level(sine(1000, 0.1, level=1.0)) == pytest.approx(-3.01, abs=0.01)
    assert level(sine(1000, 0.1, level=0.1)) == pytest.approx(-23.01, abs=0.01)
    assert level(silence()) == SILENCE == -127.0
    assert level(silence(0)) == SILENCE


def test_a_meter_sums_the_energy_and_tells_the_level_of_now() -> None:
    meter = Meter()
    for frame in sine(1000, 2.0, level=0.1).reshape(-1, FRAME):
        meter.frame(frame)
    loud = meter.loudness
    assert loud.measured == loud.audible == pytest.approx(2.0)
    assert 10 * math.log10(loud.energy / loud.measured) == pytest.approx(-23.01, abs=0.01)
    assert loud.level == pytest.approx(-23.01, abs=0.01)
    for _ in range(100):
        meter.frame(silence())
    quiet = meter.loudness
    assert (quiet.energy, quiet.audible, quiet.level) == (loud.energy, loud.audible, SILENCE)
    assert quiet.measured == pytest.approx(3.0)


@given(st.binary(min_size=2, max_size=960).filter(lambda data: len(data) % 2 == 0))
def test_always_between_silence_and_overload(data: bytes) -> None:
    assert -127.0 <= level(np.frombuffer(data, dtype=np.int16)) <= 0.0
