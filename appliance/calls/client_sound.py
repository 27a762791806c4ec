"""[I/O] What a client lets be heard, and what becomes of its microphone before it is sent."""

from dataclasses import replace
from pathlib import Path

from appliance.calls.audio_devices import AudioDevices, Kind
from appliance.calls.call_tones import CallTones
from appliance.calls.sound_events import NoiseReductionReady
from appliance.calls.switchboard import Switchboard
from appliance.media.engine import MediaEngine
from appliance.media.ports import AudioDeviceInfo
from appliance.media.settings import VoiceSettings
from appliance.media.tones import Tone


class ClientSound:
    """Tones and voice processing; part of `Client`."""

    media: MediaEngine
    audio: AudioDevices
    """Microphone, speaker and ringer: which is used, live in a call."""
    _board: Switchboard

    @property
    def tones(self) -> CallTones:
        """The sounds of calls as they are set now."""
        return self._board.tones

    async def set_ring_tone(self, sound: str | Path | bool) -> None:
        """What sounds when somebody calls: a WAV file, an `http(s)://` address of one, True (the default) or False.

        It is read, or fetched and kept, before this returns: at most 16 MB, 120 s of sound, 10 s of waiting.

        Raises:
            UsageError: `sound` is none of these.
            DriverError: no WAV file of PCM, or too long; everything stays as it was.
            TransportError: it can't be fetched, and never was.
        """
        self.tones.ring(await self._board.sounds.chosen(sound))
        self._board.sound()

    async def set_ring_tone_back(self, sound: str | Path | bool | None) -> None:
        """What sounds while the other telephone rings: as `set_ring_tone`, and over what the far end sends meanwhile.

        False sounds nothing of ours and lets the far end's announcements and ringback through. None, as it is at first,
        is a deviation from the documents, whose default is True: ours until the far end sends a sound of its own, as
        telephones do; nobody misses "this number has changed".
        """
        self.tones.ring_back(None if sound is None else await self._board.sounds.chosen(sound))
        self._board.sound()

    def set_connect_tone(self, on: bool) -> None:
        """Whether something sounds from the INVITE until something is heard of the far end."""
        self.tones.connect(on)
        self._board.sound()

    def play_tone(self, tone: Tone | None) -> None:
        """Sound a tone on the speaker; None ends it."""
        self.media.play(tone)

    def available_devices(self, kind: Kind | None = None) -> tuple[AudioDeviceInfo, ...]:
        """Microphones ("input"), loudspeakers ("output") or both (None): those that are there, with ids that stay.

        Raises `UsageError` for another word. Empty for a client that was given one device.
        """
        return self.audio.available(kind)

    async def reveal_audio_devices(self) -> tuple[AudioDeviceInfo, ...]:
        """Open the microphone and the speaker in use for a moment, and list what there is.

        Raises `DriverError` if they can't be opened (the documents' refused permission). The documents' "returnStream"
        has no counterpart outside a call; in one it is `Call.local_stream`.
        """
        return await self.audio.revealed()

    async def process_voice(self, settings: VoiceSettings) -> None:
        """Let the microphone go through what `settings` want: echo cancellation, noise suppression, gain control.

        Calls that are there are included, and those that come. Raises `DriverError` where the package is missing;
        everything stays as it was.
        """
        ready = self.media.voice.noise_suppression
        await self.media.process_voice(settings)
        if settings.noise_suppression and not ready:
            self._board.emit(NoiseReductionReady())

    async def start_noise_reduction(self) -> bool:
        """Turn the microphone's steady noise down, in calls that are there and in those that come, until it is stopped.

        `NoiseReductionReady` tells when it works. False if it did already. Raises `DriverError` where the package that
        it wants is missing.
        """
        if self.media.voice.noise_suppression:
            return False
        await self.process_voice(replace(self.media.voice, noise_suppression=True))
        return True

    async def stop_noise_reduction(self) -> bool:
        """Send the microphone's noise as it is. False if it was not turned down."""
        if not self.media.voice.noise_suppression:
            return False
        await self.process_voice(replace(self.media.voice, noise_suppression=False))
        return True
