"""Call waiting, hold for a consultation, and R with its digits, one expectation a test."""

import dataclasses

import pytest

from appliance.phone.actions import (
    Answer,
    Dial,
    HangUp,
    Join,
    KeySound,
    PlayTone,
    Reject,
    SetHold,
    StopTone,
    Swap,
    ToneName,
    Transfer,
)
from appliance.phone.inputs import (
    AnswerFailed,
    CallAnswered,
    CallEnded,
    CallPlaced,
    HoldChanged,
    HoldRefused,
    HookChanged,
    IncomingCall,
    MuteChanged,
)
from appliance.phone.state import Phase
from appliance.units import Seconds
from tests.unit.phone.walk import SETTINGS, Walk, ready, ringing, talking


def knocked() -> Walk:
    """In a call with Anna ("a") while Bob ("b") calls."""
    walk = talking()
    walk.feed(IncomingCall(call="b", number="102", name="Bob"))
    return walk


def consulting() -> Walk:
    """Anna is held, the dial tone sounds."""
    walk = talking()
    walk.flash()
    walk.feed(HoldChanged(call="a", held=True))
    return walk


def between() -> Walk:
    """In a call with 201 ("c"), Anna is held."""
    walk = consulting()
    walk.press("201")
    walk.feed(CallPlaced(attempt=1, call="c"), CallAnswered(call="c"))
    return walk


def test_a_second_caller_is_heard_and_shown() -> None:
    walk = talking()
    assert walk.feed(IncomingCall(call="b", number="102", name="Bob")) == (PlayTone(ToneName.CALL_WAITING),)
    assert walk.at(Phase.IN_CALL)
    assert walk.says("Calls too: Bob")
    assert walk.says("B answers   C rejects")


def test_the_second_caller_gives_up() -> None:
    walk = knocked()
    assert walk.feed(CallEnded(call="b", status=487)) == (StopTone(),)
    assert walk.state.missed == 1
    assert walk.at(Phase.IN_CALL)


def test_a_third_caller_is_too_many_and_one_is_with_call_waiting_off() -> None:
    walk = knocked()
    walk.feed(IncomingCall(call="c", number="103"))
    assert walk.feed(IncomingCall(call="d", number="104")) == (Reject("d"),)
    alone = ready(dataclasses.replace(SETTINGS, most_calls=1))
    alone.feed(IncomingCall(call="a", number="101"), HookChanged(off_hook=True), CallAnswered(call="a"))
    assert alone.feed(IncomingCall(call="b", number="102")) == (Reject("b"),)
    assert alone.push("flash") == ()
    assert alone.at(Phase.IN_CALL), "there is no room for a consultation either"


def test_b_holds_the_first_and_answers_the_second() -> None:
    walk = knocked()
    assert walk.press("B") == (StopTone(), Answer("b"))
    walk.feed(HoldChanged(call="a", held=True), CallAnswered(call="b"))
    assert walk.at(Phase.IN_CALL)
    assert walk.says("Bob")
    assert walk.says("On hold: Anna Müller")


def test_c_rejects_the_second() -> None:
    walk = knocked()
    assert walk.press("C") == (StopTone(), Reject("b"))
    assert walk.at(Phase.IN_CALL)


def test_digits_are_still_for_the_first() -> None:
    walk = knocked()
    walk.press("5")
    assert walk.state.call is not None
    assert walk.state.call.digits == "5"


def test_a_flash_alone_answers_the_second_after_a_moment() -> None:
    walk = knocked()
    assert walk.flash() == (StopTone(),)
    assert walk.at(Phase.RECALL)
    assert walk.says("R: Bob")
    assert walk.says("0  refuse")
    assert walk.wait(3) == (Answer("b"),)


@pytest.mark.parametrize(
    ("key", "done", "phase"),
    [
        ("0", (Reject("b"),), Phase.IN_CALL),
        ("1", (HangUp("a"), Answer("b")), Phase.ANSWERING),
        ("2", (Answer("b"),), Phase.ANSWERING),
    ],
)
def test_a_flash_and_a_digit_while_somebody_waits(key: str, done: tuple[object, ...], phase: Phase) -> None:
    walk = knocked()
    walk.flash()
    assert walk.press(key) == done
    assert walk.at(phase)


