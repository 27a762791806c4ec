"""From frames to packets."""

import numpy as np
import pytest

from appliance.media.capture import Capture
from appliance.media.frame import FRAME, Pcm, silence
from appliance.media.g711 import G711Encoder, Law
from appliance.media.level import level
from appliance.media.opus import OpusDecoder, OpusEncoder
from appliance.media.packet import RtpPacket
from appliance.media.telephone_event import DigitReceiver
from tests.support.tones import amplitude, digits, sine
from tests.unit.media.voice import voice

TONE = sine(1000, 4.0)


def opus_capture(*, ptime: int = 20, dtx: bool = False, events: int | None = 110) -> Capture:
    return Capture(
        OpusEncoder(ptime=ptime, dtx=dtx),
        ssrc=9,
        payload_type=111,
        clock_rate=48_000,
        sequence_number=65_534,
        timestamp=2**32 - 960,
        event_payload_type=events,
        event_clock_rate=48_000,
    )


def sent(capture: Capture, pcm: Pcm) -> list[RtpPacket]:
    packets = (capture.frame(pcm[start : start + FRAME]) for start in range(0, pcm.size, FRAME))
    return [each for each in packets if each is not None]


def test_numbers_and_timestamps() -> None:
    packets = sent(opus_capture(), TONE[: 480 * 8])
    assert [each.sequence_number for each in packets] == [65_534, 65_535, 0, 1]
    assert [each.timestamp for each in packets] == [2**32 - 960, 0, 960, 1920]
    assert [each.marker for each in packets] == [True, False, False, False]
    assert {(each.ssrc, each.payload_type) for each in packets} == {(9, 111)}


@pytest.mark.parametrize("ptime", [10, 20, 40, 60])
def test_one_packet_for_each_ptime(ptime: int) -> None:
    assert len(sent(opus_capture(ptime=ptime), TONE[:57_600])) == 1200 // ptime


def test_mute_sends_silence_and_says_so() -> None:
    capture = opus_capture()
    sent(capture, TONE[:48_000])
    assert capture.counters.input.level > -20
    capture.muted = True
    packets = sent(capture, TONE[:48_000])
    assert len(packets) == 50
    decoder = OpusDecoder()
    decoded = [decoder.decode(each.payload) for each in packets]
    assert level(np.concatenate(decoded[10:])) < -90
    assert capture.counters.input.level == -127.0


def test_a_voice_behind_the_mute_is_noticed_and_not_sent() -> None:
    capture = opus_capture()
    sent(capture, voice(2.0))
    assert capture.counters.muted_voice == 0.0
    capture.muted = True
    sent(capture, voice(2.0))
    assert capture.counters.muted_voice > 500.0
    assert capture.counters.input.level == -127.0
    capture.muted = False
    heard = capture.counters.muted_voice
    sent(capture, voice(2.0))
    assert capture.counters.muted_voice == heard


def test_hold_sends_nothing_and_time_goes_on() -> None:
    capture = opus_capture()
    before = sent(capture, TONE[:9_600])
    capture.sending = False
    assert sent(capture, TONE[:48_000]) == []
    capture.sending = True
    after = sent(capture, TONE[:9_600])
    assert after[0].marker
    assert after[0].sequence_number == (before[-1].sequence_number + 1) % 65_536
    assert after[0].timestamp == (before[-1].timestamp + 960 + 48_000) % 2**32


def test_after_a_pause_comes_a_marker() -> None:
    capture = opus_capture(dtx=True)
    packets = sent(capture, np.concatenate([TONE[:48_000], silence(96_000), TONE[:48_000]]))
    assert len(packets) < 150
    marked = [each.timestamp for each in packets if each.marker]
    assert (2**32 - 960 + 144_000) % 2**32 in marked


def test_digits_take_the_place_of_sound_in_the_same_stream() -> None:
    capture = opus_capture()
    sent(capture, TONE[:9_600])
    assert capture.send_digits("12")
    assert capture.digits_waiting
    packets = sent(capture, TONE[:48_000])
    numbers = [each.sequence_number for each in packets]
    assert numbers == [(numbers[0] + index) % 65_536 for index in range(len(numbers))]
    events = [each for each in packets if each.payload_type == 110]
    assert len({each.timestamp for each in events}) == 2
    assert sum(each.marker for each in events) == 2
    receiver = DigitReceiver({110: 48_000})
    assert "".join(each.digit for each in map(receiver.received, events) if each) == "12"
    assert not opus_capture().digits_waiting
    first = next(index for index, each in enumerate(packets) if each.payload_type == 111)
    assert packets[first].marker


def test_digits_need_the_peer_to_take_them() -> None:
    assert not opus_capture(events=None).send_digits("1")
    assert not opus_capture().send_digits("x")


def test_another_format_in_the_same_stream() -> None:
    capture = opus_capture()
    before = sent(capture, TONE[:9_600])[-1]
    capture.use(G711Encoder(Law.MU), payload_type=0, clock_rate=8_000)
    after = sent(capture, TONE[:9_600])
    assert after[0].sequence_number == (before.sequence_number + 1) % 65_536
    assert (after[1].timestamp - after[0].timestamp) % 2**32 == 160
    assert len(after[0].payload) == 160
    assert capture.clock_rate == 8_000


def test_totals() -> None:
    capture = opus_capture()
    packets = sent(capture, TONE[:48_000])
    assert capture.counters.packets_sent == 50
    assert capture.counters.bytes_sent == sum(len(each.payload) for each in packets)


def test_a_digit_as_sound_is_sent_through_a_mute_and_the_microphone_rests() -> None:
    capture = opus_capture(events=None)
    capture.muted = True
    assert not capture.send_digits("5")
    assert capture.sound_digits("5")
    assert capture.digits_waiting
    decoder = OpusDecoder()
    sound = np.concatenate([decoder.decode(each.payload) for each in sent(capture, TONE[:24_000])])
    assert [press.digit for press in digits(sound)] == ["5"]
    assert level(sound[16_000:]) < -90
    assert capture.muted
    capture.muted = False
    assert capture.sound_digits("5")
    sound = np.concatenate([decoder.decode(each.payload) for each in sent(capture, TONE[:24_000])])
    assert amplitude(sound[2_000:7_000], 1000.0) < 0.01
    assert amplitude(sound[16_000:], 1000.0) > 0.1
    assert not capture.digits_waiting


def test_digits_as_sound_wait_while_nothing_is_sent() -> None:
    capture = opus_capture()
    capture.sending = False
    assert capture.sound_digits("1")
    assert sent(capture, TONE[:24_000]) == []
    assert capture.digits_waiting
