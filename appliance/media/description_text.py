"""Reads and writes session descriptions (RFC 8866).

    text ─▶ lines ─▶ session section + media sections ─▶ the one usable audio section ─▶ Description

Reading is tolerant of what peers get wrong and can be understood nevertheless: damaged line ends, attributes that are
missing or stand at the session's level, payload types without a=rtpmap, a=rtpmap and a=fmtp of unlisted ones.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from appliance.errors import DescriptionError
from appliance.media.description import Codec, Description, MediaDirection, OtherMedia, TransportParameters

_MAXIMUM_SIZE: Final = 65_536
_MAXIMUM_LINES: Final = 2_000
_MAXIMUM_CANDIDATES: Final = 64
_PROTOCOLS: Final = frozenset({"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"})
_STATIC: Final = {0: ("PCMU", 8000), 3: ("GSM", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000), 13: ("CN", 8000)}
"""Payload types that need no a=rtpmap (RFC 3551 §6)."""

_HASHES: Final = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
"""Hash functions that are trusted with a fingerprint, and their bytes (RFC 8122 §5; SHA-1 no longer is)."""

_LINE: Final = re.compile(r"([a-z])=(.*)")
_ICE: Final = re.compile(r"[A-Za-z0-9+/=_\-]{1,256}")  # "=", "_" and "-" are no ice-char, yet are met
_RTPMAP: Final = re.compile(r"(\d{1,3})\s+([\w.+\-]{1,64})/(\d{1,6})(?:/(\d{1,2}))?", re.ASCII)
_FINGERPRINT: Final = re.compile(r"(\S+)\s+([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*)")
_CANDIDATE: Final = re.compile(
    r"candidate:[\w+/=\-]{1,64} \d{1,5} (?:udp|tcp) \d{1,10} [\w.:%\-]{1,255} \d{1,5} typ (?:host|srflx|prflx|relay)"
    r"(?: \S+ \S+)*",
    re.IGNORECASE | re.ASCII,
)


@dataclass(slots=True)
class _Section:
    """The session's lines or those of one m= line."""

    media: str = ""
    connection: str = ""
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def value(self, name: str) -> str | None:
        return next((value for key, value in self.attributes if key == name), None)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    @property
    def words(self) -> list[str]:
        return self.media.split()

    @property
    def other(self) -> OtherMedia:
        words = [*self.words, "", "", ""]
        return OtherMedia(
            kind=words[0], protocol=words[2], formats=tuple(self.words[3:]) or ("0",), mid=self.value("mid") or ""
        )


def parse(body: bytes | str) -> Description:
    """The audio stream that `body` describes.

    Raises `DescriptionError`, whose one sentence says why no call can be built on it.
    """
    origin, session, sections = _split(body)
    index = _audio(sections)
    section = sections[index]
    words = section.words
    codecs = _codecs(section, words[3:])
    if not codecs:
        raise DescriptionError("the audio stream names no payload format that can be understood")
    address = (section.connection or session.connection).split()
    identity = _source(section)
    mid = section.value("mid") or ""
    bundles = [value.split()[1:] for value in session.values("group") if value.split()[:1] == ["BUNDLE"]]
    return Description(
        codecs=codecs,
        transport=_transport(section, session),
        session_id=origin[0],
        version=origin[1],
        direction=_direction(section, session),
        mid=mid,
        bundled=any(mid in bundle for bundle in bundles) if mid else False,
        ptime=_milliseconds(section, "ptime"),
        maxptime=_milliseconds(section, "maxptime"),
        protocol=words[2],
        address=address[2].split("/")[0] if len(address) >= 3 else "0.0.0.0",  # noqa: S104 -- "none" in SDP
        port=int(words[1].split("/")[0]),
        rtcp_mux=section.value("rtcp-mux") is not None,
        ssrc=identity[0],
        cname=identity[1],
        stream_id=(section.value("msid") or "").partition(" ")[0],
        others=tuple(each.other for each in sections if each is not section),
        index=index,
    )


def _split(body: bytes | str) -> tuple[tuple[str, int], _Section, list[_Section]]:
    text = body if isinstance(body, str) else body[: _MAXIMUM_SIZE + 1].decode("utf-8", "replace")
    if len(text) > _MAXIMUM_SIZE:
        raise DescriptionError("the session description is longer than 64 KiB")
    origin = ("0", 0)
    session = _Section()
    sections: list[_Section] = []
    for line in re.split(r"[\r\n]+", text, maxsplit=_MAXIMUM_LINES)[:_MAXIMUM_LINES]:
        match = _LINE.fullmatch(line.strip())
        if match is None:
            continue
        kind, value = match[1], match[2].strip()
        current = sections[-1] if sections else session
        if kind == "o":
            origin = _origin(value)
        elif kind == "m":
            sections.append(_Section(media=value))
        elif kind == "c":
            current.connection = value
        elif kind == "a":
            name, _, rest = value.partition(":")
            current.attributes.append((name.strip().lower(), rest.strip()))
    if not sections:
        raise DescriptionError("the session description has no media section")
    return origin, session, sections