@pytest.mark.parametrize(
    ("key", "done", "front"),
    [
        ("0", (HangUp("a"),), "c"),
        ("1", (HangUp("c"), SetHold("a", held=False)), "a"),
        ("2", (Swap(held="c", resumed="a"),), "a"),
        ("3", (Join(("c", "a")),), "c"),
        ("4", (Transfer(call="a", to="c"),), "c"),
    ],
)
def test_a_flash_and_a_digit_while_somebody_is_held(key: str, done: tuple[object, ...], front: str) -> None:
    walk = between()
    walk.flash()
    assert walk.press("9") == (), "means nothing"
    assert walk.press(key) == done
    assert walk.state.call is not None
    assert walk.state.call.call == front


def test_a_flash_after_a_flash_does_not_wait_for_the_digit() -> None:
    walk = knocked()
    walk.flash()
    assert walk.flash() == (Answer("b"),)


def test_the_other_goes_while_a_digit_is_waited_for() -> None:
    walk = knocked()
    walk.flash()
    walk.feed(CallEnded(call="b", status=487))
    assert walk.at(Phase.IN_CALL)


def test_the_one_talked_with_goes_while_a_digit_is_waited_for() -> None:
    walk = knocked()
    walk.flash()
    assert walk.feed(CallEnded(call="a")) == (PlayTone(ToneName.CALL_WAITING),)
    assert walk.at(Phase.OFFERED)


def test_a_flash_holds_and_gives_a_dial_tone() -> None:
    walk = talking()
    assert walk.flash() == (PlayTone(ToneName.DIAL), SetHold("a", held=True))
    assert walk.press("20") == (StopTone(), KeySound("2"), KeySound("0"))
    assert walk.press("1") == (PlayTone(ToneName.CONNECTING), KeySound("1"), Dial(number="201", attempt=1))
    assert walk.says("B: back to Anna Müller")


def test_a_short_or_a_long_flash_is_none() -> None:
    walk = talking()
    assert walk.flash(0.03) == ()
    assert walk.at(Phase.IN_CALL)
    assert HangUp("a") in walk.flash(0.6)
    assert walk.at(Phase.DIAL_TONE), "that was hanging up, and lifting again"


def test_a_flash_is_measured_when_it_happens_and_not_when_it_is_served() -> None:
    walk = talking()
    start = walk.now
    walk.feed(HookChanged(off_hook=False, at=Seconds(start)))
    walk.now = Seconds(start + 3.0)  # the loop was held up
    assert walk.machine.handle(HookChanged(off_hook=True, at=Seconds(start + 0.3)), walk.now)
    assert walk.at(Phase.DIAL_TONE)
    assert walk.state.held, "not hung up"


def test_without_flash_the_handset_ends_a_call_at_once() -> None:
    walk = Walk(dataclasses.replace(SETTINGS, flash=None))
    walk.feed(HookChanged(off_hook=False), IncomingCall(call="a", number="101"))
    walk.feed(HookChanged(off_hook=True), CallAnswered(call="a"))
    assert walk.feed(HookChanged(off_hook=False)) == (HangUp("a"),)


def test_back_from_the_dial_tone_to_the_held_call() -> None:
    for keys, flash in (("B", False), ("", True), ("47", True)):
        walk = consulting()
        walk.press(keys)
        done = walk.flash() if flash else walk.wait(0)
        assert SetHold("a", held=False) in done or not flash
        assert walk.at(Phase.ON_HOLD), "until the far end has agreed"
        walk.feed(HoldChanged(call="a", held=False))
        assert walk.at(Phase.IN_CALL)


def test_back_from_a_consultation_that_is_not_answered() -> None:
    walk = consulting()
    walk.press("201")
    walk.feed(CallPlaced(attempt=1, call="c"))
    assert walk.flash() == (StopTone(), HangUp("c"), SetHold("a", held=False))


