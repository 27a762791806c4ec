"""What every audio device does, whichever driver it is: `media.ports.AudioDevice`."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.devices.sound_card import RATES, SoundCard
from appliance.errors import DriverError
from appliance.media.audio_keeper import NullAudio
from appliance.media.frame import FRAME, Pcm
from appliance.media.ports import AudioDevice
from appliance.sim.wav_audio import ToneAudio, WavAudio
from tests.support.pulse import Pulse
from tests.support.tones import RATE, hear, read_wav, sine
from tests.unit.sim.wav_files import write_wav

PATIENCE = 10.0
"""Seconds; a daemon that has just started takes two to begin."""


class Bench:
    """An endpoint that sings 700 Hz and keeps what it hears."""

    def __init__(self) -> None:
        self.frames: list[Pcm] = []
        self.asked = 0
        self.threads: set[int] = set()
        self.errors: list[DriverError] = []
        self.listening = True
        self._song = sine(700.0, 1.0)

    def captured(self, frame: Pcm) -> None:
        self.threads.add(threading.get_ident())
        self.frames.append(frame.copy())

    def wanted(self) -> Pcm:
        begin = self.asked * FRAME % len(self._song)
        self.asked += 1
        return self._song[begin : begin + FRAME]

    def xrun(self) -> None:
        """A busy machine has some."""

    def lost(self, error: DriverError) -> None:
        self.errors.append(error)

    def until_flowing(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(self.frames) < 10 or self.asked < 10:
            assert time.monotonic() < deadline, "no frames came"
            time.sleep(0.02)

    @property
    def heard(self) -> Pcm:
        return np.concatenate(self.frames) if self.frames else np.zeros(0, dtype=np.int16)


@pytest.fixture(scope="module")
def pulse() -> Iterator[Pulse]:
    with Pulse() as daemon, daemon.as_sound_card():
        yield daemon


@pytest.fixture(params=["wav", "tone", "none", "sound card", "two devices"])
def device(request: pytest.FixtureRequest, tmp_path: Path) -> AudioDevice:
    match request.param:
        case "wav":
            write_wav(tmp_path / "in.wav", sine(1000.0, 1.0), rate=48_000)
            return WavAudio(tmp_path / "in.wav", tmp_path / "out.wav", loop=True)
        case "tone":
            return ToneAudio(1000.0, record=tmp_path / "out.wav")
        case "none":
            return NullAudio()
        case "two devices":
            request.getfixturevalue("pulse")
            return SoundCard("microphone", "speaker")
        case _:
            request.getfixturevalue("pulse")
            return SoundCard()


def test_it_has_a_name_and_constructing_it_does_nothing(device: AudioDevice) -> None:
    assert device.name


def test_frames_flow_both_ways_at_their_rate(device: AudioDevice) -> None:
    bench = Bench()
    device.start(bench)
    bench.until_flowing()
    captured, asked, began = len(bench.frames), bench.asked, time.monotonic()
    time.sleep(1.0)
    took = time.monotonic() - began
    captured, asked = len(bench.frames) - captured, bench.asked - asked
    device.stop()
    for count in (captured, asked):
        assert 0.5 < count / (100 * took) < 1.5
    assert all(frame.shape == (FRAME,) and frame.dtype == np.int16 for frame in bench.frames)
    assert threading.get_ident() not in bench.threads
    assert bench.errors == []


def test_nothing_is_called_after_stop_and_it_starts_again(device: AudioDevice) -> None:
    threads = threading.active_count()
    for _ in range(3):
        bench = Bench()
        device.start(bench)
        time.sleep(0.2)
        device.stop()
        calls = (len(bench.frames), bench.asked)
        time.sleep(0.1)
        assert (len(bench.frames), bench.asked) == calls
        assert bench.asked > 0
    device.stop()
    assert threading.active_count() == threads


@pytest.mark.parametrize(
    ("names", "rates"),
    [
        (("default", "default"), RATES),
        (("microphone", "speaker"), RATES),
        (("microphone", "speaker"), (44_100,)),
    ],
)
def test_a_sound_card_is_heard_and_hears(pulse: Pulse, names: tuple[str, str], rates: tuple[int, ...]) -> None:
    bench = Bench()
    card = SoundCard(*names, rates=rates)
    with pulse.feeding(sine(1000.0, 8.0)), pulse.listening() as listener:
        card.start(bench)
        time.sleep(1.0)
        begin, played = len(bench.heard), listener.seconds
        time.sleep(2.0)
        heard, listened = bench.heard[begin:], listener.samples[int(played * RATE) :]
        card.stop()
    assert hear(heard, 1000.0).share > 0.9
    assert hear(listened, 700.0).share > 0.9


@pytest.mark.usefixtures("pulse")
def test_a_sound_card_that_is_not_there_is_named() -> None:
    with pytest.raises(DriverError, match="theremin"):
        SoundCard("theremin").start(Bench())
    with pytest.raises(DriverError, match="theremin"):
        SoundCard("microphone", "theremin").start(Bench())


def test_a_sound_card_that_goes_is_reported_once_and_both_ways_end() -> None:
    bench = Bench()
    with Pulse() as doomed, doomed.as_sound_card():
        card = SoundCard()
        card.start(bench)
        bench.until_flowing()
        doomed.kill()
        deadline = time.monotonic() + PATIENCE
        while not bench.errors and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        calls = (len(bench.frames), bench.asked)
        time.sleep(0.3)
        assert len(bench.errors) == 1
        assert (len(bench.frames), bench.asked) == calls
        card.stop()
    # And it comes back, when another daemon serves the same name.
    with Pulse() as reborn, reborn.as_sound_card():
        fresh = Bench()
        card.start(fresh)
        fresh.until_flowing()
        card.stop()


def test_a_sound_card_that_hangs_is_left_behind_and_does_no_harm_when_it_wakes_up() -> None:
    bench = Bench()
    with Pulse() as stuck, stuck.as_sound_card():
        card = SoundCard()
        card.start(bench)
        bench.until_flowing()
        stuck.stand_still()
        began = time.monotonic()
        card.stop()
        assert time.monotonic() - began < PATIENCE
        calls = (len(bench.frames), bench.asked)
        stuck.kill()
        stuck.start()
        fresh = Bench()
        card.start(fresh)
        fresh.until_flowing()
        card.stop()
        assert (len(bench.frames), bench.asked, bench.errors) == (*calls, [])


def test_a_file_that_is_played_begins_when_somebody_listens(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", sine(1000.0, 0.5), rate=48_000)
    device = WavAudio(tmp_path / "in.wav", tmp_path / "out.wav")
    bench = Bench()
    bench.listening = False
    device.start(bench)
    time.sleep(0.3)
    quiet = len(bench.frames)
    assert not bench.heard.any()
    bench.listening = True
    time.sleep(0.9)
    device.stop()
    sound = np.concatenate(bench.frames[quiet:])
    assert hear(sound[: RATE // 2], 1000.0).share >= 0.8
    assert not sound[int(0.6 * RATE) :].any()
    assert hear(read_wav(tmp_path / "out.wav")[0], 700.0).share > 0.9


def test_a_file_that_is_not_there_or_not_writable_is_named(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=r"missing\.wav"):
        WavAudio(tmp_path / "missing.wav").start(Bench())
    with pytest.raises(DriverError, match=r"nowhere"):
        ToneAudio(440.0, record=tmp_path / "nowhere" / "out.wav").start(Bench())
