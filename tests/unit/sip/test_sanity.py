"""The door."""

import pytest

from appliance.sip.message import Request, Response
from appliance.sip.sanity import MAX_MESSAGE, Refused, check, usable_target

REQUEST = (
    b"INVITE sip:alice@sip.test SIP/2.0\r\n"
    b"Via: SIP/2.0/WSS p.sip.test;branch=z9hG4bK1\r\n"
    b"Max-Forwards: 70\r\n"
    b"From: <sip:bob@sip.test>;tag=f\r\n"
    b"To: <sip:alice@sip.test>\r\n"
    b"Call-ID: c1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: 4\r\n\r\n"
    b"v=0\n"
)
RESPONSE = (
    b"SIP/2.0 200 OK\r\n"
    b"v: SIP/2.0/WSS a.invalid;branch=z9hG4bK2\r\n"
    b"f: <sip:a@b>;tag=1\r\nt: <sip:c@d>;tag=2\r\ni: c2\r\nCSeq: 1 BYE\r\nl: 0\r\n\r\n"
)


def refused(data: bytes) -> Refused:
    found = check(data)
    assert isinstance(found, Refused), found
    return found


def without(name: str) -> bytes:
    return b"\r\n".join(line for line in REQUEST.split(b"\r\n") if not line.startswith(name.encode()))


def test_a_sound_request() -> None:
    request = check(REQUEST)
    assert isinstance(request, Request)
    assert (request.method, request.uri, request.body) == ("INVITE", "sip:alice@sip.test", b"v=0\n")
    assert (request.sequence, request.sequence_method, request.call_id) == (7, "INVITE", "c1")
    assert request.via.branch == "z9hG4bK1"


def test_compact_forms_and_what_we_render_is_read_again() -> None:
    response = check(RESPONSE)
    assert isinstance(response, Response)
    assert response.first("Call-ID") == "c2"
    assert check(response.render()) == check(response.render())
    again = check(response.render())
    assert isinstance(again, Response)
    assert again.without("Content-Length") == response.without("Content-Length")


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_without_its_identity_a_request_cannot_even_be_answered(name: str) -> None:
    assert refused(without(name)).response is None


def test_without_max_forwards_or_content_length_it_is_let_in() -> None:
    assert isinstance(check(without("Max-Forwards")), Request)
    assert isinstance(check(without("Content-Length")), Request)


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"CSeq: 7 INVITE", b"CSeq: 7 BYE", 400),
        (b";tag=f", b"", 400),
        (b"Content-Length: 4", b"Content-Length: 5", 400),
        (b"Content-Length: 4", b"Content-Length: -4", 400),
        (b"Content-Length: 4", b"Content-Length: 4\r\nContent-Length: 4", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: many", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 256", 400),
        (b"Call-ID: c1", b"Call-ID: c1\r\nCall-ID: c2", 400),
        (b"CSeq: 7 INVITE", b"CSeq: 7 INVITE\r\nCSeq: 8 INVITE", 400),
        (b"To: <sip:alice@sip.test>", b"To: <>", 400),
        (b"CSeq: 7 INVITE", b"CSeq: 2147483648 INVITE", 400),
        (b"INVITE sip:alice@sip.test SIP/2.0", b"INVITE  sip:alice@sip.test SIP/2.0", 400),
        (b";branch=z9hG4bK1", b";branch=z9hG4bK1, ;", 400),
        (b"Call-ID: c1", b"Call-ID: c1\r\nRecord-Route: <sip:p.test;lr>, ;<sip:p.test>", 400),
        (b"INVITE sip:alice@sip.test SIP/2.0", b"INVITE alice SIP/2.0", 400),
        (b"INVITE sip:alice@sip.test SIP/2.0", b"INVITE http://alice SIP/2.0", 416),
        (b"INVITE sip:alice@sip.test SIP/2.0", b"INVITE sip:alice@sip.test SIP/3.0", 505),
    ],
)
def test_a_damaged_request_is_answered(old: bytes, new: bytes, status: int) -> None:
    assert old in REQUEST
    response = refused(REQUEST.replace(old, new)).response
    assert response is not None
    assert response.status == status
    assert response.to.tag
    assert response.render().startswith(b"SIP/2.0 %d " % status)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"INVITE sip:a@b SIP/2.0\r\n",
        REQUEST.replace(b"CSeq: 7 INVITE", b"CSeq: x INVITE"),
        REQUEST.replace(b"CSeq: 7 INVITE", b"CSeq:"),
        REQUEST.replace(b"Call-ID: c1", b"Call-ID: c1\nX: injected"),
        REQUEST.replace(b"Call-ID: c1", b"Call-ID: c1\rX: injected"),
        REQUEST.replace(b"Call-ID: c1", b"Call-ID: c1\x00"),
        REQUEST.replace(b"Call-ID: c1", b"no colon"),
        REQUEST.replace(b"Call-ID: c1", b": no name"),
        REQUEST.replace(b"Call-ID: c1", b"X: " + b"y" * 9000 + b"\r\nCall-ID: c1"),
        REQUEST.replace(b"Call-ID: c1", b"X: y\r\n" * 300 + b"Call-ID: c1"),
        RESPONSE.replace(b"SIP/2.0 200", b"SIP/2.0 20x"),
        RESPONSE.replace(b"SIP/2.0 200", b"SIP/2.0 700"),
        RESPONSE.replace(b"SIP/2.0 200", b"SIP/2.0 099"),
        RESPONSE.replace(b"SIP/2.0 200", b"SIP/3.0 200"),
        RESPONSE.replace(b"l: 0", b"l: 9"),
        REQUEST.replace(b"INVITE sip", b"ACK sip").replace(b"7 INVITE", b"7 BYE"),
    ],
)
def test_what_cannot_be_answered_is_dropped(data: bytes) -> None:
    assert refused(data).response is None


