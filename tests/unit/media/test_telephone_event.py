"""Digits in RTP, both ways."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.events import DigitReceived
from appliance.media.packet import RtpPacket
from appliance.media.telephone_event import DIGITS, DigitReceiver, DigitSender
from appliance.units import Milliseconds

PTIME = Milliseconds(20.0)


def event(
    digit: str, ticks: int, timestamp: int, *, end: bool = False, ssrc: int = 1, payload_type: int = 101
) -> RtpPacket:
    payload = struct.pack("!BBH", DIGITS.index(digit), 0x8A if end else 0x0A, ticks)
    return RtpPacket(payload_type, 0, timestamp % 2**32, ssrc, payload)


def heard(receiver: DigitReceiver, *packets: RtpPacket) -> str:
    return "".join(each.digit for each in map(receiver.received, packets) if each is not None)


def test_one_digit_as_packets() -> None:
    sender = DigitSender(8_000)
    assert sender.queue("5")
    packets = [sender.next(PTIME) for _ in range(20)]
    sent = [each for each in packets if each is not None]

    assert [each is not None for each in packets] == [True] * 10 + [False] * 10
    assert [each.marker for each in sent] == [True] + [False] * 9
    assert [struct.unpack("!BBH", each.payload) for each in sent] == [
        *((5, 10, 160 * (n + 1)) for n in range(7)),
        *((5, 0x80 | 10, 1280) for _ in range(3)),
    ]
    assert [each.offset for each in sent] == [20.0 * n for n in range(10)], "all begin at the same instant"
    assert not sender.busy


def test_digits_one_after_the_other_with_a_gap_between() -> None:
    sender = DigitSender(48_000)
    assert sender.queue("1a")
    pattern = [sender.next(PTIME) is not None for _ in range(40)]
    begin = [index for index, now in enumerate(pattern) if now and not (index and pattern[index - 1])]
    assert begin[0] == 0
    assert 11 <= begin[1] <= 12, "160 ms of tone and 70 ms until the next"


@pytest.mark.parametrize("digits", ["", "1x", "12 ", "1" * 65])
def test_what_is_no_digit_is_refused_whole(digits: str) -> None:
    sender = DigitSender(8_000)
    assert not sender.queue(digits)
    assert sender.next(PTIME) is None


@pytest.mark.parametrize("ptime", [10, 20, 30, 40, 60])
@pytest.mark.parametrize("clock_rate", [8_000, 48_000])
def test_what_is_sent_is_heard(ptime: int, clock_rate: int) -> None:
    sender = DigitSender(clock_rate)
    receiver = DigitReceiver({101: clock_rate})
    assert sender.queue(DIGITS)
    digits = []
    for step in range(600):
        packet = sender.next(Milliseconds(float(ptime)))
        if packet is not None:
            began = round((step * ptime - packet.offset) * clock_rate / 1000)
            digits.append(receiver.received(RtpPacket(101, step, began, 1, packet.payload)))
    told = [each for each in digits if each is not None]
    assert "".join(each.digit for each in told) == DIGITS
    assert all(150 <= each.duration <= 240 for each in told)


def test_each_press_is_told_once_at_its_end() -> None:
    receiver = DigitReceiver({101: 8_000})
    assert heard(receiver, event("7", 160, 1000), event("7", 320, 1000)) == ""
    end = event("7", 800, 1000, end=True)
    assert receiver.received(end) == DigitReceived("7", Milliseconds(100.0))
    assert heard(receiver, end, end, event("7", 640, 1000)) == ""


def test_the_same_digit_again_is_another_press() -> None:
    receiver = DigitReceiver({101: 8_000})
    assert heard(receiver, event("7", 800, 1000, end=True), event("7", 800, 5000, end=True)) == "77"


def test_only_the_end_arrives() -> None:
    assert heard(DigitReceiver({101: 8_000}), event("#", 800, 1000, end=True)) == "#"


def test_a_lost_end_is_made_up_for_by_the_next_press() -> None:
    receiver = DigitReceiver({101: 8_000})
    assert heard(receiver, event("1", 160, 1000), event("2", 160, 5000), event("2", 320, 5000, end=True)) == "12"


def test_a_straggler_of_the_press_before_is_no_press() -> None:
    receiver = DigitReceiver({101: 8_000})
    assert (
        heard(receiver, event("1", 800, 1000, end=True), event("2", 160, 5000), event("1", 800, 1000, end=True)) == "1"
    )


def test_timestamps_wrap() -> None:
    receiver = DigitReceiver({101: 8_000})
    assert heard(receiver, event("1", 800, 2**32 - 100, end=True), event("2", 800, 3000, end=True)) == "12"


@pytest.mark.parametrize("payload", [b"", b"\x05", b"\x05\x8a\x01", b"\x10\x8a\x01\x00", b"\xff\xff\xff\xff"])
def test_what_is_no_digit_is_not_heard(payload: bytes) -> None:
    assert DigitReceiver({101: 8_000}).received(RtpPacket(101, 0, 0, 1, payload)) is None


@pytest.mark.fuzz
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2**32 - 1), st.integers(0, 1), st.binary(max_size=6)), max_size=30
    )
)
def test_nothing_a_peer_sends_is_told_twice(packets: list[tuple[int, int, int, bytes]]) -> None:
    receiver = DigitReceiver({0: 8_000, 1: 48_000})
    told = 0
    for payload_type, timestamp, ssrc, payload in packets:
        told += receiver.received(RtpPacket(payload_type, 0, timestamp, ssrc, payload)) is not None
    assert told <= len(packets)
