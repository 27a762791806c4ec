"""A loudspeaker of its own for ringtones: it rings while the handset's is at somebody's ear."""

from appliance.clock import Clock
from appliance.media.audio_keeper import AudioKeeper
from appliance.media.mixer import Mixer, ToneSource
from appliance.media.ports import AudioDevice
from appliance.media.recording import Recording, RecordingPlayer
from appliance.media.tones import Tone, ToneGenerator


def player(sound: Tone | Recording | None) -> ToneSource | None:
    """What sounds it."""
    if sound is None:
        return None
    return RecordingPlayer(sound) if isinstance(sound, Recording) else ToneGenerator(sound)


class Ringer:
    """Opens its device while something sounds. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mixer = Mixer(clock.now, lambda _: None)
        self._keeper: AudioKeeper | None = None
        self.has_device = False
        """False: ringtones belong to the speaker of calls."""

    def use(self, device: AudioDevice | None) -> None:
        """Sound on `device`, or (None) nowhere."""
        self.has_device = device is not None
        if device is None:
            self._mixer.play(None)
        elif self._keeper is None:
            self._keeper = AudioKeeper(
                device, self._mixer, self._clock, needed=lambda: self._mixer.sounding, changed=lambda _: None
            )
        else:
            self._keeper.use(device)

    def play(self, source: ToneSource | None) -> None:
        """Sound `source` in place of what sounds; None ends it."""
        self._mixer.play(source)
        if self._keeper is not None:
            self._keeper.look()

    def close(self) -> None:
        """Silence, and the device is closed. Blocks."""
        self._mixer.play(None)
        if self._keeper is not None:
            self._keeper.close()
