"""Hotlines, the button of a door, and calls that may not last for ever."""

import dataclasses

from appliance.phone.actions import Dial, HangUp, KeySound, PlayTone, StopTone, ToneName
from appliance.phone.inputs import (
    CallAnswered,
    CallEnded,
    CallPlaced,
    DialFailed,
    HookChanged,
    IncomingCall,
    LineChanged,
    RemoteRinging,
)
from appliance.phone.state import Phase, PhoneSettings, Target
from appliance.units import Seconds
from tests.unit.phone.walk import SETTINGS, Walk, ready

TARGETS = (Target("201", Seconds(20.0)), Target("202", Seconds(15.0)), Target("203", Seconds(10.0)))
DOOR = dataclasses.replace(SETTINGS, buttons={"bell": TARGETS})


def hotline(delay: float = 0.0) -> PhoneSettings:
    return dataclasses.replace(SETTINGS, hotline=TARGETS[:1], hotline_delay=Seconds(delay))


def rung(walk: Walk, attempt: int = 1) -> None:
    walk.feed(CallPlaced(attempt=attempt, call=f"c{attempt}"), RemoteRinging(call=f"c{attempt}"))


def test_lifting_calls_the_hotline_at_once() -> None:
    assert ready(hotline()).lift() == (PlayTone(ToneName.CONNECTING), Dial(number="201", attempt=1))


def test_a_number_keyed_in_before_lifting_is_called_in_its_place() -> None:
    walk = ready(hotline())
    walk.press("112")
    assert Dial(number="112", attempt=1, urgent=True) in walk.lift()


def test_a_delayed_hotline_leaves_time_for_a_number() -> None:
    walk = ready(hotline(5.0))
    assert walk.lift() == (PlayTone(ToneName.DIAL),)
    assert Dial(number="201", attempt=1) in walk.wait(5.0)
    walk = ready(hotline(5.0))
    walk.lift()
    walk.wait(4.0)
    assert KeySound("4") in walk.press("4")
    assert walk.wait(1.5) == ()


def test_the_button_of_a_door_calls_hands_free() -> None:
    walk = ready(DOOR)
    assert Dial(number="201", attempt=1) in walk.push("bell")
    rung(walk)
    walk.feed(CallAnswered(call="c1"))
    assert walk.at(Phase.IN_CALL)
    walk.feed(CallEnded(call="c1"))
    walk.wait(6.0)
    assert (walk.at(Phase.IDLE), walk.tone) == (True, None), "and nobody has to put anything down"


def test_pressing_again_calls_nobody_twice() -> None:
    walk = ready(DOOR)
    walk.push("bell")
    rung(walk)
    assert walk.push("bell") == ()


def test_targets_are_called_one_after_the_other_each_for_its_time() -> None:
    walk = ready(DOOR)
    walk.push("bell")
    rung(walk)
    assert walk.wait(19.0) == ()
    assert set(walk.wait(1.0)) == {PlayTone(ToneName.CONNECTING), HangUp("c1"), Dial(number="202", attempt=2)}
    rung(walk, 2)
    assert Dial(number="203", attempt=3) in walk.feed(CallEnded(call="c2", status=486)), "busy is no reason to wait"
    assert walk.feed(CallEnded(call="c1", status=487)) == (), "late"
    rung(walk, 3)
    walk.wait(10.0)
    assert walk.at(Phase.FAILED)
    walk.wait(6.0)
    assert walk.at(Phase.IDLE)


def test_a_target_that_can_not_be_called_at_all_is_passed_over() -> None:
    walk = ready(DOOR)
    walk.push("bell")
    assert Dial(number="202", attempt=2) in walk.feed(DialFailed(attempt=1))


def test_who_answers_is_the_last_one_called() -> None:
    walk = ready(DOOR)
    walk.push("bell")
    rung(walk)
    walk.feed(CallAnswered(call="c1"))
    assert walk.state.targets == ()
    assert not any(isinstance(action, Dial) for action in walk.feed(CallEnded(call="c1")))


def test_the_bell_does_not_disturb_a_call_and_does_not_answer_one() -> None:
    walk = ready(DOOR)
    walk.feed(IncomingCall(call="a", number="101"))
    assert walk.push("bell") == ()
    walk.lift()
    walk.feed(CallAnswered(call="a"))
    assert walk.push("bell") == ()


def test_without_a_line_the_bell_says_so_and_recovers() -> None:
    walk = Walk(DOOR)
    walk.feed(HookChanged(off_hook=False), LineChanged(registered=False))
    walk.push("bell")
    assert walk.says("Not connected")
    walk.wait(6.0)
    assert walk.at(Phase.IDLE)


def test_a_call_ends_after_its_longest_time_and_an_emergency_call_does_not() -> None:
    settings = dataclasses.replace(SETTINGS, longest_call=Seconds(120.0))
    walk = ready(settings)
    walk.feed(IncomingCall(call="a", number="101"), HookChanged(off_hook=True), CallAnswered(call="a"))
    assert walk.wait(119.0) == ()
    assert set(walk.wait(1.0)) == {PlayTone(ToneName.BUSY), HangUp("a")}
    walk = ready(settings)
    walk.lift()
    walk.press("112")
    walk.feed(CallPlaced(attempt=1, call="e"), CallAnswered(call="e"))
    assert walk.wait(3600.0) == ()
    assert StopTone() not in walk.replace()
