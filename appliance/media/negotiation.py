"""Offer and answer for one audio stream (RFC 3264, and of RFC 8829 what browsers need)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from appliance.errors import DescriptionError
from appliance.media.description import Codec, Description, MediaDirection, TransportParameters

DEFAULT_CODECS: Final = ("opus", "G722", "PCMU", "PCMA")
TELEPHONE_EVENT: Final = "telephone-event"

_PAYLOAD_TYPES: Final = {"opus": 111, "G722": 9, "PCMU": 0, "PCMA": 8}
_EVENT_PAYLOAD_TYPES: Final = {48_000: 110, 8_000: 101}
_OPUS_PTIMES: Final = (60, 40, 20, 10)
_OPUS_BITRATES: Final = (6_000, 510_000)
_PROTOCOL: Final = "UDP/TLS/RTP/SAVPF"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalParameters:
    """What this end brings to every offer and answer of one media session.

    `codecs` are names in order of preference; `ptime` in milliseconds is what we ask for and send when the peer asks
    for nothing; `max_average_bitrate` in bit/s is asked of the peer and kept ourselves (Opus only, RFC 7587 §6.1).
    """

    session_id: str
    transport: TransportParameters
    ssrc: int
    cname: str
    codecs: tuple[str, ...] = DEFAULT_CODECS
    ptime: int = 20
    max_average_bitrate: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiated:
    """What offer and answer came to.

    `send` is how we send: the codec with the peer's payload type and the peer's wishes as parameters. `receive` is
    what may come: our payload types, the decoders to have ready. `send_events` carries digits (None: not possible),
    `receive_events` are the payload types that bring them. `ptime` in milliseconds and `bitrate` in bit/s (None: free)
    are for our encoder; `fec` and `dtx` tell if the peer can use redundancy and wants pauses. `direction` is ours.
    `remote_held` is True if the peer doesn't want to hear us.
    """

    send: Codec
    receive: tuple[Codec, ...]
    send_events: Codec | None
    receive_events: tuple[Codec, ...]
    ptime: int
    bitrate: int | None
    fec: bool
    dtx: bool
    direction: MediaDirection
    remote_held: bool
    rtcp_mux: bool
    remote: TransportParameters


def offer(
    local: LocalParameters,
    *,
    version: int = 1,
    direction: MediaDirection = MediaDirection.SENDRECV,
    previous: Description | None = None,
) -> Description:
    """Our offer. `previous` is our last description in this session: its payload types and sections keep their places.

    The version must be one more than the last description's if anything in it changed (RFC 3264 §8).
    """
    if previous is not None:
        wanted = tuple(_refreshed(codec, local) for codec in previous.codecs)
        known = {codec.payload_type for codec in wanted}
        more = [codec for codec in _offered(local) if not any(codec.matches(each) for each in wanted)]
        codecs = (*wanted, *(codec for codec in more if codec.payload_type not in known))
    else:
        codecs = _offered(local)
    mid = "0" if previous is None else previous.mid
    return Description(
        codecs=codecs,
        transport=replace(local.transport, setup="actpass"),
        session_id=local.session_id,
        version=version,
        direction=direction,
        mid=mid,
        bundled=bool(mid),
        ptime=local.ptime,
        protocol=_PROTOCOL if previous is None else previous.protocol,
        address=local.transport.default[0],
        port=local.transport.default[1],
        ssrc=local.ssrc,
        cname=local.cname,
        stream_id=local.cname,
        others=() if previous is None else previous.others,
        index=0 if previous is None else previous.index,
    )


def answer(
    remote: Description,
    local: LocalParameters,
    *,
    version: int = 1,
    direction: MediaDirection = MediaDirection.SENDRECV,
    setup: str = "active",
) -> Description:
    """Our answer to `remote`; `direction` is what we want, `setup` the DTLS role we have or prefer if we may choose.

    Raises `DescriptionError` if no codec is common.
    """
    role = {"active": "passive", "passive": "active"}.get(remote.transport.setup, setup)
    return Description(
        codecs=_answered(remote, local),
        transport=replace(local.transport, setup=role),
        session_id=local.session_id,
        version=version,
        direction=remote.direction.answered(direction),
        mid=remote.mid,
        bundled=remote.bundled,
        ptime=_within(local.ptime, remote.maxptime),
        protocol=remote.protocol,
        address=local.transport.default[0],
        port=local.transport.default[1],
        rtcp_mux=remote.rtcp_mux,
        ssrc=local.ssrc,
        cname=local.cname,
        stream_id=local.cname if remote.mid else "",
        others=remote.others,
        index=remote.index,
    )


def negotiated(local: Description, remote: Description, *, max_average_bitrate: int | None = None) -> Negotiated:
    """What our description and the peer's, one of them the answer to the other, came to.

    `max_average_bitrate` is our own limit in bit/s. Raises `DescriptionError` if no codec is common.
    """
    common = [
        codec for codec in remote.codecs if _supported(codec) and any(codec.matches(each) for each in local.codecs)
    ]
    if not common:
        raise DescriptionError(_no_common(remote))
    send = common[0]
    return Negotiated(
        send=send,
        receive=tuple(codec for codec in local.codecs if _supported(codec)),
        send_events=_events(local, remote, send.clock_rate),
        receive_events=tuple(codec for codec in local.codecs if _is_event(codec)),
        ptime=_ptime(send, remote.ptime or local.ptime or 20, remote.maxptime),
        bitrate=_bitrate(send, max_average_bitrate),
        fec=send.parameters.get("useinbandfec") == "1",
        dtx=send.parameters.get("usedtx") == "1",
        direction=MediaDirection.of(
            sends=local.direction.sends and remote.direction.receives,
            receives=local.direction.receives and remote.direction.sends,
        ),
        remote_held=not remote.direction.receives,
        rtcp_mux=local.rtcp_mux and remote.rtcp_mux,
        remote=remote.transport,
    )


def _is_event(codec: Codec) -> bool:
    return codec.name.lower() == TELEPHONE_EVENT


def _supported(codec: Codec) -> bool:
    return any(codec.matches(_codec(name, 0, MappingProxyType({}))) for name in DEFAULT_CODECS)


def _codec(name: str, payload_type: int, parameters: Mapping[str, str]) -> Codec:
    opus = name.lower() == "opus"
    return Codec(
        name=name,
        payload_type=payload_type,
        clock_rate=48_000 if opus else 8_000,
        channels=2 if opus else 1,  # RFC 7587 §7: always 2, whatever is sent
        parameters=parameters,
    )


def _our_parameters(local: LocalParameters) -> Mapping[str, str]:
    """What we ask of whoever sends Opus to us (RFC 7587 §6.1)."""
    parameters = {"minptime": "10", "useinbandfec": "1"}
    if local.max_average_bitrate is not None:
        parameters["maxaveragebitrate"] = str(local.max_average_bitrate)
    return MappingProxyType(parameters)


def _refreshed(codec: Codec, local: LocalParameters) -> Codec:
    return replace(codec, parameters=_our_parameters(local)) if codec.name.lower() == "opus" else codec


def _offered(local: LocalParameters) -> tuple[Codec, ...]:
    codecs = [
        _codec(name, _PAYLOAD_TYPES[name], _our_parameters(local) if name == "opus" else MappingProxyType({}))
        for name in local.codecs
    ]
    rates = sorted({codec.clock_rate for codec in codecs} | {8_000}, reverse=True)
    # One event format for each clock, because an event shares the timestamps of its stream (RFC 4733 §2.1).
    return (*codecs, *(_event_codec(_EVENT_PAYLOAD_TYPES[rate], rate) for rate in rates))


def _event_codec(payload_type: int, clock_rate: int) -> Codec:
    return Codec(
        name=TELEPHONE_EVENT,
        payload_type=payload_type,
        clock_rate=clock_rate,
        parameters=MappingProxyType({"0-16": ""}),
    )


def _answered(remote: Description, local: LocalParameters) -> tuple[Codec, ...]:
    """The offered codecs that we have, in the offer's order and with its payload types (RFC 3264 §6.1)."""
    ours = _offered(local)
    codecs = []
    for codec in remote.codecs:
        match = next((each for each in ours if codec.matches(each)), None)
        if match is not None:
            codecs.append(replace(codec, channels=match.channels, parameters=match.parameters))
    if not any(_supported(codec) for codec in codecs):
        raise DescriptionError(_no_common(remote))
    return tuple(codecs)


