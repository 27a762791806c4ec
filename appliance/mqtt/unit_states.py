"""What a unit says of itself: who it is, how it is, what it has been told."""

from dataclasses import dataclass
from datetime import datetime

from appliance.mqtt.payloads import Header
from appliance.units import Milliseconds, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Header):
    """`status`: the birth, the will and the farewell."""

    state: str
    """"online" or "offline"."""
    reason: str = ""
    """Why offline: "lost" (the will), "shutdown", "moved" or "decommissioned"."""
    serial: str = ""
    """The machine's serial number: of two units with one name, which of them speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitInfo:
    """`info`: what the unit is."""

    software: str
    """Version of this package."""
    model: str = ""
    """The machine, as its firmware calls it."""
    serial: str = ""
    """Its serial number."""
    hardware: str = ""
    """The board file: what is connected where."""
    capabilities: tuple[str, ...] = ()
    """What it has: "display", "keypad", "hook_switch", "sound", "door", "wifi"."""
    label: str = ""
    """The name that people know the place by."""
    aor: str = ""
    """Its SIP address of record."""
    mac: str = ""
    """The address of its first network card, like "dc:a6:32:01:02:03"."""
    system: str = ""
    """The operating system and its kernel."""
    started: datetime | None = None
    """When this start of the service was."""
    commands: tuple[str, ...] = ()
    """The commands that it accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """`state/dropped`: what the broker never got since the start."""

    events: int = 0
    """The oldest, when more were waiting than are kept."""
    audit: int = 0
    """Those of the events that were audit records: they are the last to be dropped."""
    metrics: int = 0
    """The oldest, when more were waiting than are kept."""
    oversized: int = 0
    """Larger than the unit or the broker allows."""
    refused: int = 0
    """Not acknowledged but refused: mostly an access rule of the broker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wifi:
    """The radio, where there is one in use."""

    interface: str
    signal: float
    """dBm: -50 is good, -80 is poor."""
    quality: float
    """Percent, as the driver reckons it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`state/health`, once a minute; null is what this machine does not tell."""

    uptime: Seconds
    """Since the machine's start."""
    service_uptime: Seconds
    """Since the service's start."""
    cpu: float
    """Percent of all cores since the last health message."""
    service_cpu: float
    """Percent of one core, this service alone."""
    load: float
    """Processes that wanted to run, averaged over a minute."""
    memory_total: int
    """Octets."""
    memory_available: int
    """Octets."""
    service_memory: int
    """Octets of resident memory, this service alone."""
    temperature: float | None = None
    """Degrees Celsius of the processor."""
    throttled: tuple[str, ...] | None = None
    """What holds the processor back now: "under_voltage", "frequency_capped", "throttled", "temperature_limit"."""
    throttled_before: tuple[str, ...] | None = None
    """What did at some time since the machine's start."""
    wifi: Wifi | None = None
    disk_total: int | None = None
    """Octets of the file system that the unit keeps its state on."""
    disk_free: int | None = None
    """Octets."""
    disk_written: int | None = None
    """Octets written to all disks since the machine's start: what wears a card out."""
    xruns: int = 0
    """Times that sound came too late, to or from the sound card, since the service's start."""
    clock_synchronised: bool = False
    """Whether the time of day is set by the network."""
    outbox: int = 0
    """Events that wait for the broker."""
    outbox_problem: str = ""
    """Why events can't be kept over a power cut at the moment; "" if they can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """`state/audio`: the sound device."""

    device: str = ""
    """Its name."""
    working: bool = True
    problem: str = ""
    """What is wrong with it, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """`state/controls`: what can be set from afar, as it is now."""

    dnd: bool = False
    """Do not disturb: calls are answered busy."""
    volume: int | None = None
    """Percent of the speaker; None if it can't be set."""
    text: str = ""
    """What the display was told to show."""
    identify: bool = False
    """The unit shows which one it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing a self test has looked at."""

    name: str
    passed: bool | None
    """None if there was nothing to look at."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """`state/self_test`: the last self test."""

    started: datetime
    finished: datetime
    passed: bool
    """No check has failed."""
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityHour:
    """The calls that ended in one hour."""

    hour: datetime
    """When the hour began."""
    answered: int = 0
    failed: int = 0
    """Calls that ended before they were answered, by whomever."""
    talked: Seconds = Seconds(0.0)
    """Seconds of all answered calls."""
    mean_mos: float | None = None
    """Of the answered calls, each weighted by its length."""
    worst_mos: float | None = None
    mean_jitter: Milliseconds | None = None
    mean_round_trip: Milliseconds | None = None
    packets_received: int = 0
    packets_lost: int = 0
    concealed: Milliseconds = Milliseconds(0.0)
    """What was heard in place of lost sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityHours:
    """`state/quality_hours`: the last 24 hours that had calls, the oldest first."""

    hours: tuple[QualityHour, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinSeen:
    """`event/twin_seen`: another unit speaks with this one's name, like a copied card in a second machine."""

    other_boot_id: str
    """A start of the other's service; "" if the broker only said that the connection was taken over."""
    other_serial: str
    """The other's machine."""
    serial: str
    """This machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """`log`, if the configuration asks for it: one line of the log, without secrets."""

    level: str
    logger: str
    message: str
    suppressed: int = 0
    """Lines before this one that were too many."""
