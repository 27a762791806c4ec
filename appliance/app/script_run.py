"""[I/O] Plays a script on a running telephone."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from appliance.calls.events import ClientEvent, Sample
from appliance.events import event_name
from appliance.sim.script import ExpectScreen, Flash, Hang, Lift, Line, Press, Push, Sleep, Wait
from appliance.sim.script_panel import ScriptPanel

_REMEMBERED: Final = 256

KEY_TIME: Final = 0.06
"""Seconds from one key to the next."""


FLASH_TIME: Final = 0.2
"""Seconds that the handset is down in a flash."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that did not come true."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class ScriptRun:
    """Does one step after the other. Subscribe `happened` to the client's events before it begins."""

    def __init__(self, panel: ScriptPanel) -> None:
        self._panel = panel
        self._events: deque[str] = deque(maxlen=_REMEMBERED)
        self._news = asyncio.Event()

    def happened(self, event: ClientEvent) -> None:
        """Take an event; those before the last one waited for are forgotten."""
        if not isinstance(event, Sample):
            self._events.append(event_name(event))
            self._news.set()
        elif "sample" not in self._events:
            self._events.append("sample")
            self._news.set()

    async def play(self, lines: tuple[Line, ...]) -> Failure | None:
        """Play the script; the step it failed at, None if all came true."""
        for line in lines:
            reason = await self._step(line)
            if reason:
                return Failure(line.place, f"{line.text}: {reason}; {self._screen()}")
        return None

    async def _step(self, line: Line) -> str:
        """Why the step failed; "" if it did not."""
        match line.step:
            case Sleep(seconds=seconds):
                await asyncio.sleep(seconds)
            case Wait(event=event, seconds=seconds):
                if not await self._came(event, seconds):
                    return f"it did not happen in {seconds:g} s"
            case ExpectScreen(text=text, seconds=seconds):
                if not await self._panel.shows(text, within=seconds):
                    return f"it did not appear in {seconds:g} s"
            case touch:
                await self._touch(touch)
        return ""

    async def _touch(self, step: Lift | Hang | Flash | Press | Push) -> None:
        match step:
            case Lift():
                self._panel.lift()
            case Hang():
                self._panel.replace()
            case Flash():
                self._panel.replace()
                await asyncio.sleep(FLASH_TIME)
                self._panel.lift()
            case Push(button=button):
                self._panel.push(button)
            case Press(keys=keys):
                for key in keys:
                    self._panel.press(key)
                    await asyncio.sleep(KEY_TIME)

    async def _came(self, event: str, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    while self._events:
                        if self._events.popleft() == event:
                            return True
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False

    def _screen(self) -> str:
        lines = " / ".join(self._panel.text)
        return f"the screen shows: {lines}" if lines else "the screen is empty"
