"""What a sound driver implements, and what it is given to call."""

from typing import Protocol

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

    def lost(self, error: DriverError) -> None:
        """The device was taken away or stopped working, either way of it. The driver calls nothing after this.

        Its owner answers, from another thread, with `stop` and, now and then, `start`.
        """


class AudioDevice(Protocol):
    """A microphone and a speaker behind one name. `start` and `stop` may be called again and again."""

    @property
    def name(self) -> str:
        """The name in logs and events, for people."""

    def start(self, endpoint: AudioEndpoint) -> None:
        """Begin to exchange frames with `endpoint`, 100 a second each way. Raises `DriverError`."""

    def stop(self) -> None:
        """End it; when this returns, `endpoint` is no longer called."""
