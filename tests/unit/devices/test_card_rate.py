"""Cards of other rates than everybody's."""

import numpy as np
import pytest

from appliance.devices.card_rate import FromCard, ToCard
from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm
from tests.support.tones import amplitude, hear, sine


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_a_microphone_of_any_rate_gives_whole_frames(rate: int) -> None:
    card, sound = FromCard(rate), sine(1000.0, 2.0, rate=rate)
    blocks = [sound[at : at + rate // 100] for at in range(0, len(sound), rate // 100)]
    frames = [frame for block in blocks for frame in card.frames(block)]
    assert {frame.shape for frame in frames} == {(FRAME,)}
    assert 198 <= len(frames) <= 200, "a hundred a second, less what the filter holds"
    heard = np.concatenate(frames)[4_800:]
    assert hear(heard, 1000.0).share == 1.0
    assert amplitude(heard, 1000.0) == pytest.approx(0.3 / 2**0.5, rel=0.03)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_a_loudspeaker_of_any_rate_takes_a_hundred_frames_a_second(rate: int) -> None:
    card, sound, asked = ToCard(rate), sine(1000.0, 3.0), 0

    def wanted() -> Pcm:
        nonlocal asked
        asked += 1
        return sound[(asked - 1) * FRAME : asked * FRAME]

    blocks = [card.block(wanted, rate // 100) for _ in range(200)]
    assert {block.shape for block in blocks} == {(rate // 100,)}
    assert 200 <= asked <= 202
    assert hear(np.concatenate(blocks)[rate // 10 :], 1000.0, rate=rate).share == 1.0
    assert SAMPLE_RATE == 100 * FRAME