@pytest.mark.parametrize("name", ["Contact", "Record-Route", "Require", "Reason"])
def test_endless_lists_are_not_read(name: str) -> None:
    data = REQUEST.replace(b"Call-ID: c1", name.encode() + b": x" + b",x" * 200 + b"\r\nCall-ID: c1")
    response = refused(data).response
    assert response is not None
    assert (response.status, response.reason) == (400, f"Too many elements in {name}")
    assert len(response.render()) < 1000
    assert refused(REQUEST.replace(b"Call-ID: c1", b"Via: x" + b",x" * 200 + b"\r\nCall-ID: c1")).response is None


def test_a_folded_line_is_one_line() -> None:
    request = check(REQUEST.replace(b"Call-ID: c1", b"Subject: one\r\n\t two\r\nCall-ID: c1"))
    assert isinstance(request, Request)
    assert request.first("Subject") == "one two"


def test_what_stands_behind_the_body_is_dropped() -> None:
    request = check(REQUEST + b"more")
    assert isinstance(request, Request)
    assert request.body == b"v=0\n"


def test_a_name_in_another_encoding_is_no_reason_to_miss_a_call() -> None:
    request = check(REQUEST.replace(b"From: ", b'From: "J\xfcrgen" '))
    assert isinstance(request, Request)
    assert request.from_.name == "J\ufffdrgen"
    assert request.from_.uri == "sip:bob@sip.test"


def test_too_long_is_said() -> None:
    long = REQUEST.replace(b"Content-Length: 4\r\n", b"") + b"x" * MAX_MESSAGE
    response = refused(long).response
    assert response is not None
    assert response.status == 513


def test_a_via_of_rfc_2543_has_no_branch() -> None:
    assert isinstance(check(REQUEST.replace(b";branch=z9hG4bK1", b"")), Request)


def test_a_quoted_control_character_is_let_in_and_not_shown() -> None:
    message = check(REQUEST.replace(b"From: ", b'From: "a\\\x07b" '))
    assert isinstance(message, Request)
    assert message.from_.name == "ab"
    assert isinstance(check(REQUEST.replace(b"From: ", b'From: "a\x07b" ')), Refused)


def test_leading_line_ends_are_skipped() -> None:
    assert isinstance(check(b"\r\n\r\n" + REQUEST), Request)


@pytest.mark.parametrize(
    ("uri", "usable"),
    [("sip:a@b;gr=urn:uuid:1", True), ("sips:b", True), ("tel:1", False), ("sip:a b", False), ("", False)],
)
def test_targets(uri: str, usable: bool) -> None:
    assert usable_target(uri) is usable
