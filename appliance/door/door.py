"""[I/O] One door: digits and commands come in, the strike is pulsed, and everything is written down first."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from appliance.calls.call_info import Direction
from appliance.calls.client import Client
from appliance.calls.events import ClientEvent, DtmfReceived
from appliance.calls.state import LAST_STATES
from appliance.clock import Clock, SystemClock
from appliance.door import audit
from appliance.door.attempts import Attempts
from appliance.door.audit_file import AuditFile
from appliance.door.codes import Way
from appliance.door.entry import PAUSE, Entry
from appliance.door.policy import DoorPolicy, DoorSettings, Verdict
from appliance.door.strike import Strike
from appliance.errors import DriverError, UsageError
from appliance.events import Emitter
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

_CLOCK_KNOWN: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Door:
    """Opens inside `async with`, which starts the strike's guard. Raises `DriverError` if its relay can't be used."""

    def __init__(
        self,
        client: Client,
        settings: DoorSettings,
        strike: Strike,
        *,
        audit_file: AuditFile | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.verdicts: Emitter[Verdict] = Emitter()
        """Every attempt, after it was written down."""
        self._client = client
        self._settings = settings
        self._strike = strike
        self._file = audit_file
        self._clock = clock or SystemClock()
        self._policy = DoorPolicy(settings)
        self._entries: dict[str, Entry] = {}
        self._tasks = TaskSet("door")
        self._unsubscribe: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        if self._file is not None:
            counted = audit.failures(await asyncio.to_thread(self._file.lines))
            now = self._clock.now()
            self._policy.attempts = {way: Attempts.remembered(times, now) for way, times in counted.items()}
        await self._strike.__aenter__()
        self._unsubscribe = self._client.events.subscribe(self._heard)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unsubscribe()
        await self._tasks.close()
        await self._strike.__aexit__(kind, error, trace)

    @property
    def obeys(self) -> bool:
        """Whether it opens by command."""
        return self._settings.commands

    async def open(self, name: str) -> None:
        """Open by a command that has passed the broker's gate (`phone.ports.Door`).

        Raises:
            UsageError: `name` is not "", and this is the only door.
            DriverError: it stays locked; the reason is in words.
        """
        if name:
            raise UsageError(f"there is no door {name!r}: this unit has one, without a name")
        verdict = await self._decided(self._policy.command(), "")
        if not verdict.opens:
            raise DriverError(f"the door stays locked: {verdict.reason}")

    async def keypad(self, digits: str) -> Verdict:
        """Open by a code on the keypad."""
        return await self._code(Way.KEYPAD, digits, "")

    def _heard(self, event: ClientEvent) -> None:
        call = getattr(event, "call", None)
        if call is None:
            return
        if call.state in LAST_STATES:
            self._entries.pop(call.sip_call_id, None)
        elif isinstance(event, DtmfReceived) and call.direction is Direction.OUTGOING:
            # Whom this unit called, and nobody who calls it.
            self._digit(call.sip_call_id, event.digit)

    def _digit(self, call: str, digit: str) -> None:
        entry, code = self._entries.get(call, Entry()).pressed(digit, self._clock.now())
        self._entries[call] = entry
        if code:
            self._tasks.start("code", self._code(Way.DTMF, code, call))
        elif entry.deadline is not None:
            asyncio.get_running_loop().call_later(PAUSE, self._paused, call)

    def _paused(self, call: str) -> None:
        entry = self._entries.get(call)
        if entry is None:
            return
        self._entries[call], code = entry.paused(self._clock.now())
        if code:
            self._tasks.start("code", self._code(Way.DTMF, code, call))

    async def _code(self, way: Way, digits: str, call: str) -> Verdict:
        return await self._decided(self._policy.code(way, digits, self._clock.now(), self._moment()), call)

    def _moment(self) -> datetime | None:
        wall = self._clock.wall()
        return wall.astimezone() if wall >= _CLOCK_KNOWN else None

    async def _decided(self, verdict: Verdict, call: str) -> Verdict:
        log.info("door: %s", verdict)
        if self._file is not None:
            await asyncio.to_thread(self._file.append, audit.line(verdict, self._moment(), call))
        if verdict.opens and not await self._strike.pulse(self._settings.pulse):
            verdict = Verdict(way=verdict.way, opens=False, name=verdict.name, reason="the strike did not answer")
        self.verdicts.emit(verdict)
        return verdict
