"""G.722: what goes in comes out at twice the band of a telephone, whatever the packets hold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.frame import Pcm
from appliance.media.g722 import G722Decoder, G722Encoder
from appliance.media.level import level
from tests.support.tones import amplitude, hear, sine
from tests.unit.media.voice import voice


def through(pcm: Pcm, *, ptime: int = 20) -> Pcm:
    encoder, decoder = G722Encoder(ptime=ptime), G722Decoder()
    size = encoder.samples
    payloads = [encoder.encode(pcm[start : start + size]) for start in range(0, pcm.size - size + 1, size)]
    assert {len(each) for each in payloads} == {8 * ptime}
    return np.concatenate([decoder.decode(each) for each in payloads])


@pytest.mark.parametrize("ptime", [10, 20, 30, 40, 60])
def test_a_tone_survives(ptime: int) -> None:
    result = through(sine(1000, 2.4), ptime=ptime)
    assert hear(result[4_800:], 1000).share == 1.0
    assert amplitude(result[4_800:], 1000) == pytest.approx(amplitude(sine(1000, 2.4), 1000), rel=0.05)


@pytest.mark.parametrize("hertz", [100, 300, 1_000, 3_000, 5_000, 6_500])
def test_the_wide_band_is_flat(hertz: int) -> None:
    given_, result = sine(hertz, 1.0), through(sine(hertz, 1.0))[4_800:]
    assert 20 * math.log10(amplitude(result, hertz) / amplitude(given_, hertz)) == pytest.approx(0.0, abs=1.5)


def test_what_is_above_the_band_is_not_folded_into_it() -> None:
    result = through(sine(10_000, 1.0))[4_800:]
    assert amplitude(result, 6_000) < 0.005


def test_a_lost_packet_is_concealed_and_fades() -> None:
    encoder, decoder = G722Encoder(), G722Decoder()
    sound = voice(2.0)
    for start in range(0, 48_000, 960):
        heard = decoder.decode(encoder.encode(sound[start : start + 960]))
    assert level(decoder.conceal(480)) > level(heard) - 10.0
    assert decoder.conceal(120).shape == (120,)
    assert not decoder.conceal(4_800)[-480:].any()


def test_lengths_are_those_of_the_payload() -> None:
    decoder = G722Decoder()
    assert decoder.duration(b"x" * 160) == 960
    assert decoder.duration(b"x" * 961) == 0
    assert decoder.recover(b"x" * 160, 960) is None
    assert decoder.is_pause(b"")
    assert not decoder.is_pause(b"x")


@given(st.lists(st.binary(max_size=1_200), max_size=20))
def test_whatever_a_peer_packs_is_sound_of_its_length(payloads: list[bytes]) -> None:
    decoder = G722Decoder()
    for payload in payloads:
        assert decoder.decode(payload).shape == (decoder.duration(payload),)
