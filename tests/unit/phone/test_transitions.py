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
from appliance.phone.state import ESTABLISHED, OUTGOING, OVER, WITH_CALL, Phase
from appliance.units import Seconds
from tests.unit.phone.walk import Transition, Walk

KINDS = tuple(kind.__name__ for kind in inputs.Input.__args__)


def declared() -> set[Transition]:
    """Every change of phase there is, by the input that causes it."""
    p = Phase
    off_hook = set(Phase) - {p.STARTING, p.IDLE, p.PRE_DIALLING, p.RINGING}
    changes: set[Transition] = {(p.STARTING, "HookChanged", to) for to in (p.IDLE, p.HANDSET_OFF)}
    changes |= {(phase, "HookChanged", p.IDLE) for phase in off_hook}
    changes |= {(p.IDLE, "HookChanged", to) for to in (p.DIAL_TONE, p.UNAVAILABLE)}
    changes |= {(p.PRE_DIALLING, "HookChanged", to) for to in (p.CALLING, p.UNAVAILABLE, p.FAILED)}
    changes |= {(p.RINGING, "HookChanged", p.ANSWERING)}
    # Keys
    changes |= {(p.IDLE, "KeyPressed", p.PRE_DIALLING), (p.PRE_DIALLING, "KeyPressed", p.IDLE)}
    changes |= {(p.RINGING, "KeyPressed", p.IDLE)}
    changes |= {(phase, "KeyPressed", p.DIALLING) for phase in OVER | {p.DIAL_TONE}}
    changes |= {(phase, "KeyPressed", p.CALLING) for phase in OVER | {p.DIAL_TONE, p.DIALLING}}
    changes |= {(phase, "KeyPressed", p.UNAVAILABLE) for phase in OVER - {p.UNAVAILABLE} | {p.DIALLING}}
    changes |= {(p.DIALLING, "KeyPressed", to) for to in (p.DIAL_TONE, p.FAILED)}
    # From far away
    changes |= {(p.IDLE, "CallOffered", p.PRE_DIALLING)}
    changes |= {(p.DIAL_TONE, "CallOffered", to) for to in (p.CALLING, p.FAILED)}
    # The line
    changes |= {(p.DIAL_TONE, "LineChanged", p.UNAVAILABLE), (p.UNAVAILABLE, "LineChanged", p.DIAL_TONE)}
    # Time
    changes |= {(p.PRE_DIALLING, "TimePassed", p.IDLE), (p.RINGING, "TimePassed", p.IDLE)}
    changes |= {(p.DIALLING, "TimePassed", to) for to in (p.CALLING, p.UNAVAILABLE, p.FAILED)}
    changes |= {(phase, "TimePassed", p.FAILED) for phase in OUTGOING | {p.ANSWERING}}
    changes |= {(phase, "TimePassed", p.HANG_UP) for phase in OVER - {p.HANG_UP} | {p.DIAL_TONE}}
    changes |= {(p.HANG_UP, "TimePassed", p.HANDSET_OFF)}
    # Calls
    changes |= {(phase, "IncomingCall", p.RINGING) for phase in (p.IDLE, p.PRE_DIALLING)}
    changes |= {(phase, "DialFailed", p.FAILED) for phase in OUTGOING}
    changes |= {(p.CALLING, "RemoteRinging", p.ALERTING)}
    changes |= {(phase, "EarlyMediaStarted", p.EARLY_MEDIA) for phase in (p.CALLING, p.ALERTING)}
    changes |= {(phase, "CallAnswered", p.IN_CALL) for phase in OUTGOING | {p.ANSWERING}}
    changes |= {(p.RINGING, "CallAnswered", p.IDLE), (p.RINGING, "CallEnded", p.IDLE)}
    changes |= {(phase, "CallEnded", p.ENDED) for phase in (p.ANSWERING, p.IN_CALL, p.ON_HOLD)}
    changes |= {(phase, "CallEnded", to) for phase in OUTGOING for to in (p.BUSY, p.FAILED)}
    changes |= {(p.ANSWERING, "AnswerFailed", p.FAILED)}
    changes |= {(p.IN_CALL, "HoldChanged", p.ON_HOLD), (p.ON_HOLD, "HoldChanged", p.IN_CALL)}
    return changes


