"""What `intercom answer` does."""

import asyncio
from collections import deque
from enum import StrEnum

from appliance.calls.call import Call
from appliance.calls.events import ClientEvent, IncomingCall
from appliance.cli import session as sessions
from appliance.cli.exit_codes import ExitCode
from appliance.cli.line_options import LineOptions
from appliance.cli.session import Session
from appliance.sip.events import Cancelled, Event, Failed, Incoming, InviteId


class Manner(StrEnum):
    """What becomes of a call."""

    ANSWER = "answer"
    REJECT = "reject"
    IGNORE = "ignore"
    AUTO = "auto"
    """The unit decides."""
    SCRIPT = "script"
    """A script says it."""


def answer(options: LineOptions, manner: Manner, count: int) -> ExitCode:
    """Take `count` calls; the worst of their exit codes."""

    async def work(session: Session) -> ExitCode:
        return await _Answering(session, manner).run(count)

    return sessions.run("intercom answer", options, work)


class _Answering:
    def __init__(self, session: Session, manner: Manner) -> None:
        self._session = session
        self._manner = manner
        self._waiting: deque[str] = deque(maxlen=64)
        self._rings = asyncio.Event()
        self._call_ids: dict[InviteId, str] = {}
        self._given_up: dict[str, asyncio.Event] = {}

    async def run(self, count: int) -> ExitCode:
        self._session.client.subscribe(self._happened)
        if self._manner is Manner.IGNORE:
            # The call API has nothing more to tell of a call that is ignored.
            self._session.client.agent.events.subscribe(self._signalled)
        self._waiting.extend(call.uuid for call in self._session.client.calls)  # left by a run that was killed
        worst = ExitCode.DONE
        for _ in range(count):
            call = await self._next()
            if call is None:
                break
            worst = max(worst, await self._take(call))
        return worst

    def _happened(self, event: ClientEvent) -> None:
        if isinstance(event, IncomingCall):
            self._waiting.append(event.call.call_uuid)
            self._rings.set()

    def _signalled(self, event: Event) -> None:
        if isinstance(event, Incoming):
            self._call_ids[event.invite] = event.call_id
        elif isinstance(event, Cancelled | Failed) and event.invite in self._call_ids:
            self._given_up.setdefault(self._call_ids.pop(event.invite), asyncio.Event()).set()

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
        session = self._session
        if call.answered:
            return await sessions.talk(session, call)
        if self._manner is Manner.REJECT:
            call.reject()
            return await sessions.summarise(session, call, wanted=frozenset({"call_failed"}))
        if self._manner is Manner.IGNORE:
            call.ignore()
            code = await sessions.summarise(session, call, wanted=frozenset({"incoming_call_ignored"}))
            await self._let_ring(call)
            return code
        if self._manner is Manner.SCRIPT:
            return await sessions.scripted(session, call)
        answered = call.wait_answered() if self._manner is Manner.AUTO else call.answer()
        if await sessions.until(session.stop, answered):
            return await sessions.talk(session, call)
        call.hang_up()
        return await sessions.summarise(session, call)

    async def _let_ring(self, call: Call) -> None:
        """Stay until the caller has given up: leaving would tell it that nobody is there."""
        given_up = self._given_up.setdefault(call.info.sip_call_id, asyncio.Event())
        await sessions.until(self._session.stop, given_up.wait(), seconds=self._session.options.seconds)