def test_a_consultation_that_is_busy_leads_back_to_the_held_call() -> None:
    walk = consulting()
    walk.press("201")
    walk.feed(CallPlaced(attempt=1, call="c"), CallEnded(call="c", status=486))
    assert walk.tone is ToneName.BUSY
    assert walk.wait(6) == (StopTone(),)
    assert walk.at(Phase.ON_HOLD)


def test_a_dial_tone_that_is_not_used_leads_back_to_the_held_call() -> None:
    walk = consulting()
    walk.wait(21)
    assert walk.at(Phase.ON_HOLD)


def test_b_swaps() -> None:
    walk = between()
    assert walk.press("B") == (Swap(held="c", resumed="a"),)
    assert walk.at(Phase.ON_HOLD)
    walk.feed(HoldChanged(call="c", held=True), HoldChanged(call="a", held=False))
    assert walk.at(Phase.IN_CALL)
    assert walk.says("Anna")


def test_a_call_that_refuses_to_be_held_is_in_front_again() -> None:
    walk = between()
    walk.press("B")
    walk.feed(HoldRefused(call="c"))
    assert walk.at(Phase.IN_CALL)
    assert walk.state.call is not None
    assert walk.state.call.call == "c"
    walk = talking()
    walk.flash()
    walk.press("201")
    walk.feed(CallPlaced(attempt=1, call="c"))
    assert walk.feed(HoldRefused(call="a")) == (StopTone(), HangUp("c"))
    assert walk.at(Phase.IN_CALL)


def test_when_one_ends_the_held_one_is_in_front_and_still_held() -> None:
    walk = between()
    assert walk.feed(CallEnded(call="c")) == ()
    assert walk.at(Phase.ON_HOLD)
    assert walk.says("Anna")


def test_when_one_ends_whoever_waits_is_offered() -> None:
    walk = knocked()
    assert walk.feed(CallEnded(call="a")) == ()
    assert (walk.phase, walk.tone) == (Phase.OFFERED, ToneName.CALL_WAITING)
    assert walk.flash() == (StopTone(), Answer("b"))


def test_whoever_is_offered_can_be_refused_missed_or_rung_for() -> None:
    walk = knocked()
    walk.feed(CallEnded(call="a"))
    assert walk.press("C") == (PlayTone(ToneName.BUSY), Reject("b"))
    walk = knocked()
    walk.feed(CallEnded(call="a"))
    assert Reject("b", 480) in walk.wait(121)
    assert walk.state.missed == 1
    walk = knocked()
    walk.feed(CallEnded(call="a"))
    assert walk.replace() == (PlayTone(ToneName.RINGTONE),)
    assert walk.at(Phase.RINGING)


def test_hanging_up_ends_all_but_who_waits() -> None:
    walk = between()
    walk.feed(IncomingCall(call="d", number="104"))
    assert set(walk.replace()) == {HangUp("a"), HangUp("c"), PlayTone(ToneName.RINGTONE)}
    assert walk.at(Phase.RINGING)
    assert walk.lift() == (StopTone(), Answer("d"))


def test_two_callers_ring_one_after_the_other() -> None:
    walk = ringing()
    walk.feed(IncomingCall(call="b", number="102", name="Bob"))
    assert walk.says("Anna")
    walk.press("C")
    assert walk.says("Bob")
    assert walk.tone is ToneName.RINGTONE
    walk.feed(CallEnded(call="b", status=487))
    assert (walk.phase, walk.state.missed) == (Phase.IDLE, 1)


def test_an_answer_that_fails_leads_back_to_the_held_call() -> None:
    walk = knocked()
    walk.press("B")
    walk.feed(HoldChanged(call="a", held=True), AnswerFailed(call="b"))
    assert walk.tone is ToneName.REORDER
    walk.wait(6)
    assert walk.at(Phase.ON_HOLD)


def test_a_waiting_call_that_was_answered_by_nobody_is_ended() -> None:
    assert knocked().feed(CallAnswered(call="b")) == (StopTone(), HangUp("b"))


def test_mute_belongs_to_its_call() -> None:
    walk = between()
    walk.feed(MuteChanged(call="a", muted=True))
    assert walk.screen is not None
    assert not walk.screen.muted
    walk.press("B")
    assert walk.screen.muted
