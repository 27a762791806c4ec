import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import UsageError
from appliance.sim.script import EVENTS, ExpectScreen, Flash, Hang, Lift, Press, Push, Sleep, Wait, parse
from appliance.units import Seconds


def steps(text: str) -> list[object]:
    return [line.step for line in parse(text, "x")]


def test_every_step() -> None:
    text = """
    # a comment
    lift
    press 100           # another
    press *21 a#
    wait call_answered
    wait call_failed 2.5
    sleep 0.5
    expect-screen In call
    expect-screen "In call"
    hang
    """
    assert steps(text) == [
        Lift(),
        Press("100"),
        Press("*21A#"),
        Wait("call_answered"),
        Wait("call_failed", Seconds(2.5)),
        Sleep(Seconds(0.5)),
        ExpectScreen("In call"),
        ExpectScreen("In call"),
        Hang(),
    ]


def test_places_are_those_of_the_file() -> None:
    assert [line.place for line in parse("\n# x\nlift\n\nhang\n", "a.txt")] == ["a.txt:3", "a.txt:5"]


def test_the_hash_key_is_no_comment() -> None:
    assert steps("press #") == [Press("#")]
    assert steps("press 12#") == [Press("12#")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "x: there is no step in it"),
        ("lfit", "x:1: 'lfit' is not a step; did you mean lift?"),
        ("dance", "known are lift, press, flash, push, wait, sleep, expect-screen, hang"),
        ("lift now", "'now' is too much"),
        ("press", "press '': allowed are the keys"),
        ("press 1x", "allowed are the keys"),
        ("wait", "'' is not an event"),
        ("wait call_answerd", "did you mean call_answered?"),
        ("wait call_answered soon", "allowed are seconds"),
        ("wait call_answered -1", "allowed are seconds"),
        ("sleep", "allowed are seconds"),
        ("sleep nan", "allowed are seconds"),
        ("expect-screen", "the text is missing"),
    ],
)
def test_what_is_wrong_is_said(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "x")
    assert sentence in str(caught.value)


def test_all_errors_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse("lfit\nhang\nsleep\n", "x")
    assert [line.split(" ")[0] for line in str(caught.value).splitlines()] == ["x:1:", "x:3:"]


def test_the_names_are_those_of_the_call_api() -> None:
    assert {"call_answered", "call_terminated", "login", "sample"} <= set(EVENTS)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, "x")
    except UsageError as error:
        assert str(error).startswith("x")  # noqa: PT017 -- either outcome is right


def test_a_flash_and_a_button() -> None:
    flash, push = (line.step for line in parse("flash\npush bell\n", "s"))
    assert (flash, push) == (Flash(), Push("bell"))
    with pytest.raises(UsageError, match="name of one button"):
        parse("push two buttons", "s")
