"""From packets to frames, over networks of every kind."""

from dataclasses import replace

import numpy as np
import pytest

from appliance.media.frame import silence
from appliance.media.g711 import G711Decoder, G711Encoder, Law
from appliance.media.level import level
from appliance.media.opus import OpusDecoder, OpusEncoder
from appliance.media.packet import RtpPacket
from appliance.media.playout import PayloadFormat, Playout
from appliance.units import Milliseconds, Seconds
from tests.bench.drift import slope
from tests.support.tones import hear, sine
from tests.unit.media.streams import OPUS, START, opus_packets, opus_playout, play
from tests.unit.media.voice import voice

Arrivals = list[tuple[float, RtpPacket]]


def test_a_clean_network() -> None:
    playout = opus_playout()
    played = play(playout, opus_packets(sine(1000, 5.0)), 5.0)

    assert hear(played.pcm[7_200:], 1000).longest_gap == 0
    counters = playout.counters
    assert (counters.concealed, counters.underruns, counters.packets_late, counters.packets_discarded) == (0.0, 0, 0, 0)
    assert counters.played == 4_990.0
    assert counters.playout_delay < 30
    assert counters.output.level == pytest.approx(-13.5, abs=1.0)


def test_silence_before_the_first_packet_is_not_counted() -> None:
    playout = opus_playout()
    assert not play(playout, [], 1.0).pcm.any()
    assert playout.counters.played == 0.0
    assert playout.counters.concealed == 0.0


def test_one_lost_packet_delays_nothing_and_is_hardly_heard() -> None:
    packets = opus_packets(voice(6.0))
    del packets[150]
    playout = opus_playout()
    played = play(playout, packets, 6.0)
    counters = playout.counters
    assert counters.concealed <= 20
    assert np.mean(played.delays[-100:]) < np.mean(played.delays[200:290]) + 30
    sound = play(opus_playout(), opus_packets(voice(6.0)), 6.0).pcm
    assert level(played.pcm[96_000:]) == pytest.approx(level(sound[96_000:]), abs=0.5)


def test_five_percent_loss_is_mostly_recovered() -> None:
    choice = np.random.default_rng(5)
    encoder = OpusEncoder()
    encoder.expect_loss(0.2)
    packets = [each for each in opus_packets(voice(20.0), encoder=encoder) if choice.random() > 0.05]
    lost = 1000 - len(packets)
    playout = opus_playout()
    played = play(playout, packets, 20.0)
    assert playout.counters.concealed < 0.8 * lost * 20
    assert max(played.delays[300:]) < 60


def jittered(packets: Arrivals, milliseconds: float, *, seed: int = 3) -> Arrivals:
    choice = np.random.default_rng(seed)
    return [(when + choice.random() * milliseconds / 1000, each) for when, each in packets]


@pytest.mark.parametrize("jitter", [20, 60, 120])
def test_jitter_is_waited_for_but_not_longer(jitter: int) -> None:
    playout = opus_playout()
    played = play(playout, jittered(opus_packets(sine(1000, 15.0)), jitter), 15.0)
    assert 0.6 * jitter < np.mean(played.delays[-300:]) < jitter + 40
    assert hear(played.pcm[-480_000:], 1000).share > 0.9
    last = playout.counters.concealed
    assert last < 15_000 * 0.05


def test_the_delay_shrinks_again_while_somebody_talks() -> None:
    packets = opus_packets(voice(50.0))
    bad = jittered([each for each in packets if 3 <= each[0] < 10], 120)
    playout = opus_playout()
    played = play(playout, [*(each for each in packets if not 3 <= each[0] < 10), *bad], 50.0)
    assert max(played.delays[500:1000]) > 80
    assert np.mean(played.delays[-200:]) < 45
    assert playout.counters.stretched > 60


