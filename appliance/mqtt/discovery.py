"""Home Assistant's MQTT discovery: one retained message makes a unit a device with everything that it has.

<prefix>/device/<site>/<unit>/config ──► Home Assistant ──► reads status, state/… and event/…, writes cmd/…

Nothing is published for it beside this message: its templates read the very topics that everybody reads, and write the
commands that everybody writes, with an id and the time. Source: Home Assistant's documentation, "MQTT discovery", the
device-based kind (2024.11 and later).
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from appliance.mqtt.publication import Publication
from appliance.mqtt.topics import Topics
from appliance.mqtt.unit_states import UnitInfo

Component = dict[str, Any]
"""One entity, as Home Assistant's configuration has it."""

_PROGRAM: Final = "intercom-appliance"
_DIAGNOSTIC: Final = {"entity_category": "diagnostic"}
_CONFIG: Final = {"entity_category": "config"}
_STALE: Final = 180  # seconds without health after which its sensors say nothing: three times its period
_ANY: Final = "if value_json.quality else none"  # a call that was not answered has none
_LOSS: Final = (
    "quality.packets_lost / ([value_json.quality.packets_received + value_json.quality.packets_lost, 1] | max) * 100"
)
_ENVELOPE: Final = (
    '"id": "ha-{{ now().timestamp() }}-{{ range(100000) | random }}", '
    '"time": "{{ utcnow().isoformat() }}", "by": "Home Assistant"'
)
"""What every command begins with: an id that was never used before, and the moment."""


def topic(topics: Topics, prefix: str) -> str:
    """Where a unit is announced."""
    return f"{prefix}/device/{topics.site}/{topics.device}/config"


def birth_topic(prefix: str) -> str:
    """Where Home Assistant says `online` when it has started, and may have forgotten us."""
    return f"{prefix}/status"


def announcement(topics: Topics, prefix: str, info: UnitInfo, *, volume: bool = False) -> Publication:
    """The unit as a device of Home Assistant; `volume` says that its loudness can be set."""
    payload = json.dumps(document(topics, info, volume=volume), ensure_ascii=False, separators=(",", ":"))
    return Publication(topic=topic(topics, prefix), payload=payload.encode(), qos=1, retain=True)


def withdrawal(topics: Topics, prefix: str) -> Publication:
    """Take the device away from Home Assistant."""
    return Publication(topic=topic(topics, prefix), payload=b"", qos=1, retain=True)


def document(topics: Topics, info: UnitInfo, *, volume: bool = False) -> dict[str, Any]:
    """What is announced, as JSON."""
    unit = f"{topics.prefix}-{topics.site}-{topics.device}"
    components: dict[str, Component] = {}
    for name, component in _components(topics, info, volume=volume):
        components[name] = {"unique_id": f"{unit}-{name}", **component}
    return {
        "device": _device(unit, topics, info),
        "origin": {"name": _PROGRAM, "sw_version": info.software},
        "availability": [{"topic": topics.status, "value_template": "{{ value_json.state }}"}],
        "qos": 1,
        "components": components,
    }


def _device(unit: str, topics: Topics, info: UnitInfo) -> dict[str, Any]:
    named = {
        "identifiers": [unit],
        "name": info.label or topics.device,
        "manufacturer": _PROGRAM,
        "model": info.model,
        "hw_version": info.hardware,
        "sw_version": info.software,
        "serial_number": info.serial,
        "suggested_area": topics.site,
    }
    connections = {"connections": [["mac", info.mac]]} if info.mac else {}
    return {key: value for key, value in named.items() if value} | connections


def _components(topics: Topics, info: UnitInfo, *, volume: bool) -> Iterator[tuple[str, Component]]:
    yield from _events(topics)
    yield from _call_sensors(topics)
    yield from _machine_sensors(topics)
    allowed = set(info.commands) - (set() if volume else {"volume"})
    if "door" not in info.capabilities:
        allowed.discard("door_open")
    for name, component in _controls(topics).items():
        if component.pop("needs") in allowed:
            yield name, component


def _events(topics: Topics) -> Iterator[tuple[str, Component]]:
    yield (
        "ring",
        {
            "platform": "event",
            "name": "Ring",
            "device_class": "doorbell",
            "event_types": ["ring"],
            "state_topic": topics.event("incoming_call"),
            "value_template": '{{ {"event_type": "ring", "caller": value_json.caller_id} | to_json }}',
        },
    )
    yield (
        "call_end",
        {
            "platform": "event",
            "name": "Call ended",
            "icon": "mdi:phone-hangup",
            "event_types": ["answered", "failed", "canceled", "ignored"],
            "state_topic": topics.event("call_record"),
            "value_template": (
                '{{ {"event_type": value_json.result, "duration": value_json.duration, "cause": value_json.cause, '
                '"src": value_json.call.src, "dest": value_json.call.dest} | to_json }}'
            ),
        },
    )
    yield (
        "digit",
        {
            "platform": "event",
            "name": "Digit received",
            "icon": "mdi:dialpad",
            "event_types": ["digit"],
            "state_topic": topics.event("dtmf_received"),
            "value_template": '{{ {"event_type": "digit", "digit": value_json.digit} | to_json }}',
            "enabled_by_default": False,
        },
    )


