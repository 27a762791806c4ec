"""Which of a machine's microphones and loudspeakers are used."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from appliance.media.ports import AudioDeviceInfo


@dataclass(frozen=True, slots=True)
class AudioChoice:
    """Ids; "" is the system's default of a machine that names none."""

    microphone: str
    speaker: str
    ringer: str
    """ "" is the speaker."""


@dataclass(frozen=True, slots=True)
class AudioWishes:
    """What was asked for by id; "" is nothing in particular."""

    microphone: str = ""
    speaker: str = ""
    ringer: str = ""


def chosen(present: Sequence[AudioDeviceInfo], wishes: AudioWishes, latest: Sequence[str] = ()) -> AudioChoice:
    """What is wished for where it is there, else what was plugged in last (`latest`), else the default."""

    def pick(kind: str, wish: str) -> str:
        ids = [device.device_id for device in present if device.kind == kind]
        return next((each for each in (wish, *reversed(latest)) if each and each in ids), ids[0] if ids else "")

    ringers = {device.device_id for device in present if device.kind == "audiooutput"}
    return AudioChoice(
        microphone=pick("audioinput", wishes.microphone),
        speaker=pick("audiooutput", wishes.speaker),
        ringer=wishes.ringer if wishes.ringer in ringers else "",
    )


def difference(
    before: Iterable[AudioDeviceInfo], after: Iterable[AudioDeviceInfo]
) -> tuple[tuple[AudioDeviceInfo, ...], tuple[AudioDeviceInfo, ...]]:
    """What was added and what is gone, each device once."""
    old, new = {device.device_id: device for device in before}, {device.device_id: device for device in after}
    added = tuple(device for name, device in new.items() if name not in old)
    return added, tuple(device for name, device in old.items() if name not in new)
