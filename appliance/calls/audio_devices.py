"""[I/O] Microphone, speaker and ringer of a client: chosen, watched, and replaced when they are taken away.

system ─▶ what is there, every half second ─▶ choice ─▶ media
media ─▶ a device has failed ─▶ another at once ─▶ the first again when it works
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Literal

from appliance.calls.sound_events import AudioDeviceChanged
from appliance.errors import DriverError, UsageError
from appliance.media.audio_choice import AudioChoice, AudioWishes, chosen, difference
from appliance.media.engine import MediaEngine
from appliance.media.ports import AudioDeviceInfo, AudioSystem
from appliance.media.silent_endpoint import SilentEndpoint

log = logging.getLogger(__name__)

_LOOK: Final = 0.5
"""Seconds between looks at what is there. A change has to be seen twice: cards come and go in steps."""

_PROBE: Final = 4
"""Looks between two tries of what has failed and is still listed."""

Kind = Literal["input", "output"]


class DeviceSelection:
    """One of the three: the documents' `microphoneDevices`, `speakerDevices`, `ringtoneDevices`."""

    def __init__(self, kind: Kind, devices: "AudioDevices") -> None:
        self._kind = kind
        self._devices = devices
        self._wish = ""

    def set(self, device_id: str) -> None:
        """Use the device with this id from now on, calls that are there included. Raises `UsageError`."""
        known = [device.device_id for device in self._devices.available(self._kind)]
        if device_id not in known:
            raise UsageError(f"device {device_id!r} is no {self._kind} device: known are {', '.join(known) or 'none'}")
        self._wish = device_id
        self._devices.choose()

    def get(self) -> str:
        """The id that was set, "" if none was."""
        return self._wish

    def reset(self) -> None:
        """Use the system's default, or what was plugged in last, again."""
        self._wish = ""
        self._devices.choose()

    def media(self) -> AudioDeviceInfo | None:
        """The device in use; None if there is none. The documents give an element of a page here, which no unit has."""
        return self._devices.in_use(self)


class AudioDevices:
    """`Client.audio`. Its methods belong to the client's loop."""

    def __init__(
        self,
        system: AudioSystem | None,
        media: MediaEngine,
        emit: Callable[[AudioDeviceChanged], None],
        *,
        use_default: bool,
    ) -> None:
        """`use_default`: what is plugged in later is not used by itself."""
        self._system = system
        self._media = media
        self._emit = emit
        self._use_default = use_default
        self.microphone = DeviceSelection("input", self)
        self.speaker = DeviceSelection("output", self)
        self.ringtone = DeviceSelection("output", self)
        self._known: tuple[AudioDeviceInfo, ...] = ()
        self._failed: set[str] = set()
        self._latest: list[str] = []
        self._choice: AudioChoice | None = None

    def available(self, kind: Kind | None = None) -> tuple[AudioDeviceInfo, ...]:
        """Those that are there: all, or microphones ("input") or loudspeakers ("output") only. Raises `UsageError`."""
        if kind not in (None, "input", "output"):
            raise UsageError(f"filter: {kind!r} is not input, output or None")
        return tuple(device for device in self._known if kind is None or device.kind == f"audio{kind}")

    def in_use(self, selection: DeviceSelection) -> AudioDeviceInfo | None:
        """What a selection has come to."""
        choice = self._choice
        if choice is None:
            return None
        ringer = choice.ringer or choice.speaker
        name = {self.microphone: choice.microphone, self.speaker: choice.speaker}.get(selection, ringer)
        return next((device for device in self._known if device.device_id == name), None)

    async def revealed(self) -> tuple[AudioDeviceInfo, ...]:
        """What is there, once what is in use is proved to work. Raises `DriverError`."""
        if self._media.audio_problem:
            raise DriverError(self._media.audio_problem)
        choice, system = self._choice, self._system
        if choice is not None and system is not None:
            await asyncio.to_thread(_prove, system, choice)
        return self._known

    async def start(self) -> None:
        """Look for the first time."""
        if self._system is not None:
            self._known = await asyncio.to_thread(self._system.devices)
            self.choose()

    async def watch(self) -> None:
        """Follow what is plugged in and taken away, until cancelled."""
        system, before, looks = self._system, self._known, 0
        while system is not None:
            await asyncio.sleep(_LOOK)
            present = await asyncio.to_thread(system.devices)
            if present == before and present != self._known:
                self._change(present)
            before, looks = present, looks + 1
            if self._failed and looks % _PROBE == 0:
                await self._try_again(system)

    def _change(self, present: tuple[AudioDeviceInfo, ...]) -> None:
        added, removed = difference(self._known, present)
        self._known = present
        gone = {device.device_id for device in removed}
        self._failed -= gone | {device.device_id for device in added}
        self._latest = [name for name in self._latest if name not in gone]
        if not self._use_default:
            self._latest += [device.device_id for device in added]
        self.choose()
        for change, devices in (("removed", removed), ("added", added)):
            for device in devices:
                self._emit(AudioDeviceChanged(change=change, device=device))

    def lost(self) -> None:
        """What is in use has failed: another, if there is one, before anybody misses it."""
        choice = self._choice
        if choice is None or self._system is None:
            return
        self._failed |= {choice.microphone, choice.speaker}
        if not self.choose():
            self._failed.clear()  # there is no other: the media tries the same again and again

    def choose(self) -> bool:
        """Use what is wished for and works; True if that is another than before."""
        if self._system is None:
            return False
        working = [device for device in self._known if device.device_id not in self._failed]
        kinds = {device.kind for device in working}
        if len(kinds) < len({device.kind for device in self._known}):
            working = list(self._known)  # better what has failed than only one direction
        wishes = AudioWishes(self.microphone.get(), self.speaker.get(), self.ringtone.get())
        before, choice = self._choice, chosen(working, wishes, self._latest)
        self._choice = choice
        if before is None or before.ringer != choice.ringer:
            self._media.use_ringer(self._system.device(choice.ringer, choice.ringer) if choice.ringer else None)
        if before is not None and (before.microphone, before.speaker) == (choice.microphone, choice.speaker):
            return False
        log.info("audio: microphone %s, speaker %s", choice.microphone or "default", choice.speaker or "default")
        self._media.use_audio(self._system.device(choice.microphone, choice.speaker))
        return True

    async def _try_again(self, system: AudioSystem) -> None:
        """What has failed may work again although it was listed all the time."""
        wishes = AudioWishes(self.microphone.get(), self.speaker.get())
        best = chosen(self._known, wishes, self._latest)
        if not {best.microphone, best.speaker} & self._failed:
            return
        if await asyncio.to_thread(_works, system, best):
            self._failed -= {best.microphone, best.speaker}
            self.choose()


def _prove(system: AudioSystem, choice: AudioChoice) -> None:
    device = system.device(choice.microphone, choice.speaker)
    device.start(SilentEndpoint())
    device.stop()


def _works(system: AudioSystem, choice: AudioChoice) -> bool:
    try:
        _prove(system, choice)
    except DriverError:
        return False
    return True
