"""Session descriptions (RFC 8866) of one audio stream over DTLS-SRTP and ICE, as the far ends of this trade write them.

`description_text.py` reads and writes them; `negotiation.py` decides what to offer and what to answer (RFC 3264).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

_DEFAULTS: Final = ("relay", "srflx", "host")

_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


class MediaDirection(StrEnum):
    """Who sends, seen from whoever wrote the description (RFC 3264 §5.1)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @classmethod
    def of(cls, *, sends: bool, receives: bool) -> "MediaDirection":
        """The word for the two answers."""
        if sends:
            return cls.SENDRECV if receives else cls.SENDONLY
        return cls.RECVONLY if receives else cls.INACTIVE

    @property
    def sends(self) -> bool:
        """The writer sends."""
        return self in {MediaDirection.SENDRECV, MediaDirection.SENDONLY}

    @property
    def receives(self) -> bool:
        """The writer wants to receive."""
        return self in {MediaDirection.SENDRECV, MediaDirection.RECVONLY}

    def answered(self, wanted: "MediaDirection") -> "MediaDirection":
        """What to answer to this offered direction by one who wants `wanted` (RFC 3264 §6.1)."""
        return MediaDirection.of(sends=wanted.sends and self.receives, receives=wanted.receives and self.sends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """One payload format: a=rtpmap and a=fmtp of one payload type.

    A parameter without "=" is a key with an empty value: `0-16` of telephone-event is {"0-16": ""}.
    """

    name: str
    payload_type: int
    clock_rate: int
    channels: int = 1
    parameters: Mapping[str, str] = field(default_factory=lambda: _NO_PARAMETERS)

    def matches(self, other: "Codec") -> bool:
        """Same format, whatever its payload type. A missing "/2" after opus/48000 is forgiven."""
        if self.name.lower() != other.name.lower() or self.clock_rate != other.clock_rate:
            return False
        return self.channels == other.channels or self.name.lower() == "opus"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportParameters:
    """One end of the path: ICE (RFC 8839) and DTLS (RFC 8842).

    `candidates` are attribute values of component 1, "candidate:1 1 udp …"; `fingerprints` pairs of hash function in
    small letters and value in capitals ("sha-256", "AB:CD:…"). `setup` is "actpass", "active" or "passive".
    """

    ice_ufrag: str
    ice_pwd: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str = "actpass"
    candidates: tuple[str, ...] = ()
    end_of_candidates: bool = False
    ice_lite: bool = False

    @property
    def default(self) -> tuple[str, int]:
        """Address and port for whoever looks at no candidates: relayed, reflexive, or one's own (RFC 8445 §5.1.4).

        "0.0.0.0", which some take for hold (RFC 3264 §8.4), only while there is no candidate.
        """
        fields = [line.split() for line in self.candidates]
        usable = [words for words in fields if len(words) >= 8 and words[5].isdigit()]
        for kind in _DEFAULTS:
            for words in usable:
                if words[7] == kind and words[2].lower() == "udp":
                    return words[4], int(words[5])
        return "0.0.0.0", 9  # noqa: S104 -- "no address yet" in SDP, nothing is bound

    def same_path(self, other: "TransportParameters") -> bool:
        """False if `other` asks for a new ICE or DTLS association (RFC 8839 §4.4.1.1.1, RFC 8842 §4)."""
        mine = (self.ice_ufrag, self.ice_pwd, frozenset(self.fingerprints))
        return mine == (other.ice_ufrag, other.ice_pwd, frozenset(other.fingerprints))


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMedia:
    """A media section that is not our audio stream: refused, but kept in its place (RFC 3264 §6)."""

    kind: str
    protocol: str
    formats: tuple[str, ...]
    mid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One offer or answer.

    `codecs` are in order of preference, telephone-event among them. `ptime` and `maxptime` in milliseconds, 0 if not
    given; `mid` is "" if the peer gave none. `others` are the refused media sections, `index` is where the audio
    section stands among them. `ssrc` is None when not announced. `address` and `port` are the default candidate's.
    """

    codecs: tuple[Codec, ...]
    transport: TransportParameters
    session_id: str = "0"
    version: int = 0
    direction: MediaDirection = MediaDirection.SENDRECV
    mid: str = ""
    bundled: bool = False
    ptime: int = 0
    maxptime: int = 0
    protocol: str = "UDP/TLS/RTP/SAVPF"
    address: str = "0.0.0.0"  # noqa: S104 -- "no address yet" in SDP, nothing is bound
    port: int = 9
    rtcp_mux: bool = True
    ssrc: int | None = None
    cname: str = ""
    stream_id: str = ""
    others: tuple[OtherMedia, ...] = ()
    index: int = 0
