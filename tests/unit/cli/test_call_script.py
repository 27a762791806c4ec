from pathlib import Path

import pytest

from appliance.cli.call_script import STEPS, Step, load, parse
from appliance.errors import UsageError


@pytest.mark.parametrize(
    ("line", "command", "words"),
    [
        ("answer", "answer", ()),
        ("reject", "reject", ("",)),
        ("reject 603", "reject", ("603",)),
        ("redirect carol refer", "redirect", ("carol", "refer")),
        ("  hold 2 ", "hold", ("2",)),
        ("transfer to 2", "transfer", ("2", "")),
        ("transfer sip:carol@sip.test", "transfer", ("", "sip:carol@sip.test")),
        ('message {"door": "open"}', "message", ('{"door": "open"}',)),
        ("wait call_answered 2.5", "wait", ("call_answered", "2.5")),
        ("wait transferred", "wait", ("transferred", "")),
        ("forward off", "forward", ("off",)),
        ("sleep 0.5", "sleep", ("0.5",)),
    ],
)
def test_steps(line: str, command: str, words: tuple[str, ...]) -> None:
    assert parse(line) == Step(command, words, line.strip())


@pytest.mark.parametrize("line", ["", "   ", "# a comment"])
def test_what_is_no_step(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("tranfer carol", "did you mean transfer"),
        ("dance", "known are answer"),
        ("reject 200", "can't be used"),
        ("dnd maybe", "can't be used"),
        ("conference now", "can't be used"),
        ("wait call_answerd", "did you mean call_answered"),
        ("sleep", "can't be used"),
    ],
)
def test_what_can_not_be_done(line: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse(line)


def test_every_bad_line_of_a_file_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("# first\nanswer\n\nhold 1\n")
    assert [step.command for step in load(script)] == ["answer", "hold"]
    script.write_text("anser\nanswer\nhold x\n")
    with pytest.raises(UsageError, match=r":1: 'anser'.*\n.*:3: 'hold x'"):
        load(script)
    with pytest.raises(UsageError, match="can't be read"):
        load(tmp_path / "none")


def test_every_step_is_in_the_help() -> None:
    for command in ("transfer DEST", "conference", "redirect DEST", "message TEXT", "wait EVENT"):
        assert command in STEPS
