"""Packets in order of their time."""

from hypothesis import given
from hypothesis import strategies as st

from appliance.media.g711 import G711Decoder, Law
from appliance.media.jitter_buffer import CAPACITY, Insertion, JitterBuffer, Timeline, Waiting
from appliance.media.packet import RtpPacket

DECODER = G711Decoder(Law.MU)


def waiting(slot: int, *, sequence: int | None = None) -> Waiting:
    return Waiting(960 * slot, slot if sequence is None else sequence, 960, b"x", DECODER)


def test_order_is_that_of_time() -> None:
    buffer = JitterBuffer()
    for slot in (3, 1, 2):
        assert buffer.insert(waiting(slot), 0) is Insertion.STORED
    assert [buffer.pop().sequence for _ in range(3)] == [1, 2, 3]
    assert buffer.first is None


def test_what_is_past_is_late_and_what_was_there_a_duplicate() -> None:
    buffer = JitterBuffer()
    assert buffer.insert(waiting(1), 1920) is Insertion.LATE
    assert buffer.insert(waiting(1), 1919) is Insertion.STORED
    assert buffer.insert(waiting(1), 0) is Insertion.DUPLICATE
    assert buffer.insert(waiting(1, sequence=77), 0) is Insertion.DUPLICATE, "one packet for each slot"
    buffer.pop()
    assert buffer.insert(waiting(1), 5_000) is Insertion.DUPLICATE, "though it is past"


def test_it_is_bounded() -> None:
    buffer = JitterBuffer()
    for slot in range(CAPACITY + 10):
        buffer.insert(waiting(slot), 0)
    assert len(buffer) == CAPACITY
    assert buffer.overflowed == 10
    assert buffer.first == waiting(10)


def test_dropping() -> None:
    buffer = JitterBuffer()
    for slot in range(5):
        buffer.insert(waiting(slot), 0)
    assert buffer.drop_before(1920) == 2
    assert buffer.clear() == 3
    assert len(buffer) == 0


@given(st.lists(st.integers(-20_000, 20_000), min_size=1, max_size=50), st.integers(0, 2**32 - 1))
def test_wraps_are_taken_out(steps: list[int], start: int) -> None:
    slot = 0
    first = RtpPacket(0, start % 65_536, start, 1, b"")
    timeline = Timeline(first, 8_000)
    base = timeline.position(first), timeline.sequence(first)
    for step in steps:
        slot += step
        packet = RtpPacket(0, (start + slot) % 65_536, (start + 160 * slot) % 2**32, 1, b"")
        assert timeline.sequence(packet) - base[1] == slot
        assert timeline.position(packet) - base[0] == 960 * slot