def test_the_delay_is_bounded_after_a_stall() -> None:
    packets = [(max(when, 6.0) if when > 3.0 else when, each) for when, each in opus_packets(voice(15.0))]
    playout = opus_playout()
    played = play(playout, packets, 15.0)
    assert max(played.delays[600:]) <= 310
    assert np.mean(played.delays[-200:]) < 60
    assert level(played.pcm[int(6.5 * 48_000) : 7 * 48_000]) > -40


def test_a_long_loss_fades_to_silence_and_comes_back() -> None:
    packets = [each for each in opus_packets(sine(400, 6.0)) if not 2.0 <= each[0] < 4.0]
    playout = opus_playout()
    pcm = play(playout, packets, 6.0).pcm
    assert level(pcm[round(2.3 * 48_000) : round(3.9 * 48_000)]) < -90
    assert level(pcm[round(4.2 * 48_000) :]) > -20
    assert playout.counters.underruns == 1
    steepest = 2 * np.pi * 400 / 48_000 * 0.3 * 32_767
    assert np.abs(np.diff(pcm[round(1.9 * 48_000) :].astype(int))).max() < 4 * steepest


def test_reordered_and_repeated_packets_are_played_once() -> None:
    packets = opus_packets(sine(1000, 5.0))
    swapped = [(when + (0.021 if index % 10 == 3 else 0.0), each) for index, (when, each) in enumerate(packets)]
    playout = opus_playout()
    played = play(playout, [*swapped, *((when + 0.015, each) for when, each in packets)], 5.0)
    assert playout.counters.packets_discarded == pytest.approx(250, abs=3)
    assert hear(played.pcm[96_000:], 1000).longest_gap == 0


def test_pauses_of_the_sender_are_not_losses() -> None:
    sound = np.concatenate([voice(2.0), silence(48_000 * 3), voice(2.0)])
    packets = opus_packets(sound, encoder=OpusEncoder(dtx=True))
    assert len(packets) < 280
    playout = opus_playout()
    pcm = play(playout, packets, 7.0).pcm
    counters = playout.counters
    assert counters.concealed == 0.0
    assert counters.underruns == 0
    assert level(pcm[3 * 48_000 : 4 * 48_000]) < -60
    assert level(pcm[round(5.2 * 48_000) :]) == pytest.approx(level(voice(2.0)), abs=3)


def test_another_source_is_heard_at_once() -> None:
    first = opus_packets(sine(400, 2.0))
    second = [(2.0 + when, each) for when, each in opus_packets(sine(1000, 2.0), number=9, timestamp=77, ssrc=8)]
    pcm = play(opus_playout(), [*first, *second], 4.0).pcm
    assert hear(pcm[round(2.15 * 48_000) :], 1000).share == 1.0


@pytest.mark.parametrize("jump", [48_000 * 60, -48_000 * 60, 2**31, 48_000, -48_000])
def test_a_sender_whose_timestamps_jump_is_heard_again_soon(jump: int) -> None:
    packets = opus_packets(sine(1000, 6.0))
    moved = [
        (when, each if when < 3.0 else replace(each, timestamp=(each.timestamp + jump) % 2**32))
        for when, each in packets
    ]
    pcm = play(opus_playout(), moved, 6.0).pcm
    assert hear(pcm[round(4.2 * 48_000) :], 1000).share == 1.0


def test_a_held_stream_whose_time_stood_still_is_heard_again_at_once() -> None:
    packets = opus_packets(sine(1000, 4.0))
    moved = [(when if when < 2.0 else when + 5.0, each) for when, each in packets]
    pcm = play(opus_playout(), moved, 9.0).pcm
    assert hear(pcm[round(7.2 * 48_000) :], 1000).share == 1.0


