import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls.destination import host, uri
from appliance.errors import UsageError
from appliance.sip.commands import check_target


@pytest.mark.parametrize(
    ("dialled", "expected"),
    [
        ("100", "sip:100@example.org"),
        (" 100 ", "sip:100@example.org"),
        ("+49 30 1234-5", "sip:+493012345@example.org"),
        ("(030) 123.45", "sip:03012345@example.org"),
        ("*97#", "sip:*97%23@example.org"),
        ("bob", "sip:bob@example.org"),
        ("bob.smith", "sip:bob.smith@example.org"),
        ("bob@other.example", "sip:bob@other.example"),
        ("sip:100", "sip:100@example.org"),
        ("SIP:bob@other.example:5080;transport=ws", "sip:bob@other.example:5080;transport=ws"),
        ("sips:bob@other.example", "sips:bob@other.example"),
        ("sip:bob@[2001:db8::1]:5060", "sip:bob@[2001:db8::1]:5060"),
        ("tel:+49-30-12345", "sip:+493012345@example.org"),
        ("tel:100;phone-context=example.org", "sip:100@example.org"),
    ],
)
def test_what_people_dial(dialled: str, expected: str) -> None:
    assert uri(dialled, "example.org") == expected


@pytest.mark.parametrize(
    "dialled",
    [
        "",
        "   ",
        "sip:",
        "@example.org",
        "bob@",
        "bob@exa mple.org@",
        "sip:bob@example.org?Subject=x",
        "sip:bob@example.org\r\nVia: evil",
        "100\n",
        "100\r\nX: y",
        "bob<script>",
        '"Bob" <sip:bob@example.org>',
        "http://example.org",
        "tel:bob",
        "bob@host;x\x00",
        "ü@example.org",
        "٣٤",
        "9" * 300,
    ],
)
def test_what_can_not_be_called_is_said(dialled: str) -> None:
    if dialled == "100\n":  # a line end at the end is only white space
        assert uri(dialled, "example.org") == "sip:100@example.org"
        return
    with pytest.raises(UsageError, match="destination"):
        uri(dialled, "example.org")


@given(st.one_of(st.text(max_size=40), st.from_regex(r"(sips?:)?[^@]{0,10}@[^@]{0,20}", fullmatch=True)))
def test_what_passes_can_stand_in_a_request_line(dialled: str) -> None:
    try:
        found = uri(dialled, "example.org")
    except UsageError:
        return
    assert re.fullmatch(r"sips?:[!-~]+@[!-~]+", found)
    assert not set(found) & set('<>"?\\^`{|}')
    assert check_target(found, "example.org") == found


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("sip:bob@SIP.test", "sip.test"),
        ("sip:bob@sip.test:5061;transport=ws?x=y", "sip.test"),
        ("sips:sip.test", "sip.test"),
        ("sip:bob:pw@[2001:db8::1]:5060", "[2001:db8::1]"),
        ("tel:+4930", ""),
    ],
)
def test_host(address: str, expected: str) -> None:
    assert host(address) == expected
