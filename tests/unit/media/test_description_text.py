"""Reading and writing session descriptions."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DescriptionError
from appliance.media.description import Codec, Description, MediaDirection, OtherMedia, TransportParameters
from appliance.media.description_text import parse, render
from tests.unit.media.mutation import mutated
from tests.unit.media.peer_descriptions import (
    CHROMIUM_OFFER,
    CHROMIUM_VIDEO_OFFER,
    EVERY,
    FINGERPRINT,
    IPV6_OFFER,
    PBX_OFFER,
    PLAIN_OFFER,
    SDES_OFFER,
    USABLE,
    text,
)


def test_a_browser_s_offer_is_understood() -> None:
    offer = parse(CHROMIUM_OFFER.encode())

    assert [(each.name, each.payload_type) for each in offer.codecs][:2] == [("opus", 111), ("red", 63)]
    assert offer.codecs[0] == Codec(
        name="opus", payload_type=111, clock_rate=48_000, channels=2, parameters={"minptime": "10", "useinbandfec": "1"}
    )
    assert (offer.session_id, offer.version) == ("4611731400430051336", 2)
    assert offer.direction is MediaDirection.SENDRECV
    assert (offer.mid, offer.bundled, offer.rtcp_mux) == ("0", True, True)
    assert (offer.address, offer.port) == ("192.168.1.7", 53211)
    assert (offer.ssrc, offer.cname) == (3735928559, "Vh0p3Qm1xYk7sX2a")
    transport = offer.transport
    assert (transport.ice_ufrag, transport.ice_pwd, transport.setup) == ("E7xa", "7zXQdrNfV8ORdQ6cZ7qK1pU4", "actpass")
    assert transport.fingerprints == (("sha-256", FINGERPRINT),)
    assert len(transport.candidates) == 4
    assert transport.candidates[0].startswith("candidate:1467250027 1 udp 2122260223 192.168.1.7 53211 typ host")
    assert not transport.end_of_candidates
    assert not transport.ice_lite


def test_what_a_pbx_leaves_out_is_filled_in() -> None:
    offer = parse(PBX_OFFER)

    assert [each.name for each in offer.codecs] == ["PCMU", "PCMA", "opus", "telephone-event"]
    assert offer.codecs[3].parameters == {"0-16": ""}
    assert offer.mid == ""
    assert not offer.bundled
    assert offer.direction is MediaDirection.SENDRECV
    assert (offer.ptime, offer.maxptime) == (30, 150)
    assert offer.transport.ice_lite
    assert offer.transport.ice_ufrag == "9dV2qPmA"
    assert offer.transport.fingerprints == (("sha-256", FINGERPRINT),)
    assert len(offer.transport.candidates) == 1, "component 2 has no use where RTCP shares the port"
    assert offer.address == "198.51.100.4"


@pytest.mark.parametrize("line_end", ["\n", "\r\r\n", "\r", " \r\n", "\r\n\r\n"])
def test_damaged_line_ends_change_nothing(line_end: str) -> None:
    assert parse(CHROMIUM_OFFER.replace("\r\n", line_end)) == parse(CHROMIUM_OFFER)


def test_other_media_keep_their_places() -> None:
    offer = parse(CHROMIUM_VIDEO_OFFER)

    assert offer.index == 1
    assert [(each.kind, each.mid) for each in offer.others] == [("video", "1"), ("application", "2")]
    lines = [line for line in render(offer).splitlines() if line.startswith("m=")]
    assert lines[0] == "m=video 0 UDP/TLS/RTP/SAVPF 96 97"
    assert lines[1].startswith("m=audio 53211 ")
    assert lines[2] == "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
    assert "a=group:BUNDLE 0\r\n" in render(offer)


def test_a_weak_fingerprint_beside_a_strong_one_is_left_out() -> None:
    assert parse(IPV6_OFFER).transport.fingerprints == (("sha-256", FINGERPRINT),)
    assert parse(IPV6_OFFER).address == "2001:db8::7"


@pytest.mark.parametrize("word", ["sendrecv", "sendonly", "recvonly", "inactive"])
def test_directions(word: str) -> None:
    assert parse(CHROMIUM_OFFER.replace("a=sendrecv", f"a={word}")).direction.value == word
    session_level = CHROMIUM_OFFER.replace("a=sendrecv\r\n", "").replace("t=0 0\r\n", f"t=0 0\r\na={word}\r\n")
    assert parse(session_level).direction.value == word


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "no media section"),
        ("hello", "no media section"),
        (CHROMIUM_OFFER.replace("m=audio", "m=video"), "no audio stream"),
        (PLAIN_OFFER, "not encrypted (RTP/AVP)"),
        (SDES_OFFER, "keys would come in the signalling (RTP/SAVP)"),
        (CHROMIUM_OFFER.replace("m=audio 53211", "m=audio 0"), "refused (port 0)"),
        (CHROMIUM_OFFER.replace("m=audio 53211", "m=audio 70000"), "damaged"),
        (CHROMIUM_OFFER.replace("m=audio 53211", "m=audio x"), "damaged"),
        (re.sub(r"a=fingerprint.*\r\n", "", CHROMIUM_OFFER), "no usable certificate fingerprint"),
        (CHROMIUM_OFFER.replace(f"sha-256 {FINGERPRINT}", f"sha-1 {FINGERPRINT[:59]}"), "(sha-1) is too weak"),
        (CHROMIUM_OFFER.replace(FINGERPRINT, FINGERPRINT[:59]), "(sha-256) is too weak"),
        (re.sub(r"a=ice-ufrag.*\r\n", "", CHROMIUM_OFFER), "no ICE"),
        (re.sub(r"a=ice-pwd.*\r\n", "", CHROMIUM_OFFER), "no ICE"),
        (CHROMIUM_OFFER.replace("E7xa", "E7 xa"), "ICE credentials are damaged"),
        (re.sub(r"(m=audio \S+ \S+).*\r\n", r"\1 200 77\r\n", CHROMIUM_OFFER), "no payload format"),
        (CHROMIUM_OFFER + "a=x" * 65_536, "longer than 64 KiB"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(body: str, reason: str) -> None:
    with pytest.raises(DescriptionError) as error:
        parse(body.encode())
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_a_bundled_stream_without_a_port_of_its_own_is_not_refused() -> None:
    assert parse(CHROMIUM_OFFER.replace("m=audio 53211", "m=audio 0") + "a=bundle-only\r\n").mid == "0"


def test_only_the_first_usable_audio_section_counts() -> None:
    both = CHROMIUM_OFFER + text("m=audio 4000 RTP/AVP 0")
    assert parse(both).others == (OtherMedia(kind="audio", protocol="RTP/AVP", formats=("0",)),)
    plain_first = PLAIN_OFFER + CHROMIUM_OFFER[CHROMIUM_OFFER.index("m=audio") :]
    assert parse(plain_first).index == 1


def test_candidates_that_make_no_sense_are_left_out() -> None:
    good = "a=candidate:1 1 udp 1 192.0.2.1 4000 typ host\r\n"
    bad = (
        "a=candidate:1 1 udp 1 192.0.2.1 70000 typ host\r\n"
        "a=candidate:1 1 udp 4294967296 192.0.2.1 4000 typ host\r\n"
        "a=candidate:1 1 udp x 192.0.2.1 4000 typ host\r\n"
        "a=candidate:1 1 udp 1 192.0.2.1 4000 typ\r\n"
        "a=candidate:1 1 udp 1 192.0.2.1 4000 typ hose\r\n"
        "a=candidate:1 1 udp 1 192.0.2.1 \uff14000 typ host\r\n"
        "a=candidate:\r\n"
    )
    assert parse(re.sub(r"a=candidate.*\r\n", "", CHROMIUM_OFFER) + bad + good * 100).transport.candidates == (
        ("candidate:1 1 udp 1 192.0.2.1 4000 typ host",) * 64
    )


@given(st.sampled_from(USABLE))
def test_what_was_read_can_be_written_and_read_again(body: str) -> None:
    description = parse(body)
    assert parse(render(description)) == description


_TOKEN = st.text("abcdefXYZ019-+", min_size=1, max_size=12)
_CODECS = st.lists(
    st.builds(
        Codec,
        name=_TOKEN,
        payload_type=st.integers(0, 127),
        clock_rate=st.integers(1, 999_999),
        channels=st.integers(1, 8),
        parameters=st.dictionaries(_TOKEN, _TOKEN | st.just(""), max_size=4),
    ),
    min_size=1,
    max_size=10,
    unique_by=lambda codec: codec.payload_type,
).map(tuple)


@given(
    st.builds(
        Description,
        codecs=_CODECS,
        transport=st.builds(
            TransportParameters,
            ice_ufrag=_TOKEN,
            ice_pwd=_TOKEN,
            fingerprints=st.just((("sha-256", FINGERPRINT),)),
            setup=st.sampled_from(("actpass", "active", "passive")),
            end_of_candidates=st.booleans(),
            ice_lite=st.booleans(),
        ),
        session_id=st.integers(0, 2**63).map(str),
        version=st.integers(0, 2**63),
        direction=st.sampled_from(MediaDirection),
        mid=_TOKEN,
        bundled=st.booleans(),
        ptime=st.integers(0, 9999),
        maxptime=st.integers(0, 9999),
        address=st.sampled_from(("0.0.0.0", "192.0.2.1", "2001:db8::1")),
        port=st.integers(1, 65535),
        rtcp_mux=st.booleans(),
        ssrc=st.integers(0, 2**32 - 1),
        cname=_TOKEN,
        stream_id=_TOKEN,
    )
)
def test_what_is_written_is_read_the_same(description: Description) -> None:
    assert parse(render(description)) == description


@pytest.mark.fuzz
@given(mutated([each.encode() for each in EVERY]) | st.binary() | st.text().map(str.encode))
def test_a_damaged_description_is_read_or_refused(body: bytes) -> None:
    try:
        description = parse(body)
    except DescriptionError:
        return
    assert parse(render(description)).codecs == description.codecs
