import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from appliance.media.frame import FRAME, Pcm
from appliance.media.voice_activity import VoiceActivity
from appliance.sim.melody import melody
from tests.support.tones import RATE, sine
from tests.unit.media.voice import voice

SECONDS = 4
COUNT = SECONDS * RATE
TIME = np.arange(COUNT) / RATE


def voiced(sound: Pcm, detector: VoiceActivity | None = None) -> list[float]:
    """Milliseconds of voice in each second."""
    detector = detector or VoiceActivity()
    found = []
    for begin in range(0, sound.size, RATE):
        before = detector.voiced
        second = sound[begin : begin + RATE]
        for frame in second[: second.size // FRAME * FRAME].reshape(-1, FRAME):
            detector.frame(frame)
        found.append(detector.voiced - before)
    return found


def noise(level: float, *, steepness: float = 0.0) -> NDArray[np.float64]:
    """Noise of the RMS `level` whose spectrum falls with the frequency to the power of `steepness`."""
    spectrum = np.fft.rfft(np.random.default_rng(7).normal(0.0, 1.0, COUNT))
    sound = np.fft.irfft(spectrum / np.maximum(1.0, np.arange(spectrum.size)) ** steepness)
    return np.asarray(sound * (level / sound.std()))


def pcm(sound: NDArray[np.float64]) -> Pcm:
    rounded: Pcm = np.clip(np.rint(sound), -32_767, 32_767).astype(np.int16)
    return rounded


@pytest.mark.parametrize("pitch", [100.0, 150.0, 220.0])
@pytest.mark.parametrize("peak", [20_000.0, 2_000.0, 500.0])
def test_speech_is_heard_in_every_second(pitch: float, peak: float) -> None:
    speech = voice(SECONDS, pitch=pitch, peak=peak)
    assert min(voiced(speech)) > 250.0
    assert min(voiced(pcm(speech + noise(peak / 60.0)))) > 250.0, "in a room that isn't quiet"


@pytest.mark.parametrize("steepness", [0.0, 0.5], ids=["hiss", "wind"])
@pytest.mark.parametrize("level", [30.0, 3_000.0])
def test_noise_is_no_voice(steepness: float, level: float) -> None:
    assert sum(voiced(pcm(noise(level, steepness=steepness)))) < 100.0


@pytest.mark.parametrize("hertz", [50.0, 100.0, 150.0, 425.0, 1_000.0])
def test_a_tone_is_no_voice_nor_is_its_beginning(hertz: float) -> None:
    sound = sine(hertz, SECONDS)
    sound[: RATE // 2] = 0
    assert sum(voiced(sound)) == 0.0


def test_what_a_telephone_sounds_is_no_voice() -> None:
    busy = sine(425.0, SECONDS) * (TIME % 0.5 < 0.25)
    assert sum(voiced(busy)) == 0.0
    digits = (sine(770.0, SECONDS) // 3 + sine(1_336.0, SECONDS) // 3) * (TIME % 0.4 < 0.16)
    assert max(voiced(digits)) < 200.0
    assert max(voiced(melody()[:COUNT])) < 200.0


def test_knocks_and_keys_are_no_voice() -> None:
    sound = noise(10.0)
    decay = np.exp(-np.arange(1_500) / 300.0)
    for begin in range(0, COUNT - 1_500, RATE // 7):
        sound[begin : begin + 1_500] += noise(8_000.0)[:1_500] * decay
    assert sum(voiced(pcm(sound))) < 100.0


def test_a_machine_that_starts_is_noticed_and_then_no_longer() -> None:
    hum = sum((np.sin(2.0 * np.pi * 120.0 * k * TIME) / k for k in range(1, 30)), np.zeros(COUNT))
    hum[:RATE] = 0.0
    first, *_, last = voiced(pcm(3_000.0 * hum))
    assert first == last == 0.0
    assert sum(voiced(pcm(3_000.0 * hum))) <= 700.0


def test_a_voice_from_the_next_room_does_not_count() -> None:
    assert sum(voiced(voice(SECONDS, peak=40.0))) == 0.0


def test_silence_and_a_constant_are_no_voice() -> None:
    assert sum(voiced(np.zeros(RATE, dtype=np.int16))) == 0.0
    assert sum(voiced(np.full(RATE, 900, dtype=np.int16))) == 0.0


def test_a_microphone_with_an_offset_hears_all_the_same() -> None:
    assert min(voiced(voice(SECONDS, peak=1_000.0) + np.int16(2_000))) > 250.0


def test_after_a_restart_the_old_quiet_is_no_measure() -> None:
    detector = VoiceActivity()
    voiced(np.zeros(RATE, dtype=np.int16), detector)
    detector.restart()
    tone = pcm(9_000.0 * np.sign(np.sin(2.0 * np.pi * 200.0 * TIME)))
    assert sum(voiced(tone, detector)) == 0.0


@given(st.lists(st.binary(min_size=2 * FRAME, max_size=2 * FRAME), max_size=8))
def test_any_sound_is_taken_and_never_more_is_voiced_than_was_heard(frames: list[bytes]) -> None:
    detector = VoiceActivity()
    for frame in frames:
        detector.frame(np.frombuffer(frame, dtype=np.int16))
    assert 0.0 <= detector.voiced <= 10.0 * len(frames)
