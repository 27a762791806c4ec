"""How the machine of an imagined unit is."""

from random import Random
from typing import Final

from appliance.app.fleet.places import Place
from appliance.mqtt.unit_states import Health, Wifi
from appliance.units import Seconds

_MEGA: Final = 1024 * 1024


def health(random: Random, place: Place, uptime: float) -> Health:
    """`uptime` is the service's, in seconds. Small machines are warmer and fuller; 1 in 60 lacks power."""
    small = "Zero" in place.info.model
    total = 512 * _MEGA if small else 4096 * _MEGA
    wifi = Wifi(interface="wlan0", signal=random.uniform(-82.0, -48.0), quality=random.uniform(40.0, 98.0))
    weak = int(place.info.serial, 16) % 60 == 0
    return Health(
        uptime=Seconds(uptime + 86_400.0),
        service_uptime=Seconds(uptime),
        cpu=random.uniform(6.0, 22.0) if small else random.uniform(1.0, 9.0),
        service_cpu=random.uniform(2.0, 18.0),
        load=random.uniform(0.05, 0.9),
        memory_total=total,
        memory_available=int(total * random.uniform(0.35, 0.8)),
        service_memory=random.randrange(60, 95) * _MEGA,
        temperature=random.uniform(44.0, 64.0) + (9.0 if small else 0.0),
        throttled=("under_voltage",) if weak and random.random() < 0.7 else (),
        throttled_before=("under_voltage",) if weak else (),
        wifi=wifi if "wifi" in place.info.capabilities else None,
        disk_total=14_000 * _MEGA,
        disk_free=random.randrange(9_000, 12_000) * _MEGA,
        disk_written=int(uptime * 300) + 40 * _MEGA,
        xruns=0 if random.random() < 0.97 else random.randrange(1, 4),
        clock_synchronised=True,
    )