class Fingers:
    """Random inputs that mostly make sense where the telephone is, so that the far corners are reached too."""

    def __init__(self, source: random.Random) -> None:
        self._random = source
        self._names = 0
        self._keys = ""

    def next(self, walk: Walk) -> tuple[float, Input]:
        """Seconds to wait, and what happens then."""
        if self._keys and self._random.random() < 0.9:
            key, self._keys = self._keys[0], self._keys[1:]
            return 0.2, inputs.KeyPressed(key)
        wait = self._random.choices((0.0, 0.5, 2.0, 6.0, 16.0, 40.0, 190.0), (40, 30, 10, 6, 6, 3, 1))[0]
        if walk.phase in ESTABLISHED:
            wait = min(wait, 2.0)  # nothing but the timer happens by itself
        return wait, self._likely(walk) if self._random.random() < 0.5 else self._any(walk)

    def _likely(self, walk: Walk) -> Input:
        phase, call = walk.phase, walk.state.call
        if phase in {Phase.STARTING, Phase.HANDSET_OFF}:
            return inputs.HookChanged(off_hook=phase is Phase.STARTING and self._random.random() < 0.1)
        if call is not None and not call.call:
            return inputs.CallPlaced(attempt=walk.state.attempt, call=self._fresh())
        if phase is Phase.PRE_DIALLING or (phase is Phase.RINGING and self._random.random() < 0.5):
            return inputs.HookChanged(off_hook=True)
        if call is not None:
            return self._random.choice(self._of_call(walk, call.call))
        if self._random.random() < 0.3:
            return self._from_outside(walk)
        return self._number()

    def _from_outside(self, walk: Walk) -> Input:
        if not walk.state.line.ready:
            return inputs.LineChanged(registered=True)
        if walk.phase is Phase.IDLE:
            return inputs.IncomingCall(call=self._fresh(), number="101", name=self._random.choice(("", "Anna")))
        return inputs.LineChanged(registered=False)

    def _number(self) -> Input:
        self._keys = self._random.choice(("09001#", "0900", "09001", "101#", "112", "201", "D", "4C", "471"))
        if self._random.random() < 0.3:  # with the handset where it is
            key, self._keys = self._keys[0], self._keys[1:]
            return inputs.KeyPressed(key)
        return inputs.HookChanged(off_hook=True)

    def _of_call(self, walk: Walk, uuid: str) -> tuple[Input, ...]:
        return (
            inputs.RemoteRinging(call=uuid),
            inputs.EarlyMediaStarted(call=uuid),
            inputs.CallAnswered(call=uuid),
            inputs.CallEnded(call=uuid, status=self._random.choice((0, 404, 486, 600))),
            inputs.AnswerFailed(call=uuid),
            inputs.DialFailed(attempt=walk.state.attempt),
            inputs.MuteChanged(call=uuid, muted=self._random.random() < 0.5),
            inputs.HoldChanged(call=uuid, held=self._random.random() < 0.5, remote=self._random.random() < 0.3),
            inputs.ReconnectionChanged(call=uuid, reconnecting=self._random.random() < 0.5),
            inputs.MediaChanged(call=uuid, flows=self._random.random() < 0.5),
            inputs.QualityMeasured(call=uuid, codec="opus", mos=self._random.choice((None, 1.0, 4.4))),
        )

    def _any(self, walk: Walk) -> Input:
        return self._random.choice(
            (
                *self._of_call(walk, self._fresh()),
                *(inputs.KeyPressed(self._random.choice(KEYS)) for _ in range(3)),
                *(inputs.HookChanged(off_hook=self._random.random() < 0.5) for _ in range(2)),
                inputs.LineChanged(registered=self._random.random() < 0.5, refused=self._random.random() < 0.5),
                inputs.IncomingCall(call=self._fresh(), number="101", name=self._random.choice(("", "Anna"))),
                inputs.CallPlaced(attempt=self._random.choice((walk.state.attempt, 1)), call=self._fresh()),
                inputs.ClockRead("14:05"),
                inputs.CallOffered(number=self._random.choice(("", "101", "09001", "112"))),
                inputs.TextShown(text=self._random.choice(("", "Back soon")), seconds=Seconds(30.0)),
                inputs.Identified(seconds=Seconds(5.0)),
                inputs.TimePassed(),
            )
        )

    def _fresh(self) -> str:
        self._names += 1
        return f"call-{self._names}"


def random_walks(seed: int, walks: int, steps: int) -> Counter[Transition]:
    """Many short lives of a telephone; how often each transition was taken."""
    source = random.Random(seed)
    counted: Counter[Transition] = Counter()
    for _ in range(walks):
        walk, fingers = Walk(), Fingers(source)
        for _ in range(steps):
            wait, happened = fingers.next(walk)
            walk.wait(wait)
            walk.feed(happened)
        walk.replace()
        counted.update(walk.taken)
    return counted


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
    counted = random_walks(seed=1, walks=400, steps=200)
    changes = {transition for transition in counted if transition[0] is not transition[2]}
    print()
    print(table(counted))
    print(f"{len(changes)} of {len(declared())} declared transitions taken, {sum(counted.values())} inputs")
    assert changes - declared() == set(), "taken, but not declared"
    assert declared() - changes == set(), "declared, but never taken"
    unmet = {(phase, kind) for phase in Phase for kind in KINDS} - {(phase, kind) for phase, kind, _ in counted}
    assert unmet == set(), "a kind of input that a phase never met"


CALLS = st.sampled_from(("a", "b", "c"))
ATTEMPTS = st.integers(min_value=0, max_value=4)
HAPPENINGS: st.SearchStrategy[Input] = st.one_of(
    st.builds(inputs.KeyPressed, st.sampled_from(KEYS)),
    st.builds(inputs.HookChanged, st.booleans()),
    st.builds(inputs.LineChanged, registered=st.booleans(), refused=st.booleans()),
    st.builds(inputs.IncomingCall, call=CALLS, number=st.text(max_size=40), name=st.text(max_size=40)),
    st.builds(inputs.CallPlaced, attempt=ATTEMPTS, call=CALLS),
    st.builds(inputs.DialFailed, attempt=ATTEMPTS, reason=st.text(max_size=20)),
    st.builds(inputs.RemoteRinging, call=CALLS),
    st.builds(inputs.EarlyMediaStarted, call=CALLS),
    st.builds(inputs.CallAnswered, call=CALLS),
    st.builds(inputs.CallEnded, call=CALLS, status=st.integers(-1, 1000), elsewhere=st.booleans()),
    st.builds(inputs.AnswerFailed, call=CALLS),
    st.builds(inputs.MuteChanged, call=CALLS, muted=st.booleans()),
    st.builds(inputs.HoldChanged, call=CALLS, held=st.booleans(), remote=st.booleans()),
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
