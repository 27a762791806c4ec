"""What a person expects of a telephone that is called, talks or rests, one expectation a test."""

from appliance.phone.actions import (
    Answer,
    HangUp,
    KeySound,
    PlayTone,
    Reject,
    SendDigit,
    SetHold,
    SetMute,
    StopTone,
    ToneName,
)
from appliance.phone.inputs import (
    AnswerFailed,
    CallAnswered,
    CallEnded,
    ClockRead,
    DialFailed,
    EarlyMediaStarted,
    HoldChanged,
    HookChanged,
    IncomingCall,
    LineChanged,
    MediaChanged,
    MuteChanged,
    QualityMeasured,
    ReconnectionChanged,
    RemoteRinging,
)
from appliance.phone.screen import ScreenKind
from appliance.phone.state import Phase
from tests.unit.phone.walk import Walk, alerting, dialled, ready, ringing, talking


def test_before_the_hook_has_reported_it_is_starting() -> None:
    walk = Walk()
    walk.feed(LineChanged(registered=True))
    assert walk.at(Phase.STARTING)
    assert walk.says("Starting")


def test_a_call_that_comes_before_the_hook_has_reported_is_refused() -> None:
    assert Reject("a") in Walk().feed(IncomingCall(call="a", number="101"))


def test_off_hook_at_the_start_shows_it_and_dials_nothing() -> None:
    walk = Walk()
    assert walk.feed(HookChanged(off_hook=True), LineChanged(registered=True)) == ()
    assert walk.at(Phase.HANDSET_OFF)
    assert walk.says("Handset off")
    assert walk.press("101#D") == ()
    assert walk.wait(3600) == ()
    walk.replace()
    assert walk.at(Phase.IDLE)
    assert walk.lift() == (PlayTone(ToneName.DIAL),)


def test_idle_shows_name_time_and_number() -> None:
    walk = ready()
    walk.feed(ClockRead("14:05"))
    assert walk.screen is not None
    assert walk.screen.kind is ScreenKind.IDLE
    assert walk.screen.text[:3] == ("Front door", "14:05", "100")


def test_until_the_registrar_is_heard_of_it_is_connecting() -> None:
    walk = Walk()
    walk.feed(HookChanged(off_hook=False))
    assert walk.says("Connecting")
    walk.feed(LineChanged(registered=False))
    assert walk.says("Not connected")


def test_an_incoming_call_rings_and_shows_who() -> None:
    walk = ready()
    assert walk.feed(IncomingCall(call="a", number="101", name="Anna Müller")) == (PlayTone(ToneName.RINGTONE),)
    assert walk.says("Anna Müller")
    assert walk.says("101")
    assert walk.says("Incoming")


def test_an_incoming_call_without_any_name_or_number() -> None:
    walk = ready()
    walk.feed(IncomingCall(call="a", number=""))
    assert walk.says("Unknown caller")


def test_a_call_while_a_number_is_keyed_in_rings() -> None:
    walk = ready()
    walk.press("12")
    walk.feed(IncomingCall(call="a", number="101"))
    assert walk.at(Phase.RINGING)
    assert walk.lift() == (StopTone(), Answer("a"))


def test_lifting_answers() -> None:
    walk = ringing()
    assert walk.lift() == (StopTone(), Answer("a"))
    assert walk.says("Answering")
    walk.feed(CallAnswered(call="a"))
    assert walk.at(Phase.IN_CALL)
    assert walk.says("0:00")


def test_an_answer_that_fails_ends_the_call() -> None:
    walk = ringing()
    walk.lift()
    assert walk.feed(AnswerFailed(call="a")) == (PlayTone(ToneName.REORDER), HangUp("a"))
    assert walk.feed(AnswerFailed(call="a")) == ()


def test_a_late_answer_failure_does_not_end_the_talk() -> None:
    walk = talking()
    assert walk.feed(AnswerFailed(call="a")) == ()
    assert walk.at(Phase.IN_CALL)


def test_an_answer_that_leads_to_nothing_is_given_up() -> None:
    walk = ringing()
    walk.lift()
    assert set(walk.wait(16)) == {PlayTone(ToneName.REORDER), HangUp("a")}


