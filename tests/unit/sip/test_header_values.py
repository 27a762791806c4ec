"""Lists, addresses, parameters, Reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.sip.events import Reason
from appliance.sip.header_values import (
    NameAddress,
    Via,
    parse_reason,
    quote,
    render_reason,
    split_list,
    unquote,
    uri_parameters,
)


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("a, b ,c", ("a", "b", "c")),
        ('"Doe, Jane" <sip:j@a>, <sip:b@c;x="1,2">', ('"Doe, Jane" <sip:j@a>', '<sip:b@c;x="1,2">')),
        ("<sip:a@b?x=1,2>,c", ("<sip:a@b?x=1,2>", "c")),
        (r'"a\",b",c', (r'"a\",b"', "c")),
        ('"open, end', ('"open, end',)),
        ("", ()),
        (" , ,", ()),
    ],
)
def test_a_list_is_split_outside_quotes_and_brackets(value: str, items: tuple[str, ...]) -> None:
    assert split_list(value) == items


@pytest.mark.parametrize(
    ("value", "uri", "name", "tag"),
    [
        ("<sip:a@b>;tag=x", "sip:a@b", "", "x"),
        ("sip:a@b;tag=x", "sip:a@b", "", "x"),
        ('"A <b>; c" <sip:a@b;tag=uri>;tag=x', "sip:a@b;tag=uri", "A <b>; c", "x"),
        ("Jane Doe <sip:j@a>", "sip:j@a", "Jane Doe", ""),
        (r'"a \"b\" \\" <sip:a@b>', "sip:a@b", 'a "b" \\', ""),
        ("<sip:a@b", "sip:a@b", "", ""),
        ("", "", "", ""),
    ],
)
def test_an_address_keeps_its_uri_verbatim(value: str, uri: str, name: str, tag: str) -> None:
    address = NameAddress.parse(value)
    assert (address.uri, address.name, address.tag) == (uri, name, tag)


def test_parameters_of_a_contact() -> None:
    contact = NameAddress.parse('<sip:a@b>;+sip.instance="<urn:uuid:1;2>";PUB-GRUU="sip:a@b;gr=1";expires=60;x')
    assert contact.parameter("+sip.instance") == "<urn:uuid:1;2>"
    assert contact.parameter("pub-gruu") == "sip:a@b;gr=1"
    assert contact.parameter("x") == ""
    assert contact.parameter("y") is None


def test_via() -> None:
    via = Via.parse("SIP / 2.0 / WSS  Host.Invalid:80 ;rport; branch=z9hG4bK1")
    assert (via.sent_by, via.branch) == ("host.invalid:80", "z9hG4bK1")
    assert Via.parse("nonsense") == Via("", "")


def test_uri_parameters() -> None:
    assert uri_parameters("sip:a;b@c;lr;x=y?h=1;z=2") == {"lr": "", "x": "y"}
    assert uri_parameters("sip:c") == {}


def test_reason_prefers_sip() -> None:
    values = ("Q.850;cause=16", 'SIP;cause=200;text="Call completed elsewhere"')
    assert parse_reason(values) == Reason(protocol="SIP", code=200, text="Call completed elsewhere")
    assert parse_reason(("Q.850;cause=x",)) == Reason(protocol="Q.850", code=None, text="")
    assert parse_reason(()) is None


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_quoting_round_trips(text: str) -> None:
    assert unquote(quote(text)) == text
    reason = Reason(protocol="SIP", code=1, text=text)
    assert parse_reason((render_reason(reason),)) == reason


@given(st.text(alphabet='<>",;=\\ ab', max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    NameAddress.parse(text)
    Via.parse(text)
    parse_reason(split_list(text))
