"""[I/O] The configuration that a manager wants: checked, tried, and kept if broker and registrar are there then."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from appliance.app.config_store import ConfigStore
from appliance.app.config_trial import Layer, Trial
from appliance.app.remote.actions import Action, Tell, unavailable
from appliance.app.remote.restart import Restart
from appliance.clock import Clock, SystemClock
from appliance.config import overlay
from appliance.config.load import load
from appliance.errors import ConfigError
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.command_desk import Obstacle, Outcome
from appliance.mqtt.command_payloads import ConfigApply, ConfigRollBack, ConfigState, Refusal
from appliance.mqtt.commands import desired_of
from appliance.mqtt.received import Received
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

_LARGEST: Final = 32 * 1024  # octets


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFiles:
    """The unit's own file, and where trials are kept."""

    own: Path
    store: ConfigStore


class ConfigCommands:
    """Serves inside `async with`; `permitted` says whether this unit takes a configuration from afar at all."""

    def __init__(
        self,
        files: ConfigFiles,
        link: BrokerLink,
        restart: Restart,
        registered: Callable[[], bool],
        *,
        permitted: bool,
        clock: Clock | None = None,
    ) -> None:
        self._files = files
        self._link = link
        self._restart = restart
        self._registered = registered
        self._permitted = permitted
        self._clock = clock or SystemClock()
        self._trial = files.store.read()
        self._desired: tuple[Layer, float] | None = None
        self._tasks = TaskSet("configuration")

    @property
    def actions(self) -> Mapping[str, Action]:
        """By name."""
        return {
            "config_apply": Action(self._apply, self._apply_obstacle),
            "config_roll_back": Action(self._roll_back, self._roll_back_obstacle),
        }

    async def __aenter__(self) -> Self:
        self._unsubscribe = self._link.messages.subscribe(self._heard)
        self._report()
        if self._link.desired is not None:
            self._heard(self._link.desired)
        if self._trial.state is ConfigState.TRIAL:
            self._tasks.start("trial", self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unsubscribe()
        await self._tasks.close()

    def _heard(self, message: Received) -> None:
        if message.topic != self._link.bridge.topics.desired or not message.payload or not self._permitted:
            return
        if self._trial.state is ConfigState.TRIAL:
            return  # one after the other: it is looked at again when this one is confirmed
        found = desired_of(message.payload) if len(message.payload) <= _LARGEST else "it is too large"
        if isinstance(found, str):
            self._keep(self._trial.rejected("", (found,)))
            return
        layer = Layer(version=found.version, settings=found.settings)
        self._desired = layer, found.confirm_within
        if self._trial.wants(layer.version):
            log.info("configuration %s is wanted by %r", layer.version, found.by)
            self._try(layer, found.confirm_within)

    def _try(self, layer: Layer, confirm_within: float) -> str:
        """Put it on trial; "" if it is, else why not."""
        problems = overlay.problems(layer.settings)
        if not problems:
            try:
                load(self._files.own, layer.settings)
            except ConfigError as error:
                problems = list(error.problems)
        if problems:
            self._keep(self._trial.rejected(layer.version, tuple(problems)))
            return problems[0]
        problem = self._keep(self._trial.applied(layer, confirm_within, self._clock.wall()))
        if not problem:
            self._tasks.start("restart", self._restart.ask())
        return problem

    def _keep(self, trial: Trial) -> str:
        try:
            self._files.store.write(trial)
        except OSError as error:
            log.warning("the configuration can't be kept: %s", error)
            return f"it can't be kept: {error.strerror}"
        self._trial = trial
        self._report()
        return ""

    async def _watch(self) -> None:
        await asyncio.sleep(self._trial.confirm_within)
        missing = [
            name for name, there in (("broker", self._link.connected), ("registrar", self._registered())) if not there
        ]
        if not missing:
            self._keep(self._trial.confirmed())
            if self._link.desired is not None:
                self._heard(self._link.desired)
            return
        log.warning("configuration %s lost the %s: back to the one before", self._trial.now.version, missing)
        self._keep(self._trial.reverted(f"the {' and the '.join(missing)} was lost", self._clock.wall()))
        await self._restart.ask()

    def _report(self) -> None:
        settings = json.dumps(self._trial.now.settings, sort_keys=True).encode()
        report = self._trial.report(hashlib.sha256(settings).hexdigest())
        self._link.publish([self._link.bridge.reported(report, self._clock.wall())])

    def _apply_obstacle(self, asked: ConfigApply) -> Obstacle | None:
        if self._desired is None or self._desired[0].version != asked.version:
            return unavailable(f"cfg/desired does not hold the version {asked.version}")
        return None

    async def _apply(self, _asked: ConfigApply, _tell: Tell) -> Outcome:
        assert self._desired is not None
        problem = self._try(*self._desired)
        return Outcome(failure=Refusal.FAILED if problem else None, detail=problem or "it is on trial")

    def _roll_back_obstacle(self, _asked: ConfigRollBack) -> Obstacle | None:
        return None if self._trial.now.version else unavailable("the unit's own configuration is in use")

    async def _roll_back(self, _asked: ConfigRollBack, _tell: Tell) -> Outcome:
        problem = self._keep(self._trial.rolled_back(self._clock.wall()))
        if problem:
            return Outcome(failure=Refusal.FAILED, detail=problem)
        self._tasks.start("restart", self._restart.ask())
        return Outcome(detail="the service starts anew with the one before")


def begin(file: Path, store: ConfigStore, wall: datetime) -> Mapping[str, Any]:
    """A service starts: what is set over its own file. A version that can't be used any more is left."""
    kept = store.read()
    trial = kept.started(wall)
    try:
        load(file, trial.now.settings)
    except ConfigError as error:
        trial = trial.reverted(error.problems[0], wall)
    if trial != kept:
        store.write(trial)
    return trial.now.settings
