"""The telephone in its place: panel drivers on one side, the call API on the other, the machine between.

keypad, hook, buttons (any thread) ─► panel_reports ─┐
client.events ─► call_commands ──────────────────────┤► inbox ─► machine ─► actions ─► call_commands, tones, display
timer, clock ────────────────────────────────────────┘
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from appliance.calls.client import Client
from appliance.clock import Clock, SystemClock
from appliance.errors import DriverError
from appliance.events import Emitter
from appliance.media import tones
from appliance.phone.actions import Action, KeySound, PlayTone, Show, StopTone, ToneName
from appliance.phone.call_commands import CallCommands
from appliance.phone.inputs import ClockRead, HookChanged, Input, LineChanged, TimePassed
from appliance.phone.machine import Machine
from appliance.phone.panel_reports import PanelReports
from appliance.phone.ports import DISPLAY_HEIGHT, DISPLAY_WIDTH, Panel
from appliance.phone.screen import Screen
from appliance.phone.screen_image import render
from appliance.phone.screen_rest import ScreenRest
from appliance.phone.sounds import sound_of
from appliance.phone.state import LIKELY, OUTGOING, Phase, PhoneSettings, State

_CLOCK_KNOWN: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""A unit without a battery for its clock starts long before this; then it shows no time."""


class PhoneController:
    """Runs one telephone inside `async with`. The drivers are started on entry and stopped on exit.

    The client has to be entered before and left after. Entry raises `DriverError` for a panel that does not work.
    """

    def __init__(self, client: Client, settings: PhoneSettings, panel: Panel, *, clock: Clock | None = None) -> None:
        self.screens: Emitter[Screen] = Emitter()
        """Each screen as it is shown, as words."""
        self._client = client
        self._panel = panel
        self._clock = clock or SystemClock()
        self._machine = Machine(settings)
        self._reports = PanelReports(self._happened, self._clock)
        self._calls = CallCommands(client, settings.words, self._happened)
        # Emptied before `_happened` returns: it only holds what one input causes, and so needs no bound.
        self._inbox: deque[Input] = deque()
        self._serving = False
        self._rest = ScreenRest(settings.dark_after)
        self._image = self._shown = bytes(DISPLAY_WIDTH * DISPLAY_HEIGHT // 8)
        self._timer: asyncio.TimerHandle | None = None
        self._minute: asyncio.TimerHandle | None = None
        self._unsubscribe: Callable[[], None] | None = None

    @property
    def state(self) -> State:
        """The state of the telephone now."""
        return self._machine.state

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._panel.display.start()
        self._unsubscribe = self._client.events.subscribe(self._calls.heard)
        self._read_clock()
        if self._client.is_registered:
            self._happened(LineChanged(registered=True))
        self._reports.open(self._loop)
        try:
            self._start_panel()
        except DriverError:
            await self.__aexit__(None, None, None)
            raise
        return self

    def _start_panel(self) -> None:
        if self._panel.hook is None:
            self._happened(HookChanged(off_hook=False))
        else:
            self._panel.hook.start(self._reports.hook_changed)
        if self._panel.keypad is not None:
            self._panel.keypad.start(self._reports.key_pressed)
        if self._panel.buttons is not None:
            self._panel.buttons.start(self._reports.button_pressed)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in (self._panel.buttons, self._panel.keypad, self._panel.hook):
            if part is not None:
                part.stop()
        self._reports.close()
        if self._unsubscribe is not None:
            self._unsubscribe()
        for timer in (self._timer, self._minute):
            if timer is not None:
                timer.cancel()
        state = self._machine.state
        for call in (*state.others, state.call):
            if call is not None:
                self._calls.hang_up(call.call)
        self._client.media.play(None)
        await self._calls.close()
        self._panel.display.stop()

    def report(self, happened: Input) -> None:
        """Something that happened neither at the panel nor to a call. On the loop."""
        self._happened(happened)

    def _happened(self, happened: Input) -> None:
        """Serve an input, after those that came before it; what one causes at once comes after it."""
        self._inbox.append(happened)
        if self._serving:
            return
        if not isinstance(happened, ClockRead | TimePassed):
            self._rest.touched()
        self._serving = True
        try:
            while self._inbox:
                for action in self._machine.handle(self._inbox.popleft(), self._clock.now()):
                    self._do(action)
        finally:
            self._serving = False
        self._refresh()
        if self._machine.phase in LIKELY:
            self._client.prepare()
        state = self._machine.state
        if self._calls.attempt is not None and (state.phase not in OUTGOING or state.attempt != self._calls.attempt):
            self._calls.abandon()
        self._set_timer()

    def _refresh(self) -> None:
        state = self._machine.state
        resting = state.phase is Phase.IDLE and state.line.ready and not state.notices.identifying
        image = self._rest.image(self._image, resting=resting, now=self._clock.now())
        if image != self._shown:
            self._shown = image
            self._panel.display.show(image)

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
                self._image = render(screen)
                self._refresh()
                self.screens.emit(screen)
            case PlayTone(tone):
                self._client.media.play(sound_of(tone, self._client.tones), ringer=tone is ToneName.RINGTONE)
            case StopTone():
                self._client.media.play(None)
            case KeySound(key):
                self._client.media.chime(tones.dtmf(key))
            case _:
                self._calls.do(action)
