"""A desk phone and door intercom for the Raspberry Pi.

The door to the call API for Python developers: `from appliance import Client`. `appliance/README.md` is the map of the
rest. The names below are imported when they are first asked for, so that a command that makes no call starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from appliance.version import VERSION

if TYPE_CHECKING:
    from appliance.calls.call import Call
    from appliance.calls.client import Client
    from appliance.calls.settings import ClientSettings
    from appliance.devices.sound_card import SoundCard
    from appliance.media.settings import MediaSettings
    from appliance.sim.wav_audio import ToneAudio, WavAudio

__version__ = VERSION

__all__ = ["Call", "Client", "ClientSettings", "MediaSettings", "SoundCard", "ToneAudio", "WavAudio"]

_HOMES = {
    "Call": "calls.call",
    "Client": "calls.client",
    "ClientSettings": "calls.settings",
    "MediaSettings": "media.settings",
    "SoundCard": "devices.sound_card",
    "ToneAudio": "sim.wav_audio",
    "WavAudio": "sim.wav_audio",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'appliance' has no attribute {name!r}")
    return getattr(import_module(f"appliance.{_HOMES[name]}"), name)