def _origin(value: str) -> tuple[str, int]:
    words = value.split()
    if len(words) < 3 or not _decimal(words[2], 20):
        return "0", 0
    return words[1][:64], int(words[2])


def _decimal(word: str, digits: int) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= digits


def _audio(sections: list[_Section]) -> int:
    """The index of the first audio section that can be used."""
    reason = "the session description has no audio stream"
    for index, section in enumerate(sections):
        words = section.words
        if not words or words[0] != "audio":
            continue
        if len(words) < 4 or not _decimal(words[1].split("/")[0], 5) or int(words[1].split("/")[0]) > 65_535:
            reason = "the media line of the audio stream is damaged"
        elif int(words[1].split("/")[0]) == 0 and section.value("bundle-only") is None:
            reason = "the audio stream is refused (port 0)"
        elif words[2] in _PROTOCOLS:
            return index
        elif section.value("crypto") is not None or "SAVP" in words[2]:
            reason = f"the audio stream's keys would come in the signalling ({words[2]}), DTLS-SRTP is needed"
        else:
            reason = f"the audio stream is not encrypted ({words[2]}), DTLS-SRTP is needed"
    raise DescriptionError(reason)


def _codecs(section: _Section, formats: list[str]) -> tuple[Codec, ...]:
    maps: dict[int, re.Match[str]] = {}
    for value in section.values("rtpmap"):
        match = _RTPMAP.match(value)
        if match is not None:
            maps.setdefault(int(match[1]), match)
    parameters = {key: value for key, _, value in (line.partition(" ") for line in section.values("fmtp"))}
    codecs: dict[int, Codec] = {}
    for word in formats:
        if not _decimal(word, 3) or int(word) > 127 or int(word) in codecs:
            continue
        payload_type = int(word)
        match = maps.get(payload_type)
        if match is not None:
            name, clock_rate, channels = match[2], int(match[3]), int(match[4] or 1)
        elif payload_type in _STATIC:
            (name, clock_rate), channels = _STATIC[payload_type], 1
        else:
            continue
        codecs[payload_type] = Codec(
            name=name,
            payload_type=payload_type,
            clock_rate=clock_rate,
            channels=channels,
            parameters=_parameters(parameters.get(word, "")),
        )
    return tuple(codecs.values())


