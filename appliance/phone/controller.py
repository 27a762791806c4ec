"""The telephone in its place: panel drivers on one side, the call API on the other, the machine between.

keypad, hook (any thread) ──call_soon_threadsafe──┐
client.events ────────────────────────────────────┤► inbox ─► machine ─► actions ─► client, tones, display
timer, clock ─────────────────────────────────────┘
"""

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from appliance.calls.call import Call
from appliance.calls.call_info import CallEvent, Direction
from appliance.calls.client import Client
from appliance.calls.events import Calling, ClientEvent
from appliance.calls.state import LAST_STATES
from appliance.clock import Clock, SystemClock
from appliance.errors import ApplianceError, DriverError, TransportError, UsageError
from appliance.events import Emitter
from appliance.media import tones
from appliance.phone.actions import (
    Action,
    Answer,
    Dial,
    HangUp,
    KeySound,
    PlayTone,
    Reject,
    SendDigit,
    SetHold,
    SetMute,
    Show,
    StopTone,
)
from appliance.phone.happenings import inputs_of
from appliance.phone.inputs import (
    AnswerFailed,
    CallEnded,
    CallPlaced,
    ClockRead,
    DialFailed,
    EarlyMediaStarted,
    HookChanged,
    Input,
    KeyPressed,
    LineChanged,
    TimePassed,
)
from appliance.phone.machine import Machine
from appliance.phone.ports import Display, HookSwitch, Keypad
from appliance.phone.screen import Screen
from appliance.phone.screen_image import render
from appliance.phone.sounds import sound_of
from appliance.phone.state import LIKELY, OUTGOING, PhoneSettings, State
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

WAITING: Final = 64
"""Panel reports that may wait for the loop; further key presses are dropped, of hook moves the last is kept."""