def test_payload_types_may_change_in_the_middle() -> None:
    narrow = G711Encoder(Law.A)
    sound = sine(1000, 4.0)
    packets = opus_packets(sound)
    for index in range(100, 200):
        when, packet = packets[index]
        payload = narrow.encode(sound[index * 960 : (index + 1) * 960])
        packets[index] = (when, replace(packet, payload_type=8, timestamp=160 * index, payload=payload))
    playout = Playout([PayloadFormat(OPUS, 48_000, OpusDecoder()), PayloadFormat(8, 8_000, G711Decoder(Law.A))])
    pcm = play(playout, packets, 4.0).pcm
    assert hear(pcm[9_600:], 1000).longest_gap <= 60
    assert hear(pcm[round(2.2 * 48_000) :], 1000).share == 1.0


@pytest.mark.parametrize("ptime", [10, 20, 40, 60])
def test_every_packet_time(ptime: int) -> None:
    playout = opus_playout()
    played = play(playout, opus_packets(sine(1000, 3.0), encoder=OpusEncoder(ptime=ptime)), 3.0)
    assert hear(played.pcm[14_400:], 1000).longest_gap == 0
    assert playout.counters.concealed <= ptime


@pytest.mark.parametrize("drift", [-200e-6, 200e-6])
def test_two_clocks_that_drift_apart(drift: float) -> None:
    packets = [(when * (1 + drift), each) for when, each in opus_packets(sine(1000, 120.0))]
    playout = opus_playout()
    played = play(playout, packets, 119.0)
    assert max(played.delays[300:]) < 45
    assert hear(played.pcm[14_400:], 1000).share == 1.0
    assert playout.counters.concealed < 200


@pytest.mark.parametrize("ppm", [-100.0, 100.0])
def test_ten_minutes_of_clocks_that_differ_neither_run_dry_nor_grow(ppm: float) -> None:
    growth, longest, underruns, concealed = slope(600, ppm)
    assert abs(growth) < 30.0  # ms an hour, of ten minutes only: `python -m tests.bench drift` has the hour
    assert longest < 45.0
    assert (underruns, concealed) == (0, 0.0)


def test_unknown_and_damaged_packets_are_counted_and_dropped() -> None:
    playout = opus_playout()
    playout.arrived(RtpPacket(55, 1, 1, 7, b"x"), Seconds(START))
    playout.arrived(RtpPacket(OPUS, 1, 1, 7, b""), Seconds(START))
    assert playout.counters.packets_discarded == 2
    assert not playout.next_frame(Seconds(START)).any()


def test_digits_in_the_stream_are_not_lost_sound() -> None:
    packets = [each for each in opus_packets(voice(4.0)) if not 2.0 <= each[0] < 2.2]
    playout = opus_playout()
    play(playout, [each for each in packets if each[0] < 2.0], 2.0)
    for number in range(10):
        playout.event_arrived(RtpPacket(110, (65_530 + 100 + number) % 65_536, 5, 7, b"xxxx"))
    play(playout, [(when - 2.0, each) for when, each in packets if when >= 2.0], 2.0, start=START + 2.0)
    assert playout.counters.underruns == 0
    assert playout.counters.concealed == 0.0


def test_other_formats_from_now_on() -> None:
    playout = opus_playout()
    play(playout, opus_packets(sine(1000, 1.0)), 1.0)
    playout.use([PayloadFormat(8, 8_000, G711Decoder(Law.A))])
    narrow = G711Encoder(Law.A)
    sound = sine(400, 1.0)
    packets = [
        (0.02 * n, RtpPacket(8, n, 160 * n, 7, narrow.encode(sound[960 * n : 960 * n + 960]))) for n in range(50)
    ]
    assert hear(play(playout, packets, 1.0, start=START + 1.0).pcm[9_600:], 400).share == 1.0


def test_a_fixed_delay() -> None:
    playout = Playout(
        [PayloadFormat(OPUS, 48_000, OpusDecoder())],
        minimum_delay=Milliseconds(100.0),
        maximum_delay=Milliseconds(100.0),
    )
    assert np.mean(play(playout, opus_packets(sine(1000, 5.0)), 5.0).delays[-100:]) == pytest.approx(100.0, abs=12.0)
    assert playout.target_delay == 100.0