def test_the_caller_gives_up_while_it_is_answered() -> None:
    walk = ringing()
    walk.lift()
    walk.feed(CallEnded(call="a", status=487))
    assert walk.at(Phase.ENDED)


def test_a_missed_call_is_shown_until_the_handset_is_lifted() -> None:
    walk = ringing()
    assert walk.feed(CallEnded(call="a", status=487)) == (StopTone(),)
    assert walk.says("Missed 1: Anna Müller")
    walk.lift()
    walk.replace()
    assert not walk.says("Missed")


def test_a_missed_call_can_be_cleared_with_c() -> None:
    walk = ringing()
    walk.feed(CallEnded(call="a", status=487))
    walk.press("C")
    assert not walk.says("Missed")


def test_a_call_taken_elsewhere_was_not_missed() -> None:
    walk = ringing()
    walk.feed(CallEnded(call="a", status=487, elsewhere=True))
    assert walk.at(Phase.IDLE)
    assert not walk.says("Missed")


def test_c_rejects_a_ringing_call() -> None:
    walk = ringing()
    assert walk.press("C") == (StopTone(), Reject("a"))
    assert walk.at(Phase.IDLE)


def test_other_keys_leave_the_ringing_alone() -> None:
    walk = ringing()
    assert walk.press("1*#ABD") == ()
    assert walk.at(Phase.RINGING)


def test_ringing_does_not_last_for_ever() -> None:
    walk = ringing()
    assert set(walk.wait(121)) == {StopTone(), Reject("a", 480)}
    assert walk.says("Missed 1")


def test_a_second_call_is_refused_while_one_is_set_up() -> None:
    for walk in (dialled(), alerting(), ringing_and_lifted()):
        before = walk.phase
        assert walk.feed(IncomingCall(call="b", number="102")) == (Reject("b"),)
        assert walk.at(before)


def test_a_call_reported_twice_is_one_call() -> None:
    walk = ringing()
    assert walk.feed(IncomingCall(call="a", number="101")) == ()


def test_the_microphone_never_opens_with_the_handset_down() -> None:
    walk = ringing()
    assert walk.feed(CallAnswered(call="a")) == (StopTone(), HangUp("a"))
    assert walk.at(Phase.IDLE)


def test_the_timer_counts_every_second() -> None:
    walk = talking()
    walk.wait(65)
    assert walk.screen is not None
    assert walk.screen.timer == "1:05"
    walk.wait(3600)
    assert walk.screen.timer == "1:01:05"


def test_quality_is_shown_in_bars() -> None:
    walk = talking()
    shown = []
    for mos in (4.3, 3.7, 3.2, 2.6, 1.2, None):
        walk.feed(QualityMeasured(call="a", codec="opus", mos=mos))
        assert walk.screen is not None
        shown.append(walk.screen.bars)
    assert shown == [4, 3, 2, 1, 0, None]
    assert walk.says("opus")


def test_digits_in_a_call_are_dtmf_and_shown() -> None:
    walk = talking()
    assert walk.press("1*#") == (SendDigit("a", "1"), SendDigit("a", "*"), SendDigit("a", "#"))
    assert walk.says("1*#")


def test_a_mutes_and_opens() -> None:
    walk = talking()
    assert walk.press("A") == (SetMute("a", muted=True),)
    assert not walk.says("Muted"), "it is shown when it is so, not when it was asked for"
    walk.feed(MuteChanged(call="a", muted=True))
    assert walk.says("Muted")
    assert walk.press("A") == (SetMute("a", muted=False),)


def test_b_holds_and_resumes() -> None:
    walk = talking()
    assert walk.press("B") == (SetHold("a", held=True),)
    walk.feed(HoldChanged(call="a", held=True))
    assert walk.at(Phase.ON_HOLD)
    assert walk.says("On hold")
    assert walk.press("1") == ()
    assert walk.press("A") == (SetMute("a", muted=True),)
    assert walk.press("B") == (SetHold("a", held=False),)
    walk.feed(HoldChanged(call="a", held=False))
    assert walk.at(Phase.IN_CALL)


def test_the_far_end_holds() -> None:
    walk = talking()
    walk.feed(HoldChanged(call="a", held=True, remote=True))
    assert walk.at(Phase.IN_CALL)
    assert walk.says("Held by other side")


