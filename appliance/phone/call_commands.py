"""[I/O] Does what the machine asks of calls, one after the other where one needs what came before it.

What comes of it is told back as inputs; a command that comes too late is no fault, its call's end is on its way.
"""

import asyncio
import logging
from collections.abc import Callable

from appliance.calls import service_events as events
from appliance.calls.call import Call
from appliance.calls.call_info import CallEvent, Direction
from appliance.calls.client import Client
from appliance.calls.events import Calling, ClientEvent
from appliance.calls.state import LAST_STATES
from appliance.errors import ApplianceError, TransportError, UsageError
from appliance.phone.actions import (
    Answer,
    Dial,
    HangUp,
    Join,
    Reject,
    SendDigit,
    SetDoNotDisturb,
    SetHold,
    SetMute,
    Swap,
    Transfer,
)
from appliance.phone.happenings import inputs_of
from appliance.phone.inputs import (
    AnswerFailed,
    CallEnded,
    CallPlaced,
    ConferenceChanged,
    DialFailed,
    EarlyMediaStarted,
    HoldRefused,
    Input,
)
from appliance.phone.words import Words
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

ToACall = Answer | Reject | SendDigit | SetMute | SetHold
CallAction = Dial | HangUp | Swap | Transfer | Join | SetDoNotDisturb | ToACall


