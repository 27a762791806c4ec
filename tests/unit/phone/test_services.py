"""Emergency calls among others, hands-free talk, transfer, conference and do not disturb."""

from appliance.phone.actions import (
    Answer,
    Dial,
    HangUp,
    KeySound,
    PlayTone,
    Reject,
    SetDoNotDisturb,
    StopTone,
    ToneName,
    Transfer,
)
from appliance.phone.inputs import (
    CallAnswered,
    CallEnded,
    CallPlaced,
    ConferenceChanged,
    DoNotDisturbChanged,
    HoldChanged,
    HookChanged,
    IncomingCall,
    SelfAnswered,
    TimePassed,
)
from appliance.phone.state import Phase
from tests.unit.phone.test_several_calls import between, consulting
from tests.unit.phone.walk import ready, ringing, talking


def test_an_emergency_call_ends_every_other_and_lets_nobody_in() -> None:
    walk = consulting()
    walk.press("11")
    assert walk.press("2")[1:] == (KeySound("2"), HangUp("a"), Dial(number="112", attempt=1, urgent=True))
    walk.feed(CallPlaced(attempt=1, call="e"), CallAnswered(call="e"))
    assert walk.feed(IncomingCall(call="f", number="101")) == (Reject("f"),)
    assert walk.push("flash") == ()
    assert walk.feed(HookChanged(off_hook=False)) == (HangUp("e"),), "no flash is waited for"


def test_an_emergency_call_that_fails_is_made_again_and_again() -> None:
    walk = ready()
    walk.lift()
    walk.press("112")
    for attempt in range(1, 5):
        walk.feed(CallPlaced(attempt=attempt, call=f"e{attempt}"), CallEnded(call=f"e{attempt}", status=503))
        assert Dial(number="112", attempt=attempt + 1, urgent=True) in walk.wait(2)
    walk.replace()
    assert walk.wait(60) == ()


def test_hands_free_without_lifting() -> None:
    walk = ringing()
    assert walk.push("hook") == (StopTone(), Answer("a"))
    walk.feed(CallAnswered(call="a"))
    assert walk.lift() == ()
    assert walk.push("hook") == ()
    assert walk.feed(HookChanged(off_hook=False)) == ()
    assert walk.at(Phase.IN_CALL), "handset and hands-free relieve each other"
    assert walk.push("hook") == (HangUp("a"),)


def test_hands_free_ends_by_itself_and_asks_for_no_handset() -> None:
    walk = ready()
    walk.push("hook")
    assert walk.at(Phase.DIAL_TONE)
    walk.wait(21)
    assert (walk.phase, walk.tone) == (Phase.IDLE, None)
    walk.push("hook")
    walk.press("201")
    walk.feed(CallPlaced(attempt=1, call="a"), CallEnded(call="a", status=486))
    walk.wait(6)
    assert walk.at(Phase.IDLE)


def test_buttons_mean_what_their_keys_mean() -> None:
    walk = talking()
    assert walk.push("mute") == walk.press("A")
    assert walk.push("unknown") == ()
    walk.replace()
    walk.press("201")
    walk.lift()
    walk.replace()
    walk.push("redial")
    assert walk.says("201")
    assert walk.push("mute") == ()
    walk.feed(TimePassed())


def test_d_connects_the_other_two_and_both_calls_end() -> None:
    walk = between()
    assert walk.press("D") == (Transfer(call="a", to="c"),)
    assert walk.feed(CallEnded(call="a"), CallEnded(call="c")) == (PlayTone(ToneName.BUSY),)
    assert talking().press("D") == (), "with whom?"


def test_a_conference_is_shown_and_who_leaves_it_leaves_the_other() -> None:
    walk = between()
    walk.feed(HoldChanged(call="a", held=False), ConferenceChanged(calls=("a", "c")))
    assert walk.says("Conference")
    assert walk.says("together with Anna")
    walk.feed(CallEnded(call="c"), ConferenceChanged(calls=()))
    assert walk.at(Phase.IN_CALL)
    assert walk.says("Anna")
    assert not walk.says("Conference")


def test_a_call_that_the_unit_answers_by_itself_is_hands_free() -> None:
    walk = ringing()
    assert walk.feed(SelfAnswered(call="a")) == (StopTone(),)
    walk.feed(CallAnswered(call="a"))
    assert walk.at(Phase.IN_CALL)
    assert walk.state.hook.hands_free
    assert walk.lift() == ()
    assert HangUp("a") in walk.replace()
    walk = ringing()
    assert walk.feed(SelfAnswered(call="z")) == ()
    walk.feed(SelfAnswered(call="a"), CallAnswered(call="a"))
    assert walk.push("hook") == (HangUp("a"),)


def test_do_not_disturb_by_key_and_button() -> None:
    walk = ready()
    assert walk.press("A") == (SetDoNotDisturb(on=True),)
    walk.feed(DoNotDisturbChanged(on=True))
    assert walk.says("Do not disturb")
    assert walk.push("dnd") == (SetDoNotDisturb(on=False),)
    walk.feed(DoNotDisturbChanged(on=False))
    assert not walk.says("Do not disturb")
