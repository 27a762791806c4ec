"""[I/O] The other side of a call: a phone of its own, built on the same call API, that behaves as it is told."""

import asyncio
import logging
from contextlib import AsyncExitStack
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

from appliance.calls.client import Client
from appliance.calls.events import ClientEvent, IncomingCall
from appliance.calls.settings import ClientSettings
from appliance.config.secret import Secret
from appliance.errors import ApplianceError
from appliance.media.ports import AudioDevice
from appliance.media.settings import MediaSettings
from appliance.sim.echo_audio import EchoAudio
from appliance.sim.melody import MelodyAudio
from appliance.tasks import TaskSet
from appliance.units import Seconds

log = logging.getLogger(__name__)


class Behaviour(StrEnum):
    """What a far end does with a call."""

    ECHO = "echo"
    """Answers, and says what it hears."""
    SPEAK = "speak"
    """Answers, and plays a melody."""
    BUSY = "busy"
    """Refuses with 486."""
    SILENT = "silent"
    """Rings and never answers."""


RINGING: Final = Seconds(0.8)
"""How long a far end rings before it answers: long enough to hear that it does."""

_PATIENCE: Final = Seconds(600.0)
"""A caller gives up long before this."""


class FarEnd:
    """One phone on the registrar. `async with` registers it; raises what `Client.login` raises."""

    def __init__(
        self,
        registrar_url: str,
        user: str,
        password: str,
        behaviour: str,
        *,
        domain: str = "",
        display_name: str = "",
        ringing: Seconds = RINGING,
    ) -> None:
        self.user = user
        self.behaviour = Behaviour(behaviour)
        self._password = Secret(password)
        self._ringing = ringing
        settings = ClientSettings(
            registrars=registrar_url,
            domain=domain,
            display_name=display_name,
            ring_timeout=_PATIENCE,
            media=MediaSettings(loopback=True),
        )
        self.client = Client(settings, audio=_audio(self.behaviour))
        self._tasks = TaskSet(f"far end {user}")
        self._stack: AsyncExitStack | None = None

    async def __aenter__(self) -> Self:
        self._tasks = TaskSet(f"far end {self.user}")
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.client)
            await stack.enter_async_context(self._tasks)
            stack.callback(self.client.subscribe(self._happened))
            await self.client.login(self.user, self._password.reveal())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stack, self._stack = self._stack, None
        if stack is not None:
            await stack.aclose()

    def _happened(self, event: ClientEvent) -> None:
        if not isinstance(event, IncomingCall):
            return
        uuid = event.call.call_uuid
        match self.behaviour:
            case Behaviour.BUSY:
                self.client.reject(uuid, status=486)
            case Behaviour.ECHO | Behaviour.SPEAK:
                self._tasks.start(f"answer {uuid[:8]}", self._answer(uuid))
            case Behaviour.SILENT:
                log.debug("%s lets a call ring", self.user)

    async def _answer(self, uuid: str) -> None:
        await asyncio.sleep(self._ringing)
        call = self.client.call_by_uuid(uuid)
        if call is None or not call.waiting:
            return
        try:
            await call.answer()
        except ApplianceError as error:
            log.info("%s could not answer: %s", self.user, error)


def _audio(behaviour: Behaviour) -> AudioDevice | None:
    match behaviour:
        case Behaviour.ECHO:
            return EchoAudio()
        case Behaviour.SPEAK:
            return MelodyAudio()
        case Behaviour.BUSY | Behaviour.SILENT:
            return None
