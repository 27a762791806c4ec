"""How the media of a unit is set up."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self

from appliance.errors import UsageError
from appliance.media.negotiation import DEFAULT_CODECS
from appliance.units import Dbov, Milliseconds, Seconds

_BITRATES: Final = (8_000, 48_000)
_PTIMES: Final = (10, 20, 40, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnServer:
    """A TURN server (RFC 8656) that relays where no direct path exists."""

    urls: tuple[str, ...]
    """`turn:host[:port][?transport=udp|tcp]` or `turns:host[:port]` (RFC 7065), all tried at once."""
    username: str
    password: str = field(repr=False)
    ca_file: str | None = None
    """Trust anchors for `turns`, a PEM file; None is the system's."""


class EchoCancellation(StrEnum):
    """What is done about the microphone hearing the loudspeaker."""

    NONE = "none"
    HANDSET = "handset"
    """A learned path is taken away: no delay, nothing of the voice lost."""
    HANDS_FREE = "hands-free"
    """For a loudspeaker beside the microphone: what that leaves is taken away too. Delays the voice by 9 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSettings:
    """What the microphone's sound goes through. All but `HANDSET` and nothing want the package livekit."""

    echo_cancellation: EchoCancellation = EchoCancellation.NONE
    """Of the echo of whatever our loudspeaker plays."""
    noise_suppression: bool = False
    """Steady noise is turned down by about 14 dB; delays the voice by 7 ms."""
    gain_control: bool = False
    """Speech is brought to -23 dB of full scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSettings:
    """What a `MediaEngine` offers, answers and sends. Raises `UsageError` for what it can't."""

    codecs: tuple[str, ...] = DEFAULT_CODECS
    """Names of RFC 3551 and RFC 7587, in order of preference: `opus`, `G722`, `PCMU`, `PCMA`."""
    ptime: int = 20
    """Milliseconds of audio in one packet."""
    max_average_bitrate: int = 24_000
    """Bits per second that Opus is asked to keep to (RFC 7587 §6.1), ours and, in our description, the peer's:
    8000 to 48000."""
    complexity: int = 5
    """Of the Opus encoder, 0 to 10: 5 costs half of 10 and is hard to tell apart at this bit rate."""
    discontinuous: bool = False
    """Send nothing while the microphone is silent (Opus DTX)."""
    stun: tuple[str, ...] = ()
    """STUN servers, `stun:host[:port]`, all asked at once; the first answer counts."""
    turn: TurnServer | None = None
    """A relay, if there is one."""
    relay_only: bool = False
    """Offer the relay and nothing of this machine (RFC 8828 §5.2, mode 4)."""
    gathering: Seconds = Seconds(0.5)
    """How long an offer or answer waits at most for STUN and TURN servers."""
    connecting: Seconds = Seconds(12.0)
    """From a peer's description to media: longer is reported as failed."""
    loopback: bool = False
    """Offer 127.0.0.1 and ::1 too. They are offered anyway when the machine has no other address."""
    dscp: int = 46
    """The mark of every packet, also to a relay (RFC 8837): 46 is expedited forwarding, 0 none."""
    voice: VoiceSettings = VoiceSettings()
    """Echo cancellation, noise suppression, gain control."""
    loudest: Dbov = Dbov(-9.0)
    """What the loudspeaker gets at most, of 10 ms each: a limiter against acoustic shock."""
    side_tone: Dbov | None = None
    """How loud a talker hears the microphone in the earpiece, -40 to -6 dB of it: for handsets. None is not at all."""
    playout_delay: Milliseconds | None = None
    """A fixed delay of the jitter buffer; None adapts."""

    def through(self, ice_servers: "Iterable[str | TurnServer]") -> Self:
        """The same with these servers in place of its own: `stun:host[:port]`, and one `TurnServer` at most.

        Raises:
            UsageError: one is neither.
        """
        servers = tuple(ice_servers)
        relays = [each for each in servers if isinstance(each, TurnServer)]
        stun = tuple(each for each in servers if not isinstance(each, TurnServer))
        wrong = [repr(each) for each in stun if not str(each).startswith("stun:")]
        if wrong or len(relays) > 1:
            many = f"{len(relays)} relays" if len(relays) > 1 else ", ".join(wrong)
            raise UsageError(f"ice_servers: {many}: allowed are stun:host[:port], and one TurnServer")
        return replace(self, stun=stun, turn=relays[0] if relays else None)

    def __post_init__(self) -> None:
        problems = [
            f"codecs: {each!r} is not opus, G722, PCMU or PCMA" for each in self.codecs if each not in DEFAULT_CODECS
        ]
        if not self.codecs or len(set(self.codecs)) != len(self.codecs):
            problems.append(f"codecs: {self.codecs!r} names none, or one twice")
        if self.ptime not in _PTIMES:
            problems.append(f"ptime: {self.ptime} is not 10, 20, 40 or 60")
        lowest, highest = _BITRATES
        if not lowest <= self.max_average_bitrate <= highest:
            problems.append(f"max_average_bitrate: {self.max_average_bitrate} is outside {lowest}-{highest}")
        if self.side_tone is not None and not -40.0 <= self.side_tone <= -6.0:
            problems.append(f"side_tone: {self.side_tone} dB is outside -40 to -6")
        if not -30.0 <= self.loudest <= 0.0:
            problems.append(f"loudest: {self.loudest} dB is outside -30 to 0")
        if problems:
            raise UsageError("; ".join(problems))