def _call_sensors(topics: Topics) -> Iterator[tuple[str, Component]]:
    call, last = topics.state("call"), topics.state("last_call")
    phases = ["idle", "ringing", "calling", "alerting", "in_call"]
    yield "call", _sensor("Call", call, "state", device_class="enum", options=phases, icon="mdi:phone")
    yield (
        "in_call",
        {
            "platform": "binary_sensor",
            "name": "In call",
            "state_topic": call,
            "value_template": "{{ 'ON' if value_json.state == 'in_call' else 'OFF' }}",
        },
    )
    yield (
        "registered",
        {
            "platform": "binary_sensor",
            "name": "Registered",
            "device_class": "connectivity",
            "state_topic": topics.state("registration"),
            "value_template": "{{ 'ON' if value_json.state == 'registered' else 'OFF' }}",
            **_DIAGNOSTIC,
        },
    )
    quality = {"state_class": "measurement", **_DIAGNOSTIC}
    yield (
        "last_mos",
        _sensor("MOS of the last call", last, f"quality.mean_mos {_ANY}", icon="mdi:account-voice", **quality),
    )
    for name, field, words in (
        ("last_jitter", "mean_jitter", "Jitter of the last call"),
        ("last_round_trip", "mean_round_trip", "Round trip of the last call"),
    ):
        yield (
            name,
            _sensor(
                words, last, f"quality.{field} {_ANY}", device_class="duration", unit_of_measurement="ms", **quality
            ),
        )
    yield "last_loss", _sensor("Loss of the last call", last, f"{_LOSS} {_ANY}", unit_of_measurement="%", **quality)


def _machine_sensors(topics: Topics) -> Iterator[tuple[str, Component]]:
    health = topics.state("health")
    figures = {"state_class": "measurement", "expire_after": _STALE, **_DIAGNOSTIC}
    yield (
        "temperature",
        _sensor("Temperature", health, "temperature", device_class="temperature", unit_of_measurement="°C", **figures),
    )
    yield "cpu", _sensor("Processor", health, "cpu", unit_of_measurement="%", icon="mdi:chip", **figures)
    free = "memory_available / value_json.memory_total * 100"
    yield "memory_free", _sensor("Free memory", health, free, unit_of_measurement="%", icon="mdi:memory", **figures)
    signal = "wifi.signal if value_json.wifi else none"
    yield (
        "wifi_signal",
        _sensor(
            "Wi-Fi signal",
            health,
            signal,
            device_class="signal_strength",
            unit_of_measurement="dBm",
            **figures,
        ),
    )
    yield (
        "uptime",
        _sensor("Uptime", health, "uptime", device_class="duration", unit_of_measurement="s", **figures),
    )
    yield (
        "power_problem",
        {
            "platform": "binary_sensor",
            "name": "Power or heat",
            "device_class": "problem",
            "state_topic": health,
            "value_template": "{{ 'ON' if value_json.throttled else 'OFF' }}",
            "expire_after": _STALE,
            **_DIAGNOSTIC,
        },
    )
    yield (
        "sound_problem",
        {
            "platform": "binary_sensor",
            "name": "Sound",
            "device_class": "problem",
            "state_topic": topics.state("audio"),
            "value_template": "{{ 'OFF' if value_json.working else 'ON' }}",
            **_DIAGNOSTIC,
        },
    )


def _controls(topics: Topics) -> dict[str, Component]:
    """What can be asked of the unit; `needs` is the command that it has to accept."""
    controls = topics.state("controls")
    return {
        "dnd": {
            "needs": "dnd",
            "platform": "switch",
            "name": "Do not disturb",
            "icon": "mdi:phone-off",
            "state_topic": controls,
            "value_template": "{{ 'ON' if value_json.dnd else 'OFF' }}",
            "command_topic": topics.command_topic("dnd"),
            "command_template": _command("\"on\": {{ 'true' if value == 'ON' else 'false' }}"),
            **_CONFIG,
        },
        "volume": {
            "needs": "volume",
            "platform": "number",
            "name": "Volume",
            "icon": "mdi:volume-high",
            "min": 0,
            "max": 100,
            "unit_of_measurement": "%",
            "state_topic": controls,
            "value_template": "{{ value_json.volume }}",
            "command_topic": topics.command_topic("volume"),
            "command_template": _command('"level": {{ value | int }}'),
            **_CONFIG,
        },
        "display": {
            "needs": "show_text",
            "platform": "text",
            "name": "Display",
            "icon": "mdi:message-text",
            "max": 64,
            "state_topic": controls,
            "value_template": "{{ value_json.text }}",
            "command_topic": topics.command_topic("show_text"),
            "command_template": _command('"text": {{ value | to_json }}, "seconds": 86400'),
        },
        "hang_up": _button(topics, "hang_up", "Hang up", icon="mdi:phone-hangup"),
        "identify": _button(topics, "identify", "Identify", device_class="identify", **_DIAGNOSTIC),
        "self_test": _button(topics, "self_test", "Self test", icon="mdi:clipboard-check", **_DIAGNOSTIC),
        "restart": _button(topics, "reboot", "Restart", device_class="restart", **_CONFIG),
        # Nobody's by accident: whoever wants it in Home Assistant enables it there. Only OPEN opens.
        "door": {
            "needs": "door_open",
            "platform": "lock",
            "name": "Door",
            "enabled_by_default": False,
            "optimistic": True,
            "payload_open": "OPEN",
            "command_topic": topics.command_topic("door_open"),
            "command_template": "{% if value == 'OPEN' %}" + _command("") + "{% else %}{}{% endif %}",
        },
    }


def _sensor(name: str, state_topic: str, field: str, **more: Any) -> Component:
    return {
        "platform": "sensor",
        "name": name,
        "state_topic": state_topic,
        "value_template": f"{{{{ value_json.{field} }}}}",
        **more,
    }


def _button(topics: Topics, command: str, name: str, **more: Any) -> Component:
    return {
        "needs": command,
        "platform": "button",
        "name": name,
        "command_topic": topics.command_topic(command),
        "command_template": _command(""),
        **more,
    }


def _command(own: str) -> str:
    return "{" + _ENVELOPE + (f", {own}" if own else "") + "}"
