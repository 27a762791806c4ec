"""[I/O] Messages in calls: sent in their order, kept while the registrar is away, and received."""

import asyncio
import logging
import secrets
from collections import deque
from typing import Final

from appliance.calls.board import Board
from appliance.calls.call import Call
from appliance.calls.message import Message
from appliance.calls.service_events import MessageFailed, MessageReceived, MessageSent
from appliance.errors import ApplianceError, StateError
from appliance.sip.events import RequestReceived

log = logging.getLogger(__name__)

MAX_WAITING: Final = 64
"""Messages of one call that may wait."""


def new_sid() -> str:
    """A name for a message."""
    return f"KX{secrets.token_hex(16)}"


class Messages:
    """Those of all calls of a client."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._waiting: dict[Call, deque[Message]] = {}
        self._reachable = asyncio.Event()

    def signalling(self, *, up: bool) -> None:
        """Requests reach far ends, or not any more."""
        if up:
            self._reachable.set()
        else:
            self._reachable.clear()

    def send(self, call: Call, content: object, content_type: str, message_type: str) -> str:
        """Send a message after those that wait; its name. Raises `UsageError`, `StateError`."""
        message = Message.composed(content, content_type, message_type, new_sid())
        waiting = self._waiting.get(call)
        if waiting is None:
            self._waiting[call] = deque([message])
            call.leg.tasks.start("messages", self._run(call))
        elif len(waiting) >= MAX_WAITING:
            raise StateError(f"too many messages wait to be sent ({len(waiting)})")
        else:
            waiting.append(message)
        return message.voice_event_sid

    async def _run(self, call: Call) -> None:
        waiting = self._waiting[call]
        while waiting:
            if not self._board.reachable:
                self._reachable.clear()
                await self._reachable.wait()
            problem = await self._deliver(call, waiting[0])
            if self._waiting.get(call) is not waiting:
                return  # the call has ended meanwhile
            if problem is None:
                continue  # the connection was lost under it
            message = waiting.popleft()
            if problem == (0, ""):
                call.leg.emit(MessageSent(call=call.info, message=message))
            else:
                self._fail(call, message, *problem)
        self._waiting.pop(call, None)

    async def _deliver(self, call: Call, message: Message) -> tuple[int, str] | None:
        """(0, "") if it was taken, a status and reason if it was refused, None if nobody could be asked."""
        if call.invite is None:
            return 481, "The call has ended"
        try:
            request = self._board.agent.request(
                "MESSAGE",
                call.invite,
                headers=message.headers,
                content_type=message.content_type,
                body=message.content.encode(),
            )
        except ApplianceError as error:
            return 500, str(error)
        response = await self._board.response(request)
        if response.local and response.status == 503:
            return None
        return (0, "") if response.status < 300 else (response.status, response.reason)

    def _fail(self, call: Call, message: Message, status: int, reason: str) -> None:
        log.info("call %s: a message was not taken: %d %s", call.uuid, status, reason)
        self._board.emit(MessageFailed(call=call.info, message=message, status=status, reason=reason))

    def over(self, call: Call) -> None:
        """A call has ended: what still waits will not be sent."""
        for message in self._waiting.pop(call, ()):
            self._fail(call, message, 487, "The call has ended")

    def received(self, call: Call, event: RequestReceived) -> int:
        """Tell of a message; the status that answers it."""
        message = Message.received(event.headers, event.content_type, event.body, new_sid())
        if message is None:
            return 415
        call.leg.emit(MessageReceived(call=call.info, message=message))
        return 200
