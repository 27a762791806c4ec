"""What the owner hands over cannot smuggle anything into a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import UsageError
from appliance.sip.commands import check_headers, check_target
from appliance.sip.core import Core
from appliance.sip.endpoint import CoreSettings
from appliance.sip.events import Reason
from tests.unit.sip.bench import OFFER, Bench, tokens


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "b\r\nRoute: <sip:evil>"),
        ("X-A", "b\n c"),
        ("X-A", "b\x00"),
        ("X A", "b"),
        ("X-A:", "b"),
        ("", "b"),
        ("X-Ä", "b"),
        ("X-A", "\ud800"),
        ("Via", "b"),
        ("v", "b"),
        ("L", "0"),
        ("call-id", "b"),
        ("Content-Length", "0"),
        ("Proxy-Authorization", "b"),
    ],
)
def test_headers_that_are_refused(name: str, value: str) -> None:
    bench = Bench()
    with pytest.raises(UsageError):
        bench.core.invite("bob", OFFER, headers=((name, value),), now=bench.now)
    assert bench.sent() == []
    assert bench.core.is_idle


@given(st.text(max_size=12), st.text(max_size=30))
def test_an_accepted_header_is_one_line_of_the_message(name: str, value: str) -> None:
    try:
        check_headers(((name, value),))
    except UsageError:
        return
    bench = Bench()
    bench.core.invite("bob", OFFER, headers=((name, value),), now=bench.now)
    plain = Bench()
    plain.core.invite("bob", OFFER, now=plain.now)
    (request,), (without,) = bench.sent(), plain.sent()
    assert len(request.headers) == len(without.headers) + 1
    assert request.body == OFFER


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        ("100", "sip:100@sip.test"),
        ("+4930123", "sip:+4930123@sip.test"),
        ("bob", "sip:bob@sip.test"),
        ("sip:bob@other.test;transport=ws", "sip:bob@other.test;transport=ws"),
        ("sips:bob@other.test", "sips:bob@other.test"),
        ("tel:+4930123", "tel:+4930123"),
    ],
)
def test_targets(target: str, uri: str) -> None:
    assert check_target(target, "sip.test") == uri


@pytest.mark.parametrize(
    "target", ["", "a b", "sip:", "http://a", "sip:a@b\r\nX: y", "sip:a@b>", "<sip:a@b>", "sip:a@b\n"]
)
def test_targets_that_are_refused(target: str) -> None:
    with pytest.raises(UsageError):
        check_target(target, "sip.test")


def test_other_texts() -> None:
    bench = Bench()
    invite, _ = bench.called()
    with pytest.raises(UsageError):
        bench.core.cancel(invite, cause=Reason(protocol="SIP", code=1, text="a\r\nb"), now=bench.now)
    with pytest.raises(UsageError):
        bench.core.request("INFO", invite, content_type="a/b\r\nX: y", body=b"x", now=bench.now)
    with pytest.raises(UsageError):
        bench.core.request("INFO", invite, body=b"x", now=bench.now)
    for method in ("BYE", "INVITE", "info", "X Y"):
        with pytest.raises(UsageError):
            bench.core.request(method, "bob", now=bench.now)
    with pytest.raises(UsageError):
        bench.core.register("", "x", now=bench.now)
    with pytest.raises(UsageError):
        bench.core.register("a\r\n", "x", now=bench.now)
    for settings in (CoreSettings(domain="", user="a"), CoreSettings(domain="d", user="a", display_name="\n")):
        with pytest.raises(UsageError):
            Core(settings, token=tokens("x"))
