"""What a media session tells whoever opened it."""

from dataclasses import dataclass
from enum import StrEnum

from appliance.units import Milliseconds


class DigitMethod(StrEnum):
    """How a digit came."""

    TELEPHONE_EVENT = "rfc4733"
    INFO = "info"
    INBAND = "inband"


@dataclass(frozen=True, slots=True)
class MediaConnected:
    """The path is open: ICE found a pair and DTLS agreed on keys. Again after every rebuilt path."""


@dataclass(frozen=True, slots=True)
class MediaFailed:
    """The path could not be opened, or was lost. `reason` is one sentence for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class DigitReceived:
    """The peer pressed a key: one of `0123456789*#ABCD`, held for `duration`. Told once a key press, at its end."""

    digit: str
    duration: Milliseconds
    method: DigitMethod = DigitMethod.TELEPHONE_EVENT


@dataclass(frozen=True, slots=True)
class SlowGathering:
    """Gathering candidates for an offer or answer takes longer than 2 s, or (`over`) has come to its end after all."""

    took: Milliseconds
    over: bool


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """The audio device can't be used (`problem` is one sentence for people), or works again ("")."""

    problem: str


MediaEvent = MediaConnected | MediaFailed | DigitReceived | SlowGathering | DeviceChanged
