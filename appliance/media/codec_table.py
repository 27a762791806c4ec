"""The codecs by the names that session descriptions give them."""

from collections.abc import Iterable

from appliance.errors import UsageError
from appliance.media.codec import Decoder, Encoder
from appliance.media.description import Codec
from appliance.media.g711 import G711Decoder, G711Encoder, Law
from appliance.media.g722 import G722Decoder, G722Encoder
from appliance.media.negotiation import Negotiated
from appliance.media.opus import OpusDecoder, OpusEncoder
from appliance.media.playout import PayloadFormat

_DEFAULT_BITRATE = 24_000


def encoder_for(negotiated: Negotiated, *, complexity: int = 5, discontinuous: bool = False) -> Encoder:
    """The encoder that was agreed on; `discontinuous` pauses in silence even if the peer didn't ask for it.

    Raises `DriverError` if libopus is missing, `UsageError` for a codec that is not ours.
    """
    codec = negotiated.send
    if codec.name.lower() == "opus":
        return OpusEncoder(
            ptime=negotiated.ptime,
            bitrate=negotiated.bitrate or _DEFAULT_BITRATE,
            fec=negotiated.fec,
            dtx=negotiated.dtx or discontinuous,
            constant_bitrate=codec.parameters.get("cbr") == "1",
            complexity=complexity,
        )
    if codec.name.upper() == "G722":
        return G722Encoder(ptime=negotiated.ptime)
    return G711Encoder(_law(codec), ptime=negotiated.ptime)


def payload_formats(codecs: Iterable[Codec]) -> tuple[PayloadFormat, ...]:
    """A fresh decoder for each of `Negotiated.receive`.

    Raises `DriverError` if libopus is missing, `UsageError` for a codec that is not ours.
    """
    return tuple(PayloadFormat(codec.payload_type, codec.clock_rate, _decoder(codec)) for codec in codecs)


def _decoder(codec: Codec) -> Decoder:
    if codec.name.lower() == "opus":
        return OpusDecoder()
    return G722Decoder() if codec.name.upper() == "G722" else G711Decoder(_law(codec))


def _law(codec: Codec) -> Law:
    try:
        return Law(codec.name.upper())
    except ValueError as error:
        raise UsageError(f"there is no codec {codec.name!r}") from error
