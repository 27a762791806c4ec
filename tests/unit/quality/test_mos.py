import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.quality import mos
from appliance.units import Milliseconds


@pytest.mark.parametrize(
    ("round_trip", "jitter", "loss", "expected"),
    [
        (77, 0, 0.0, 4.363),
        (100, 10, 0.0, 4.338),
        (100, 10, 0.01, 4.272),
        (100, 10, 0.05, 3.924),
        (400, 30, 0.0, 3.006),
        (400, 30, 0.03, 2.612),
        (1000, 0, 0.0, 0.99),
    ],
)
def test_the_first_formula_gives_its_published_values(
    round_trip: float, jitter: float, loss: float, expected: float
) -> None:
    assert mos.plivo(round_trip, jitter, loss) == pytest.approx(expected, abs=0.0005)


@pytest.mark.parametrize(
    ("round_trip", "jitter", "loss", "expected"),
    [
        (0, 0, 0, 4.4333),
        (77, 0, 0, 4.3972),
        (100, 10, 0, 4.3744),
        (100, 10, 1, 4.3142),
        (100, 10, 5, 3.9863),
        (400, 30, 0, 3.0880),
        (400, 30, 3, 2.6943),
        (1000, 0, 0, 1.0),
    ],
)
def test_the_second_formula_gives_its_published_values(
    round_trip: float, jitter: float, loss: float, expected: float
) -> None:
    assert mos.twilio(round_trip, jitter, loss) == pytest.approx(expected, abs=0.0005)


def test_a_sample_uses_the_second_formula_with_its_loss_as_a_fraction() -> None:
    assert mos.estimated(Milliseconds(100), Milliseconds(10), 0.05) == mos.twilio(100, 10, 5)


def test_nothing_is_guessed_while_the_round_trip_is_unknown() -> None:
    assert mos.estimated(None, Milliseconds(0), 0.0) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_what_is_no_measurement_has_no_mos(value: float) -> None:
    assert mos.twilio(value, 0, 0) is None
    assert mos.twilio(0, value, 0) is None
    assert mos.twilio(0, 0, value) is None


@given(st.floats(0, 5000), st.floats(0, 5000), st.floats(0, 1))
def test_the_estimate_stays_on_the_scale(round_trip: float, jitter: float, loss: float) -> None:
    estimate = mos.estimated(Milliseconds(round_trip), Milliseconds(jitter), loss)
    assert estimate is not None
    assert 0.999 <= estimate <= 4.5


@given(st.floats(0, 900), st.floats(0, 0.3), st.floats(0, 0.3))
def test_more_loss_never_sounds_better(round_trip: float, first: float, second: float) -> None:
    low, high = sorted((first, second))
    better = mos.estimated(Milliseconds(round_trip), Milliseconds(0), low)
    worse = mos.estimated(Milliseconds(round_trip), Milliseconds(0), high)
    assert better is not None
    assert worse is not None
    assert worse <= better + 1e-9
