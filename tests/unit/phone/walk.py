"""A telephone's machine under observation: what was done, and what must hold after every input."""

from collections import Counter

from appliance.phone import inputs
from appliance.phone.actions import Action, Dial, HangUp, PlayTone, Reject, Show, StopTone, ToneName
from appliance.phone.dial_plan import LONGEST, DialPlan
from appliance.phone.inputs import HookChanged, Input, KeyPressed, LineChanged, TimePassed
from appliance.phone.machine import Machine, tone_of
from appliance.phone.screen import Screen
from appliance.phone.screens import screen_of
from appliance.phone.state import ESTABLISHED, ON_HOOK, OUTGOING, WITH_CALL, Phase, PhoneSettings, State
from appliance.units import Seconds
from tests.unit.phone.declared import Transition

SETTINGS = PhoneSettings(
    name="Front door",
    number="100",
    dial_plan=DialPlan.of(patterns=("2XX", "0.", "112"), blocked=("0900.",), emergency=("112", "911")),
)

PATIENT = {Phase.STARTING, Phase.HANDSET_OFF, Phase.IDLE, Phase.IN_CALL, Phase.ON_HOLD}
"""Phases without an end of their own."""


class Walk:
    """Hands inputs to a machine, keeps the time, follows the calls, and checks after every input."""

    def __init__(self, settings: PhoneSettings = SETTINGS) -> None:
        self.settings = settings
        self.machine = Machine(settings)
        self.now = Seconds(100.0)
        self.actions: list[Action] = []
        self.tone: ToneName | None = None
        self.screen: Screen | None = None
        self.live: set[str] = set()
        """Calls that exist and that nobody has ended."""
        self.dialled: set[int] = set()
        self.taken: Counter[Transition] = Counter()

    @property
    def state(self) -> State:
        return self.machine.state

    @property
    def phase(self) -> Phase:
        return self.machine.phase

    def at(self, phase: Phase) -> bool:
        return self.machine.phase is phase

    def feed(self, *happened: Input) -> tuple[Action, ...]:
        """Hand the inputs over at once; returns all they caused, screens left out."""
        self.actions = []
        for one in happened:
            self._hand_over(one)
        return tuple(action for action in self.actions if not isinstance(action, Show))

    def wait(self, seconds: float) -> tuple[Action, ...]:
        """Let time pass, serving every deadline on its way as a controller does."""
        self.actions = []
        end = self.now + seconds
        for _ in range(int(seconds) + 100):
            deadline = self.machine.deadline(self.now)
            if deadline is None or deadline > end:
                break
            assert deadline > self.now, "a deadline in the past would be served for ever"
            self.now = deadline
            self._hand_over(TimePassed())
        else:
            raise AssertionError("more deadlines than seconds")
        self.now = Seconds(end)
        return tuple(action for action in self.actions if not isinstance(action, Show))

    def press(self, keys: str) -> tuple[Action, ...]:
        return self.feed(*(KeyPressed(key) for key in keys))

    def lift(self) -> tuple[Action, ...]:
        return self.feed(HookChanged(off_hook=True))

    def replace(self) -> tuple[Action, ...]:
        """Put the handset down, and leave it there for longer than a flash takes."""
        down = self.feed(HookChanged(off_hook=False))
        return down if self.state.hook.down_since is None else down + self.wait(1.0)

    def flash(self, down: float = 0.2) -> tuple[Action, ...]:
        """Put the handset down and lift it again after so many seconds."""
        first = self.feed(HookChanged(off_hook=False)) + self.wait(down)
        return first + self.feed(HookChanged(off_hook=True))

    def push(self, button: str) -> tuple[Action, ...]:
        return self.feed(inputs.ButtonPressed(button))

    def says(self, text: str) -> bool:
        return self.screen is not None and self.screen.says(text)

    def _hand_over(self, happened: Input) -> None:
        due = self.machine.deadline(self.now)
        if due is not None and self.now >= due:
            self._step(TimePassed())
        self._step(happened)

    def _step(self, happened: Input) -> None:
        before = self.phase
        actions = self.machine.handle(happened, self.now)
        self.actions += actions
        self.taken[before, type(happened).__name__, self.phase] += 1
        self._follow(happened, actions)
        self.check()

    def _follow(self, happened: Input, actions: tuple[Action, ...]) -> None:
        match happened:
            case inputs.IncomingCall(call=call) | inputs.CallAnswered(call=call) | inputs.CallRestored(call=call):
                self.live.add(call)
            case inputs.CallPlaced(call=call, attempt=attempt) if attempt in self.dialled:
                self.live.add(call)
            case inputs.CallEnded(call=call):
                self.live.discard(call)
            case _:
                pass
        for action in actions:
            match action:
                case HangUp(call) | Reject(call):
                    self.live.discard(call)
                case PlayTone(tone):
                    assert tone is not self.tone, "the same tone is not begun twice"
                    self.tone = tone
                case Dial():
                    self.dialled.add(action.attempt)
                case StopTone():
                    self.tone = None
                case Show(screen):
                    assert screen != self.screen, "the same screen is not shown twice"
                    self.screen = screen
                case _:
                    pass

    def check(self) -> None:
        """What holds in every state."""
        state = self.state
        off_hook = state.hook.off_hook
        if off_hook is None:
            assert state.phase is Phase.STARTING
        else:
            assert (state.phase in ON_HOOK) == (not off_hook), (state.phase, off_hook)
        assert (state.call is not None) == (state.phase in WITH_CALL)
        if state.call is not None and not state.call.call:
            assert state.phase is Phase.CALLING
        front = () if state.call is None else (state.call,)
        names = [call.call for call in (*front, *state.others)]
        assert len(set(names)) == len(names), "a call twice"
        assert self.live <= set(names), "a call that nobody holds"
        assert state.calls <= self.settings.most_calls
        assert all(call.call for call in state.others), "a call behind has a name"
        assert not state.held or off_hook, "a call held without anybody at the telephone"
        assert not state.others or state.phase not in {Phase.STARTING, Phase.HANDSET_OFF, Phase.IDLE}
        if state.phase is Phase.RECALL:
            assert state.others
        if state.phase in ESTABLISHED:
            assert state.call is not None
            assert state.call.answered
            assert state.phase is Phase.RECALL or state.call.held == (state.phase is Phase.ON_HOLD)
        assert self.tone is tone_of(state)
        assert bool(state.number) == (state.phase in {Phase.PRE_DIALLING, Phase.DIALLING})
        assert len(state.number) <= LONGEST
        if self.settings.longest_call is None:
            assert (state.deadline is None) == (state.phase in PATIENT)
        assert not state.targets or state.phase in OUTGOING
        assert state.deadline is None or state.deadline >= self.now
        assert self.screen == screen_of(state, self.now, self.settings) or state.phase in ESTABLISHED


def ready(settings: PhoneSettings = SETTINGS) -> Walk:
    """A registered telephone with its handset down."""
    walk = Walk(settings)
    walk.feed(HookChanged(off_hook=False), LineChanged(registered=True))
    assert walk.phase is Phase.IDLE
    return walk


def off_line(*, refused: bool = False) -> Walk:
    """A telephone without a line, its handset down."""
    walk = Walk()
    walk.feed(HookChanged(off_hook=False), LineChanged(registered=False, refused=refused))
    return walk


def dialled(number: str = "101#") -> Walk:
    """A telephone whose call has been asked for and exists."""
    walk = ready()
    walk.lift()
    walk.press(number)
    walk.feed(inputs.CallPlaced(attempt=1, call="a"))
    return walk


def alerting() -> Walk:
    walk = dialled()
    walk.feed(inputs.RemoteRinging(call="a"))
    return walk


def ringing() -> Walk:
    walk = ready()
    walk.feed(inputs.IncomingCall(call="a", number="101", name="Anna Müller"))
    return walk


def talking() -> Walk:
    walk = ringing()
    walk.lift()
    walk.feed(inputs.CallAnswered(call="a"))
    return walk
