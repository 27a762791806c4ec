"""The composition root: a configuration becomes a unit, ready to be run.

    Configuration ──► Client (line, media, audio) ──► PhoneController (panel)
                          └──────── events ─────────► BrokerLink (MQTT)

Nothing is opened here.
"""

import os
import uuid
from dataclasses import dataclass

from appliance.app.drivers import PanelDrivers, audio_device
from appliance.app.kept_quality import without_quality
from appliance.app.settings import client_settings, phone_settings
from appliance.calls.client import Client
from appliance.config.model import Broker, Configuration
from appliance.media.ports import AudioDevice
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.broker import BrokerLink
from appliance.mqtt.settings import BrokerSettings
from appliance.mqtt.unit_states import UnitInfo
from appliance.phone.controller import PhoneController
from appliance.version import VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One telephone, put together and not yet running."""

    configuration: Configuration
    client: Client
    phone: PhoneController
    panel: PanelDrivers
    broker: BrokerLink | None


def build(configuration: Configuration, panel: PanelDrivers, *, audio: AudioDevice | None = None) -> Unit:
    """Put a unit together; `audio` takes the place of the configured sound driver.

    Raises:
        UsageError: a value that only its user can judge, like a pattern of the dial plan.
    """
    client = Client(client_settings(configuration), audio=audio or audio_device(configuration.audio))
    phone = PhoneController(client, phone_settings(configuration), panel.panel)
    if panel.screen_changed is not None:
        phone.screens.subscribe(panel.screen_changed)
    broker = None if configuration.broker is None else _broker_link(configuration, configuration.broker)
    if broker is not None:
        publish = broker.publish_event
        client.subscribe(publish if client.settings.tracking.remote else without_quality(publish))
    return Unit(configuration=configuration, client=client, phone=phone, panel=panel, broker=broker)


def _broker_link(configuration: Configuration, broker: Broker) -> BrokerLink:
    bridge = Bridge(
        configuration.unit.site,
        configuration.unit.name,
        f"{uuid.uuid4().hex[:12]}-{os.getpid()}",
        prefix=broker.prefix,
        info=UnitInfo(software=VERSION),
    )
    settings = BrokerSettings(
        host=broker.host,
        port=broker.port,
        tls=broker.tls,
        ca_file=broker.ca_file,
        certificate_file=broker.certificate_file,
        key_file=broker.key_file,
        user=broker.user,
        password=broker.password,
    )
    return BrokerLink(settings, bridge)
