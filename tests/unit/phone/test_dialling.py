"""What a person expects of lifting and dialling, one expectation a test."""

import pytest

from appliance.phone.actions import (
    Dial,
    HangUp,
    KeySound,
    PlayTone,
    StopTone,
    ToneName,
)
from appliance.phone.inputs import (
    CallAnswered,
    CallEnded,
    CallPlaced,
    DialFailed,
    EarlyMediaStarted,
    LineChanged,
    RemoteRinging,
)
from appliance.phone.state import Phase
from tests.unit.phone.walk import alerting, dialled, off_line, ready


def test_lifting_gives_dial_tone_at_once() -> None:
    walk = ready()
    assert walk.lift() == (PlayTone(ToneName.DIAL),)
    assert walk.says("Dial a number")


def test_the_first_digit_ends_the_dial_tone_and_is_heard() -> None:
    walk = ready()
    walk.lift()
    assert walk.press("4") == (StopTone(), KeySound("4"))
    assert walk.says("4")


def test_dialling_by_timeout() -> None:
    walk = ready()
    walk.lift()
    walk.press("471")
    walk.wait(3.9)
    walk.press("1")
    assert walk.wait(3.9) == ()
    assert walk.wait(0.2) == (PlayTone(ToneName.CONNECTING), Dial(number="4711", attempt=1))
    assert walk.at(Phase.CALLING)
    assert walk.says("Calling")


def test_dialling_by_hash() -> None:
    walk = ready()
    walk.lift()
    walk.press("47")
    assert walk.press("#") == (PlayTone(ToneName.CONNECTING), Dial(number="47", attempt=1))


def test_dialling_on_the_last_digit_of_a_pattern() -> None:
    walk = ready()
    walk.lift()
    walk.press("20")
    assert walk.press("1") == (PlayTone(ToneName.CONNECTING), KeySound("1"), Dial(number="201", attempt=1))


def test_a_service_code_keeps_its_hashes() -> None:
    walk = ready()
    walk.lift()
    walk.press("*21*200#")
    assert walk.wait(5) == (PlayTone(ToneName.CONNECTING), Dial(number="*21*200#", attempt=1))


def test_a_key_that_arrives_after_the_timeout_belongs_to_what_comes_then() -> None:
    walk = ready()
    walk.lift()
    walk.press("47")
    walk.now = type(walk.now)(walk.now + 60.0)
    assert walk.press("1") == (PlayTone(ToneName.CONNECTING), Dial(number="47", attempt=1))


def test_backspace_and_back_to_the_dial_tone() -> None:
    walk = ready()
    walk.lift()
    walk.press("12")
    walk.press("C")
    assert walk.state.number == "1"
    assert walk.press("C") == (PlayTone(ToneName.DIAL),)


def test_backspace_onto_a_complete_number_does_not_dial_it() -> None:
    walk = ready()
    walk.lift()
    walk.press("2")
    walk.press("*C")
    assert walk.press("00") == (
        KeySound("0"),
        PlayTone(ToneName.CONNECTING),
        KeySound("0"),
        Dial(number="200", attempt=1),
    )
    walk.replace()
    walk.lift()
    assert walk.press("0123C") == (StopTone(), KeySound("0"), KeySound("1"), KeySound("2"), KeySound("3"))
    assert walk.at(Phase.DIALLING)


def test_redial_off_hook_and_on_hook() -> None:
    walk = dialled()
    walk.replace()
    walk.lift()
    assert walk.says("D redials 101")
    assert walk.press("D") == (PlayTone(ToneName.CONNECTING), Dial(number="101", attempt=2))
    walk.replace()
    walk.press("D")
    assert walk.at(Phase.PRE_DIALLING)
    assert walk.says("101")


def test_redial_without_a_last_number_does_nothing() -> None:
    walk = ready()
    assert walk.press("D") == ()
    assert walk.at(Phase.IDLE)
    walk.lift()
    assert walk.press("D") == ()
    assert walk.at(Phase.DIAL_TONE)


def test_a_number_keyed_in_on_hook_is_dialled_by_lifting() -> None:
    walk = ready()
    walk.press("4711")
    assert walk.says("4711")
    assert walk.says("Lift handset to call")
    assert walk.lift() == (PlayTone(ToneName.CONNECTING), Dial(number="4711", attempt=1))


def test_hash_on_hook_dials_nothing() -> None:
    walk = ready()
    assert walk.press("4711#") == ()
    assert walk.state.number == "4711"
    walk.press("CCCC")
    assert walk.at(Phase.IDLE)


def test_a_number_keyed_in_on_hook_is_forgotten_after_a_while() -> None:
    walk = ready()
    walk.press("47")
    walk.wait(31)
    assert walk.at(Phase.IDLE)
    assert walk.lift() == (PlayTone(ToneName.DIAL),)


def test_a_blocked_number_is_refused_with_words() -> None:
    walk = ready()
    walk.lift()
    walk.press("09001#")
    assert walk.at(Phase.FAILED)
    assert walk.says("Not allowed")
    assert walk.tone is ToneName.REORDER


