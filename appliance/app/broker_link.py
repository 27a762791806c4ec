"""What a configuration says about the broker, as the parts of `mqtt` take it."""

import os
import uuid
from typing import Final

from appliance.app.machine import identity
from appliance.config.model import Broker, Configuration, PanelDriver
from appliance.mqtt import discovery
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.commands import Policy
from appliance.mqtt.outbox_store import OutboxStore
from appliance.mqtt.settings import BrokerSettings
from appliance.mqtt.topics import Topics
from appliance.mqtt.unit_states import UnitInfo
from appliance.phone.dial_plan import Pattern
from appliance.version import VERSION

_OUTBOX: Final = "outbox.db"


def unit_bridge(configuration: Configuration, prefix: str, *, door: bool = False) -> Bridge:
    """The unit as its broker sees it, with a boot id that no other start has. Raises `UsageError`."""
    unit, line = configuration.unit, configuration.line
    boot_id = f"{uuid.uuid4().hex[:12]}-{os.getpid()}"
    info = UnitInfo(
        software=VERSION,
        hardware="" if configuration.panel.board is None else configuration.panel.board.name,
        capabilities=_capabilities(configuration, door=door),
        label=line.display_name or unit.name,
        aor=f"sip:{line.user}@{line.domain}",
        commands=tuple(sorted(configuration.commands.allow)),
    )
    return Bridge(unit.site, unit.name, boot_id, prefix=prefix, info=identity(info))


def broker_link(configuration: Configuration, broker: Broker, bridge: Bridge) -> BrokerLink:
    """The link, not yet opened; it hears commands and what is wanted of the unit. Raises `UsageError`."""
    folder = configuration.unit.state_folder
    return BrokerLink(
        broker_settings(broker),
        bridge,
        store=None if folder is None else OutboxStore(folder / _OUTBOX),
        filters=_filters(bridge.topics, broker),
    )


def broker_settings(broker: Broker) -> BrokerSettings:
    """How the broker is reached. Raises `UsageError`."""
    return BrokerSettings(
        host=broker.host,
        port=broker.port,
        tls=broker.tls,
        ca_file=broker.ca_file,
        certificate_file=broker.certificate_file,
        key_file=broker.key_file,
        user=broker.user,
        password=broker.password,
    )


def policy(configuration: Configuration) -> Policy:
    """What may be asked of the unit. Raises `UsageError`."""
    commands = configuration.commands
    return Policy(
        allowed=frozenset(commands.allow), targets=tuple(Pattern.parse(text) for text in commands.call_targets)
    )


def _filters(topics: Topics, broker: Broker) -> tuple[str, ...]:
    home = broker.home_assistant
    return (topics.commands, topics.desired, *((discovery.birth_topic(home),) if home else ()))


def _capabilities(configuration: Configuration, *, door: bool) -> tuple[str, ...]:
    panel = () if configuration.panel.driver is PanelDriver.NONE else ("display", "hook_switch", "keypad")
    return tuple(sorted(("sound", *panel, *(("door",) if door else ()))))
