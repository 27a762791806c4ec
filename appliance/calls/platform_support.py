"""What this machine can do for calls, and which machines there are tests for."""

from dataclasses import dataclass
from typing import Final

from appliance.errors import DriverError
from appliance.media import opus

PLATFORMS: Final = (
    "Debian 12 (bookworm) on x86-64: every test runs there",
    "Raspberry Pi OS (bookworm), 64 bit, on Raspberry Pi 3, 4, 5 and Zero 2 W: intended, and not measured yet",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSupport:
    """Whether calls can have sound, and which codecs; true if they can.

    Attributes:
        webrtc: ICE, DTLS-SRTP and at least one codec are there.
        codecs: by their names in descriptions (RFC 3551, RFC 7587).
        missing: what is not there and how to get it, one sentence each.
    """

    webrtc: bool
    codecs: tuple[str, ...]
    missing: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.webrtc


def media_support() -> MediaSupport:
    """What is installed. ICE, DTLS and SRTP come with this package; libopus is the system's."""
    own = ("PCMU", "PCMA")
    try:
        opus.version()
    except DriverError as error:
        return MediaSupport(webrtc=True, codecs=own, missing=(str(error),))
    return MediaSupport(webrtc=True, codecs=("opus", *own), missing=())
