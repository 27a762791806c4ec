"""Codecs by name."""

from dataclasses import replace

import pytest

from appliance.errors import UsageError
from appliance.media.codec_table import encoder_for, payload_formats
from appliance.media.description import Codec
from appliance.media.description_text import parse
from appliance.media.frame import silence
from appliance.media.g711 import G711Decoder, G711Encoder
from appliance.media.g722 import G722Decoder, G722Encoder
from appliance.media.negotiation import answer, negotiated
from appliance.media.opus import OpusDecoder, OpusEncoder
from tests.unit.media.peer_descriptions import CHROMIUM_OFFER, PBX_OFFER
from tests.unit.media.test_negotiation import LOCAL


def test_what_was_agreed_on_is_made() -> None:
    remote = parse(CHROMIUM_OFFER)
    agreed = negotiated(answer(remote, LOCAL), remote)
    assert isinstance(encoder_for(agreed), OpusEncoder)
    decoders = [OpusDecoder, G722Decoder, G711Decoder, G711Decoder]
    assert [type(each.decoder) for each in payload_formats(agreed.receive)] == decoders
    assert [each.clock_rate for each in payload_formats(agreed.receive)] == [48_000, 8_000, 8_000, 8_000]
    wideband = encoder_for(negotiated(answer(remote, replace(LOCAL, codecs=("G722",))), remote))
    assert isinstance(wideband, G722Encoder)
    assert wideband.samples == 960

    remote = parse(PBX_OFFER)
    narrow = encoder_for(negotiated(answer(remote, LOCAL), remote))
    assert isinstance(narrow, G711Encoder)
    assert narrow.samples == 1_440


def test_pauses_are_made_if_either_wants_them() -> None:
    remote = parse(CHROMIUM_OFFER)
    agreed = negotiated(answer(remote, LOCAL), remote)
    for encoder, pauses in (
        (encoder_for(agreed), False),
        (encoder_for(agreed, discontinuous=True), True),
        (encoder_for(replace(agreed, dtx=True)), True),
    ):
        assert any(encoder.encode(silence(960)) == b"" for _ in range(60)) is pauses


def test_a_codec_we_do_not_have() -> None:
    with pytest.raises(UsageError, match="'G723'"):
        payload_formats([Codec(name="G723", payload_type=4, clock_rate=8_000)])
