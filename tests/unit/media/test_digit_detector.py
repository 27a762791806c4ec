"""Digits as sound: what Q.24 wants heard is, what it wants ignored and what people say is not."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.media.codec import Decoder, Encoder
from appliance.media.digit_detector import DigitDetector
from appliance.media.digit_tones import DigitTones
from appliance.media.events import DigitMethod
from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm
from appliance.media.g711 import G711Decoder, G711Encoder, Law
from appliance.media.level import level
from appliance.media.opus import OpusDecoder, OpusEncoder
from appliance.media.telephone_event import DIGITS
from appliance.media.tones import COLUMNS, KEYS, ROWS
from tests.support.speech import man, woman
from tests.unit.media.voice import voice

Sound = NDArray[np.float64]

PAIRS = [(row, column, KEYS[i][j]) for i, row in enumerate(ROWS) for j, column in enumerate(COLUMNS)]


def pair(row: float, column: float, *, ms: float = 60.0, dbov: float = -20.0, twist: float = 0.0) -> Sound:
    """Two tones, the row's at `dbov`, the column's `twist` dB above."""
    time = np.arange(round(ms * SAMPLE_RATE / 1000.0)) / SAMPLE_RATE
    peak = 32_767.0 * np.sqrt(2.0) * 10.0 ** (dbov / 20.0)
    low = np.sin(2.0 * np.pi * row * time + 0.4)
    high = np.sin(2.0 * np.pi * column * time + 1.1) * 10.0 ** (twist / 20.0)
    return np.asarray(peak * (low + high))


def silence(ms: float) -> Sound:
    return np.zeros(round(ms * SAMPLE_RATE / 1000.0))


def frames(*sounds: Sound) -> Iterator[Pcm]:
    sound = np.concatenate([silence(30), *sounds, silence(150)])
    whole = np.clip(np.rint(sound[: sound.size // FRAME * FRAME]), -32_768, 32_767).astype(np.int16)
    return iter(whole.reshape(-1, FRAME))


def heard(*sounds: Sound) -> str:
    detector = DigitDetector()
    told = [detector.heard(frame) for frame in frames(*sounds)]
    return "".join(each.digit for each in told if each is not None)


@pytest.mark.parametrize(("row", "column", "digit"), PAIRS)
def test_each_digit_is_heard_within_one_and_a_half_percent_and_not_beyond_three_and_a_half(
    row: float, column: float, digit: str
) -> None:
    for off in (-0.015, 0.0, 0.015):
        assert heard(pair(row * (1.0 + off), column * (1.0 - off))) == digit
    for off in (-0.035, 0.035):
        assert heard(pair(row * (1.0 + off), column)) == ""
        assert heard(pair(row, column * (1.0 + off))) == ""


def test_40_ms_are_a_press_and_23_are_none_wherever_they_begin() -> None:
    for shift in range(0, 480, 37):
        row, column, digit = PAIRS[shift % 16]
        begin = np.zeros(shift)
        assert heard(begin, pair(row, column, ms=40)) == digit
        assert heard(begin, pair(row, column, ms=23)) == ""


def test_a_pause_of_40_ms_makes_two_presses_and_one_of_10_ms_does_not() -> None:
    for shift in range(0, 480, 37):
        begin, tones = np.zeros(shift), pair(852.0, 1209.0)
        assert heard(begin, tones, silence(40), tones) == "77"
        assert heard(begin, tones, silence(10), tones) == "7"
    assert heard(pair(697.0, 1209.0), pair(697.0, 1336.0), pair(697.0, 1209.0)) == "121"


@pytest.mark.parametrize("twist", [-8.0, -4.0, 4.0])
def test_one_tone_may_be_louder(twist: float) -> None:
    assert heard(pair(770.0, 1477.0, twist=twist)) == "6"
    assert heard(pair(770.0, 1477.0, twist=4.0 * twist)) == ""


@pytest.mark.parametrize(("dbov", "digit"), [(-6.0, "6"), (-31.0, "6"), (-36.0, "6"), (-46.0, "")])
def test_from_0_to_25_dbm0_each(dbov: float, digit: str) -> None:
    assert heard(pair(770.0, 1477.0, dbov=dbov)) == digit


def test_noise_15_db_below_hides_nothing_and_presses_nothing() -> None:
    random = np.random.default_rng(5)
    for row, column, digit in PAIRS:
        tones = pair(row, column)
        noise = random.normal(0.0, np.sqrt(np.mean(tones**2) / 10.0**1.5), 3 * tones.size)
        noise[tones.size : 2 * tones.size] += tones
        assert heard(noise) == digit
    assert heard(random.normal(0.0, 3_000.0, 10 * SAMPLE_RATE)) == ""


@pytest.mark.parametrize("loudness", [0.3, 1.0, 3.0])
def test_people_who_talk_press_nothing(loudness: float) -> None:
    for speech in (man(), woman(), voice(5.0), voice(5.0, pitch=210.0)):
        assert heard(np.asarray(speech * loudness, dtype=np.float64)) == ""


def test_other_tones_press_nothing() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for tones in (
        (425.0,),
        (350.0, 440.0),
        (480.0, 620.0),
        (440.0, 480.0),
        (1400.0, 2060.0),
        (697.0, 941.0),
        (1000.0,),
    ):
        assert heard(sum((4_000.0 * np.sin(2 * np.pi * hertz * time) for hertz in tones), np.zeros(SAMPLE_RATE))) == ""


def test_how_long_it_was_pressed() -> None:
    for ms in (50.0, 160.0, 900.0):
        detector = DigitDetector()
        (told,) = [each for frame in frames(pair(941.0, 1336.0, ms=ms)) if (each := detector.heard(frame)) is not None]
        assert told.digit == "0"
        assert told.method is DigitMethod.INBAND
        assert told.duration == pytest.approx(ms, abs=15.0)


@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [
        (OpusEncoder(bitrate=24_000), OpusDecoder()),
        (OpusEncoder(bitrate=12_000), OpusDecoder()),
        (G711Encoder(Law.MU), G711Decoder(Law.MU)),
        (G711Encoder(Law.A), G711Decoder(Law.A)),
    ],
)
def test_what_we_send_is_heard_through_each_codec(encoder: Encoder, decoder: Decoder) -> None:
    tones, detector, told = DigitTones(), DigitDetector(), ""
    assert tones.queue(DIGITS)
    for _ in range(len(DIGITS) * 12 + 5):
        pcm = np.concatenate(
            [np.zeros(FRAME, dtype=np.int16) if (each := tones.next_frame()) is None else each for _ in "12"]
        )
        for frame in decoder.decode(encoder.encode(pcm)).reshape(-1, FRAME):
            if (digit := detector.heard(frame)) is not None:
                told += digit.digit
    assert told == DIGITS
    assert not tones.busy


def test_levels_and_limits_of_what_we_send() -> None:
    tones = DigitTones()
    assert tones.next_frame() is None
    assert not tones.queue("")
    assert not tones.queue("1x")
    assert tones.queue("5" * 64)
    assert not tones.queue("5")
    sound = np.concatenate([frame for _ in range(16) if (frame := tones.next_frame()) is not None])
    assert level(sound[2 * FRAME : 12 * FRAME]) == pytest.approx(-12.0, abs=0.2)
