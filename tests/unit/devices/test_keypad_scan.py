from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.devices.debounce import Integrator
from appliance.devices.keypad_scan import Contact, KeypadScan, ambiguous

KEYS = ("123A", "456B", "789C", "*0#D")
PLACES = {(row, column): KEYS[row][column] for row in range(4) for column in range(4)}
SWEEPS = 4

places = st.sampled_from(sorted(PLACES))
held = st.frozensets(places, max_size=5)


def wires(pressed: Iterable[Contact]) -> frozenset[Contact]:
    """What a matrix without diodes reads: a row and a column that current can get between by any way."""
    groups: list[set[str]] = []
    for row, column in pressed:
        ends = {f"row {row}", f"column {column}"}
        joined = [group for group in groups if group & ends]
        groups = [group for group in groups if group not in joined]
        groups.append(ends.union(*joined))
    return frozenset(
        (row, column) for row, column in PLACES if any({f"row {row}", f"column {column}"} <= group for group in groups)
    )


def rests(scan: KeypadScan) -> bool:
    return scan.at_rest


def swept(scan: KeypadScan, *readings: Iterable[Contact]) -> str:
    return "".join(key for reading in readings for key in scan.sweep(reading))


@pytest.mark.parametrize("place", sorted(PLACES))
def test_a_press_is_reported_once_however_long_it_lasts(place: Contact) -> None:
    scan = KeypadScan(KEYS)
    assert rests(scan)
    assert swept(scan, *[[place]] * (SWEEPS - 1)) == ""
    assert not rests(scan)
    assert swept(scan, *[[place]] * 500) == PLACES[place]
    assert swept(scan, *[[]] * (SWEEPS - 1)) == ""
    assert not rests(scan)
    assert swept(scan, []) == ""
    assert rests(scan)
    assert swept(scan, *[[place]] * SWEEPS) == PLACES[place]


def test_bounces_at_both_ends_of_a_press_are_not_presses() -> None:
    scan = KeypadScan(KEYS)
    down, up = [(0, 0)], list[Contact]()
    assert swept(scan, down, up, down, down, up, down, down, down) == "1"
    assert swept(scan, up, down, up, up, down, up, down, up, up, up, up) == ""
    assert rests(scan)


def test_a_spark_is_not_a_press() -> None:
    scan = KeypadScan(KEYS)
    assert swept(scan, *([[(2, 1)]] * (SWEEPS - 1) + [[]] * SWEEPS) * 50) == ""


def test_two_keys_in_one_row_or_column_are_two_presses() -> None:
    for pair in ([(0, 0), (0, 1)], [(0, 0), (1, 0)], [(0, 0), (1, 1)]):
        scan = KeypadScan(KEYS)
        assert swept(scan, *[wires(pair)] * SWEEPS) == "".join(PLACES[place] for place in pair)


def test_three_corners_of_a_rectangle_report_nothing_that_was_not_reported_before() -> None:
    scan = KeypadScan(KEYS)
    corners = [(0, 0), (0, 1), (1, 0)]
    assert wires(corners) == {*corners, (1, 1)}
    assert swept(scan, *[wires(corners)] * 100) == ""
    # As soon as one lets go it is clear who the others are.
    assert swept(scan, *[wires(corners[1:])] * SWEEPS) == "24"


def test_keys_reported_before_stay_pressed_through_a_rectangle() -> None:
    scan = KeypadScan(KEYS)
    first = [(0, 0), (0, 1)]
    assert swept(scan, *[wires(first)] * SWEEPS) == "12"
    assert swept(scan, *[wires([*first, (1, 0)])] * 50) == ""
    assert swept(scan, *[wires(first)] * 50) == ""
    assert swept(scan, *[[]] * SWEEPS) == ""
    assert rests(scan)


def test_a_rectangle_that_one_sweep_saw_only_in_part_is_no_press_either() -> None:
    # The corner keys came while the second row was being tried: the sweep shows that row alone.
    scan = KeypadScan(KEYS)
    partly, wholly = [(1, 0), (1, 1)], wires([(0, 0), (0, 1), (1, 0)])
    assert swept(scan, partly, *[wholly] * 50) == ""
    assert swept(scan, *([partly, wholly] * 50)) == ""


@given(st.lists(st.tuples(held, st.integers(1, 12)), max_size=30))
def test_only_what_is_pressed_is_ever_reported(course: Sequence[tuple[frozenset[Contact], int]]) -> None:
    scan = KeypadScan(KEYS)
    for pressed, sweeps in course:
        before = list(pressed)
        for _ in range(sweeps):
            for key in scan.sweep(wires(pressed)):
                assert key in {PLACES[place] for place in before}


@given(st.lists(st.tuples(places, st.integers(SWEEPS, 20), st.integers(SWEEPS, 20)), max_size=20))
def test_every_press_of_one_key_after_the_other_is_reported_once(course: Sequence[tuple[Contact, int, int]]) -> None:
    scan = KeypadScan(KEYS)
    told = "".join(swept(scan, *[[place]] * down, *[[]] * up) for place, down, up in course)
    assert told == "".join(PLACES[place] for place, _, _ in course)
    assert rests(scan)


@given(st.lists(held, max_size=60))
def test_after_enough_quiet_it_is_at_rest_and_reports_nothing(readings: Sequence[frozenset[Contact]]) -> None:
    scan = KeypadScan(KEYS)
    swept(scan, *readings)
    assert swept(scan, *[[]] * SWEEPS) == ""
    assert rests(scan)


@given(held)
def test_a_contact_is_ambiguous_exactly_if_three_corners_of_a_rectangle_with_it_are_closed(
    closed: frozenset[Contact],
) -> None:
    expected = {
        (row, column)
        for row, column in closed
        for other_row in range(4)
        for other_column in range(4)
        if row != other_row
        and column != other_column
        and len({(other_row, column), (row, other_column), (other_row, other_column)} & closed) >= 2
    }
    assert ambiguous(closed) == expected


@given(st.integers(1, 6), st.booleans(), st.lists(st.booleans(), max_size=60))
def test_an_integrator_changes_only_after_as_many_readings_as_it_counts(
    top: int, first: bool, readings: Sequence[bool]
) -> None:
    contact = Integrator(top, closed=first)
    since = 0
    for reading in readings:
        since += 1
        before = contact.closed
        changed = contact.read(reading)
        assert changed == (contact.closed != before)
        if changed:
            assert contact.closed is reading
            assert since >= top
            since = 0
