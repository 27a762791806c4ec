"""[I/O] A script at work in the calls of one client, from a file or as it is typed."""

import asyncio
import json
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

from appliance.calls.call import Call
from appliance.calls.client import Client
from appliance.calls.events import ClientEvent, IncomingCall, Sample
from appliance.calls.message import JSON
from appliance.cli.arguments import complain
from appliance.cli.call_script import Step, load, parse
from appliance.errors import ApplianceError, StateError, UsageError
from appliance.events import event_name

STANDARD_INPUT: Final = Path("-")
_WAIT: Final = 10.0


class ScriptedCall:
    """Does the steps of a script, and remembers the calls by number. False from `run` if one could not be done."""

    def __init__(self, client: Client, first: Call | None = None) -> None:
        self._client = client
        self._calls: list[Call] = [] if first is None else [first]
        self._heard: deque[str] = deque(maxlen=256)
        self._news = asyncio.Event()
        self._unsubscribe = client.subscribe(self._happened)
        self._steps: dict[str, Callable[[tuple[str, ...]], Awaitable[None]]] = {
            "answer": self._answer,
            "redirect": self._redirect,
            "call": self._call,
            "hold": self._hold,
            "resume": self._resume,
            "transfer": self._transfer,
            "conference": self._conference,
            "feedback": self._feedback,
            "wait": self._wait,
            "sleep": lambda words: asyncio.sleep(float(words[0])),
        }

    def _happened(self, event: ClientEvent) -> None:
        if isinstance(event, Sample):
            return
        if isinstance(event, IncomingCall):
            call = self._client.call_by_uuid(event.call.call_uuid)
            if call is not None and call not in self._calls:
                self._calls.append(call)
        self._heard.append(event_name(event))
        self._news.set()

    async def run(self, source: Path) -> bool:
        """Do every step; from a file the first that fails ends it, from standard input it is told."""
        try:
            async for step in _steps(source):
                try:
                    await self._do(step)
                except ApplianceError as error:
                    complain("intercom", f"{step.text}: {error}")
                    if source != STANDARD_INPUT:
                        return False
            return True
        finally:
            self._unsubscribe()

    async def _do(self, step: Step) -> None:
        work = self._steps.get(step.command)
        if work is not None:
            await work(step.words)
        else:
            self._at_once(step.command, step.words)

    def _at_once(self, command: str, words: tuple[str, ...]) -> None:
        match command, words:
            case "reject", (status,):
                self._client.reject(status=int(status or 486))
            case "message", (text,):
                self._latest().send_message(text, JSON if _is_json(text) else "text/plain")
            case "dtmf", (digits,):
                self._latest().send_dtmf(digits)
            case "mute" | "unmute", _:
                self._latest().mute(on=command == "mute")
            case "dnd", (state,):
                self._client.do_not_disturb = state == "on"
            case "forward", (dest,):
                self._client.forward(always="" if dest == "off" else dest)
            case "watch", (dest,):
                self._client.watch(dest)
            case "hang-up", (number,):
                self._numbered(number).hang_up()

    def _latest(self) -> Call:
        alive = [call for call in self._calls if not call.over]
        if not alive:
            raise StateError("there is no call")
        return alive[-1]

    def _numbered(self, number: str) -> Call:
        if not number:
            return self._latest()
        if not 0 < int(number) <= len(self._calls):
            raise UsageError(f"there is no call {number}: {len(self._calls)} were there")
        return self._calls[int(number) - 1]

    async def _answer(self, _: tuple[str, ...]) -> None:
        _demand(await self._client.answer(current="hold"), "it ended before")

    async def _redirect(self, words: tuple[str, ...]) -> None:
        dest, by = words
        _demand(await self._client.redirect(dest, by="refer" if by == "refer" else "302"), "its caller stays")

    async def _call(self, words: tuple[str, ...]) -> None:
        self._calls.append(await self._client.call(words[0]))

    async def _hold(self, words: tuple[str, ...]) -> None:
        _demand(await self._numbered(words[0]).hold(), "the far end refused")

    async def _resume(self, words: tuple[str, ...]) -> None:
        _demand(await self._numbered(words[0]).resume(), "the far end refused")

    async def _transfer(self, words: tuple[str, ...]) -> None:
        number, dest = words
        call = self._latest()
        done = await (call.transfer(to=self._numbered(number)) if number else call.transfer(dest))
        _demand(done, "it came to nothing")

    async def _conference(self, _: tuple[str, ...]) -> None:
        done = await self._client.conference(*(call for call in self._calls if call.answered))
        _demand(done, "the far end refused")

    async def _feedback(self, words: tuple[str, ...]) -> None:
        stars, issues, note = words
        if not self._calls:
            raise StateError("there was no call")
        named = issues.split(",") if issues else []
        await self._client.submit_call_quality_feedback(self._calls[-1].uuid, int(stars), named, note or None)

    async def _wait(self, words: tuple[str, ...]) -> None:
        name, seconds = words
        try:
            async with asyncio.timeout(float(seconds or _WAIT)):
                while True:
                    while self._heard:
                        if self._heard.popleft() == name:
                            return
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise StateError(f"it did not happen within {float(seconds or _WAIT):g} s") from None


def _demand(done: bool, otherwise: str) -> None:
    if not done:
        raise StateError(otherwise)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


async def _steps(source: Path) -> AsyncIterator[Step]:
    if source != STANDARD_INPUT:
        for step in load(source):
            yield step
        return
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    # Nothing interrupts the reading of a line; a thread that nobody waits for does not keep the program.
    threading.Thread(target=read, name="standard input", daemon=True).start()
    while line := await lines.get():
        try:
            typed = parse(line)
        except UsageError as error:
            complain("intercom", str(error))
        else:
            if typed is not None:
                yield typed
