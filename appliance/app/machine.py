"""[I/O] The machine as it is now: what the kernel tells, read in one place. Nothing here raises or waits."""

import ctypes
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from appliance.app import machine_facts as facts
from appliance.mqtt.unit_states import Health, UnitInfo
from appliance.units import Seconds

_TIMEX: Final = 512  # octets; more than `struct timex` has anywhere
_NOT_SYNCHRONISED: Final = 5  # TIME_ERROR of adjtimex(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things are found; all below `root`."""

    root: Path = Path("/")

    def text(self, path: str) -> str:
        """The file at `path`, "" if it can't be read."""
        return self.octets(path).decode("utf-8", "replace")

    def octets(self, path: str) -> bytes:
        """The same, as it is."""
        try:
            return (self.root / path).read_bytes()
        except OSError:
            return b""

    def first(self, pattern: str) -> str:
        """The first file that `pattern` fits, "" if none can be read."""
        return next(filter(None, (self.text(str(file)) for file in sorted(self.root.glob(pattern)))), "")

    def names(self, folder: str) -> list[str]:
        """What is in a folder."""
        try:
            return sorted(entry.name for entry in (self.root / folder).iterdir())
        except OSError:
            return []


class Machine:
    """Reads health; between two readings it remembers what processor times were."""

    def __init__(self, state_folder: Path | None, places: Places | None = None) -> None:
        # Part of the hardware extra: a call API on a desk has no use for it.
        import psutil  # noqa: PLC0415

        self._psutil = psutil
        self._places = places or Places()
        self._folder = state_folder or Path("/")
        self._process = psutil.Process()
        self._started = time.monotonic()
        psutil.cpu_percent(None)
        self._process.cpu_percent(None)

    def health(self) -> Health:
        """How the machine is now."""
        memory = self._psutil.virtual_memory()
        places = self._places
        throttled = facts.throttled(places.first("sys/devices/platform/soc*/soc*firmware/get_throttled"))
        disks = places.names("sys/block")
        health = Health(
            uptime=Seconds(_first_number(places.text("proc/uptime"))),
            service_uptime=Seconds(time.monotonic() - self._started),
            cpu=self._psutil.cpu_percent(None),
            service_cpu=self._process.cpu_percent(None),
            load=_first_number(places.text("proc/loadavg")),
            memory_total=memory.total,
            memory_available=memory.available,
            service_memory=self._process.memory_info().rss,
            temperature=facts.temperature(places.text("sys/class/thermal/thermal_zone0/temp")),
            throttled=throttled[0] if throttled is not None else None,
            throttled_before=throttled[1] if throttled is not None else None,
            wifi=facts.wifi(places.text("proc/net/wireless")),
            disk_written=facts.disk_written(places.text("proc/diskstats"), disks),
            clock_synchronised=clock_synchronised(),
        )
        return self._with_disk(health)

    def _with_disk(self, health: Health) -> Health:
        try:
            usage = self._psutil.disk_usage(str(self._folder))
        except OSError:
            return health
        return replace(health, disk_total=usage.total, disk_free=usage.free)


def identity(info: UnitInfo, places: Places | None = None) -> UnitInfo:
    """`info` with what the machine says of itself."""
    where = places or Places()
    return replace(
        info,
        model=facts.device_text(where.octets("proc/device-tree/model"))
        or where.text("sys/class/dmi/id/product_name").strip(),
        serial=facts.device_text(where.octets("proc/device-tree/serial-number")),
        mac=_first_card(where),
        system=facts.system_name(where.text("etc/os-release"), where.text("proc/sys/kernel/osrelease").strip()),
    )


def _first_card(where: Places) -> str:
    """The address of the first network card that is hardware."""
    names = [name for name in where.names("sys/class/net") if where.names(f"sys/class/net/{name}/device")]
    return next((where.text(f"sys/class/net/{name}/address").strip() for name in names), "")


def clock_synchronised() -> bool:
    """Whether something has set the time of day and keeps it: the kernel knows (adjtimex(2))."""
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX))
    return bool(0 <= state < _NOT_SYNCHRONISED)


def _first_number(text: str) -> float:
    try:
        return float(text.split(maxsplit=1)[0])
    except (ValueError, IndexError):
        return 0.0
