"""The sound cards of a Linux machine, by ids that stay (`media.ports.AudioSystem`).

A card's number depends on what was plugged in first; its USB serial or place, or the name that its driver has for it,
do not. What ALSA's configuration adds (`default`, PulseAudio's devices) is known by its own name.
"""

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from appliance.devices.sound_card import DEFAULT, SoundCard, device_names
from appliance.media.ports import AudioDevice, AudioDeviceInfo

log = logging.getLogger(__name__)

_PROC: Final = Path("/proc/asound")
_SYS: Final = Path("/sys/class/sound")
_LINE: Final = re.compile(r"^\s*(\d+) \[(\S+)\s*\]: (.*)$")
_PCM: Final = re.compile(r"^(\d+)-(\d+): (.*)$")
_KINDS: Final[tuple[tuple[Literal["audioinput", "audiooutput"], str], ...]] = (
    ("audioinput", "capture"),
    ("audiooutput", "playback"),
)


@dataclass(frozen=True, slots=True)
class _Found:
    info: AudioDeviceInfo
    name: str
    """A part of PortAudio's name for it."""


class SoundCards:
    """`microphone` and `speaker` are ids, or parts of names, of what is the default here; "default" is the system's."""

    def __init__(
        self, microphone: str = DEFAULT, speaker: str = DEFAULT, *, proc: Path = _PROC, sys: Path = _SYS
    ) -> None:
        self._preferred = {"audioinput": microphone, "audiooutput": speaker}
        self._proc = proc
        self._sys = sys
        self._configured: tuple[_Found, ...] | None = None

    def devices(self) -> tuple[AudioDeviceInfo, ...]:
        """Those that are there now, the default of each kind first."""
        return tuple(sorted((found.info for found in self._found()), key=self._rank))

    def device(self, microphone: str, speaker: str) -> AudioDevice:
        """The driver of a microphone and a loudspeaker by their ids; "" is the system's default. Opens nothing."""
        names = {found.info.device_id: found.name for found in self._found()}
        return SoundCard(names.get(microphone, DEFAULT), names.get(speaker, DEFAULT))

    def _rank(self, device: AudioDeviceInfo) -> int:
        preferred = self._preferred[device.kind]
        if preferred in (device.device_id, device.label):
            return 0
        if preferred.lower() in device.label.lower():
            return 1
        return 2

    def _found(self) -> tuple[_Found, ...]:
        if self._configured is None:
            # ALSA's configuration does not change while a program runs, and to read it takes a tenth of a second.
            self._configured = tuple(_configured())
        return (*self._configured, *self._cards())

    def _cards(self) -> list[_Found]:
        try:
            cards = [each for line in (self._proc / "cards").read_text().splitlines() if (each := _LINE.match(line))]
            pcms = [each for line in (self._proc / "pcm").read_text().splitlines() if (each := _PCM.match(line))]
        except OSError:
            return []  # a machine without ALSA
        found = []
        for card in cards:
            number = int(card[1])
            group = self._stable(number, card[2])
            label = card[3].partition(" - ")[2] or card[3]
            for kind, word in _KINDS:
                places = [int(pcm[2]) for pcm in pcms if int(pcm[1]) == number and f" {word} " in f"{pcm[3]} "]
                if places:
                    info = AudioDeviceInfo(device_id=f"{group}:{kind}", kind=kind, label=label, group_id=group)
                    found.append(_Found(info, f"(hw:{number},{min(places)})"))
        return found

    def _stable(self, number: int, driver_name: str) -> str:
        """The card's name that stays: USB ids and serial, or its place on the bus; else what its driver calls it."""
        place = (self._sys / f"card{number}" / "device").resolve()
        for folder in (place, *place.parents):
            try:
                maker, product = ((folder / name).read_text().strip() for name in ("idVendor", "idProduct"))
            except OSError:
                continue
            try:
                which = (folder / "serial").read_text().strip()
            except OSError:
                which = folder.name  # as 1-1.3: bus and ports
            return f"usb-{maker}-{product}-{which}"
        return f"card-{driver_name}"


def _configured() -> list[_Found]:
    """What ALSA's configuration offers beside the cards themselves."""
    found = []
    for name, captures, plays in device_names():
        if "(hw:" in name:
            continue
        for (kind, _), can in zip(_KINDS, (captures, plays), strict=True):
            if can:
                info = AudioDeviceInfo(device_id=f"pcm-{name}:{kind}", kind=kind, label=name, group_id=f"pcm-{name}")
                found.append(_Found(info, name))
    return found
