"""Call progress tones, the ringtone and DTMF."""

from itertools import pairwise

import numpy as np
import pytest

from appliance.errors import UsageError
from appliance.media.frame import Pcm
from appliance.media.level import level
from appliance.media.tone_plan import ALSO, COUNTRIES, PLANS, STANDARD, tone_plan
from appliance.media.tones import Tone, ToneGenerator, dtmf
from tests.support.tones import amplitude, digits, hear

DIAL, RINGBACK, BUSY, REORDER = STANDARD.dial, STANDARD.ringback, STANDARD.busy, STANDARD.reorder
RINGTONE = STANDARD.ringtone
EVERY = (DIAL, RINGBACK, BUSY, REORDER, STANDARD.call_waiting, RINGTONE, STANDARD.howler, dtmf("5"))


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


def cadence(tone: Tone, seconds: float) -> list[int]:
    """How long it sounds and is silent by turns, in ms, in steps of 5."""
    sounding = np.abs(played(tone, seconds).reshape(-1, 240)).max(axis=1) > 0
    edges = np.concatenate([[0], np.flatnonzero(np.diff(sounding.astype(int))) + 1])
    return [int(length) * 5 for length in np.diff(edges)]


def test_each_country_has_tones_of_its_own_and_they_sound_as_written() -> None:
    assert set(PLANS) >= {"US", "GB", "DE", "ES", "FR", "IT", "NL", "AT", "CH"}
    for plan in (STANDARD, *PLANS.values()):
        for tone in (plan.dial, plan.ringback, plan.busy, plan.reorder, plan.call_waiting, plan.ringtone):
            wanted = [length for pair in tone.cadence for length in pair]
            if wanted:
                assert cadence(tone, 2.0 * sum(wanted) / 1000.0)[: len(wanted)] == pytest.approx(wanted, abs=10), tone
            if not tone.warble:
                first = tone.cadence[0][0] if tone.cadence else 1000
                sound = played(tone, 3.0)[: first * 48]
                for hertz in tone.frequencies:
                    assert amplitude(sound, hertz) > 0.02, tone


@pytest.mark.parametrize(
    ("country", "frequencies", "ringback"),
    [
        ("US", (440.0, 480.0), ((2000, 4000),)),
        ("uk", (400.0, 450.0), ((400, 200), (400, 2000))),
        ("FR", (440.0,), ((1500, 3500),)),
        ("ES", (425.0,), ((1500, 3000),)),
        ("at", (420.0,), ((1000, 5000),)),
        ("", (425.0,), ((1000, 4000),)),
    ],
)
def test_what_people_know_by_ear(
    country: str, frequencies: tuple[float, ...], ringback: tuple[tuple[int, int], ...]
) -> None:
    plan = tone_plan(country)
    assert (plan.ringback.frequencies, plan.ringback.cadence) == (frequencies, ringback)
    assert plan.ringtone.cadence == ringback


def test_a_country_without_a_plan_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(UsageError, match=r"country: 'XX' is not one of AT, CA, CH, DE"):
        tone_plan("XX")
    assert all(tone_plan(country) for country in COUNTRIES)
    assert set(ALSO.values()) <= set(PLANS)