_CLOCK_KNOWN: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""A unit without a battery for its clock starts long before this; then it shows no time."""


class PhoneController:
    """Runs one telephone inside `async with`. The drivers are started on entry and stopped on exit.

    The client has to be entered before and left after. Entry raises `DriverError` for a panel that does not work.
    """

    def __init__(
        self,
        client: Client,
        settings: PhoneSettings,
        *,
        keypad: Keypad,
        hook: HookSwitch,
        display: Display,
        clock: Clock | None = None,
    ) -> None:
        self.screens: Emitter[Screen] = Emitter()
        """Each screen as it is shown, as words."""
        self._client = client
        self._words = settings.words
        self._keypad, self._hook, self._display = keypad, hook, display
        self._clock = clock or SystemClock()
        self._machine = Machine(settings)
        self._panel = _PanelReports(self._happened)
        # Emptied before `_happened` returns: it only holds what one input causes, and so needs no bound.
        self._inbox: deque[Input] = deque()
        self._serving = False
        self._calls: dict[str, Call] = {}
        """The calls that live, by the name the machine has for them."""
        self._tasks = TaskSet("phone")
        self._dialling = asyncio.Lock()
        self._attempt: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._minute: asyncio.TimerHandle | None = None
        self._unsubscribe: Callable[[], None] | None = None

    @property
    def state(self) -> State:
        """The state of the telephone now."""
        return self._machine.state

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._display.start()
        self._unsubscribe = self._client.events.subscribe(self._event)
        self._read_clock()
        if self._client.is_registered:
            self._happened(LineChanged(registered=True))
        self._panel.open(self._loop)
        try:
            self._hook.start(self._panel.hook_changed)
            self._keypad.start(self._panel.key_pressed)
        except DriverError:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._keypad.stop()
        self._hook.stop()
        self._panel.close()
        if self._unsubscribe is not None:
            self._unsubscribe()
        for timer in (self._timer, self._minute):
            if timer is not None:
                timer.cancel()
        call = self._machine.state.call
        if call is not None:
            self._hang_up(call.call)
        self._client.media.play(None)
        await self._tasks.close()
        self._display.stop()

    def _event(self, event: ClientEvent) -> None:
        name = ""
        if isinstance(event, CallEvent):
            name = self._name(event.call.call_uuid)
            if isinstance(event, Calling) and self._attempt is not None:
                self._happened(CallPlaced(attempt=self._attempt, call=name))
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

    def _happened(self, happened: Input) -> None:
        """Serve an input, after those that came before it; what one causes at once comes after it."""
        self._inbox.append(happened)
        if self._serving:
            return
        self._serving = True
        try:
            while self._inbox:
                for action in self._machine.handle(self._inbox.popleft(), self._clock.now()):
                    self._do(action)
        finally:
            self._serving = False
        if self._machine.phase in LIKELY:
            self._client.prepare()
        self._abandon()
        self._set_timer()

    def _abandon(self) -> None:
        """End a call that is still being set up and that nobody waits for any more, before it rings anywhere."""
        state = self._machine.state
        if self._attempt is None or (state.phase in OUTGOING and state.attempt == self._attempt):
            return
        call = self._client.current_call
        if call is not None and call.direction is Direction.OUTGOING and not call.over:
            self._try("abandon", call.hang_up)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.now()
        deadline = self._machine.deadline(now)
        if deadline is not None:
            self._timer = self._loop.call_later(max(0.0, deadline - now), self._happened, TimePassed())

    def _read_clock(self) -> None:
        wall = self._clock.wall()
        known = wall >= _CLOCK_KNOWN
        self._happened(ClockRead(wall.astimezone().strftime("%H:%M") if known else ""))
        self._minute = self._loop.call_later(60.0 - wall.second, self._read_clock)

    def _do(self, action: Action) -> None:
        match action:
            case Show(screen):
                self._display.show(render(screen))
                self.screens.emit(screen)
            case PlayTone(tone):
                self._client.media.play(sound_of(tone, self._client.tones))
            case StopTone():
                self._client.media.play(None)
            case KeySound(key):
                self._client.media.chime(tones.dtmf(key))
            case Dial():
                self._tasks.start(f"dial {action.attempt}", self._dial(action))
            case HangUp(uuid):
                self._hang_up(uuid)
            case _:
                self._do_in_call(action)

    def _do_in_call(self, action: Answer | Reject | SendDigit | SetMute | SetHold) -> None:
        call = self._call(action.call)
        if call is None:
            log.debug("%s: there is no such call any more", action)
            return
        match action:
            case Answer():
                self._tasks.start("answer", self._answer(call))
            case Reject(status=status):
                self._try(action, lambda: call.reject(status))
            case SendDigit(digit=digit):
                self._try(action, lambda: call.send_dtmf(digit))
            case SetMute(muted=muted):
                self._try(action, lambda: call.mute(on=muted))
            case SetHold(held=held):
                self._tasks.start("hold", self._hold(call, held=held))

    async def _dial(self, dial: Dial) -> None:
        # One after the other: a call that was abandoned while it was set up is ended before the next takes its slot.
        async with self._dialling:
            self._attempt = dial.attempt
            try:
                call = await self._client.call(dial.number)
            except ApplianceError as error:
                log.info("call to %s: %s", dial.number, error)
                self._happened(DialFailed(attempt=dial.attempt, reason=self._reason(error)))
                return
            finally:
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
        try:
            await call.answer()
        except ApplianceError as error:
            log.warning("call %s can't be answered: %s", call.uuid, error)
            self._happened(AnswerFailed(call=self._name(call.uuid)))

    async def _hold(self, call: Call, *, held: bool) -> None:
        try:
            await (call.hold() if held else call.resume())
        except ApplianceError as error:
            log.info("call %s: hold %s: %s", call.uuid, held, error)

    def _call(self, name: str) -> Call | None:
        return self._calls.get(name) or self._client.call_by_uuid(name)

    def _hang_up(self, uuid: str) -> None:
        call = self._call(uuid)
        if call is not None:
            self._try("hang up", call.hang_up)

    def _try(self, what: object, command: Callable[[], object]) -> None:
        """Do what may come too late: a call that has ended by itself refuses commands, and its event is on its way."""
        try:
            command()
        except ApplianceError as error:
            log.info("%s: %s", what, error)


class _PanelReports:
    """Brings the reports of the drivers' threads to the loop, in their order, and never more than `WAITING` of them."""

    def __init__(self, happened: Callable[[Input], None]) -> None:
        self._happened = happened
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._waiting: deque[Input] = deque()

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on `loop` from now on."""
        self._loop = loop

    def close(self) -> None:
        """Deliver nothing any more."""
        self._loop = None

    def key_pressed(self, key: str) -> None:
        """Report a key. From any thread."""
        self._report(KeyPressed(key))

    def hook_changed(self, off_hook: bool) -> None:
        """Report the hook. From any thread."""
        self._report(HookChanged(off_hook=off_hook))

    def _report(self, report: KeyPressed | HookChanged) -> None:
        loop = self._loop
        if loop is None:
            return
        with self._lock:
            if len(self._waiting) >= WAITING:
                log.warning("the panel reports faster than they are served: %s", type(report).__name__)
                if isinstance(report, KeyPressed):
                    return
                # Where the handset is must not be lost: everything older gives way to it.
                self._waiting.clear()
            self._waiting.append(report)
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        while self._loop is not None:
            with self._lock:
                if not self._waiting:
                    return
                report = self._waiting.popleft()
            self._happened(report)
