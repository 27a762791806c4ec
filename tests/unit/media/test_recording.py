"""A recorded sound in a tone's place."""

import numpy as np

from appliance.media.frame import FRAME, silence
from appliance.media.recording import Recording, RecordingPlayer
from tests.support.tones import hear, sine


def test_it_begins_again_after_its_end() -> None:
    player = RecordingPlayer(Recording("a", sine(1000.0, 0.5)))
    sound = np.concatenate([player.next_frame() for _ in range(150)])
    assert hear(sound, 1000.0).share == 1.0
    assert not player.finished


def test_it_fades_when_it_is_stopped_and_nothing_follows() -> None:
    player = RecordingPlayer(Recording("a", sine(1000.0, 0.5)))
    player.next_frame()
    player.stop()
    last = player.next_frame()
    assert last[:100].any()
    assert not last[240:].any()
    assert player.finished
    assert not player.next_frame().any()


def test_one_of_no_whole_frames_and_one_of_none() -> None:
    player = RecordingPlayer(Recording("a", sine(1000.0, 0.015)))
    assert all(player.next_frame().shape == (FRAME,) for _ in range(5))
    assert RecordingPlayer(Recording("empty", silence(0))).finished


def test_two_of_one_name_are_the_same() -> None:
    assert Recording("a", silence(1)) == Recording("a", silence(2))
    assert Recording("a", silence(1)) != Recording("b", silence(1))
