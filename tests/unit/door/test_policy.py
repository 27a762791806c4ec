"""Codes, times, attempts: what opens a door, and what is written down of it."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.config.secret import Secret
from appliance.door import audit
from appliance.door.attempts import LONGEST, TRIES, Attempts, pause
from appliance.door.audit_file import AuditFile
from appliance.door.codes import DoorCode, Way
from appliance.door.entry import PAUSE, Entry
from appliance.door.policy import DoorPolicy, DoorSettings, Verdict
from appliance.door.schedule import Times
from appliance.errors import UsageError
from appliance.units import Seconds

NOW = Seconds(100.0)
MONDAY = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
HOUSE = DoorCode(name="House", digits=Secret("4711"))
CLEANING = DoorCode(
    name="Cleaning",
    digits=Secret("8150815"),
    ways=frozenset({Way.KEYPAD}),
    times=(Times.parse("mon-fri 06:00-08:00"),),
    first=date(2026, 1, 1),
    last=date(2026, 12, 31),
)


def policy(*, commands: bool = False) -> DoorPolicy:
    return DoorPolicy(DoorSettings(codes=(HOUSE, CLEANING), commands=commands))


def test_a_door_without_codes_opens_for_nobody() -> None:
    for digits in ("", "0000", "1234", "4711"):
        verdict = DoorPolicy(DoorSettings()).code(Way.DTMF, digits, NOW, MONDAY)
        assert not verdict.opens


def test_the_right_code_opens_and_says_whose_it_is() -> None:
    assert policy().code(Way.DTMF, "4711", NOW, MONDAY) == Verdict(way=Way.DTMF, opens=True, name="House")


def test_a_code_is_good_where_and_when_it_is() -> None:
    early = MONDAY.replace(hour=7)
    door = policy()
    assert door.code(Way.KEYPAD, "8150815", NOW, early).opens
    assert not door.code(Way.DTMF, "8150815", NOW, early).opens
    assert door.code(Way.KEYPAD, "8150815", NOW, MONDAY).reason == "not at this time"
    assert not policy().code(Way.KEYPAD, "8150815", NOW, early.replace(year=2027)).opens


def test_a_clock_that_nobody_has_set_opens_only_what_is_always_good() -> None:
    door = policy()
    assert door.code(Way.KEYPAD, "4711", NOW, None).opens
    verdict = door.code(Way.KEYPAD, "8150815", NOW, None)
    assert (verdict.opens, "clock" in verdict.reason) == (False, True)


def test_three_wrong_codes_lock_this_way_out_even_for_the_right_one_and_ever_longer() -> None:
    door = policy()
    for _ in range(TRIES):
        assert door.code(Way.DTMF, "0000", NOW, MONDAY).reason == "wrong code"
    assert door.code(Way.DTMF, "4711", NOW, MONDAY).reason == "too many wrong codes: 60 s to wait"
    assert door.code(Way.KEYPAD, "4711", NOW, MONDAY).opens, "at the door stands somebody else"
    later = Seconds(NOW + 60.0)
    door.code(Way.DTMF, "0000", later, MONDAY)
    assert not door.code(Way.DTMF, "4711", Seconds(later + 119.0), MONDAY).opens
    assert door.code(Way.DTMF, "4711", Seconds(later + 120.0), MONDAY).opens
    assert door.code(Way.DTMF, "0000", Seconds(later + 121.0), MONDAY).reason == "wrong code", "and counts anew"


def test_a_command_opens_where_it_may() -> None:
    assert not policy().command().opens
    assert policy(commands=True).command() == Verdict(way=Way.COMMAND, opens=True)


@given(st.lists(st.tuples(st.floats(0.0, 400.0), st.sampled_from(("0000", "1111", "47111")))))
def test_guessing_is_slow_whatever_the_rhythm(tries: list[tuple[float, str]]) -> None:
    door, now, looked_at = policy(), 0.0, 0
    for wait, digits in tries:
        now += wait
        looked_at += door.code(Way.DTMF, digits, Seconds(now), MONDAY).reason == "wrong code"
    spent, allowed = 0.0, 0
    while spent <= now:
        allowed += 1
        spent += pause(allowed)
        if allowed > len(tries):
            break
    assert looked_at <= allowed


def test_the_wait_grows_to_half_an_hour() -> None:
    assert [pause(count) for count in (0, 2, 3, 4, 5)] == [0.0, 0.0, 60.0, 120.0, 240.0]
    assert pause(1000) == LONGEST


@pytest.mark.parametrize(
    ("text", "moment", "holds"),
    [
        ("mon-fri 07:00-19:00", "2026-06-01T07:00", True),
        ("mon-fri 07:00-19:00", "2026-06-01T19:00", False),
        ("mon-fri 07:00-19:00", "2026-06-06T12:00", False),
        ("sat,sun 10:00-14:00", "2026-06-07T13:59", True),
        ("fri-mon 00:00-23:59", "2026-06-02T12:00", False),
        ("daily 22:00-06:00", "2026-06-01T23:00", True),
        ("mon 22:00-06:00", "2026-06-02T05:59", True),
        ("mon 22:00-06:00", "2026-06-01T05:59", False),
    ],
)
def test_times(text: str, moment: str, holds: bool) -> None:
    assert Times.parse(text).hold(datetime.fromisoformat(moment)) is holds


@pytest.mark.parametrize(
    "text", ["", "mon", "mon 7-9-10", "mon 07:00", "xyz 7:00-8:00", "mon 25:00-26:00", "mon 7:00-7:00"]
)
def test_what_is_no_time_is_quoted(text: str) -> None:
    with pytest.raises(UsageError, match="allowed is"):
        Times.parse(text)


def entered(digits: str) -> list[str]:
    """The codes in a row of digits, pressed one a second."""
    entry, now, codes = Entry(), NOW, []
    for digit in digits:
        now = Seconds(now + 1.0)
        entry, code = entry.pressed(digit, now)
        codes.append(code)
    entry, code = entry.paused(Seconds(now + PAUSE))
    return [each for each in (*codes, code) if each]


def test_a_code_ends_with_a_hash_or_a_pause_and_a_star_begins_anew() -> None:
    assert entered("4711#") == ["4711"]
    assert entered("4711") == ["4711"]
    assert entered("99*4711#") == ["4711"]
    assert entered("##") == []


def test_a_code_is_not_looked_for_inside_a_longer_row() -> None:
    (only,) = entered("99" + "4711" + "99")
    assert only == "99471199"
    assert len(entered("1" * 40)) == 4, "and a row without end is many wrong codes"


def test_nothing_shows_the_digits_of_a_code(tmp_path: Path) -> None:
    door = policy()
    entry, _ = Entry().pressed("4", NOW)
    shown = f"{HOUSE!r} {door!r} {door.code(Way.DTMF, '4711', NOW, MONDAY)!r} {entry!r}"
    assert "4711" not in shown
    assert "'4'" not in shown
    assert "4711" not in audit.line(door.code(Way.DTMF, "4711", NOW, MONDAY), MONDAY, "call")


def test_a_restart_forgets_no_wrong_code(tmp_path: Path) -> None:
    file, door = AuditFile(tmp_path / "door.log"), policy()
    for digits in ("4711", "0000", "0000", "0000", "0000"):
        assert file.append(audit.line(door.code(Way.DTMF, digits, NOW, MONDAY), MONDAY))
    file.append('{"cut off')
    counted = audit.failures(file.lines())
    assert counted == {Way.DTMF: 3}, "the fourth was not looked at"
    assert Attempts.remembered(counted[Way.DTMF], NOW).wait(NOW) == 60.0


def test_an_audit_that_can_not_be_written_is_said_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    assert not AuditFile(tmp_path / "file" / "door.log").append("x")
    assert "audit can't be written" in caplog.text
    assert AuditFile(tmp_path / "none").lines() == []


def test_two_generations_of_an_audit_are_kept(tmp_path: Path) -> None:
    file = AuditFile(tmp_path / "door.log")
    for _ in range(24):
        file.append("x" * 100_000)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 3_000_000