def test_hold_before_the_answer_is_nothing() -> None:
    walk = alerting()
    walk.feed(HoldChanged(call="a", held=True))
    assert walk.at(Phase.ALERTING)


def test_the_far_end_hangs_up_and_the_handset_stays_off() -> None:
    walk = talking()
    walk.wait(7)
    assert walk.feed(CallEnded(call="a")) == (PlayTone(ToneName.BUSY),)
    assert walk.says("Call ended")
    assert walk.says("0:07")
    assert walk.wait(15) == (PlayTone(ToneName.HANG_UP),)
    assert walk.says("Please hang up")
    assert walk.wait(30) == (StopTone(),)
    assert walk.at(Phase.HANDSET_OFF)
    assert walk.feed(IncomingCall(call="b", number="1")) == (Reject("b"),)
    walk.replace()
    assert walk.at(Phase.IDLE)


def test_a_held_call_can_end_too() -> None:
    walk = talking()
    walk.feed(HoldChanged(call="a", held=True))
    walk.feed(CallEnded(call="a"))
    assert walk.at(Phase.ENDED)


def test_after_an_end_a_key_begins_a_new_number() -> None:
    walk = talking()
    walk.feed(CallEnded(call="a"))
    assert walk.press("4") == (StopTone(), KeySound("4"))
    assert walk.at(Phase.DIALLING)


def test_a_lifted_handset_without_a_number_asks_to_be_replaced() -> None:
    walk = ready()
    walk.lift()
    assert walk.wait(21) == (PlayTone(ToneName.HANG_UP),)


def test_replacing_the_handset_ends_whatever_is_there() -> None:
    for walk in (talking(), alerting(), dialled(), ringing_and_lifted()):
        assert HangUp("a") in walk.replace()
        assert (walk.phase, walk.tone, walk.live) == (Phase.IDLE, None, set())


def ringing_and_lifted() -> Walk:
    walk = ringing()
    walk.lift()
    return walk


def test_a_hook_that_reports_the_same_twice_changes_nothing() -> None:
    walk = talking()
    assert walk.lift() == ()
    assert walk.at(Phase.IN_CALL)


def test_the_line_may_go_during_a_call() -> None:
    walk = talking()
    assert walk.feed(LineChanged(registered=False)) == ()
    assert walk.at(Phase.IN_CALL)
    assert walk.screen is not None
    assert not walk.screen.ready


def test_a_call_that_is_reconnected_says_so_and_a_soft_tone_sounds_while_nothing_is_heard() -> None:
    walk = talking()
    walk.feed(ReconnectionChanged(call="a", reconnecting=True))
    assert walk.says("Reconnecting")
    assert walk.tone is None, "the registrar alone is away: the far end is heard"
    assert walk.feed(MediaChanged(call="a", flows=False)) == (PlayTone(ToneName.RECONNECTING),)
    walk.feed(HoldChanged(call="a", held=True))
    assert walk.tone is None, "who holds hears nothing anyway"
    walk.feed(HoldChanged(call="a", held=False))
    assert walk.feed(MediaChanged(call="a", flows=True)) == (StopTone(),)
    assert walk.at(Phase.IN_CALL)
    walk.feed(ReconnectionChanged(call="a", reconnecting=False))
    assert not walk.says("Reconnecting")
    walk.feed(MediaChanged(call="a", flows=False))
    assert PlayTone(ToneName.BUSY) in walk.feed(CallEnded(call="a"))


def test_news_of_other_calls_is_nothing() -> None:
    walk = talking()
    others = (
        RemoteRinging(call="z"),
        EarlyMediaStarted(call="z"),
        CallEnded(call="z"),
        MuteChanged(call="z", muted=True),
        HoldChanged(call="z", held=True),
        QualityMeasured(call="z", codec="x", mos=1.0),
        ReconnectionChanged(call="z", reconnecting=True),
        MediaChanged(call="z", flows=False),
        AnswerFailed(call="z"),
        DialFailed(attempt=9),
    )
    before = walk.state
    assert walk.feed(*others) == ()
    assert walk.state == before
