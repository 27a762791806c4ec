from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.quality.mos import estimated
from appliance.quality.sample import Counters, Sampler, Totals
from appliance.quality.summary import Summary
from appliance.units import Milliseconds, Seconds

BEFORE = Counters(codec="opus", packets_sent=100, packets_received=100, bytes_sent=4000, bytes_received=5000)
ONE = Seconds(1.0)


def test_a_sample_is_the_difference_of_two_readings() -> None:
    after = Counters(
        codec="opus",
        packets_sent=150,
        bytes_sent=6000,
        packets_received=147,
        bytes_received=7000,
        packets_lost=3,
        packets_late=1,
        jitter=Milliseconds(4.0),
        round_trip=Milliseconds(30.0),
        remote_packets_lost=5,
        remote_loss_fraction=0.1,
        remote_jitter=Milliseconds(6.0),
        concealed=Milliseconds(80.0),
        stretched=Milliseconds(10.0),
        playout_delay=Milliseconds(45.0),
        underruns=2,
        input_energy=0.01,
        input_measured=Seconds(1.0),
        output_energy=0.0005,
        output_measured=Seconds(0.5),
        microphone_measured=Seconds(1.0),
        muted_voice=Milliseconds(120.0),
    )
    sample = Sampler().sample(BEFORE, after, ONE)
    assert (sample.packets_sent, sample.bytes_sent) == (50, 2000)
    assert (sample.packets_received, sample.bytes_received) == (47, 2000)
    assert (sample.packets_lost, sample.packets_late) == (3, 1)
    assert sample.loss_fraction == pytest.approx(3 / 50)
    assert sample.remote_loss_fraction == 0.1
    assert (sample.concealed, sample.stretched, sample.underruns) == (80.0, 10.0, 2)
    assert sample.playout_delay == 45.0
    assert sample.input_level == pytest.approx(-20.0)
    assert sample.output_level == pytest.approx(-30.0)
    assert (sample.microphone_level, sample.muted_voice) == (-127.0, 120.0)
    assert sample.totals == Totals(
        packets_sent=150,
        bytes_sent=6000,
        packets_received=147,
        bytes_received=7000,
        packets_lost=3,
        packets_late=1,
        loss_fraction=0.02,
        concealed=Milliseconds(80.0),
        stretched=Milliseconds(10.0),
        underruns=2,
    )
    # Late packets were not heard either.
    assert sample.mos == estimated(Milliseconds(30.0), Milliseconds(4.0), 4 / 50)


def test_nothing_received_has_no_mos_and_no_loss() -> None:
    sample = Sampler().sample(BEFORE, replace(BEFORE, round_trip=Milliseconds(10.0)), ONE)
    assert sample.mos is None
    assert sample.loss_fraction == 0.0


def test_an_unknown_round_trip_has_no_mos() -> None:
    assert Sampler().sample(BEFORE, replace(BEFORE, packets_received=150), ONE).mos is None


def test_a_microphone_that_delivers_nothing_has_no_level() -> None:
    sample = Sampler().sample(BEFORE, BEFORE, ONE)
    assert sample.microphone_level is None
    assert (sample.input_level, sample.output_level) == (-127.0, -127.0)


@given(st.floats(0, 10), st.floats(0, 10))
def test_a_level_is_never_above_full_scale_nor_below_silence(energy: float, measured: float) -> None:
    after = replace(BEFORE, input_energy=energy, input_measured=Seconds(measured))
    assert -127.0 <= Sampler().sample(BEFORE, after, ONE).input_level <= 0.0


@given(st.builds(Counters, **dict.fromkeys(("packets_sent", "packets_received", "packets_lost"), st.integers(0, 999))))
def test_counters_that_begin_anew_are_never_negative(after: Counters) -> None:
    sample = Sampler().sample(BEFORE, after, ONE)
    assert min(sample.packets_sent, sample.packets_received, sample.packets_lost) >= 0
    assert 0.0 <= sample.loss_fraction <= 1.0


def test_the_summary_has_the_final_totals_and_the_extremes() -> None:
    summary = Summary()
    final = BEFORE
    for jitter, round_trip in ((2.0, 10.0), (8.0, 30.0), (5.0, 20.0)):
        following = replace(
            final,
            packets_received=final.packets_received + 50,
            jitter=Milliseconds(jitter),
            round_trip=Milliseconds(round_trip),
        )
        summary.add(Sampler().sample(final, following, ONE))
        final = following
    result = summary.result(final)
    assert (result.codec, result.packets_received) == ("opus", 250)
    assert (result.mean_jitter, result.worst_jitter) == (5.0, 8.0)
    assert (result.mean_round_trip, result.worst_round_trip) == (20.0, 30.0)
    assert result.worst_mos == estimated(Milliseconds(30.0), Milliseconds(8.0), 0.0)
    assert result.mean_mos is not None
    assert result.worst_mos is not None
    assert result.mean_mos > result.worst_mos


def test_a_call_without_a_sample_has_a_summary_without_guesses() -> None:
    result = Summary().result(Counters())
    assert (result.mean_mos, result.worst_jitter, result.mean_round_trip) == (None, None, None)
