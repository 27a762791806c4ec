"""One of each message that a unit sends beside the events of calls, and one of each that it is sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.mqtt import command_payloads as commands
from appliance.mqtt.command_payloads import Audit, ConfigReported, ConfigState, Progress, Refusal, Response
from appliance.mqtt.unit_states import (
    Check,
    Controls,
    Dropped,
    Health,
    LogLine,
    SelfTest,
    Sound,
    TwinSeen,
    UnitInfo,
    Wifi,
)
from appliance.units import Seconds

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

INFO = UnitInfo(
    software="0.1.0",
    model="Raspberry Pi 4 Model B Rev 1.4",
    serial="10000000a1b2c3d4",
    hardware="desk-phone",
    capabilities=("sound", "display", "keypad", "hook_switch"),
    label="Front door",
    aor="sip:201@sip.example.org",
    mac="dc:a6:32:01:02:03",
    system="Debian GNU/Linux 13, Linux 6.12",
    started=START,
    commands=("dnd", "hang_up", "identify", "self_test", "show_text", "volume"),
)

STATES = (
    Sound(device="USB handset"),
    Controls(volume=60, text="Back at 14:00"),
    Health(
        uptime=Seconds(86_400.0),
        service_uptime=Seconds(3_600.0),
        cpu=7.5,
        service_cpu=3.1,
        load=0.12,
        memory_total=3_975_864_320,
        memory_available=3_501_000_000,
        service_memory=71_000_000,
        temperature=48.3,
        throttled=(),
        throttled_before=("under_voltage",),
        wifi=Wifi(interface="wlan0", signal=-61.0, quality=70.0),
        disk_total=31_000_000_000,
        disk_free=27_000_000_000,
        disk_written=120_000_000,
        xruns=2,
        clock_synchronised=True,
        outbox=0,
    ),
    SelfTest(
        started=START,
        finished=START + timedelta(seconds=3),
        passed=False,
        checks=(
            Check(name="registration", passed=True, detail="sip:201@sip.example.org"),
            Check(name="sound", passed=False, detail="the device is gone"),
            Check(name="temperature", passed=None, detail="this machine does not tell"),
        ),
    ),
    Dropped(events=2, metrics=14),
)

AUDIT = Audit(
    command="volume",
    command_id="c-17",
    by="mara",
    status=Progress.DONE,
    arguments={"level": 60},
)
TWIN = TwinSeen(other_boot_id="77ab10", other_serial="10000000ffffffff", serial="10000000a1b2c3d4")
RESPONSE = Response(
    command="door_open",
    command_id="c-18",
    status=Progress.REFUSED,
    reason=Refusal.STALE,
    detail="it was sent 42.0 s ago; allowed are 10",
)
REPORTED = ConfigReported(state=ConfigState.CONFIRMED, version="2026-01-02", hash="9f86d081", since=START)
LINE = LogLine(level="warning", logger="appliance.calls.line", message="the registrar does not answer")

ENVELOPE: dict[str, Any] = {"id": "c-18", "time": "2026-01-02T03:04:05.000Z", "expires": 10.0, "by": "mara"}
ASKED: dict[str, dict[str, Any]] = {
    "call": {"number": "100"},
    "hang_up": {},
    "volume": {"level": 60},
    "show_text": {"text": "Back at 14:00", "seconds": 3600},
    "dnd": {"on": True},
    "identify": {"seconds": 10},
    "self_test": {},
    "reboot": {"machine": False},
    "config_apply": {"version": "2026-01-02"},
    "config_roll_back": {},
    "logs": {"minutes": 60},
    "door_open": {"door": "front"},
}
DESIRED: dict[str, Any] = {
    "version": "2026-01-02",
    "settings": {"dialling": {"patterns": ["1XX", "2XX"]}, "log": {"level": "debug"}},
    "confirm_within": 120,
    "by": "mara",
}
assert set(ASKED) == set(commands.COMMANDS)