def test_emergency_numbers_are_tried_even_without_a_line() -> None:
    walk = off_line()
    walk.lift()
    assert walk.press("112") == (
        StopTone(),
        KeySound("1"),
        KeySound("1"),
        PlayTone(ToneName.CONNECTING),
        KeySound("2"),
        Dial(number="112", attempt=1, urgent=True),
    )


def test_lifting_without_a_line_says_what_to_do() -> None:
    walk = off_line()
    assert walk.lift() == (PlayTone(ToneName.REORDER),)
    assert walk.says("Not connected")
    assert walk.says("Check network cable")
    walk.press("101")
    assert walk.press("#") == (PlayTone(ToneName.REORDER),)
    assert walk.at(Phase.UNAVAILABLE)
    assert walk.feed(LineChanged(registered=True)) == (PlayTone(ToneName.DIAL),)


def test_refused_credentials_are_told_from_a_lost_network() -> None:
    walk = off_line(refused=True)
    assert walk.says("Not registered")
    walk.lift()
    assert walk.says("Check user and password")


def test_the_line_goes_while_the_dial_tone_sounds() -> None:
    walk = ready()
    walk.lift()
    assert walk.feed(LineChanged(registered=False)) == (PlayTone(ToneName.REORDER),)


def test_backspace_without_a_line_does_not_promise_a_dial_tone() -> None:
    walk = off_line()
    walk.lift()
    walk.press("1C")
    assert walk.at(Phase.UNAVAILABLE)


def test_ringback_while_the_far_end_rings_and_none_with_early_media() -> None:
    walk = dialled()
    assert walk.tone is ToneName.CONNECTING
    assert walk.feed(RemoteRinging(call="a")) == (PlayTone(ToneName.RINGBACK),)
    assert walk.says("Ringing")
    assert walk.feed(EarlyMediaStarted(call="a")) == (StopTone(),)
    assert walk.feed(RemoteRinging(call="a")) == ()
    walk.feed(CallAnswered(call="a"))
    assert walk.at(Phase.IN_CALL)


def test_early_media_before_any_ringing() -> None:
    walk = dialled()
    assert walk.feed(EarlyMediaStarted(call="a")) == (StopTone(),)
    assert walk.at(Phase.EARLY_MEDIA)


def test_a_call_nobody_answers_is_given_up() -> None:
    walk = alerting()
    assert walk.wait(179) == ()
    assert set(walk.wait(2)) == {HangUp("a"), PlayTone(ToneName.REORDER)}
    assert walk.says("No answer")


@pytest.mark.parametrize(
    ("status", "phase", "words", "tone"),
    [
        (486, Phase.BUSY, "Busy", ToneName.BUSY),
        (600, Phase.BUSY, "Busy", ToneName.BUSY),
        (404, Phase.FAILED, "Number not found", ToneName.REORDER),
        (480, Phase.FAILED, "Not available", ToneName.REORDER),
        (603, Phase.FAILED, "Call declined", ToneName.REORDER),
        (488, Phase.FAILED, "No common codec", ToneName.REORDER),
        (503, Phase.FAILED, "Service unavailable", ToneName.REORDER),
        (408, Phase.FAILED, "No answer", ToneName.REORDER),
        (499, Phase.FAILED, "Call refused", ToneName.REORDER),
        (599, Phase.FAILED, "Fault at the exchange", ToneName.REORDER),
        (0, Phase.FAILED, "Could not connect", ToneName.REORDER),
    ],
)
def test_a_refusal_has_its_tone_and_its_words(status: int, phase: Phase, words: str, tone: ToneName) -> None:
    walk = alerting()
    walk.feed(CallEnded(call="a", status=status))
    assert (walk.phase, walk.tone) == (phase, tone)
    assert walk.says(words)
    assert walk.says("101")


def test_a_call_that_could_not_be_made_at_all() -> None:
    walk = ready()
    walk.lift()
    walk.press("101#")
    walk.feed(DialFailed(attempt=1))
    assert walk.at(Phase.FAILED)
    assert walk.says("Could not connect")


def test_a_late_failure_of_an_earlier_attempt_is_nothing() -> None:
    walk = ready()
    walk.lift()
    walk.press("101#")
    walk.replace()
    walk.lift()
    walk.press("102#")
    walk.feed(DialFailed(attempt=1))
    assert walk.at(Phase.CALLING)


def test_a_call_that_comes_into_being_after_the_handset_is_down_is_ended() -> None:
    walk = ready()
    walk.lift()
    walk.press("101#")
    assert walk.replace() == (StopTone(),)
    assert walk.feed(CallPlaced(attempt=1, call="a")) == (HangUp("a"),)


def test_an_answer_that_crosses_the_hang_up_is_ended() -> None:
    walk = alerting()
    assert walk.replace() == (StopTone(), HangUp("a"))
    assert walk.feed(CallAnswered(call="a")) == (HangUp("a"),)
    assert walk.at(Phase.IDLE)
