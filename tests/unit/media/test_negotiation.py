"""What is offered, what is answered, and what it comes to."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DescriptionError
from appliance.media.description import Description, MediaDirection, TransportParameters
from appliance.media.description_text import parse, render
from appliance.media.negotiation import LocalParameters, answer, negotiated, offer
from tests.unit.media.mutation import mutated
from tests.unit.media.peer_descriptions import CHROMIUM_OFFER, CHROMIUM_VIDEO_OFFER, FINGERPRINT, PBX_OFFER, USABLE

TRANSPORT = TransportParameters(
    ice_ufrag="ours", ice_pwd="our-password-of-ice-24ch", fingerprints=(("sha-256", FINGERPRINT),)
)
LOCAL = LocalParameters(session_id="77", transport=TRANSPORT, ssrc=1, cname="unit", max_average_bitrate=24_000)
DIRECTIONS = tuple(MediaDirection)


def formats(description: Description) -> list[tuple[int, str, int]]:
    return [(each.payload_type, each.name, each.clock_rate) for each in description.codecs]


def test_our_offer_is_what_a_browser_expects() -> None:
    text = render(offer(LOCAL))
    for line in (
        "o=- 77 1 IN IP4 127.0.0.1",
        "a=group:BUNDLE 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8 110 101",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=setup:actpass",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=24000",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=ptime:20",
    ):
        assert f"{line}\r\n" in text


def test_only_codecs_that_are_set_are_offered() -> None:
    assert formats(offer(replace(LOCAL, codecs=("PCMA",)))) == [(8, "PCMA", 8000), (101, "telephone-event", 8000)]


def test_a_browser_is_answered_with_its_own_payload_types() -> None:
    reply = answer(parse(CHROMIUM_OFFER), LOCAL)

    assert formats(reply) == [
        (111, "opus", 48_000),
        (9, "G722", 8_000),
        (0, "PCMU", 8_000),
        (8, "PCMA", 8_000),
        (110, "telephone-event", 48_000),
        (126, "telephone-event", 8_000),
    ]
    assert (reply.mid, reply.bundled, reply.transport.setup) == ("0", True, "active")
    result = negotiated(reply, parse(CHROMIUM_OFFER), max_average_bitrate=24_000)
    assert (result.send.name, result.send.payload_type) == ("opus", 111)
    assert result.send_events is not None
    assert result.send_events.payload_type == 110, "the event's clock is the stream's"
    assert [each.payload_type for each in result.receive] == [111, 9, 0, 8]
    assert [each.payload_type for each in result.receive_events] == [110, 126]
    assert (result.ptime, result.bitrate, result.fec, result.dtx) == (20, 24_000, True, False)
    assert result.direction is MediaDirection.SENDRECV
    assert not result.remote_held


def test_a_pbx_is_answered_in_its_order_and_profile() -> None:
    remote = parse(PBX_OFFER)
    reply = answer(remote, LOCAL)

    assert formats(reply) == [
        (0, "PCMU", 8_000),
        (8, "PCMA", 8_000),
        (107, "opus", 48_000),
        (101, "telephone-event", 8_000),
    ]
    assert "UDP/TLS/RTP/SAVP 0 8 107 101" in render(reply)
    assert "a=mid" not in render(reply)
    assert "BUNDLE" not in render(reply)
    result = negotiated(reply, remote, max_average_bitrate=24_000)
    assert (result.send.name, result.ptime) == ("PCMU", 30)


def test_the_peer_s_wishes_for_opus_are_kept() -> None:
    remote = parse(PBX_OFFER.replace("SAVP 0 8 107", "SAVP 107 0 8"))
    result = negotiated(answer(remote, LOCAL), remote, max_average_bitrate=24_000)
    assert (result.bitrate, result.fec, result.dtx) == (16_000, False, True)
    assert result.ptime == 20, "Opus has no packets of 30 ms"
    assert result.send_events is not None
    assert result.send_events.clock_rate == 8_000, "better than none"


@pytest.mark.parametrize(
    ("asked", "ours", "expected"),
    [
        ("64000", 24_000, 24_000),
        ("8000", None, 8_000),
        ("1", None, 6_000),
        ("x", None, None),
        ("9" * 12, 30_000, 30_000),
    ],
)
def test_bit_rates(asked: str, ours: int | None, expected: int | None) -> None:
    remote = parse(CHROMIUM_OFFER.replace("useinbandfec=1", f"maxaveragebitrate={asked}"))
    assert negotiated(offer(LOCAL), remote, max_average_bitrate=ours).bitrate == expected


@pytest.mark.parametrize(
    ("lines", "opus", "pcmu"),
    [
        ("", 20, 20),
        ("a=ptime:10\r\n", 10, 10),
        ("a=ptime:50\r\n", 40, 50),
        ("a=ptime:200\r\n", 60, 60),
        ("a=ptime:3\r\n", 10, 10),
        ("a=ptime:40\r\na=maxptime:20\r\n", 20, 20),
        ("a=ptime:x\r\na=maxptime:0\r\n", 20, 20),
    ],
)
def test_packet_times(lines: str, opus: int, pcmu: int) -> None:
    remote = parse(CHROMIUM_OFFER + lines)
    assert negotiated(offer(LOCAL), remote).ptime == opus
    narrow = replace(LOCAL, codecs=("PCMU",))
    assert negotiated(answer(remote, narrow), replace(remote, codecs=remote.codecs[3:])).ptime == pcmu


@pytest.mark.parametrize(("theirs", "ours"), [("actpass", "active"), ("active", "passive"), ("passive", "active")])
def test_dtls_roles(theirs: str, ours: str) -> None:
    remote = parse(CHROMIUM_OFFER.replace("a=setup:actpass", f"a=setup:{theirs}"))
    assert answer(remote, LOCAL).transport.setup == ours


def test_a_role_once_taken_is_kept() -> None:
    assert answer(parse(CHROMIUM_OFFER), LOCAL, setup="passive").transport.setup == "passive"


@pytest.mark.parametrize("remote", DIRECTIONS)
@pytest.mark.parametrize("wanted", DIRECTIONS)
def test_hold(remote: MediaDirection, wanted: MediaDirection) -> None:
    offered = replace(parse(CHROMIUM_OFFER), direction=remote)
    reply = answer(offered, LOCAL, direction=wanted)
    assert reply.direction.sends == (wanted.sends and remote.receives)
    assert reply.direction.receives == (wanted.receives and remote.sends)
    result = negotiated(reply, offered)
    assert result.direction is reply.direction
    assert result.remote_held is not remote.receives


def test_sections_we_do_not_want_are_refused_in_place_then_and_later() -> None:
    reply = answer(parse(CHROMIUM_VIDEO_OFFER), LOCAL)
    later = offer(LOCAL, version=2, direction=MediaDirection.SENDONLY, previous=reply)
    for description in (reply, later):
        lines = [line.split()[:2] for line in render(description).splitlines() if line.startswith("m=")]
        assert lines == [["m=video", "0"], ["m=audio", "9"], ["m=application", "0"]]
        assert description.mid == "0"


def test_a_later_offer_keeps_payload_types_and_adds_what_is_free() -> None:
    reply = answer(parse(PBX_OFFER), LOCAL)
    later = offer(LOCAL, version=2, previous=reply)
    assert formats(later) == [*formats(reply), (9, "G722", 8_000), (110, "telephone-event", 48_000)]
    assert (later.mid, later.version, later.transport.setup) == ("", 2, "actpass")


def test_different_payload_types_each_way() -> None:
    remote = parse(CHROMIUM_OFFER.replace(" 111 63", " 96").replace("rtpmap:111", "rtpmap:96"))
    result = negotiated(offer(LOCAL), remote)
    assert result.send.payload_type == 96
    assert result.receive[0].payload_type == 111


def test_no_common_codec() -> None:
    remote = parse(CHROMIUM_OFFER.replace(" 111 63 9 0 8 13 110 126", " 13 126"))
    with pytest.raises(DescriptionError, match="no audio codec is common: the peer has CN"):
        answer(remote, LOCAL)
    with pytest.raises(DescriptionError, match="no audio codec is common"):
        negotiated(offer(LOCAL), remote)


def test_a_codec_we_did_not_offer_is_not_used() -> None:
    remote = parse(CHROMIUM_OFFER)
    assert negotiated(offer(replace(LOCAL, codecs=("PCMA",))), remote).send.name == "PCMA"


def test_our_own_two_ends_agree() -> None:
    ours = offer(LOCAL)
    theirs = answer(parse(render(ours)), replace(LOCAL, session_id="88", ssrc=2))
    here, there = negotiated(ours, parse(render(theirs))), negotiated(theirs, parse(render(ours)))
    assert here.send.name == there.send.name == "opus"
    assert here.ptime == there.ptime == 20


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"setup": "active", "candidates": ("candidate:x",)}, True),
        ({"ice_ufrag": "new1"}, False),
        ({"fingerprints": (("sha-256", FINGERPRINT.replace("5A", "5B")),)}, False),
    ],
)
def test_a_new_path_is_noticed(change: dict[str, object], same: bool) -> None:
    assert TRANSPORT.same_path(replace(TRANSPORT, **change)) is same  # type: ignore[arg-type]


@pytest.mark.fuzz
@given(mutated([each.encode() for each in USABLE]), st.sampled_from(DIRECTIONS))
def test_a_damaged_offer_is_answered_or_refused(body: bytes, wanted: MediaDirection) -> None:
    try:
        remote = parse(body)
        reply = answer(remote, LOCAL, direction=wanted)
        result = negotiated(reply, remote, max_average_bitrate=24_000)
    except DescriptionError:
        return
    assert 10 <= result.ptime <= 60
    assert result.ptime % 10 == 0
    assert result.receive
    assert parse(render(reply)).codecs == reply.codecs
