"""What the kernel's texts mean, and a machine made of such texts."""

from pathlib import Path

import pytest

from appliance.app import machine_facts as facts
from appliance.app.machine import Machine, Places, clock_synchronised, identity
from appliance.mqtt.unit_states import UnitInfo, Wifi

WIRELESS = """\
Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
  p2p0: 0000    0.    0.    0.        0      0      0      0      0        0
 wlan0: 0000   49.  -61.  -256        0      0      0      0      0        0
"""
DISKSTATS = """\
   7       0 loop0 11 0 64 0 9 0 700 0 0 12 12
 179       0 mmcblk0 5021 830 310292 9000 1200 600 40960 12000 0 9000 21000 0 0 0 0 0 0
 179       1 mmcblk0p1 100 0 4000 10 1 0 1 0 0 10 10
   8       0 sda 1 2 3 4 5 6 100 8 9 10 11
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0x0", ((), ())),
        ("0x50005\n", (("under_voltage", "throttled"), ("under_voltage", "throttled"))),
        ("throttled=0x80000", ((), ("temperature_limit",))),
        ("", None),
        ("error", None),
    ],
)
def test_throttling(text: str, expected: object) -> None:
    assert facts.throttled(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("48312\n", 48.312), ("-5000", -5.0), ("", None), ("hot", None), ("999000", None)]
)
def test_temperature(text: str, expected: float | None) -> None:
    assert facts.temperature(text) == expected


def test_the_radio_that_is_connected() -> None:
    assert facts.wifi(WIRELESS) == Wifi(interface="wlan0", signal=-61.0, quality=70.0)
    assert facts.wifi(WIRELESS.replace("-61.", "195.")) == Wifi(interface="wlan0", signal=-61.0, quality=70.0)
    assert facts.wifi(WIRELESS.replace("49.", " 0.")) is None
    assert facts.wifi("") is None


def test_what_was_written_to_whole_disks() -> None:
    disks = ["loop0", "mmcblk0", "sda"]
    assert facts.disk_written(DISKSTATS, disks) == (40_960 + 100) * 512
    assert facts.disk_written("nonsense\n" + DISKSTATS, ["sda"]) == 51_200
    assert facts.disk_written("", disks) is None


def test_texts_of_the_device_tree_end_in_nul() -> None:
    assert facts.device_text(b"Raspberry Pi 4 Model B Rev 1.4\0") == "Raspberry Pi 4 Model B Rev 1.4"
    assert facts.device_text(b"\xff\0") == "\ufffd"
    assert facts.device_text(b"") == ""


def test_a_machine_made_of_texts(tmp_path: Path) -> None:
    texts = {
        "proc/uptime": "3600.25 7000.00\n",
        "proc/loadavg": "0.25 0.30 0.20 1/200 999\n",
        "proc/net/wireless": WIRELESS,
        "proc/diskstats": DISKSTATS,
        "proc/device-tree/model": "Raspberry Pi Zero 2 W\0",
        "proc/device-tree/serial-number": "10000000a1b2c3d4\0",
        "proc/sys/kernel/osrelease": "6.12.1\n",
        "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
        "sys/class/thermal/thermal_zone0/temp": "51540\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n",
        "sys/class/net/lo/address": "00:00:00:00:00:00\n",
        "sys/class/net/wlan0/address": "dc:a6:32:01:02:03\n",
        "sys/class/net/wlan0/device/uevent": "",
        "sys/block/mmcblk0/size": "1",
    }
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    places = Places(root=tmp_path)
    health = Machine(tmp_path, places).health()
    assert (health.uptime, health.load, health.temperature) == (3600.25, 0.25, 51.54)
    assert (health.throttled, health.throttled_before) == ((), ("under_voltage", "throttled"))
    assert health.disk_written == 40_960 * 512
    assert health.wifi is not None
    assert health.disk_total
    assert health.service_memory > 1_000_000
    assert identity(UnitInfo(software="0.1.0"), places) == UnitInfo(
        software="0.1.0",
        model="Raspberry Pi Zero 2 W",
        serial="10000000a1b2c3d4",
        mac="dc:a6:32:01:02:03",
        system="Debian GNU/Linux 13 (trixie), Linux 6.12.1",
    )


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    places = Places(root=tmp_path)
    health = Machine(tmp_path / "nowhere", places).health()
    assert (health.temperature, health.throttled, health.wifi, health.disk_written) == (None, None, None, None)
    assert health.disk_total is None
    assert identity(UnitInfo(software="1"), places) == UnitInfo(software="1")


def test_the_clock_of_this_machine_is_one_or_the_other() -> None:
    assert clock_synchronised() in {True, False}
