"""[I/O] Commands to the unit as a whole."""

from collections.abc import Awaitable, Callable, Mapping

from appliance.app.remote.actions import Action, Tell, unavailable
from appliance.app.remote.log_upload import LogUpload
from appliance.app.remote.restart import Restart
from appliance.mqtt.command_desk import Obstacle, Outcome
from appliance.mqtt.command_payloads import DoorOpen, Logs, Reboot, Refusal, RunSelfTest
from appliance.mqtt.unit_states import SelfTest
from appliance.phone.ports import Door


class UnitCommands:
    """What is done to the machine, its service and its door."""

    def __init__(
        self,
        restart: Restart,
        self_test: Callable[[], Awaitable[SelfTest]],
        *,
        logs: LogUpload | None,
        door: Door | None,
    ) -> None:
        self._restart = restart
        self._self_test = self_test
        self._logs = logs
        self._door = door

    @property
    def actions(self) -> Mapping[str, Action]:
        """By name."""
        return {
            "self_test": Action(self._test),
            "reboot": Action(self._reboot),
            "logs": Action(self._upload, self._logs_obstacle),
            "door_open": Action(self._open_door, self._door_obstacle),
        }

    async def _test(self, _asked: RunSelfTest, _tell: Tell) -> Outcome:
        result = await self._self_test()
        failed = [check.name for check in result.checks if check.passed is False]
        words = f"failed: {', '.join(failed)}" if failed else f"{len(result.checks)} checks, none has failed"
        return Outcome(detail=words, result={"passed": result.passed, "failed": list(failed)})

    async def _reboot(self, asked: Reboot, tell: Tell) -> Outcome:
        problem = await self._restart.ask(machine=asked.machine, tell=tell)
        if problem:
            return Outcome(failure=Refusal.FAILED, detail=problem)
        return Outcome(detail="the machine starts anew" if asked.machine else "the service starts anew")

    def _logs_obstacle(self, _asked: Logs) -> Obstacle | None:
        return None if self._logs is not None else unavailable("no address for logs is configured")

    async def _upload(self, asked: Logs, tell: Tell) -> Outcome:
        assert self._logs is not None
        tell(f"sending the last {asked.minutes} minutes")
        octets = await self._logs.send(asked.minutes)
        return Outcome(result={"octets": octets})

    def _door_obstacle(self, _asked: DoorOpen) -> Obstacle | None:
        return None if self._door is not None else unavailable("no door is configured at this unit")

    async def _open_door(self, asked: DoorOpen, _tell: Tell) -> Outcome:
        assert self._door is not None
        await self._door.open(asked.door)
        return Outcome(detail="the door was released")
