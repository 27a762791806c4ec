"""What an imagined unit does when it is told to: commands pass the gate of real ones, and are done in words.

message ──► gate ──► Refused ─► audit, answer
              └────► Request ─► audit, answer: accepted ─► now or in a moment ─► states, audit, answer: done
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from appliance.app.fleet.places import Place
from appliance.app.fleet.telephone import Telephone
from appliance.clock import Clock
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.command_payloads import Audit, Identify, Progress, Refusal, Response, ShowText
from appliance.mqtt.command_payloads import Dnd as DndCommand
from appliance.mqtt.command_payloads import Volume as VolumeCommand
from appliance.mqtt.commands import Gate, Policy, Refused, Request
from appliance.mqtt.publication import Publication
from appliance.mqtt.received import Received
from appliance.mqtt.unit_states import Check, Controls, SelfTest
from appliance.phone.dial_plan import Pattern

_SELF_TEST: Final = 3.0  # seconds
_CHECKS: Final = (
    "display",
    "keypad",
    "sound card",
    "loudspeaker to microphone",
    "registrar",
    "broker",
    "clock",
    "disk",
)

Later = Callable[[float, Callable[[], None]], object]
"""Calls something after so many seconds."""


@dataclass(slots=True)
class _Task:
    """A command that is being done."""

    request: Request
    message: Received
    reason: Refusal | None = None
    detail: str = ""
    states: list[object] = field(default_factory=list)


class Desk:
    """One start of a unit. `publish` takes what is said, `later` waits, `restart` starts the unit's service anew."""

    def __init__(
        self,
        place: Place,
        bridge: Bridge,
        telephone: Telephone,
        clock: Clock,
        *,
        publish: Callable[[Iterable[Publication]], None],
        later: Later,
        restart: Callable[[], None],
    ) -> None:
        self.controls = Controls(volume=60)
        self._bridge = bridge
        self._telephone = telephone
        self._clock = clock
        self._publish = publish
        self._later = later
        self._restart = restart
        self._gate = Gate(Policy(allowed=frozenset(place.info.commands), targets=(Pattern.parse("X."),)))

    def heard(self, message: Received) -> None:
        """Something was published to the unit."""
        name = self._bridge.topics.command(message.topic)
        if not name:
            return
        found = self._gate.check(name, message, self._clock.wall(), synchronised=True)
        if isinstance(found, Refused):
            self._say(found, message, Progress.REFUSED, found.reason, found.detail)
            return
        self._say(found, message, Progress.ACCEPTED, None, "")
        task = _Task(found, message)
        wait = self._begin(task)
        self._later(wait, lambda: self._finish(task))

    def _begin(self, task: _Task) -> float:
        """Do it, as far as that goes at once; seconds until it is done."""
        match task.request.arguments:
            case VolumeCommand(level=level):
                self.controls = replace(self.controls, volume=level)
            case DndCommand(on=on):
                self.controls = replace(self.controls, dnd=on)
            case ShowText(text=text, seconds=seconds):
                self.controls = replace(self.controls, text=text)
                self._later(seconds, lambda: self._control(replace(self.controls, text="")))
            case Identify(seconds=seconds):
                self.controls = replace(self.controls, identify=True)
                self._later(seconds, lambda: self._control(replace(self.controls, identify=False)))
            case _:
                return self._begin_by_name(task)
        task.states.append(self.controls)
        return 0.05

    def _begin_by_name(self, task: _Task) -> float:
        match task.request.name:
            case "hang_up" if not self._telephone.talking:
                task.reason, task.detail = Refusal.FAILED, "there is no call"
            case "hang_up":
                self._telephone.wish.hang_up = True
            case "self_test":
                wall = self._clock.wall()
                checks = tuple(Check(name=name, passed=True) for name in _CHECKS)
                finished = wall + timedelta(seconds=_SELF_TEST)
                task.states.append(SelfTest(started=wall, finished=finished, passed=True, checks=checks))
                self._answer(task.request, task.message, Progress.RUNNING, None, "listening to the loudspeaker")
                return _SELF_TEST
        return 0.1

    def _finish(self, task: _Task) -> None:
        status = Progress.DONE if task.reason is None else Progress.FAILED
        wall = self._clock.wall()
        self._publish([self._bridge.state(state, wall) for state in task.states])
        self._say(task.request, task.message, status, task.reason, task.detail)
        if task.request.name == "reboot":
            self._later(0.5, self._restart)

    def _control(self, controls: Controls) -> None:
        self.controls = controls
        self._publish([self._bridge.state(controls, self._clock.wall())])

    def _say(
        self, command: Request | Refused, message: Received, status: Progress, reason: Refusal | None, detail: str
    ) -> None:
        envelope = command.envelope
        record = Audit(
            command=command.name,
            command_id=envelope.id,
            by=envelope.by,
            status=status,
            reason=reason,
            detail=detail,
            arguments=command.given or {},
        )
        self._publish([self._bridge.happened(record, self._clock.wall())])
        self._answer(command, message, status, reason, detail)

    def _answer(
        self, command: Request | Refused, message: Received, status: Progress, reason: Refusal | None, detail: str
    ) -> None:
        response = Response(
            command=command.name, command_id=command.envelope.id, status=status, reason=reason, detail=detail
        )
        topic = message.reply_topic if self._bridge.topics.is_response(message.reply_topic) else ""
        self._publish(
            [self._bridge.response(response, self._clock.wall(), topic=topic, correlation=message.correlation)]
        )
