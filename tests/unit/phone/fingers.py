"""Random people, lines and far ends who mostly do what makes sense, so that far corners are met."""

import random
from collections.abc import Callable
from functools import partial

from appliance.phone import inputs
from appliance.phone.inputs import Input
from appliance.phone.ports import KEYS, Button
from appliance.phone.state import ESTABLISHED, OUTGOING, OVER, Phase
from appliance.units import Seconds
from tests.unit.phone.walk import Walk

BUTTONS = (*Button, "unknown")
NUMBERS = ("09001#", "0900", "09001", "101#", "112", "201", "D", "4C", "471")

Choice = tuple[float, Callable[[], Input]]
"""A weight, and what makes the input."""


class Fingers:
    """What happens next to a telephone."""

    def __init__(self, source: random.Random) -> None:
        self._random = source
        self._names = 0
        self._plan: list[tuple[float, Input]] = []
        if source.random() < 0.6:
            self._begin_with_two()

    def _begin_with_two(self) -> None:
        """A call in front and one behind: most corners are there, and the way to them is long."""
        first, second = self._fresh(), self._fresh()
        begin = (
            inputs.HookChanged(off_hook=False),
            inputs.LineChanged(registered=True),
            inputs.IncomingCall(call=first, number="101"),
            inputs.HookChanged(off_hook=True),
            inputs.CallAnswered(call=first),
            inputs.IncomingCall(call=second, number="102"),
        )
        taken = (
            inputs.KeyPressed("B"),
            inputs.HoldChanged(call=first, held=True),
            inputs.CallAnswered(call=second),
        )
        self._plan = [(0.1, each) for each in (*begin, *(taken if self._random.random() < 0.6 else ()))]

    def next(self, walk: Walk) -> tuple[float, Input]:
        """Seconds to wait, and what happens then."""
        if self._plan and self._random.random() < 0.97:
            return self._plan.pop(0)
        self._plan = []
        wait = self._random.choices((0.0, 0.5, 2.0, 6.0, 16.0, 40.0, 190.0), (40, 30, 10, 6, 6, 3, 1))[0]
        if walk.phase in ESTABLISHED:
            wait = min(wait, 2.0)  # nothing but the timer happens by itself
        choices = self._likely(walk) if self._random.random() < 0.6 else self._any(walk)
        return wait, self._random.choices([make for _, make in choices], [weight for weight, _ in choices])[0]()

    def _likely(self, walk: Walk) -> list[Choice]:
        phase, call, others = walk.phase, walk.state.call, walk.state.others
        if phase in {Phase.STARTING, Phase.HANDSET_OFF}:
            off = phase is Phase.STARTING and self._random.random() < 0.1
            return [(1.0, partial(inputs.HookChanged, off_hook=off))]
        if call is not None and not call.call:
            return [(1.0, lambda: inputs.CallPlaced(attempt=walk.state.attempt, call=self._fresh()))]
        choices: list[Choice] = []
        if phase in {Phase.PRE_DIALLING, Phase.RINGING}:
            choices.append((4.0, self._lift))
        if phase in {Phase.RINGING, Phase.OFFERED}:
            choices.append((2.0, partial(inputs.KeyPressed, "C")))
        if call is not None and others:
            choices.append((2.0, partial(inputs.CallEnded, call=call.call)))
            choices.append((0.5, partial(inputs.ButtonPressed, Button.HOOK)))
        if phase is Phase.RECALL:
            choices += [(3.0, self._flash), (2.0, self._hang_up), (2.0, partial(inputs.KeyPressed, "2"))]
        if walk.state.held and phase in OVER:
            choices.append((5.0, lambda: self._random.choice((inputs.KeyPressed("B"), inputs.ButtonPressed("flash")))))
        if call is not None:
            choices.append((2.0, lambda: self._random.choice(self._of_call(walk, call.call))))
            choices += self._of_the_front(walk, call.call)
        else:
            choices += [(4.0, self._number), (3.0, lambda: self._from_outside(walk))]
            choices += [(0.5, partial(inputs.ButtonPressed, name)) for name in (Button.REDIAL, Button.FLASH)]
        if others:
            choices += self._of_others(walk)
        return choices

    def _of_the_front(self, walk: Walk, call: str) -> list[Choice]:
        if walk.phase in OUTGOING | {Phase.ANSWERING, Phase.OFFERED} and self._random.random() < 0.7:
            return [
                (1.0, partial(inputs.CallAnswered, call=call)),
                (0.5, partial(inputs.CallEnded, call=call, status=486)),
            ]
        if walk.phase in ESTABLISHED | {Phase.OFFERED}:
            return [
                (2.0, lambda: inputs.IncomingCall(call=self._fresh(), number="102", name="Bob")),
                (2.0, self._flash),
                (1.0, lambda: self._consultation(walk, call)),
                (1.0, lambda: inputs.KeyPressed(self._random.choice("ABCD2"))),
                (0.2, partial(inputs.ButtonPressed, Button.HOOK)),
                (0.3, partial(inputs.HoldChanged, call=call, held=True)),
            ]
        return []

    def _of_others(self, walk: Walk) -> list[Choice]:
        other = self._random.choice(walk.state.others)
        choices: list[Choice] = [(1.0, lambda: self._random.choice(self._of_call(walk, other.call)))]
        choices += [(0.4, partial(inputs.KeyPressed, key)) for key in "BD5"]
        choices.append((1.0, self._flash))
        if not other.answered:
            choices.append((3.0 if walk.phase is Phase.RECALL else 0.3, partial(inputs.CallAnswered, call=other.call)))
        if other.answered and not other.held:
            choices.append((3.0, partial(inputs.HoldChanged, call=other.call, held=True)))
            choices.append((2.0, partial(inputs.HoldRefused, call=other.call)))
        return choices

    def _lift(self) -> Input:
        return inputs.HookChanged(off_hook=True) if self._random.random() < 0.8 else inputs.ButtonPressed(Button.HOOK)

    def _flash(self) -> Input:
        """R, by button or hook, and a key or none after it."""
        keys = self._random.choice(("", "", "0", "1", "2", "5", "201", "B", "09001#", "112", "flash"))
        after = inputs.ButtonPressed(keys) if keys == "flash" else None
        plan = [(0.2, after)] if after is not None else [(0.2, inputs.KeyPressed(key)) for key in keys]
        if self._random.random() < 0.5:
            self._plan = [*plan]
            return inputs.ButtonPressed(Button.FLASH)
        self._plan = [(self._random.choice((0.2, 0.2, 0.03, 0.7)), inputs.HookChanged(off_hook=True)), *plan]
        return inputs.HookChanged(off_hook=False)

    def _hang_up(self) -> Input:
        self._plan = [(1.0, inputs.TimePassed())]
        return inputs.HookChanged(off_hook=False)

    def _consultation(self, walk: Walk, first: str) -> Input:
        """R, a number, and something that happens to either call."""
        second = self._fresh()
        self._keys("201")
        self._plan.append((0.1, inputs.CallPlaced(attempt=walk.state.attempt + 1, call=second)))
        progress = (
            inputs.RemoteRinging(call=second),
            inputs.EarlyMediaStarted(call=second),
            inputs.CallEnded(call=second, status=486),
            inputs.CallAnswered(call=second),
        )
        end = (
            inputs.HoldRefused(call=first),
            inputs.ButtonPressed(Button.FLASH),
            inputs.HoldChanged(call=first, held=True),
        )
        self._plan += [(0.1, self._random.choice(progress)), (0.1, self._random.choice(end))]
        return inputs.ButtonPressed(Button.FLASH)

    def _from_outside(self, walk: Walk) -> Input:
        if not walk.state.line.ready:
            return inputs.LineChanged(registered=True)
        if walk.phase is Phase.IDLE:
            return inputs.IncomingCall(call=self._fresh(), number="101", name=self._random.choice(("", "Anna")))
        return inputs.LineChanged(registered=False)

    def _number(self) -> Input:
        self._keys(self._random.choice(NUMBERS))
        if self._random.random() < 0.3:  # with the handset where it is
            return self._plan.pop(0)[1]
        return self._lift()

    def _keys(self, keys: str) -> None:
        self._plan = [(0.2, inputs.KeyPressed(key)) for key in keys]

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
            inputs.HoldRefused(call=uuid),
            inputs.SelfAnswered(call=uuid),
            inputs.ConferenceChanged(calls=self._random.choice(((), (uuid, "call-1")))),
            inputs.ReconnectionChanged(call=uuid, reconnecting=self._random.random() < 0.5),
            inputs.MediaChanged(call=uuid, flows=self._random.random() < 0.5),
            inputs.QualityMeasured(call=uuid, codec="opus", mos=self._random.choice((None, 1.0, 4.4))),
        )

    def _any(self, walk: Walk) -> list[Choice]:
        return [
            (12.0, lambda: self._random.choice(self._of_call(walk, self._fresh()))),
            (3.0, lambda: inputs.KeyPressed(self._random.choice(KEYS))),
            (2.0, lambda: inputs.HookChanged(off_hook=self._random.random() < 0.5)),
            (1.0, lambda: inputs.ButtonPressed(self._random.choice(BUTTONS))),
            (1.0, lambda: inputs.LineChanged(registered=self._random.random() < 0.5, refused=False)),
            (1.0, lambda: inputs.LineChanged(registered=False, refused=True)),
            (
                1.0,
                lambda: inputs.IncomingCall(call=self._fresh(), number="101", name=self._random.choice(("", "Anna"))),
            ),
            (1.0, lambda: inputs.CallPlaced(attempt=self._random.choice((walk.state.attempt, 1)), call=self._fresh())),
            (1.0, self._restored),
            (1.0, partial(inputs.ClockRead, "14:05")),
            (1.0, lambda: inputs.DoNotDisturbChanged(on=self._random.random() < 0.5)),
            (1.0, lambda: inputs.CallOffered(number=self._random.choice(("", "101", "09001", "112")))),
            (1.0, lambda: inputs.TextShown(text=self._random.choice(("", "Back soon")), seconds=Seconds(30.0))),
            (1.0, partial(inputs.Identified, seconds=Seconds(5.0))),
            (1.0, inputs.TimePassed),
        ]

    def _restored(self) -> Input:
        held = self._random.random() < 0.5
        return inputs.CallRestored(call=self._fresh(), number="101", incoming=False, talked=9.0, muted=False, held=held)

    def _fresh(self) -> str:
        self._names += 1
        return f"call-{self._names}"
