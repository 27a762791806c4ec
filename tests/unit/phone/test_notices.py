"""What is asked of a telephone from far away: words, a sign of itself, a number to call."""

from appliance.phone.actions import Dial, PlayTone, StopTone, ToneName
from appliance.phone.inputs import CallOffered, Identified, TextShown
from appliance.phone.screen import ScreenKind
from appliance.phone.state import Phase
from appliance.units import Seconds
from tests.unit.phone.walk import ready, talking


def test_words_from_far_away_are_shown_while_it_is_idle_and_for_their_time() -> None:
    walk = ready()
    walk.feed(TextShown(text="Back at 14:00", seconds=Seconds(60.0)))
    assert walk.says("Back at 14:00")
    walk.lift()
    assert walk.says("Dial a number")
    walk.replace()
    assert walk.says("Back at 14:00")
    walk.wait(59.0)
    assert walk.says("Back at 14:00")
    walk.wait(1.0)
    assert walk.screen is not None
    assert walk.screen.kind is ScreenKind.IDLE
    walk.feed(TextShown(text="Closed", seconds=Seconds(60.0)), TextShown(text="", seconds=Seconds(60.0)))
    assert not walk.says("Closed")


def test_it_says_which_one_it_is_until_somebody_touches_it() -> None:
    walk = ready()
    assert walk.feed(Identified(seconds=Seconds(10.0))) == (PlayTone(ToneName.IDENTIFY),)
    assert walk.says("This is")
    assert walk.says("Front door")
    assert walk.wait(10.0) == (StopTone(),)
    walk.feed(Identified(seconds=Seconds(10.0)))
    assert walk.lift() == (PlayTone(ToneName.DIAL),)
    assert walk.replace() == (StopTone(),)
    assert walk.screen is not None
    assert walk.screen.kind is ScreenKind.IDLE


def test_a_number_from_far_away_is_dialled_by_whoever_lifts_the_handset() -> None:
    walk = ready()
    assert walk.feed(CallOffered(number="101")) == (PlayTone(ToneName.OFFER),)
    assert walk.says("Please call")
    assert walk.says("101")
    assert walk.lift() == (PlayTone(ToneName.CONNECTING), Dial(number="101", attempt=1))


def test_a_number_from_far_away_is_forgotten_when_nobody_comes() -> None:
    walk = ready()
    walk.feed(CallOffered(number="101"))
    assert walk.wait(30.0) == (StopTone(),)
    assert walk.at(Phase.IDLE)
    walk.feed(CallOffered(number="101"))
    assert walk.press("5") == (StopTone(),), "a person is there: nothing has to call for attention"
    assert walk.says("1015")


def test_a_number_from_far_away_does_not_disturb_a_call() -> None:
    walk = talking()
    assert walk.feed(CallOffered(number="101")) == ()
    assert walk.at(Phase.IN_CALL)
