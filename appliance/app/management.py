"""[I/O] Whoever manages a unit, from the unit's side: what it says of itself, and what it does when asked.

client, phone, machine ──► state/audio, state/controls, state/health, log ──► BrokerLink
◄── actions ◄── CommandDesk ◄───────────────────────────┘
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from appliance.app.broker_link import policy
from appliance.app.home_assistant import HomeAssistant
from appliance.app.machine import Machine, clock_synchronised
from appliance.app.remote.actions import UnitActions
from appliance.app.remote.config_commands import ConfigCommands, ConfigFiles
from appliance.app.remote.log_topic import LogTopic
from appliance.app.remote.log_upload import LogUpload
from appliance.app.remote.phone_commands import PhoneCommands
from appliance.app.remote.restart import Restart
from appliance.app.remote.unit_commands import UnitCommands
from appliance.app.self_test import Facts, checks
from appliance.calls.client import Client
from appliance.clock import Clock, SystemClock
from appliance.config.model import Configuration
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.command_desk import CommandDesk
from appliance.mqtt.unit_states import Controls, Health, LogLine, SelfTest, Sound
from appliance.phone.controller import PhoneController
from appliance.phone.ports import Door, VolumeControl
from appliance.phone.remote import RemoteControl
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

_DND: Final = "dnd"
_HEALTH_EVERY: Final = 60.0  # seconds


class Management:
    """Serves inside `async with`, after link, client and phone were entered. Raises `UsageError` for a bad policy."""

    def __init__(
        self,
        configuration: Configuration,
        client: Client,
        phone: PhoneController,
        link: BrokerLink,
        *,
        restart: Restart,
        door: Door | None = None,
        volume: VolumeControl | None = None,
        config_files: ConfigFiles | None = None,
        synchronised: Callable[[], bool] = clock_synchronised,
        clock: Clock | None = None,
    ) -> None:
        self._configuration = configuration
        self._client, self._link, self._bridge = client, link, link.bridge
        self._screens = phone.screens
        self._phone = RemoteControl(phone)
        self._volume = volume
        self._clock = clock or SystemClock()
        self._machine = _machine(configuration)
        self._logs = self._log_upload()
        unit = UnitCommands(restart, self._test, logs=self._logs, door=door)
        self._config = self._config_commands(config_files, restart)
        config = {} if self._config is None else self._config.actions
        actions = UnitActions({**PhoneCommands(client, self._phone, volume).actions, **unit.actions, **config})
        self._desk = CommandDesk(link, policy(configuration), actions, synchronised=synchronised, clock=self._clock)
        self._dnd = False
        self._said: dict[type, object] = {}
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        stack = self._stack
        if self._configuration.broker is not None and self._configuration.broker.log:
            topic = LogTopic(lambda line: _on(loop, lambda: self._say_log(line)), self._configuration.broker.log)
            stack.enter_context(_attached(topic))
        if self._logs is not None:
            stack.enter_context(self._logs.attached())
        stack.callback(self._client.subscribe(lambda _: self._look()))
        stack.callback(self._screens.subscribe(lambda _: self._look()))
        tasks = await stack.enter_async_context(TaskSet("management"))
        await stack.enter_async_context(self._desk)
        if self._config is not None:
            await stack.enter_async_context(self._config)
        broker = self._configuration.broker
        if broker is not None and broker.home_assistant:
            volume = self._volume is not None
            await stack.enter_async_context(HomeAssistant(self._link, broker.home_assistant, volume=volume))
        # A power cut is no reason to ring at night.
        self._dnd = self._link.kept.notes.get(_DND) == str(True)
        self._client.do_not_disturb = self._client.do_not_disturb or self._dnd
        self._look()
        if self._machine is not None:
            tasks.start("health", self._watch_health())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _look(self) -> None:
        """Say what has changed."""
        notices = self._phone.notices
        level = None if self._volume is None else self._volume.level
        dnd = self._client.do_not_disturb
        if dnd != self._dnd:
            self._dnd = dnd
            self._link.note(_DND, str(dnd))
        self._say(Controls(dnd=dnd, volume=level, text=notices.text, identify=notices.identifying))
        self._say(self._sound())

    def _say(self, state: object) -> None:
        if self._said.get(type(state)) != state:
            self._said[type(state)] = state
            self._link.publish([self._bridge.state(state, self._clock.wall())])

    def _say_log(self, line: LogLine) -> None:
        self._link.publish([self._bridge.log(line, self._clock.wall())])

    def _sound(self) -> Sound:
        problem = self._client.media.audio_problem
        return Sound(device=self._client.media.audio_name, working=not problem, problem=problem)

    async def _watch_health(self) -> None:
        while True:
            health = await self._health()
            if health is not None:
                self._say(health)
            self._look()
            await asyncio.sleep(_HEALTH_EVERY)

    async def _health(self) -> Health | None:
        if self._machine is None:
            return None
        health = await asyncio.to_thread(self._machine.health)
        return replace(
            health,
            xruns=self._client.media.xruns,
            outbox=self._link.undelivered,
            outbox_problem=self._link.disk_problem,
        )

    async def _test(self) -> SelfTest:
        started = self._clock.wall()
        facts = Facts(
            registration=self._bridge.registration,
            broker_problem=self._link.problem,
            sound=self._sound(),
            disk_problem=self._link.disk_problem,
            health=await self._health(),
        )
        found = checks(facts)
        result = SelfTest(
            started=started,
            finished=self._clock.wall(),
            passed=not any(check.passed is False for check in found),
            checks=found,
        )
        self._say(result)
        return result

    def _config_commands(self, files: ConfigFiles | None, restart: Restart) -> ConfigCommands | None:
        if files is None:
            return None
        permitted = "config_apply" in self._configuration.commands.allow
        return ConfigCommands(
            files, self._link, restart, lambda: self._client.is_registered, permitted=permitted, clock=self._clock
        )

    def _log_upload(self) -> LogUpload | None:
        commands, unit = self._configuration.commands, self._configuration.unit
        if not commands.logs_to:
            return None
        return LogUpload(commands.logs_to, f"{unit.site}/{unit.name}", ca_file=commands.logs_ca_file)


def _machine(configuration: Configuration) -> Machine | None:
    try:
        return Machine(configuration.unit.state_folder)
    except ImportError:
        log.info("psutil is not installed: the unit says nothing of its health")
        return None


@contextlib.contextmanager
def _attached(handler: logging.Handler) -> Iterator[None]:
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


def _on(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    """Do `work` on `loop`, if that is not closed yet: a log is written until the very end."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(work)
