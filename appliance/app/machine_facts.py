"""What the kernel's and the firmware's texts say of the machine. Pure; `machine.py` reads them."""

import re
from collections.abc import Collection
from typing import Final

from appliance.mqtt.unit_states import Wifi

THROTTLES: Final = ("under_voltage", "frequency_capped", "throttled", "temperature_limit")
"""Bits 0 to 3 of the firmware's word, 16 to 19 for what was so before (Raspberry Pi documentation, get_throttled)."""

_SECTOR: Final = 512  # octets in /proc/diskstats, whatever the disk's own are (kernel's iostats documentation)
_NO_DISK: Final = ("loop", "ram", "zram", "dm-", "sr", "fd")
_WIFI: Final = re.compile(
    r"^\s*(?P<interface>[^\s:]+):\s*\S+\s+(?P<link>-?[\d.]+)\s+(?P<level>-?[\d.]+)\s", re.MULTILINE
)
_BEST_LINK: Final = 70.0  # what most drivers call the best link in /proc/net/wireless


def throttled(text: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """What holds the processor back now, and what did before, from a word like `0x50005`; None if it is none."""
    try:
        word = int(text.strip().rpartition("=")[2], 16)
    except ValueError:
        return None
    now = tuple(name for bit, name in enumerate(THROTTLES) if word >> bit & 1)
    before = tuple(name for bit, name in enumerate(THROTTLES) if word >> (16 + bit) & 1)
    return now, before


def temperature(text: str) -> float | None:
    """Degrees Celsius from thousandths of them; None for what no processor has."""
    try:
        degrees = int(text) / 1000.0
    except ValueError:
        return None
    return degrees if -40.0 < degrees < 150.0 else None


def wifi(text: str) -> Wifi | None:
    """The first radio that is connected, in `/proc/net/wireless`."""
    for found in _WIFI.finditer(text):
        link, level = float(found["link"]), float(found["level"])
        if link > 0.0:
            # Old drivers count from 0 to 255 instead of below zero.
            signal = level - 256.0 if level > 0.0 else level
            return Wifi(interface=found["interface"], signal=signal, quality=min(100.0, link / _BEST_LINK * 100.0))
    return None


def disk_written(text: str, disks: Collection[str]) -> int | None:
    """Octets that were written to `disks`, in `/proc/diskstats`; partitions and made-up disks are not counted."""
    rows = [row.split() for row in text.splitlines()]
    written = [
        int(row[9]) * _SECTOR
        for row in rows
        if len(row) > 9 and row[2] in disks and not row[2].startswith(_NO_DISK) and row[9].isdigit()
    ]
    return sum(written) if written else None


def device_text(data: bytes) -> str:
    """A text of the device tree, which ends in NUL."""
    return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()


def system_name(os_release: str, kernel: str) -> str:
    """`Debian GNU/Linux 13 (trixie), Linux 6.12` from os-release(5) and the kernel's release."""
    found = re.search(r'^PRETTY_NAME="?([^"\n]*)"?$', os_release, re.MULTILINE)
    return ", ".join(filter(None, (found[1] if found else "", f"Linux {kernel}" if kernel else "")))