class CallCommands:
    """The calls of one telephone. `happened` hears what becomes of them."""

    def __init__(self, client: Client, words: Words, happened: Callable[[Input], None]) -> None:
        self._client = client
        self._words = words
        self._happened = happened
        self._calls: dict[str, Call] = {}
        """The calls that live, by the name the machine has for them."""
        self._tasks = TaskSet("phone")
        self._turn = asyncio.Lock()
        """Whoever holds, resumes, answers or dials: the next needs the slot or the line that this one frees."""
        self._attempt: int | None = None

    @property
    def attempt(self) -> int | None:
        """The call that is being set up now."""
        return self._attempt

    async def close(self) -> None:
        """End what still runs."""
        await self._tasks.close()

    def heard(self, event: ClientEvent) -> None:
        """An event of the call API, as inputs."""
        name = ""
        if isinstance(event, CallEvent):
            name = self._name(event.call.call_uuid)
            if isinstance(event, Calling) and self._attempt is not None:
                self._happened(CallPlaced(attempt=self._attempt, call=name))
        if isinstance(event, events.ConferenceChanged):
            self._happened(ConferenceChanged(calls=tuple(self._name(uuid) for uuid in event.calls)))
        for happened in inputs_of(event, name):
            if not (isinstance(happened, EarlyMediaStarted) and self._client.tones.covers_early_media):
                self._happened(happened)
        if isinstance(event, CallEvent) and event.call.state in LAST_STATES:
            self._calls.pop(name, None)

    def _name(self, uuid: str) -> str:
        """What the machine calls a call: its first UUID, whatever the far end names it later."""
        for name, call in self._calls.items():
            if call.named(uuid):
                return name
        known = self._client.call_by_uuid(uuid)
        if known is not None and not known.over:
            self._calls[uuid] = known
        return uuid

    def do(self, action: CallAction) -> None:
        """Do it, or begin to."""
        match action:
            case Dial():
                self._tasks.start(f"dial {action.attempt}", self._dial(action))
            case Swap():
                self._tasks.start("swap", self._swap(action))
            case Transfer():
                self._tasks.start("transfer", self._transfer(action))
            case Join():
                self._tasks.start("join", self._join(action))
            case HangUp(uuid):
                self.hang_up(uuid)
            case SetDoNotDisturb(on):
                self._client.do_not_disturb = on
            case _:
                call = self._call(action.call)
                if call is None:
                    log.debug("%s: there is no such call any more", action)
                else:
                    self._to_a_call(call, action)

    def _to_a_call(self, call: Call, action: ToACall) -> None:
        match action:
            case Answer():
                self._tasks.start("answer", self._answer(call))
            case Reject(status=status):
                _try(action, lambda: call.reject(status))
            case SendDigit(digit=digit):
                _try(action, lambda: call.send_dtmf(digit))
            case SetMute(muted=muted):
                _try(action, lambda: call.mute(on=muted))
            case SetHold(held=held):
                self._tasks.start("hold", self._hold(call, held=held))

    def hang_up(self, uuid: str) -> None:
        """End a call, if it is there."""
        call = self._call(uuid)
        if call is not None:
            _try("hang up", call.hang_up)

    def abandon(self) -> None:
        """End the call that is being set up, before it rings anywhere: nobody waits for it any more."""
        call = self._client.current_call
        if call is not None and call.direction is Direction.OUTGOING and not call.answered and not call.over:
            _try("abandon", call.hang_up)

    async def _dial(self, dial: Dial) -> None:
        if dial.urgent:
            await self._place(dial)
            return
        async with self._turn:
            await self._place(dial)

    async def _place(self, dial: Dial) -> None:
        self._attempt = dial.attempt
        try:
            call = await self._client.call(dial.number)
        except ApplianceError as error:
            log.info("call to %s: %s", dial.number, error)
            self._happened(DialFailed(attempt=dial.attempt, reason=self._reason(error)))
            return
        finally:
            if self._attempt == dial.attempt:
                self._attempt = None
        name = self._name(call.uuid)
        self._happened(CallPlaced(attempt=dial.attempt, call=name))
        if call.over:
            self._happened(CallEnded(call=name, status=call.info.code))

    def _reason(self, error: ApplianceError) -> str:
        if isinstance(error, UsageError):
            return self._words.wrong_number
        return self._words.offline if isinstance(error, TransportError) else self._words.could_not_connect

    async def _answer(self, call: Call) -> None:
        async with self._turn:
            try:
                await call.answer(on_others="letring", current="hold")
            except ApplianceError as error:
                log.warning("call %s can't be answered: %s", call.uuid, error)
                self._happened(AnswerFailed(call=self._name(call.uuid)))

    async def _hold(self, call: Call, *, held: bool) -> None:
        async with self._turn:
            await self._held(call) if held else await self._resumed(call)

    async def _swap(self, swap: Swap) -> None:
        async with self._turn:
            former, call = self._call(swap.held), self._call(swap.resumed)
            if former is not None and not former.held and not await self._held(former):
                return
            if call is not None:
                await self._resumed(call)

    async def _transfer(self, transfer: Transfer) -> None:
        call, to = self._call(transfer.call), self._call(transfer.to)
        if call is None or to is None:
            return
        try:
            if not await call.transfer(to=to):
                log.info("call %s could not be transferred", call.uuid)
        except ApplianceError as error:
            log.info("call %s can't be transferred: %s", call.uuid, error)

    async def _join(self, join: Join) -> None:
        calls = [call for call in map(self._call, join.calls) if call is not None]
        async with self._turn:
            try:
                if not await self._client.conference(*calls):
                    log.info("the calls could not be joined")
            except ApplianceError as error:
                log.info("the calls can't be joined: %s", error)

    async def _held(self, call: Call) -> bool:
        try:
            if await call.hold():
                return True
            log.info("call %s: the far end refuses to be held", call.uuid)
        except ApplianceError as error:
            log.info("call %s can't be held: %s", call.uuid, error)
        if not call.over:
            self._happened(HoldRefused(call=self._name(call.uuid)))
        return call.over

    async def _resumed(self, call: Call) -> None:
        try:
            await call.resume()
        except ApplianceError as error:
            log.info("call %s can't be resumed: %s", call.uuid, error)

    def _call(self, name: str) -> Call | None:
        return self._calls.get(name) or self._client.call_by_uuid(name)


def _try(what: object, command: Callable[[], object]) -> None:
    """Do what may come too late: a call that has ended by itself refuses commands, and its event is on its way."""
    try:
        command()
    except ApplianceError as error:
        log.info("%s: %s", what, error)
