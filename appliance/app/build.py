"""The composition root: a configuration becomes a unit, ready to be run.

    Configuration ──► Client (line, media, audio) ──► PhoneController (panel)
                          └──────── events ─────────► BrokerLink (MQTT) ◄──► Management

Nothing is opened here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.app.broker_link import broker_link, unit_bridge
from appliance.app.door import build_door
from appliance.app.drivers import PanelDrivers, audio_device, sound_system
from appliance.app.kept_quality import without_quality
from appliance.app.machine import clock_synchronised
from appliance.app.management import Management
from appliance.app.remote.config_commands import ConfigFiles
from appliance.app.remote.restart import Restart
from appliance.app.settings import client_settings, phone_settings
from appliance.calls.client import Client
from appliance.config.model import Configuration
from appliance.door.door import Door as OwnDoor
from appliance.media.ports import AudioDevice
from appliance.mqtt.broker import BrokerLink
from appliance.phone.controller import PhoneController
from appliance.phone.ports import Door


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One telephone, put together and not yet running."""

    configuration: Configuration
    client: Client
    phone: PhoneController
    panel: PanelDrivers
    broker: BrokerLink | None
    management: Management | None
    restart: Restart
    door: OwnDoor | None = None
    """The door it opens itself."""


def build(
    configuration: Configuration,
    panel: PanelDrivers,
    *,
    audio: AudioDevice | None = None,
    door: Door | None = None,
    synchronised: Callable[[], bool] = clock_synchronised,
    config_files: ConfigFiles | None = None,
) -> Unit:
    """Put a unit together; `audio` takes the place of the configured sound driver.

    `door` is what commands open in place of its own, `synchronised` whether the time of day can be trusted;
    `config_files` let a manager change the configuration.

    Raises:
        UsageError: a value that only its user can judge, like a pattern of the dial plan.
        DriverError: a door's relay is configured, and this machine has no GPIO header.
    """
    client = Client(
        client_settings(configuration),
        audio=audio or audio_device(configuration.audio),
        sound=None if audio is not None else sound_system(configuration.audio),
    )
    own = build_door(configuration, client)
    if door is None and own is not None and own.obeys:
        door = own
    phone = PhoneController(client, phone_settings(configuration), panel.panel)
    if panel.screen_changed is not None:
        phone.screens.subscribe(panel.screen_changed)
    restart = Restart(client)
    broker, management = None, None
    if configuration.broker is not None:
        bridge = unit_bridge(configuration, configuration.broker.prefix, door=door is not None)
        broker = broker_link(configuration, configuration.broker, bridge)
        publish = broker.publish_event
        client.subscribe(publish if client.settings.tracking.remote else without_quality(publish))
        management = Management(
            configuration,
            client,
            phone,
            broker,
            restart=restart,
            door=door,
            synchronised=synchronised,
            config_files=config_files,
        )
    return Unit(
        configuration=configuration,
        client=client,
        phone=phone,
        panel=panel,
        broker=broker,
        management=management,
        restart=restart,
        door=own,
    )
