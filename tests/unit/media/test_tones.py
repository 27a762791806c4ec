"""Call progress tones, the ringtone and DTMF."""

from itertools import pairwise

import numpy as np
import pytest

from appliance.errors import UsageError
from appliance.media.frame import Pcm
from appliance.media.level import level
from appliance.media.tones import (
    BUSY,
    CALL_WAITING,
    DIAL,
    HOWLER,
    REORDER,
    RINGBACK,
    RINGTONE,
    Tone,
    ToneGenerator,
    dtmf,
)
from tests.support.tones import digits, hear

EVERY = (DIAL, RINGBACK, BUSY, REORDER, CALL_WAITING, RINGTONE, HOWLER, dtmf("5"))


def played(tone: Tone, seconds: float) -> Pcm:
    generator = ToneGenerator(tone)
    return np.concatenate([generator.next_frame() for _ in range(round(seconds * 100))])


@pytest.mark.parametrize("tone", EVERY, ids=lambda tone: tone.name)
def test_level_and_softness(tone: Tone) -> None:
    sound = played(tone, 6.0)
    assert sound.size == 288_000
    windows = [level(sound[start : start + 480]) for start in range(0, sound.size, 480)]
    assert max(windows) <= -8
    assert max(windows) >= tone.level - 2
    highest = max(tone.frequencies)
    loudest = 32_767 * 10 ** (tone.level / 20) * 2**0.5 * len(tone.frequencies) ** 0.5
    steepest = loudest * (2 * np.pi * highest / 48_000 + 2 / 240)
    assert np.abs(np.diff(sound.astype(int))).max() <= steepest, "a click"


def test_the_dial_tone_does_not_end() -> None:
    assert hear(played(DIAL, 3.0), 425).share == 1.0


@pytest.mark.parametrize(
    ("tone", "on", "off"),
    [(RINGBACK, 1000, 4000), (BUSY, 480, 480), (REORDER, 240, 240)],
    ids=lambda each: str(each)[:20],
)
def test_cadences(tone: Tone, on: int, off: int) -> None:
    sound = played(tone, 10.0)
    sounding = np.abs(sound.reshape(-1, 480)).max(axis=1) > 0
    edges = np.flatnonzero(np.diff(sounding.astype(int)))
    starts = np.concatenate([[0], (edges + 1)[1::2]]) * 10
    ends = (edges + 1)[::2] * 10
    assert all(abs(int(end - start) - on) <= 10 for start, end in zip(starts, ends, strict=False))
    assert all(int(b - a) == on + off for a, b in pairwise(starts))


@pytest.mark.parametrize("digit", "0123456789*#ABCD")
def test_dtmf_is_what_a_detector_wants(digit: str) -> None:
    sound = np.concatenate([played(dtmf(digit), 0.3), np.zeros(4_800, dtype=np.int16)])
    assert [press.digit for press in digits(sound)] == [digit]
    assert digits(sound)[0].seconds == pytest.approx(0.16, abs=0.04)


def test_a_digit_ends_by_itself() -> None:
    generator = ToneGenerator(dtmf("a"))
    frames = 0
    while not generator.finished:
        generator.next_frame()
        frames += 1
    assert frames in {16, 17}
    assert not generator.next_frame().any()


def test_stopping_fades_out() -> None:
    generator = ToneGenerator(DIAL)
    for _ in range(10):
        generator.next_frame()
    generator.stop()
    last = generator.next_frame()
    assert last[:100].any()
    assert not last[240:].any()
    assert generator.finished
    assert not generator.next_frame().any()


@pytest.mark.parametrize("digit", ["", "E", "12", " "])
def test_what_is_no_digit_is_refused(digit: str) -> None:
    with pytest.raises(UsageError, match="no digit"):
        dtmf(digit)
