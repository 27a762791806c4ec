"""How long packets must wait."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.delay_estimator import DelayEstimator
from appliance.units import Milliseconds, Seconds


def estimator() -> DelayEstimator:
    return DelayEstimator(minimum=Milliseconds(20.0), maximum=Milliseconds(200.0))


def feed(subject: DelayEstimator, delays: list[float], *, start: float = 0.0) -> float:
    now = start
    for delay in delays:
        now += 0.02
        subject.arrived(Seconds(-5_000.0 + delay), Seconds(now + delay))
    return now


def test_it_begins_with_two_packets() -> None:
    assert estimator().target == 40.0


def test_a_still_network_needs_the_minimum() -> None:
    subject = estimator()
    feed(subject, [0.05] * 100)
    assert subject.target == 20.0


def test_jitter_raises_it_in_a_fraction_of_a_second() -> None:
    subject = estimator()
    now = feed(subject, [0.05] * 300)
    feed(subject, [0.05, 0.13] * 10, start=now)
    assert 85 <= subject.target <= 95


def test_one_late_packet_does_not() -> None:
    subject = estimator()
    now = feed(subject, [0.05] * 300)
    feed(subject, [0.25, *[0.05] * 20], start=now)
    assert subject.target == 20.0


def test_it_falls_again_within_half_a_minute() -> None:
    subject = estimator()
    choice = np.random.default_rng(1)
    now = feed(subject, [float(each) for each in choice.uniform(0, 0.1, 500)])
    assert subject.target >= 90
    feed(subject, [0.0] * 1_500, start=now)
    assert subject.target == 20.0


def test_losses_ask_for_redundancy_in_time_and_are_forgotten() -> None:
    subject = estimator()
    now = feed(subject, [0.0] * 100)
    subject.lost(Milliseconds(30.0), Seconds(now))
    now = feed(subject, [0.0] * 20, start=now)
    assert subject.target == 30.0
    feed(subject, [0.0] * 600, start=now)
    assert subject.target == 20.0


def test_a_longer_path_is_the_new_normal() -> None:
    subject = estimator()
    now = feed(subject, [0.02] * 300)
    feed(subject, [0.12] * 1_500, start=now)
    assert subject.fastest == -5_000 + 0.12
    assert subject.target == 20.0


def test_the_histogram_stays_finite() -> None:
    subject = estimator()
    feed(subject, [0.0] * 20_000)
    assert subject.target == 20.0


@given(st.lists(st.floats(-1e6, 1e6), max_size=100))
def test_the_target_stays_within_its_bounds(transits: list[float]) -> None:
    subject = estimator()
    for index, transit in enumerate(transits):
        subject.arrived(Seconds(transit), Seconds(0.02 * index))
        assert 20 <= subject.target <= 200
        assert len(subject._fastest) <= 512
