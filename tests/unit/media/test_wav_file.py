"""Reading any WAV."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DriverError
from appliance.media.frame import SAMPLE_RATE
from appliance.media.resampling import converter, resampled
from appliance.media.wav_file import read
from tests.support.tones import amplitude, hear, sine
from tests.unit.sim.wav_files import write_wav


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize(("channels", "width"), [(1, 2), (2, 2), (1, 1), (2, 3), (1, 4)])
def test_any_rate_and_width_becomes_48_khz_mono(tmp_path: Path, rate: int, channels: int, width: int) -> None:
    write_wav(tmp_path / "a.wav", sine(1000.0, 0.5, rate=rate), rate=rate, channels=channels, width=width)
    samples = read(tmp_path / "a.wav")
    assert len(samples) == pytest.approx(SAMPLE_RATE / 2, abs=10)
    assert hear(samples, 1000.0).share == 1.0
    assert amplitude(samples, 1000.0) == pytest.approx(0.3 / np.sqrt(2), rel=0.02)


def test_what_the_lower_rate_cannot_carry_is_cut_off_not_folded() -> None:
    sound = sine(30_000.0, 0.2, rate=96_000).astype(np.float64)
    out = resampled(sound, 96_000, SAMPLE_RATE)[2000:-2000]
    assert np.sqrt(np.mean(out**2)) < 0.01 * np.sqrt(np.mean(sound**2))


@given(st.binary(max_size=300))
def test_what_is_no_wav_is_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.wav"
    for content in (data, b"RIFF" + data, b"RIFF\0\0\0\0WAVEfmt " + data):
        path.write_bytes(content)
        with pytest.raises(DriverError, match="damaged"):
            read(path)


def test_an_empty_file_is_silence(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", sine(1.0, 0.0), rate=8000)
    assert len(read(tmp_path / "a.wav")) == 0


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", sine(440.0, 3.0, rate=8_000), rate=8_000)
    assert len(read(tmp_path / "a.wav", longest=3.0)) == 3 * SAMPLE_RATE
    with pytest.raises(DriverError, match=r"a\.wav can't be played: it has 3 s, 2 are allowed"):
        read(tmp_path / "a.wav", longest=2.0)


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100, 48_000, 96_000])
def test_a_stream_of_another_rate_loses_nothing_there_and_back(rate: int) -> None:
    there, back = converter(SAMPLE_RATE, rate), converter(rate, SAMPLE_RATE)
    sound = sine(1000.0, 2.0)
    out = np.concatenate([back(there(sound[at : at + 480])) for at in range(0, len(sound), 480)])
    assert len(out) > len(sound) - SAMPLE_RATE // 100
    assert hear(out[4_800:], 1000.0).share == 1.0
    assert amplitude(out[4_800:], 1000.0) == pytest.approx(amplitude(sound, 1000.0), rel=0.02)
