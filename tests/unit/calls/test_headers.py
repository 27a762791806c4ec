import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls import headers
from appliance.errors import UsageError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-PH-Test1", "test1"),
        ("X-PH-Call-Id", "a"),
        ("x-ph-lower", "B"),
        ("X-PH-" + "a" * 19, "1" * 120),
        ("X-PH-All", "aZ0+-_()%."),
    ],
)
def test_what_the_documents_allow_is_sent_as_it_is(name: str, value: str) -> None:
    assert headers.checked({name: value}) == ((name, value),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Subject", "x"),
        ("X-PH-", "x"),
        ("X-PH-" + "a" * 20, "x"),
        ("X-PH-Sp ace", "x"),
        ("X-PH-Ok", ""),
        ("X-PH-Ok", "x" * 121),
        ("X-PH-Ok", "a b"),
        ("X-PH-Ok", "a\r\nVia: evil"),
        ("X-PH-Ok\r\nVia", "evil"),
        ("X-PH-Ok", "a\n"),
        ("X-PH-Ok", "ü"),
    ],
)
def test_anything_else_is_refused(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(name))):
        headers.checked({name: value})


def test_every_bad_pair_is_named_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        headers.checked({"Subject": "x", "X-PH-Good": "1", "X-PH-Bad": "a b", "X-PH-bad": "c"})
    message = str(caught.value)
    assert "'Subject'" in message
    assert "'X-PH-Bad'" in message
    assert "'X-PH-bad': is there twice" in message
    assert "Good" not in message


def test_strict_is_the_narrower_rule() -> None:
    assert headers.checked({"X-PH-A1": "50%"}, strict=True)
    for name, value in (("X-PH-A-1", "x"), ("X-PH-A", "a+b"), ("X-PH-A", "x" * 49), ("x-ph-a", "x")):
        assert headers.checked({name: value})
        with pytest.raises(UsageError):
            headers.checked({name: value}, strict=True)


def test_no_headers_are_no_pairs() -> None:
    assert headers.checked(None) == ()


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=130), max_size=4))
def test_what_passes_never_breaks_a_line(extra: dict[str, str]) -> None:
    try:
        pairs = headers.checked(extra)
    except UsageError:
        return
    assert all(re.fullmatch(r"[!-~]+", name) and re.fullmatch(r"[!-~]+", value) for name, value in pairs)


def test_of_a_peers_headers_ours_are_read() -> None:
    pairs = (("Via", "x"), ("X-PH-One", "1"), ("x-ph-one", "2"), ("X-PH-Bad", "a b"), ("X-PH-Two", "2"))
    assert dict(headers.received(pairs)) == {"X-PH-One": "1", "X-PH-Two": "2"}


def test_a_peer_can_not_fill_the_memory() -> None:
    assert len(headers.received(tuple((f"X-PH-{index}", "x") for index in range(1000)))) == 32


@pytest.mark.parametrize(
    ("value", "uuid"),
    [
        ("b7a3c0de-0000-4000-8000-000000000001", "b7a3c0de-0000-4000-8000-000000000001"),
        (" 12345678 ", "12345678"),
        ("short", ""),
        ("x" * 65, ""),
        ("a/../../b", ""),
    ],
)
def test_the_far_ends_name_for_a_call(value: str, uuid: str) -> None:
    assert headers.call_uuid((("X-Calluuid", value),)) == uuid
    assert headers.call_uuid(()) == ""
