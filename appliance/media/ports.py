"""What a sound driver implements, and what it is given to call."""

from dataclasses import dataclass
from typing import Literal, Protocol

from appliance.errors import DriverError
from appliance.media.frame import Pcm


class AudioEndpoint(Protocol):
    """The mixer, as a driver sees it. Called from the driver's own audio threads; never blocks, never raises."""

    @property
    def listening(self) -> bool:
        """Somebody hears the microphone. A sound card need not care; a player of files waits for it."""

    def captured(self, frame: Pcm) -> None:
        """One frame from the microphone: shape (480,), 48 kHz mono."""

    def wanted(self) -> Pcm:
        """The next frame for the speaker: shape (480,), 48 kHz mono. The driver's clock is the clock."""

    def xrun(self) -> None:
        """Samples were lost at the device: the microphone's were not fetched in time, or the speaker ran empty."""

    def lost(self, error: DriverError) -> None:
        """The device was taken away or stopped working, either way of it. The driver calls nothing after this.

        Its owner answers, from another thread, with `stop` and, now and then, `start`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioDeviceInfo:
    """One direction of a sound card, as `Client.available_devices` lists it (MediaDeviceInfo of the W3C)."""

    device_id: str
    """Stays the same through reboots and other plugs: the card's own name, its USB path or serial, never a number."""
    kind: Literal["audioinput", "audiooutput"]
    """A microphone or a loudspeaker."""
    label: str
    """The name for people."""
    group_id: str
    """The same for the microphone and the loudspeaker of one card."""


class AudioSystem(Protocol):
    """What sound cards a machine has, and how they are opened."""

    def devices(self) -> tuple[AudioDeviceInfo, ...]:
        """Those that are there now, the system's default of each kind first. May block for a moment; never raises."""

    def device(self, microphone: str, speaker: str) -> "AudioDevice":
        """The driver of a microphone and a loudspeaker by their ids; "" is the system's default. Opens nothing."""


class AudioDevice(Protocol):
    """A microphone and a speaker behind one name. `start` and `stop` may be called again and again."""

    @property
    def name(self) -> str:
        """The name in logs and events, for people."""

    def start(self, endpoint: AudioEndpoint) -> None:
        """Begin to exchange frames with `endpoint`, 100 a second each way. Raises `DriverError`."""

    def stop(self) -> None:
        """End it; when this returns, `endpoint` is no longer called."""