def _parameters(text: str) -> Mapping[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return MappingProxyType({key.strip(): value.strip() for key, _, value in pairs if key.strip()})


def _direction(section: _Section, session: _Section) -> MediaDirection:
    for place in (section, session):
        for name, _ in place.attributes:
            if name in set(MediaDirection):
                return MediaDirection(name)
    return MediaDirection.SENDRECV  # RFC 8866 §6.7


def _milliseconds(section: _Section, name: str) -> int:
    value = (section.value(name) or "").partition(".")[0]
    return int(value) if _decimal(value, 4) else 0


def _source(section: _Section) -> tuple[int | None, str]:
    """SSRC and CNAME (RFC 5576)."""
    for value in section.values("ssrc"):
        number, _, attribute = value.partition(" ")
        if _decimal(number, 10) and int(number) < 1 << 32:
            name, _, rest = attribute.partition(":")
            return int(number), rest if name == "cname" else ""
    return None, ""


def _transport(section: _Section, session: _Section) -> TransportParameters:
    def either(name: str) -> str:
        value = section.value(name)
        return (session.value(name) if value is None else value) or ""

    ufrag, password = either("ice-ufrag"), either("ice-pwd")
    if not ufrag or not password:
        raise DescriptionError("the peer offers no ICE (a=ice-ufrag and a=ice-pwd are missing)")
    if not (_ICE.fullmatch(ufrag) and _ICE.fullmatch(password)):
        raise DescriptionError("the peer's ICE credentials are damaged")
    setup = either("setup").lower()
    return TransportParameters(
        ice_ufrag=ufrag,
        ice_pwd=password,
        fingerprints=_fingerprints(section, session),
        setup=setup if setup in {"active", "passive"} else "actpass",
        candidates=tuple(_candidates(section)),
        end_of_candidates=section.value("end-of-candidates") is not None
        or session.value("end-of-candidates") is not None,
        ice_lite=session.value("ice-lite") is not None or section.value("ice-lite") is not None,
    )


def _fingerprints(section: _Section, session: _Section) -> tuple[tuple[str, str], ...]:
    lines = section.values("fingerprint") or session.values("fingerprint")
    matches = [match for match in map(_FINGERPRINT.fullmatch, lines) if match is not None]
    if not matches:
        raise DescriptionError("the peer offers no usable certificate fingerprint (a=fingerprint), DTLS-SRTP needs one")
    fingerprints = [(match[1].lower(), match[2].upper()) for match in matches]
    if not any(len(value) == 3 * _HASHES.get(name, 0) - 1 for name, value in fingerprints):
        names = ", ".join(sorted({name for name, _ in fingerprints}))
        raise DescriptionError(f"the peer's certificate fingerprint ({names}) is too weak, SHA-256 or better is needed")
    return tuple(pair for pair in fingerprints if len(pair[1]) == 3 * _HASHES.get(pair[0], 0) - 1)


def _candidates(section: _Section) -> list[str]:
    """The candidates of component 1 that are well formed; the others can't be used and do no harm (RFC 8839 §5.1)."""
    candidates = []
    for value in section.values("candidate"):
        line = f"candidate:{value}"
        if _CANDIDATE.fullmatch(line) is None:
            continue
        words = line.split()
        if words[1] == "1" and int(words[3]) < 1 << 32 and int(words[5]) < 1 << 16:
            candidates.append(line)
    return candidates[:_MAXIMUM_CANDIDATES]


def render(description: Description) -> str:
    """The text of `description`, with line ends of RFC 8866 §5."""
    family = "IP6" if _is_ipv6(description.address) else "IP4"
    loopback = "::1" if family == "IP6" else "127.0.0.1"  # the origin identifies, it is nowhere to send to
    lines = [
        "v=0",
        f"o=- {description.session_id} {description.version} IN {family} {loopback}",
        "s=-",
        "t=0 0",
    ]
    if description.bundled:
        lines.append(f"a=group:BUNDLE {description.mid}")
    if description.stream_id:
        lines.append(f"a=msid-semantic:WMS {description.stream_id}")
    if description.transport.ice_lite:
        lines.append("a=ice-lite")
    sections = [_refused(each) for each in description.others]
    sections.insert(description.index, _audio_lines(description, family))
    for section in sections:
        lines += section
    return "".join(f"{line}\r\n" for line in lines)


def _is_ipv6(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).version == 6
    except ValueError:
        return False


def _refused(media: OtherMedia) -> list[str]:
    lines = [f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}", "c=IN IP4 0.0.0.0"]
    return [*lines, f"a=mid:{media.mid}", "a=inactive"] if media.mid else [*lines, "a=inactive"]


def _audio_lines(description: Description, family: str) -> list[str]:
    formats = " ".join(str(codec.payload_type) for codec in description.codecs)
    lines = [f"m=audio {description.port} {description.protocol} {formats}", f"c=IN {family} {description.address}"]
    if description.mid:
        lines.append(f"a=mid:{description.mid}")
    lines += _transport_lines(description.transport)
    lines.append(f"a={description.direction.value}")
    if description.rtcp_mux:
        lines.append("a=rtcp-mux")
    for codec in description.codecs:
        channels = f"/{codec.channels}" if codec.channels > 1 else ""
        lines.append(f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}{channels}")
        if codec.parameters:
            text = ";".join(f"{key}={value}" if value else key for key, value in codec.parameters.items())
            lines.append(f"a=fmtp:{codec.payload_type} {text}")
    lines += [
        f"a={name}:{value}"
        for name, value in (("ptime", description.ptime), ("maxptime", description.maxptime))
        if value
    ]
    if description.stream_id:
        lines.append(f"a=msid:{description.stream_id} audio")
    if description.ssrc is not None:
        lines.append(f"a=ssrc:{description.ssrc} cname:{description.cname}")
    return lines


def _transport_lines(transport: TransportParameters) -> list[str]:
    lines = [f"a={candidate}" for candidate in transport.candidates]
    if transport.end_of_candidates:
        lines.append("a=end-of-candidates")
    lines += [f"a=ice-ufrag:{transport.ice_ufrag}", f"a=ice-pwd:{transport.ice_pwd}"]
    lines += [f"a=fingerprint:{name} {value}" for name, value in transport.fingerprints]
    lines.append(f"a=setup:{transport.setup}")
    return lines
