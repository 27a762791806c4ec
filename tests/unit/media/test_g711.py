"""PCMU and PCMA, and the way to and from 8 kHz."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.frame import Pcm
from appliance.media.g711 import G711Decoder, G711Encoder, Law
from appliance.media.level import level
from tests.support.tones import amplitude, hear, sine
from tests.unit.media.voice import voice

LAWS = tuple(Law)


def through(law: Law, pcm: Pcm, *, ptime: int = 20) -> Pcm:
    encoder, decoder = G711Encoder(law, ptime=ptime), G711Decoder(law)
    size = encoder.samples
    payloads = [encoder.encode(pcm[start : start + size]) for start in range(0, pcm.size - size + 1, size)]
    assert {len(each) for each in payloads} == {8 * ptime}
    return np.concatenate([decoder.decode(each) for each in payloads])


@pytest.mark.parametrize(
    ("law", "values"),
    [
        (Law.MU, {0x00: -32_124, 0x80: 32_124, 0xFF: 0, 0x7F: 0, 0xF0: 120, 0x70: -120}),
        (Law.A, {0xD5: 8, 0x55: -8, 0xAA: 32_256, 0x2A: -32_256, 0x80: 5_504, 0x00: -5_504}),
    ],
)
def test_the_tables_are_the_recommendation_s(law: Law, values: dict[int, int]) -> None:
    for code, value in values.items():
        decoder = G711Decoder(law)
        assert int(decoder._values[code]) == value


@pytest.mark.parametrize("law", LAWS)
def test_every_code_comes_back(law: Law) -> None:
    encoder, decoder = G711Encoder(law), G711Decoder(law)
    values = decoder._values.astype(np.int16)
    codes = encoder._table[values.view(np.uint16)]
    assert np.array_equal(decoder._values[codes], decoder._values)


@pytest.mark.parametrize("ptime", [10, 20, 30, 60])
@pytest.mark.parametrize("law", LAWS)
def test_a_tone_survives(law: Law, ptime: int) -> None:
    result = through(law, sine(1000, 2.4), ptime=ptime)
    assert hear(result[4_800:], 1000).share == 1.0
    assert amplitude(result[4_800:], 1000) == pytest.approx(amplitude(sine(1000, 2.4), 1000), rel=0.02)


@pytest.mark.parametrize("hertz", [300, 1_000, 2_000, 3_300])
def test_the_telephone_band_is_flat(hertz: int) -> None:
    given_, result = sine(hertz, 1.0), through(Law.A, sine(hertz, 1.0))[4_800:]
    assert 20 * math.log10(amplitude(result, hertz) / amplitude(given_, hertz)) == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize(("hertz", "alias"), [(5_000, 3_000), (7_000, 1_000), (9_000, 1_000), (15_000, 1_000)])
def test_what_8_khz_cannot_carry_is_not_folded_into_it(hertz: int, alias: int) -> None:
    result = through(Law.MU, sine(hertz, 1.0))[4_800:]
    assert amplitude(result, alias) < amplitude(sine(hertz, 1.0), hertz) / 500


def test_no_images_above_the_telephone_band() -> None:
    result = through(Law.MU, sine(1_000, 1.0))[4_800:]
    for hertz in (7_000, 9_000, 15_000, 17_000):
        assert amplitude(result, hertz) < amplitude(result, 1_000) / 500


@pytest.mark.parametrize("law", LAWS)
def test_concealment_sounds_on_and_fades(law: Law) -> None:
    encoder, decoder = G711Encoder(law), G711Decoder(law)
    sound = voice(1.0)
    for start in range(0, 14_400, 960):
        decoder.decode(encoder.encode(sound[start : start + 960]))
    before = decoder.decode(encoder.encode(sound[14_400:15_360]))
    guess = decoder.conceal(960)
    assert abs(level(guess) - level(before)) < 4
    assert abs(int(guess[0]) - int(before[-1])) < 3_000, "no click at the seam"
    for _ in range(4):
        guess = decoder.conceal(960)
    assert level(guess) < -80
    assert decoder.conceal(120).shape == (120,)
    assert decoder.recover(b"x" * 160, 960) is None


def test_sound_that_comes_back_is_merged() -> None:
    encoder, decoder = G711Encoder(Law.MU), G711Decoder(Law.MU)
    sound = sine(400, 1.0)
    payloads = [encoder.encode(sound[start : start + 960]) for start in range(0, 48_000, 960)]
    pieces = [decoder.decode(each) for each in payloads[:20]]
    pieces.append(decoder.conceal(960))
    pieces += [decoder.decode(each) for each in payloads[21:]]
    result = np.concatenate(pieces).astype(int)
    steepest = 2 * math.pi * 400 / 48_000 * 0.3 * 32_767
    assert np.abs(np.diff(result)).max() < 2 * steepest
    assert hear(result[4_800:].astype(np.int16), 400).longest_gap == 0


@pytest.mark.fuzz
@given(
    st.lists(st.binary(max_size=1200) | st.integers(0, 48).map(lambda n: 120 * n), max_size=8), st.sampled_from(LAWS)
)
def test_whatever_comes_is_decoded_to_its_duration(steps: list[bytes | int], law: Law) -> None:
    decoder = G711Decoder(law)
    for step in steps:
        if isinstance(step, int):
            assert decoder.conceal(step).shape == (step,)
        else:
            assert decoder.decode(step).size == decoder.duration(step)