def _no_common(remote: Description) -> str:
    names = ", ".join(dict.fromkeys(codec.name for codec in remote.codecs if not _is_event(codec)))
    return f"no audio codec is common: the peer has {names or 'none'}"


def _events(local: Description, remote: Description, clock_rate: int) -> Codec | None:
    """The peer's telephone-event of the stream's clock, or else of any we also have."""
    common = [
        codec for codec in remote.codecs if _is_event(codec) and any(codec.matches(each) for each in local.codecs)
    ]
    return next((codec for codec in common if codec.clock_rate == clock_rate), common[0] if common else None)


def _within(ptime: int, maximum: int) -> int:
    return min(ptime, maximum) if maximum >= 10 else ptime


def _ptime(codec: Codec, wanted: int, maximum: int) -> int:
    """The packet time in milliseconds nearest below what the peer asked for that the codec and the clock can do."""
    limit = max(10, min(60, _within(wanted, maximum)))
    if codec.name.lower() == "opus":
        return next(ptime for ptime in _OPUS_PTIMES if ptime <= limit)
    return limit // 10 * 10


def _bitrate(codec: Codec, ours: int | None) -> int | None:
    """The lower of what the peer asked for and our own limit."""
    asked = codec.parameters.get("maxaveragebitrate", "")
    limits = [ours] if ours is not None else []
    if asked.isascii() and asked.isdigit() and len(asked) <= 9:
        limits.append(int(asked))
    lowest, highest = _OPUS_BITRATES
    return max(lowest, min(highest, *limits)) if limits else None
