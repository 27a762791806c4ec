"""`intercom answer`: waits for calls and answers, rejects or ignores them."""

import argparse
import asyncio
from collections import deque

from appliance.calls.call import Call
from appliance.calls.events import ClientEvent, IncomingCall
from appliance.cli import session as sessions
from appliance.cli.arguments import checked, positive_count
from appliance.cli.exit_codes import ExitCode
from appliance.cli.line_options import add_line_options, line_options
from appliance.cli.session import Session


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument(
        "--count",
        type=checked(positive_count, "a whole number from 1"),
        default=1,
        metavar="N",
        help="end after so many calls (default 1)",
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--reject", action="store_true", help="answer 486 Busy Here")
    choice.add_argument("--ignore", action="store_true", help="fall silent: the caller hears ringback")
    add_line_options(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it. Raises `UsageError` for options that can't be used."""
    options = line_options(arguments)

    async def work(session: Session) -> ExitCode:
        return await _Answering(session, arguments).run()

    return sessions.run("intercom answer", options, work)


class _Answering:
    def __init__(self, session: Session, arguments: argparse.Namespace) -> None:
        self._session = session
        self._arguments = arguments
        self._waiting: deque[str] = deque(maxlen=64)
        self._rings = asyncio.Event()

    async def run(self) -> ExitCode:
        self._session.client.subscribe(self._happened)
        worst = ExitCode.DONE
        for _ in range(self._arguments.count):
            call = await self._next()
            if call is None:
                break
            worst = max(worst, await self._take(call))
        return worst

    def _happened(self, event: ClientEvent) -> None:
        if isinstance(event, IncomingCall):
            self._waiting.append(event.call.call_uuid)
            self._rings.set()

    async def _next(self) -> Call | None:
        """The next call that rings; None when asked to stop."""
        while not self._session.stop.is_set():
            while self._waiting:
                call = self._session.client.call_by_uuid(self._waiting.popleft())
                if call is not None:
                    return call
            self._rings.clear()
            await sessions.until(self._session.stop, self._rings.wait())
        return None

    async def _take(self, call: Call) -> ExitCode:
        if self._arguments.reject:
            call.reject()
            return await sessions.summarise(self._session, call, wanted=frozenset({"call_failed"}))
        if self._arguments.ignore:
            call.ignore()
            return await sessions.summarise(self._session, call, wanted=frozenset({"incoming_call_ignored"}))
        if await sessions.until(self._session.stop, call.answer()):
            return await sessions.talk(self._session, call)
        call.hang_up()
        return await sessions.summarise(self._session, call)
