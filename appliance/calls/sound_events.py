"""What the call API tells of microphones, loudspeakers and what their sound goes through.

They belong to `events.ClientEvent` as much as those of `events.py`.
"""

from dataclasses import dataclass

from appliance.media.ports import AudioDeviceInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseReductionReady:
    """The microphone's steady noise is turned down from now on: its library is loaded and works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPermission:
    """Microphone and loudspeaker could be opened (`status` "success"), or not ("failure"); each change once.

    A failure ends no call: it goes on in silence, and what is there again is taken again.
    """

    status: str
    error: str = ""
    """Why not, a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioDeviceChanged:
    """A microphone or loudspeaker was plugged in (`change` "added") or is gone ("removed")."""

    change: str
    device: AudioDeviceInfo


SoundEvent = NoiseReductionReady | MediaPermission | AudioDeviceChanged
