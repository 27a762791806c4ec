"""A whole unit with a scripted panel on a real broker, and whoever manages it."""

import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.app.build import Unit, build
from appliance.app.drivers import scripted
from appliance.app.runtime import running
from appliance.config import model
from appliance.config.secret import Secret
from appliance.phone.ports import Door
from appliance.sim.door import SimulatedDoor
from appliance.sim.far_end import Behaviour, FarEnd
from appliance.sim.registrar import Registrar
from appliance.sim.script_panel import ScriptPanel
from appliance.sim.wav_audio import ToneAudio
from tests.support.mosquitto import UNIT, UNIT_PASSWORD, Mosquitto, Observer, Seen
from tests.support.mqtt_unit import connected, until

BASE = "intercom/v1/lobby/door-1"
USERS = {"200": "unit's word", "100": "far word"}
DOMAIN = "sip.test"


@dataclass
class Managed:
    """What a test holds."""

    unit: Unit
    panel: ScriptPanel
    far_end: FarEnd
    manager: Observer
    door: SimulatedDoor
    synchronised: bool = True
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def send(self, name: str, value: dict[str, Any] | bytes, **how: Any) -> None:
        """Publish a command as it is."""
        payload = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.manager.send(f"{BASE}/cmd/{name}", payload, **how)

    async def ask(self, name: str, **own: Any) -> Any:
        """Send a command with id and time; its last answer."""
        command = {"id": f"c-{next(self._numbers)}", "time": now(), "by": "mara"} | own
        self.send(name, command)
        return await self.answer(name, command["id"])

    async def refused(self, name: str, reason: str) -> Any:
        """Wait for a refusal for this reason, and for its audit; the answer."""
        answer = await self.manager.wait(lambda seen: seen.tail == f"resp/{name}" and seen.value["reason"] == reason)
        audit = await self.manager.wait(lambda seen: seen.tail == "event/audit" and seen.value["reason"] == reason)
        assert (audit.value["command"], audit.value["status"]) == (name, "refused")
        return answer.value

    async def answer(self, name: str, command: str, *, last: bool = True) -> Any:
        """Wait for an answer, or for the last one."""
        ends = ("done", "failed", "refused") if last else ("accepted", "running", "done", "failed", "refused")
        seen = await self.manager.wait(
            lambda seen: (
                seen.tail == f"resp/{name}" and seen.value["command_id"] == command and seen.value["status"] in ends
            )
        )
        return seen.value

    def audits(self, command: str) -> list[str]:
        """What the audit says of a command, in order."""
        return [seen.value["status"] for seen in self.manager.of("event/audit") if seen.value["command_id"] == command]

    async def state(self, name: str, **wanted: Any) -> Seen:
        """Wait for a state with these fields."""
        return await self.manager.wait(
            lambda seen: seen.tail == f"state/{name}" and all(seen.value[key] == wanted[key] for key in wanted)
        )


def now() -> str:
    return datetime.now(UTC).isoformat()


def configuration(mosquitto: Mosquitto, registrar: Registrar, folder: Path | None, **more: Any) -> model.Configuration:
    """A unit that permits everything."""
    allowed = model.Commands(allow=model.COMMANDS, call_targets=("1XX",), **more)
    return model.Configuration(
        unit=model.Unit(site="lobby", name="door-1", state_folder=folder),
        line=model.Line(registrars=(registrar.url,), user="200", password=Secret(USERS["200"]), domain=DOMAIN),
        media=model.Media(loopback=True),
        dialling=model.Dialling(patterns=("1XX",)),
        broker=model.Broker(
            host=mosquitto.host,
            port=mosquitto.plain,
            user=UNIT,
            password=Secret(UNIT_PASSWORD),
            log="warning",
            home_assistant="homeassistant",
        ),
        commands=allowed,
    )


@contextlib.asynccontextmanager
async def managed_unit(
    mosquitto: Mosquitto, folder: Path | None, *, door: Door | None = None, has_door: bool = True, **commands: Any
) -> AsyncIterator[Managed]:
    """The unit, registered and connected; its far end answers 100."""
    panel, simulated = ScriptPanel(), SimulatedDoor("front")
    async with Registrar(USERS, domain=DOMAIN) as registrar, contextlib.AsyncExitStack() as stack:
        far_end = await stack.enter_async_context(
            FarEnd(registrar.url, "100", USERS["100"], Behaviour.SPEAK, domain=DOMAIN)
        )
        manager = stack.enter_context(Observer(mosquitto))
        held: list[Managed] = []
        unit = build(
            configuration(mosquitto, registrar, folder, **commands),
            scripted(panel),
            audio=ToneAudio(440.0),
            door=(door or simulated) if has_door else None,
            synchronised=lambda: held[0].synchronised,
        )
        managed = Managed(unit=unit, panel=panel, far_end=far_end, manager=manager, door=simulated)
        held.append(managed)
        await stack.enter_async_context(running(unit))
        assert unit.broker is not None
        await connected(unit.broker)
        await until(lambda: unit.client.is_registered)
        await managed.state("registration", state="registered")
        yield managed
