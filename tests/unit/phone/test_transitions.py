"""Every way through the telephone: the declared transitions, walked; random inputs, held to what always holds."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.phone import inputs
from appliance.phone.actions import Answer, Dial
from appliance.phone.inputs import Input
from appliance.phone.ports import KEYS
from appliance.phone.screen_image import render
from appliance.phone.state import WITH_CALL, Phase
from appliance.units import Seconds
from tests.unit.phone.declared import RULES, Transition, allowed, untaken
from tests.unit.phone.fingers import BUTTONS, Fingers
from tests.unit.phone.walk import Walk

KINDS = tuple(kind.__name__ for kind in inputs.Input.__args__)


def random_walks(seed: int, most: int, steps: int) -> Counter[Transition]:
    """Short lives of a telephone until every rule was seen, `most` at most; how often each transition was taken."""
    source = random.Random(seed)
    counted: Counter[Transition] = Counter()
    for lived in range(most):
        walk, fingers = Walk(), Fingers(source)
        for _ in range(steps):
            wait, happened = fingers.next(walk)
            walk.wait(wait)
            walk.feed(happened)
        walk.replace()
        counted.update(walk.taken)
        if lived % 50 == 49 and not untaken(set(counted)) and not unmet(counted):
            break
    return counted


def unmet(counted: Counter[Transition]) -> set[tuple[Phase, str]]:
    """The kinds of input that a phase never met."""
    return {(phase, kind) for phase in Phase for kind in KINDS} - {(phase, kind) for phase, kind, _ in counted}


def table(counted: Counter[Transition]) -> str:
    """Phases down, kinds of input across, and how often."""
    met: Counter[tuple[Phase, str]] = Counter()
    for (phase, kind, _), times in counted.items():
        met[phase, kind] += times
    wide = max(len(phase) for phase in Phase)
    lines = [f"{'':{wide}} " + " ".join(f"{kind[:11]:>11}" for kind in KINDS)]
    lines += [f"{phase:{wide}} " + " ".join(f"{met[phase, kind]:>11}" for kind in KINDS) for phase in Phase]
    return "\n".join(lines)


def test_every_declared_transition_is_taken_and_no_other() -> None:
    counted = random_walks(seed=3, most=2000, steps=80)
    changes = {transition for transition in counted if transition[0] is not transition[2]}
    print()
    print(table(counted))
    print(f"{len(changes)} ways between phases taken, {len(RULES)} rules, {sum(counted.values())} inputs")
    assert sorted(changes - allowed()) == [], "taken, but not declared"
    assert untaken(changes) == [], "declared, but never taken"
    assert unmet(counted) == set(), "a kind of input that a phase never met"


CALLS = st.sampled_from(("a", "b", "c"))
ATTEMPTS = st.integers(min_value=0, max_value=4)
HAPPENINGS: st.SearchStrategy[Input] = st.one_of(
    st.builds(inputs.KeyPressed, st.sampled_from(KEYS)),
    st.builds(inputs.HookChanged, st.booleans()),
    st.builds(inputs.ButtonPressed, st.sampled_from(BUTTONS)),
    st.builds(inputs.LineChanged, registered=st.booleans(), refused=st.booleans()),
    st.builds(inputs.IncomingCall, call=CALLS, number=st.text(max_size=40), name=st.text(max_size=40)),
    st.builds(inputs.CallPlaced, attempt=ATTEMPTS, call=CALLS),
    st.builds(
        inputs.CallRestored,
        call=CALLS,
        number=st.text(max_size=40),
        incoming=st.booleans(),
        talked=st.floats(0.0, 1e5),
        muted=st.booleans(),
        held=st.booleans(),
    ),
    st.builds(
        inputs.CallRestored,
        call=CALLS,
        number=st.text(max_size=40),
        incoming=st.booleans(),
        talked=st.floats(0.0, 1e5),
        muted=st.booleans(),
        held=st.booleans(),
    ),
    st.builds(inputs.DialFailed, attempt=ATTEMPTS, reason=st.text(max_size=20)),
    st.builds(inputs.RemoteRinging, call=CALLS),
    st.builds(inputs.EarlyMediaStarted, call=CALLS),
    st.builds(inputs.CallAnswered, call=CALLS),
    st.builds(inputs.CallEnded, call=CALLS, status=st.integers(-1, 1000), elsewhere=st.booleans()),
    st.builds(inputs.AnswerFailed, call=CALLS),
    st.builds(inputs.MuteChanged, call=CALLS, muted=st.booleans()),
    st.builds(inputs.HoldChanged, call=CALLS, held=st.booleans(), remote=st.booleans()),
    st.builds(inputs.HoldRefused, call=CALLS),
    st.builds(inputs.SelfAnswered, call=CALLS),
    st.builds(inputs.ConferenceChanged, calls=st.lists(CALLS, max_size=3).map(tuple)),
    st.builds(inputs.DoNotDisturbChanged, on=st.booleans()),
    st.builds(inputs.QualityMeasured, call=CALLS, codec=st.text(max_size=9), mos=st.none() | st.floats(0.0, 5.0)),
    st.builds(inputs.CallOffered, number=st.text(max_size=40)),
    st.builds(inputs.TextShown, text=st.text(max_size=64), seconds=st.floats(0.5, 90.0).map(Seconds)),
    st.builds(inputs.Identified, seconds=st.floats(0.5, 90.0).map(Seconds)),
    st.builds(inputs.ClockRead, st.text(max_size=6)),
    st.just(inputs.TimePassed()),
)
STEPS = st.lists(st.tuples(st.sampled_from((0.0, 0.1, 1.0, 4.5, 20.0, 200.0)), HAPPENINGS), max_size=60)


def walked(steps: list[tuple[float, Input]]) -> Walk:
    """A telephone after all that; `Walk` has checked it after each."""
    walk = Walk()
    for wait, happened in steps:
        walk.wait(wait)
        walk.feed(happened)
    return walk


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_on_hook_always_ends_idle_silent_and_without_a_call(steps: list[tuple[float, Input]]) -> None:
    walk = walked(steps)
    walk.lift()
    walk.replace()
    if walk.state.hook.hands_free:
        walk.push("hook")  # who talks without a handset hangs up by this
    while walk.at(Phase.RINGING):
        walk.press("C")  # who waited meanwhile
    assert walk.phase is Phase.IDLE
    assert walk.tone is None
    assert walk.state.call is None
    assert walk.live == set()
    assert walk.lift()[-1:] != (), "and it can be lifted again"


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_a_handset_left_off_falls_silent_by_itself(steps: list[tuple[float, Input]]) -> None:
    walk = walked(steps)
    walk.lift()
    if walk.state.call is not None and walk.state.call.call:
        walk.feed(inputs.CallEnded(call=walk.state.call.call, status=480))
    walk.wait(600.0)
    assert walk.phase in {Phase.HANDSET_OFF, Phase.IDLE}
    assert walk.tone is None


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_is_on_the_screen_can_be_drawn(steps: list[tuple[float, Input]]) -> None:
    walk = walked(steps)
    assert walk.screen is None or len(render(walk.screen)) == 1024


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_nothing_is_dialled_or_answered_with_the_handset_down(steps: list[tuple[float, Input]]) -> None:
    walk = Walk()
    for wait, happened in steps:
        down = walk.state.hook.off_hook is not True
        asked = walk.wait(wait) + walk.feed(happened)
        if down and walk.state.hook.off_hook is not True:
            assert not any(isinstance(action, Dial | Answer) for action in asked)


def test_a_walk_that_leaves_a_call_behind_is_noticed() -> None:
    walk = Walk()
    walk.live.add("forgotten")
    with pytest.raises(AssertionError, match="nobody holds"):
        walk.feed(inputs.HookChanged(off_hook=False))


def test_deadlines_are_never_in_the_past() -> None:
    walk = Walk()
    walk.feed(inputs.HookChanged(off_hook=False), inputs.LineChanged(registered=True))
    walk.feed(inputs.IncomingCall(call="a", number="1"), inputs.HookChanged(off_hook=True))
    walk.feed(inputs.CallAnswered(call="a"))
    for _ in range(50):
        deadline = walk.machine.deadline(walk.now)
        assert deadline is not None
        assert deadline > walk.now
        walk.now = Seconds(deadline)
        walk.feed(inputs.TimePassed())
    assert walk.phase in WITH_CALL
