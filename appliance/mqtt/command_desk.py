"""Commands from the broker to the unit, and the answers back [I/O].

messages ──► gate ──► Refused ───────────────────────────────► answer: refused
└─────► Request ──► obstacle? ──► audit, on the disk ──► answer: accepted
answer: done, failed ◄── audit ◄── actions
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Final, Protocol, Self

from appliance.clock import Clock, SystemClock
from appliance.errors import ApplianceError
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.command_payloads import Audit, Progress, Refusal, Response
from appliance.mqtt.commands import SAFE_FIRST, Gate, Policy, Refused, Request
from appliance.mqtt.document import Json
from appliance.mqtt.received import Received
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

_AT_ONCE: Final = 8  # commands that are being done
_REMEMBERED: Final = 100  # outcomes, for those who ask again


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a command can't be done now."""

    reason: Refusal
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a command."""

    failure: Refusal | None = None
    """Why it failed; None if it was done."""
    detail: str = ""
    result: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))


class Actions(Protocol):
    """What a unit can do."""

    def obstacle(self, request: Request) -> Obstacle | None:
        """What is in the way at this moment; None if nothing is."""

    async def do(self, request: Request, tell: Callable[[str], None]) -> Outcome:
        """Do it; `tell` what happens meanwhile. May raise `ApplianceError`."""


class CommandDesk:
    """Serves commands inside `async with`, after the link was entered."""

    def __init__(
        self,
        link: BrokerLink,
        policy: Policy,
        actions: Actions,
        *,
        synchronised: Callable[[], bool],
        clock: Clock | None = None,
    ) -> None:
        self._link = link
        self._bridge = link.bridge
        self._gate = Gate(policy)
        self._actions = actions
        self._synchronised = synchronised
        self._clock = clock or SystemClock()
        self._tasks = TaskSet("commands")
        self._outcomes: dict[str, Response] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        self._gate.recall(self._link.kept.commands)
        self._unsubscribe = self._link.messages.subscribe(self._heard)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unsubscribe()
        await self._tasks.close()

    def _heard(self, message: Received) -> None:
        name = self._bridge.topics.command(message.topic)
        if not name:
            return
        found = self._gate.check(name, message, self._clock.wall(), synchronised=self._synchronised())
        if isinstance(found, Request):
            found = self._hindered(found) or found
        desk = _Correspondence(self._link, self._clock, message, found)
        if isinstance(found, Refused):
            log.info("command %s is refused: %s", name, found.detail)
            former = self._outcomes.get(found.envelope.id) if found.reason is Refusal.REPEATED else None
            desk.audit(Progress.REFUSED, found.reason, found.detail)
            known = {} if former is None else {"status": former.status.value, "detail": former.detail}
            self._finished(found, desk.answer(Progress.REFUSED, found.reason, found.detail, known))
        else:
            self._tasks.start(name, self._do(found, desk))

    def _hindered(self, request: Request) -> Refused | None:
        obstacle = self._actions.obstacle(request)
        if obstacle is None and len(self._tasks) >= _AT_ONCE:
            obstacle = Obstacle(reason=Refusal.BUSY, detail=f"{_AT_ONCE} commands are being done")
        if obstacle is None:
            return None
        return Refused(
            name=request.name,
            reason=obstacle.reason,
            detail=obstacle.detail,
            envelope=request.envelope,
            given=request.given,
        )

    async def _do(self, request: Request, desk: "_Correspondence") -> None:
        if request.envelope.id:
            self._link.remember(request.envelope.id)
        desk.audit(Progress.ACCEPTED)
        problem = await self._link.kept_safe()
        if problem and request.name in SAFE_FIRST:
            detail = f"its audit record could not be kept: {problem}"
            desk.audit(Progress.REFUSED, Refusal.NOT_KEPT, detail)
            self._finished(request, desk.answer(Progress.REFUSED, Refusal.NOT_KEPT, detail))
            return
        desk.answer(Progress.ACCEPTED)
        try:
            outcome = await self._actions.do(request, desk.tell)
        except ApplianceError as error:
            outcome = Outcome(failure=Refusal.FAILED, detail=str(error))
        except asyncio.CancelledError:
            desk.audit(Progress.FAILED, Refusal.FAILED, "the service was stopped")
            raise
        status = Progress.DONE if outcome.failure is None else Progress.FAILED
        log.info("command %s by %r: %s %s", request.name, request.envelope.by, status, outcome.detail)
        desk.audit(status, outcome.failure, outcome.detail)
        await self._link.kept_safe()
        self._finished(request, desk.answer(status, outcome.failure, outcome.detail, outcome.result))

    def _finished(self, command: Request | Refused, response: Response) -> None:
        """Remember how it ended: what was done does not become undone by being asked for again."""
        name = command.envelope.id
        if name and not (response.status is Progress.REFUSED and name in self._outcomes):
            self._outcomes[name] = response
            if len(self._outcomes) > _REMEMBERED:
                del self._outcomes[next(iter(self._outcomes))]


class _Correspondence:
    """What is said of one command: to its sender, and to the audit."""

    def __init__(self, link: BrokerLink, clock: Clock, message: Received, found: Request | Refused) -> None:
        self._link, self._bridge, self._clock = link, link.bridge, clock
        self._message = message
        self._found = found

    def audit(self, status: Progress, reason: Refusal | None = None, detail: str = "") -> None:
        """Publish a record that lasts."""
        envelope = self._found.envelope
        record = Audit(
            command=self._found.name,
            command_id=envelope.id,
            by=envelope.by,
            status=status,
            reason=reason,
            detail=detail,
            arguments=self._found.given or {},
        )
        self._link.publish([self._bridge.happened(record, self._clock.wall())])

    def tell(self, detail: str) -> None:
        """Say what happens now."""
        self.answer(Progress.RUNNING, None, detail)

    def answer(
        self,
        status: Progress,
        reason: Refusal | None = None,
        detail: str = "",
        result: Mapping[str, Json] | None = None,
    ) -> Response:
        """Answer on `resp/<name>`, or where the sender wants it."""
        response = Response(
            command=self._found.name,
            command_id=self._found.envelope.id,
            status=status,
            reason=reason,
            detail=detail,
            result=result or {},
        )
        wanted = self._message.reply_topic
        topic = wanted if self._bridge.topics.is_response(wanted) else ""
        publication = self._bridge.response(
            response, self._clock.wall(), topic=topic, correlation=self._message.correlation
        )
        self._link.publish([publication])
        return response
