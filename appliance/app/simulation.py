"""[I/O] A whole exchange on this machine.

    Unit ── ws ───► Registrar ◄── ws ── FarEnd 100 … 103
      └─── mqtt ──► PrivateBroker

The unit is the very one that the service runs.
"""

import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from appliance.app.build import Unit, build
from appliance.app.drivers import PanelDrivers
from appliance.app.runtime import running
from appliance.config import model
from appliance.config.secret import Secret
from appliance.errors import DriverError
from appliance.media.ports import AudioDevice
from appliance.sim.broker import PrivateBroker
from appliance.sim.far_end import Behaviour, FarEnd
from appliance.sim.registrar import Registrar

USER: Final = "200"
"""The number of the simulated telephone."""
DOMAIN: Final = "intercom.test"
"""Its SIP domain: a name that never is anybody's (RFC 6761 §6.2)."""

NUMBERS: Final[Mapping[str, tuple[Behaviour, str]]] = MappingProxyType(
    {
        "100": (Behaviour.ECHO, "Echo"),
        "101": (Behaviour.SPEAK, "Melody"),
        "102": (Behaviour.BUSY, "Busy"),
        "103": (Behaviour.SILENT, "Nobody"),
    }
)
"""Who can be called: what they do, and their names."""

NUMBERS_IN_SHORT: Final = "call 100 echo · 101 melody · 102 busy · 103 no answer"
"""Fits above the smallest picture of the display."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What runs."""

    unit: Unit
    registrar: Registrar
    broker: PrivateBroker | None
    """None if there is no Mosquitto; `problem` says so."""
    problem: str = ""


@contextlib.asynccontextmanager
async def simulation(panel: PanelDrivers, audio: AudioDevice, *, broker_port: int = 0) -> AsyncIterator[Simulation]:
    """The exchange and the telephone in it, at work. Raises `DriverError` for a panel that can't be used."""
    passwords = {user: secrets.token_urlsafe(12) for user in (USER, *NUMBERS)}
    async with contextlib.AsyncExitStack() as stack:
        broker, problem = None, ""
        try:
            broker = await stack.enter_async_context(PrivateBroker(broker_port))
        except DriverError as error:
            # The telephone works without; whoever wants the events is told why there are none.
            problem = str(error)
        registrar = await stack.enter_async_context(Registrar(passwords, domain=DOMAIN))
        for number, (behaviour, name) in NUMBERS.items():
            far_end = FarEnd(registrar.url, number, passwords[number], behaviour, domain=DOMAIN, display_name=name)
            await stack.enter_async_context(far_end)
        configuration = _configuration(registrar.url, passwords[USER], broker)
        unit = await stack.enter_async_context(running(build(configuration, panel, audio=audio)))
        yield Simulation(unit=unit, registrar=registrar, broker=broker, problem=problem)


def _configuration(url: str, password: str, broker: PrivateBroker | None) -> model.Configuration:
    return model.Configuration(
        unit=model.Unit(site="simulation", name="phone"),
        line=model.Line(
            registrars=(url,), user=USER, password=Secret(password), domain=DOMAIN, display_name="Intercom"
        ),
        media=model.Media(loopback=True),
        dialling=model.Dialling(patterns=("1XX",)),
        broker=None if broker is None else model.Broker(host=broker.host, port=broker.port),
    )
