"""Opus through libopus."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DriverError
from appliance.media import opus
from appliance.media.frame import Pcm, silence
from appliance.media.level import level
from appliance.media.opus import OpusDecoder, OpusEncoder
from tests.support.tones import hear, sine
from tests.unit.media.voice import voice


def packets(encoder: OpusEncoder, pcm: Pcm) -> list[bytes]:
    size = encoder.samples
    return [encoder.encode(pcm[start : start + size]) for start in range(0, pcm.size - size + 1, size)]


@pytest.mark.parametrize("ptime", [10, 20, 40, 60])
def test_a_tone_survives(ptime: int) -> None:
    encoder, decoder = OpusEncoder(ptime=ptime), OpusDecoder()
    assert encoder.samples == 48 * ptime
    payloads = packets(encoder, sine(1000, 2.4))
    assert all(decoder.duration(each) == encoder.samples for each in payloads)
    decoded = np.concatenate([decoder.decode(each) for each in payloads])
    assert hear(decoded[9_600:], 1000).share == 1.0


def test_the_bit_rate_is_kept() -> None:
    for bitrate in (8_000, 12_000, 24_000, 48_000):
        encoder = OpusEncoder(bitrate=bitrate)
        payloads = packets(encoder, voice(10.0))
        assert sum(map(len, payloads)) * 8 / 10 < 1.25 * bitrate


def test_a_constant_bit_rate_is_constant() -> None:
    assert len(set(map(len, packets(OpusEncoder(constant_bitrate=True), voice(2.0))))) == 1


def test_silence_is_not_sent_if_pauses_are_wanted() -> None:
    quiet = silence(48_000 * 2)
    assert packets(OpusEncoder(dtx=True), quiet).count(b"") > 60
    assert b"" not in packets(OpusEncoder(dtx=False), quiet)


def test_a_lost_packet_is_recovered_from_the_next() -> None:
    sound = voice(3.0)
    encoder = OpusEncoder(fec=True)
    encoder.expect_loss(0.2)
    payloads = packets(encoder, sound)
    whole, lossy = OpusDecoder(), OpusDecoder()
    recovered = 0
    error_recovered = error_concealed = 0.0
    for index in range(20, len(payloads) - 1, 6):
        for each in payloads[index - 5 : index]:
            whole.decode(each)
            lossy.decode(each)
        truth = whole.decode(payloads[index]).astype(float)
        guess = lossy.recover(payloads[index + 1], 960)
        if guess is None:
            lossy.conceal(960)
            continue
        recovered += 1
        assert guess.shape == (960,)
        error_recovered += float(np.sum((guess - truth) ** 2))
        error_concealed += float(np.sum(truth**2))
    assert recovered >= 10
    assert error_recovered < 0.7 * error_concealed


def test_without_redundancy_nothing_is_recovered() -> None:
    payloads = packets(OpusEncoder(fec=False), voice(1.0))
    decoder = OpusDecoder()
    assert all(decoder.recover(each, 960) is None for each in payloads)
    assert decoder.recover(b"", 960) is None
    assert decoder.recover(payloads[5], 961) is None


def test_concealment_goes_on_and_fades() -> None:
    decoder = OpusDecoder()
    for each in packets(OpusEncoder(), sine(400, 1.0)):
        decoder.decode(each)
    before = level(decoder.conceal(480))
    assert before > -26
    assert decoder.conceal(2_880).shape == (2_880,)
    for _ in range(50):
        last = decoder.conceal(960)
    assert level(last) < before - 15
    assert decoder.conceal(0).shape == (0,)
    assert decoder.conceal(130).shape == (130,)


def test_a_stereo_stream_is_mixed_down() -> None:
    stereo_silence = bytes([0xFC, 0xFF, 0xFE])  # what Chromium sends for silence: CELT, 20 ms, stereo
    decoder = OpusDecoder()
    assert decoder.duration(stereo_silence) == 960
    assert decoder.decode(stereo_silence).shape == (960,)


def test_a_missing_library_says_what_to_install() -> None:
    with pytest.raises(DriverError, match="apt install libopus0"):
        opus.load(["libno-such-library.so.0"])


def test_a_wrong_setting_is_refused() -> None:
    with pytest.raises(DriverError):
        OpusEncoder(complexity=11)
    with pytest.raises(DriverError):
        OpusEncoder().encode(silence(100))


def test_the_library_tells_its_version() -> None:
    assert opus.version().startswith("libopus")


@pytest.mark.fuzz
@given(st.lists(st.binary(max_size=80), max_size=10))
def test_whatever_comes_is_decoded_to_its_duration(payloads: list[bytes]) -> None:
    decoder = OpusDecoder()
    for payload in payloads:
        assert decoder.decode(payload).size == decoder.duration(payload)
        recovered = decoder.recover(payload, 960)
        assert recovered is None or recovered.size == 960


def test_the_more_is_lost_the_more_is_sent_twice() -> None:
    def redundancy(loss: float) -> int:
        encoder, decoder = OpusEncoder(bitrate=24_000), OpusDecoder()
        encoder.expect_loss(loss)
        return sum(decoder.recover(payload, 960) is not None for payload in packets(encoder, voice(4.0)))

    assert redundancy(0.0) == redundancy(0.05), "the first loss comes before it is reported"
    assert redundancy(0.4) >= redundancy(0.1) > 0
    sizes = {}
    for loss in (0.1, 0.4):
        encoder = OpusEncoder(bitrate=24_000)
        encoder.expect_loss(loss)
        sizes[loss] = sum(map(len, packets(encoder, voice(4.0))))
    assert sizes[0.4] == pytest.approx(sizes[0.1], rel=0.15), "within the same bit rate"
    plain = OpusEncoder(fec=False)
    plain.expect_loss(0.4)
    assert not any(OpusDecoder().recover(payload, 960) is not None for payload in packets(plain, voice(1.0)))
