"""A recording that survives."""

import wave
from pathlib import Path

from appliance.media.frame import SAMPLE_RATE
from appliance.sim.recorder import Recorder
from tests.support.tones import sine


def test_a_recording_is_whole_after_each_second_without_being_closed(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.wav")
    recorder.open()
    for _ in range(250):
        recorder.write(sine(440.0, 0.01))
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 1, 2)
        assert file.getnframes() == 2 * SAMPLE_RATE
    recorder.close()
    recorder.open()
    recorder.write(sine(440.0, 0.01))
    recorder.close()
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() == 251 * SAMPLE_RATE // 100
    recorder.write(sine(440.0, 0.01))
