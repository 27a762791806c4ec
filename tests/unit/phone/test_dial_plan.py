"""Patterns and patience of the dial plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import UsageError
from appliance.phone.dial_plan import LONGEST, DialPlan, Fit, Pattern, extended, hash_is_a_digit
from appliance.units import Seconds


@pytest.mark.parametrize(
    ("pattern", "number", "fit"),
    [
        ("1XX", "1", Fit.BEGINNING),
        ("1XX", "101", Fit.WHOLE),
        ("1xx", "199", Fit.WHOLE),
        ("1XX", "1019", Fit.NO),
        ("1XX", "201", Fit.NO),
        ("1XX", "1*1", Fit.NO),
        ("NXX", "101", Fit.NO),
        ("NXX", "901", Fit.WHOLE),
        ("Z", "0", Fit.NO),
        ("Z", "1", Fit.WHOLE),
        ("0.", "0", Fit.BEGINNING),
        ("0.", "01", Fit.OPEN),
        ("0.", "0171555", Fit.OPEN),
        ("0.", "017*", Fit.NO),
        (".", "7", Fit.OPEN),
        ("[13-5]0", "20", Fit.NO),
        ("[13-5]0", "40", Fit.WHOLE),
        ("*21*X.", "*21*100", Fit.OPEN),
        ("#31#", "#31#", Fit.WHOLE),
        ("112", "", Fit.BEGINNING),
    ],
)
def test_how_a_number_fits(pattern: str, number: str, fit: Fit) -> None:
    assert Pattern.parse(pattern).fit(number) is fit


@pytest.mark.parametrize("pattern", ["", "1.2", "..", "1Q", "[", "[]", "[12", "[5-3]", "[a]", "1 2", "+49"])
def test_a_pattern_that_can_not_be_read_is_quoted(pattern: str) -> None:
    with pytest.raises(UsageError) as raised:
        Pattern.parse(pattern)
    assert repr(pattern) in str(raised.value)


@given(st.text(max_size=12))
def test_any_text_is_a_pattern_or_a_usage_error(text: str) -> None:
    try:
        pattern = Pattern.parse(text)
    except UsageError:
        return
    assert pattern.fit("") is Fit.BEGINNING


def test_a_complete_number_is_dialled_at_once_unless_it_may_go_on() -> None:
    plan = DialPlan.of(patterns=("1XX", "1XXX", "2XX", "0."), inter_digit=Seconds(4.0))
    assert plan.patience("201") == 0.0
    assert plan.patience("101") == 4.0, "1011 is possible"
    assert plan.patience("1011") == 0.0
    assert plan.patience("0171") == 4.0
    assert plan.patience("9") == 4.0, "fits nothing, and can be dialled all the same"


def test_without_patterns_every_number_waits() -> None:
    assert DialPlan().patience("101") == 4.0


def test_an_emergency_number_waits_only_if_it_may_go_on() -> None:
    assert DialPlan.of(patterns=("2XX",)).patience("112") == 0.0
    assert DialPlan().patience("112") == 1.5
    assert DialPlan.of(inter_digit=Seconds(1.0)).patience("112") == 1.0


def test_blocked_numbers_and_the_emergency_numbers_among_them() -> None:
    plan = DialPlan.of(blocked=(".",), emergency=("112",))
    assert not plan.permits("0900123")
    assert plan.permits("112")
    assert not plan.permits("911")


def test_a_blocked_beginning_does_not_block() -> None:
    plan = DialPlan.of(blocked=("0900.",))
    assert plan.permits("0900")
    assert not plan.permits("09001")
    assert plan.permits("0901")


def test_a_number_stops_growing() -> None:
    number = "1" * LONGEST
    assert extended(number, "2") == number
    assert extended("1", "2") == "12"


@pytest.mark.parametrize(("number", "digit"), [("", True), ("*21", True), ("#31", True), ("4711", False)])
def test_when_hash_belongs_to_the_number(number: str, digit: bool) -> None:
    assert hash_is_a_digit(number) is digit
