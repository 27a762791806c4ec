import numpy as np
import pytest

from appliance.media.frame import Pcm, silence
from appliance.media.tone_plan import STANDARD
from appliance.media.tones import Tone, ToneGenerator
from appliance.sim.echo_check import seconds_of_tone
from appliance.sim.melody import melody
from tests.support.tones import sine


def noise(level: float) -> Pcm:
    source = np.random.default_rng(1)
    return np.rint(source.normal(0.0, level * 32767.0, 48_000)).astype(np.int16)


def test_the_tone_counts_and_nothing_else() -> None:
    assert seconds_of_tone(sine(1000.0, 2.0), 1000.0) == pytest.approx(2.0)
    assert seconds_of_tone(sine(1100.0, 2.0), 1000.0) == 0.0
    assert seconds_of_tone(silence(48_000), 1000.0) == 0.0
    assert seconds_of_tone(silence(100), 1000.0) == 0.0
    assert seconds_of_tone(noise(0.1), 1000.0) == 0.0
    assert seconds_of_tone(sine(1000.0, 1.0, level=0.001), 1000.0) == 0.0


def test_half_and_half() -> None:
    both = np.concatenate([sine(1000.0, 1.0), silence(48_000), sine(440.0, 1.0)])
    assert seconds_of_tone(both, 1000.0) == pytest.approx(1.0)


@pytest.mark.parametrize("tone", [STANDARD.dial, STANDARD.ringback, STANDARD.busy])
def test_no_tone_of_a_telephone_is_taken_for_it(tone: Tone) -> None:
    generator = ToneGenerator(tone)
    heard = np.concatenate([generator.next_frame() for _ in range(500)])
    assert seconds_of_tone(heard, 1000.0) == 0.0


def test_the_melody_is_music() -> None:
    samples = melody()
    assert len(samples) % 480 == 0
    assert 4.0 < len(samples) / 48_000 < 8.0
    assert 5_000 < np.abs(samples).max() < 16_000
    # It neither begins nor ends with a click, and rests before it begins again.
    assert np.abs(samples[:48]).max() < 500
    assert np.abs(samples[-4_800:]).max() < 500
    assert seconds_of_tone(samples, 1000.0) == 0.0
