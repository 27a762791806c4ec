import wave
from pathlib import Path

import numpy as np
import pytest

from tests.support.tones import RATE, Samples, amplitude, digits, hear, loudest, read_wav, sine

_PAIRS = {"1": (697, 1209), "5": (770, 1336), "#": (941, 1477), "D": (941, 1633)}


def _pair(digit: str, seconds: float, level: float = 0.15) -> Samples:
    low, high = _PAIRS[digit]
    return sine(low, seconds, level=level) + sine(high, seconds, level=level)


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), dtype=np.int16)


def test_a_whole_tone() -> None:
    heard = hear(sine(1000, 2.0, level=0.5), 1000)
    assert (heard.windows, heard.share, heard.longest_gap) == (20, 1.0, 0)
    assert heard.level == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


@pytest.mark.parametrize("gap_ms", [20, 60, 150, 500])
def test_a_gap_is_measured(gap_ms: int) -> None:
    samples = sine(440, 3.0)
    samples[RATE : RATE + gap_ms * RATE // 1000] = 0
    assert hear(samples, 440).longest_gap == gap_ms


def test_a_tone_that_ends_early_shows_in_both_figures() -> None:
    heard = hear(np.concatenate([sine(440, 1.0), _silence(1.0)]), 440)
    assert heard.share == 0.5
    assert heard.longest_gap == 1000


@pytest.mark.parametrize(
    "samples",
    [_silence(1.0), sine(880, 1.0), sine(440, 1.0, level=0.005), sine(440, 1.0) + sine(1000, 1.0)],
    ids=["silence", "another tone", "too quiet", "two tones"],
)
def test_what_is_no_tone(samples: Samples) -> None:
    heard = hear(samples, 440)
    assert heard.share == 0.0
    assert heard.longest_gap == 1000


def test_noise_is_no_tone() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, RATE).astype(np.int16)
    assert hear(noise, 440).share == 0.0


def test_a_tone_under_noise_is_one() -> None:
    noise = np.random.default_rng(1).normal(0, 300, RATE).astype(np.int16)
    assert hear(sine(440, 1.0) + noise, 440).share == 1.0


def test_nothing_recorded() -> None:
    heard = hear(_silence(0.0), 440)
    assert (heard.windows, heard.share) == (0, 0.0)
    assert amplitude(_silence(0.0), 440) == loudest(_silence(0.0), 440) == 0.0


def test_our_own_echo_is_found_under_the_far_end() -> None:
    samples = sine(440, 1.0)
    assert loudest(samples, 1000) < 0.0005
    samples[RATE // 2 : RATE // 2 + 4800] += sine(1000, 0.1, level=0.01)
    assert loudest(samples, 1000) == pytest.approx(0.01 / np.sqrt(2), rel=0.1)


def test_digits_and_their_lengths() -> None:
    parts = [_silence(0.1)]
    for digit in "15#DD":
        parts += [_pair(digit, 0.16), _silence(0.1)]
    found = digits(np.concatenate(parts))
    assert "".join(press.digit for press in found) == "15#DD"
    assert all(press.seconds == pytest.approx(0.16, abs=0.02) for press in found)
    assert found[0].start == pytest.approx(0.1, abs=0.02)


def test_a_shortened_digit_counts_once_and_a_click_never() -> None:
    assert [press.digit for press in digits(np.concatenate([_silence(0.1), _pair("5", 0.045), _silence(0.1)]))] == ["5"]
    assert digits(np.concatenate([_silence(0.1), _pair("5", 0.01), _silence(0.1)])) == []


@pytest.mark.parametrize("hertz", [440, 770, 1336, 1000])
def test_one_tone_is_no_digit(hertz: int) -> None:
    assert digits(sine(hertz, 0.5)) == []


def test_a_wav_file_is_read(tmp_path: Path) -> None:
    samples = sine(440, 0.5, rate=8000)
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.column_stack([samples, np.zeros_like(samples)]).tobytes())
    read, rate = read_wav(tmp_path / "tone.wav")
    assert rate == 8000
    assert hear(read, 440, rate=rate).share == 1.0
