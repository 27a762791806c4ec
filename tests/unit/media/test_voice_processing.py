"""Echo, noise and loudness: what a listener at the far end is spared, and what is left of whoever speaks."""

from collections.abc import Callable

import numpy as np
import pytest

from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm
from appliance.media.settings import EchoCancellation, VoiceSettings
from appliance.media.voice_processing import VoiceProcessor, voice_processor
from tests.support import echo_figures
from tests.support.intelligibility import aligned, stoi
from tests.support.room import Room, microphone, power
from tests.support.speech import man, woman
from tests.support.tones import RATE

Make = Callable[[], VoiceProcessor]

UNPROCESSED = {-6.0: 0.89, 0.0: 0.79}
"""STOI of the microphone as it is, by the level of the echo."""


def made(echo: EchoCancellation = EchoCancellation.NONE, *, noise: bool = False, gain: bool = False) -> VoiceProcessor:
    settings = VoiceSettings(echo_cancellation=echo, noise_suppression=noise, gain_control=gain)
    processor = voice_processor(settings)
    assert processor is not None
    return processor


def handset() -> VoiceProcessor:
    return made(EchoCancellation.HANDSET)


def hands_free() -> VoiceProcessor:
    return made(EchoCancellation.HANDS_FREE)


class Nothing:
    def played(self, frame: Pcm) -> None:
        """Of no use."""

    def processed(self, frame: Pcm) -> Pcm:
        return frame


def test_nothing_is_done_where_nothing_is_wanted() -> None:
    assert voice_processor(VoiceSettings()) is None


def test_hands_free_echo_is_gone_within_a_second_and_stays_away() -> None:
    figures = echo_figures.settling(hands_free)
    assert figures.convergence < 1.0
    assert figures.settled >= 30.0


def test_hands_free_echo_stays_away_when_the_cards_clocks_differ() -> None:
    assert echo_figures.settling(hands_free, Room(drift=100.0)).settled >= 25.0


def test_hands_free_echo_is_gone_again_two_seconds_after_its_path_has_changed() -> None:
    assert echo_figures.after_a_change(hands_free) >= 20.0


@pytest.mark.parametrize(("make", "level"), [(handset, 0.0), (hands_free, -6.0), (hands_free, 0.0)])
def test_whoever_speaks_while_the_far_end_does_is_understood(make: Make, level: float) -> None:
    both = echo_figures.double_talk(make, echo=level)
    assert both.intelligibility >= UNPROCESSED[level]
    assert -3.0 <= both.gain <= 1.0
    assert both.delay <= (0.0 if make is handset else 12.0)


def test_the_figures_of_no_processing_are_those_of_the_room() -> None:
    for level, score in UNPROCESSED.items():
        both = echo_figures.double_talk(Nothing, echo=level)
        assert both.intelligibility == pytest.approx(score, abs=0.01)
        assert both.gain == pytest.approx(0.0, abs=1.0)


def test_a_handset_learns_its_path_without_delay_or_package() -> None:
    figures = echo_figures.settling(handset, Room(delay=0.005, level=-20.0))
    assert figures.convergence < 5.0
    assert figures.settled >= 18.0


def test_a_handset_learns_a_new_path() -> None:
    assert echo_figures.after_a_change(handset) >= 8.0


@pytest.mark.parametrize("make", [handset, hands_free])
def test_a_microphone_is_itself_while_nothing_is_played(make: Make) -> None:
    said = man()[: 3 * RATE]
    out = echo_figures.heard(make(), np.zeros_like(said), said)
    clean, left, _ = aligned(said[: len(out)], out)
    assert stoi(clean, left) > 0.99


def test_the_threads_of_the_two_directions_may_be_late_by_turns() -> None:
    played = man()[: 10 * RATE]
    captured = microphone(Room(delay=0.050).echo(played))
    processor, out, handed = hands_free(), [], 0
    for index in range(len(played) // FRAME):
        # Every other second the loudspeaker's thread hands its frames over in bursts.
        burst = 3 if index // 100 % 2 else 1
        while handed <= index // burst * burst:
            processor.played(played[handed * FRAME : (handed + 1) * FRAME])
            handed += 1
        out.append(processor.processed(captured[index * FRAME : (index + 1) * FRAME]))
    assert echo_figures.erle(captured, np.concatenate(out), 6.0, 10.0) >= 25.0


def test_a_microphone_that_stood_still_finds_its_echo_again() -> None:
    played = man()[: 11 * RATE]
    captured = microphone(Room(delay=0.050).echo(played))
    processor, out = hands_free(), []
    for index in range(len(played) // FRAME):
        processor.played(played[index * FRAME : (index + 1) * FRAME])
        if not 300 <= index < 400:
            out.append(processor.processed(captured[index * FRAME : (index + 1) * FRAME]))
    kept = np.concatenate([captured[: 3 * RATE], captured[4 * RATE :]])
    assert echo_figures.erle(kept, np.concatenate(out), 6.0, 10.0) >= 25.0


def test_noise_is_turned_down_and_a_voice_in_it_is_not() -> None:
    voice = woman()[: 6 * RATE]
    noise = np.random.default_rng(3).normal(0.0, 300.0, 9 * RATE)
    noise[3 * RATE :] += voice
    noisy = np.rint(noise).astype(np.int16)
    out = echo_figures.heard(made(noise=True), np.zeros_like(noisy), noisy)
    assert echo_figures.erle(noisy, out, 1.5, 3.0) > 10.0
    clean, left, delay = aligned(voice[: len(out) - 3 * RATE], out[3 * RATE :])
    assert stoi(clean, left) > 0.9
    assert delay < 8.0


def test_a_quiet_voice_is_made_louder() -> None:
    quiet = (man()[: 8 * RATE] * 10.0 ** (-25.0 / 20.0)).astype(np.int16)
    out = echo_figures.heard(made(gain=True), np.zeros_like(quiet), quiet)
    assert power(out[4 * RATE :]) > power(quiet[4 * RATE :]) + 10.0


def test_all_of_it_together_gives_whole_frames() -> None:
    processor = made(EchoCancellation.HANDS_FREE, noise=True, gain=True)
    loud = np.full(FRAME, 32_767, dtype=np.int16)
    for _ in range(SAMPLE_RATE // FRAME // 10):
        processor.played(loud)
        out = processor.processed(loud)
        assert out.shape == (FRAME,)
        assert out.dtype == np.int16
