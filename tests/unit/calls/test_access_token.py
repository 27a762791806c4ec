"""What an access token says, and what is wrong with one."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.calls import access_token as tokens
from appliance.calls.access_token import AccessToken, granted_until, parse
from appliance.calls.account import Account
from appliance.calls.cause import Cause
from appliance.errors import LoginError
from tests.support.access_tokens import access_token, grants, part

NOW = datetime.now(UTC)


def test_what_it_says() -> None:
    text = access_token(app="door", per=grants(outgoing=False))
    token = parse(text)
    assert (token.issuer, token.subject, token.application) == ("MAHQ", "alice", "door")
    assert (token.incoming, token.outgoing) == (True, False)
    assert 3500 < token.expires - NOW.timestamp() < 3700
    assert token.user(NOW) == "alice_MAHQ"
    assert text not in repr(token)
    account = Account.of_token(token, NOW)
    assert (account.may_call, account.may_be_called) == (False, True)
    assert account.headers("X-Token") == (("X-Token", text),)
    assert text not in repr(account)


def test_without_a_subject_the_moment_of_the_login_makes_the_user() -> None:
    token = parse(access_token(sub=None))
    assert token.user(datetime(2026, 1, 1, tzinfo=UTC)) == "puser1767225600000jt_MAHQ"
    assert (token.incoming, token.outgoing) == (None, None)
    account = Account.of_token(token, NOW)
    assert account.may_call
    assert account.may_be_called


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (None, Cause.INVALID_ACCESS_TOKEN),
        ("", Cause.INVALID_ACCESS_TOKEN),
        ("a.b", Cause.INVALID_ACCESS_TOKEN),
        ("a.b.c d", Cause.INVALID_ACCESS_TOKEN),
        (access_token() + "\r\nX-Smuggled: 1", Cause.INVALID_ACCESS_TOKEN),
        (access_token(pad="x" * tokens.MAX_LENGTH), Cause.INVALID_ACCESS_TOKEN),
        (access_token(header=["HS256"]), Cause.INVALID_ACCESS_TOKEN_HEADER),
        (access_token(header={"typ": "JWT"}), Cause.INVALID_ACCESS_TOKEN_HEADER),
        (access_token(header=b"\xff\xfe"), Cause.INVALID_ACCESS_TOKEN_HEADER),
        (f"{part({'alg': 'HS256'})}.{part([1])}.c", Cause.INVALID_ACCESS_TOKEN),
        (f"{part({'alg': 'HS256'})}.{part(b'[' * 5000)}.c", Cause.INVALID_ACCESS_TOKEN),
        (access_token(iss=None), Cause.INVALID_ACCESS_TOKEN_ISSUER),
        (access_token(iss=7), Cause.INVALID_ACCESS_TOKEN_ISSUER),
        (access_token(iss="a@b"), Cause.INVALID_ACCESS_TOKEN_ISSUER),
        (access_token(sub=7), Cause.INVALID_ACCESS_TOKEN_SUBJECT),
        (access_token(sub="alice>;tag=1"), Cause.INVALID_ACCESS_TOKEN_SUBJECT),
        (access_token(app=7), Cause.INVALID_ACCESS_TOKEN),
        (access_token(nbf=None), Cause.INVALID_ACCESS_TOKEN),
        (access_token(exp="tomorrow"), Cause.INVALID_ACCESS_TOKEN),
        (access_token(exp=True), Cause.INVALID_ACCESS_TOKEN),
        (access_token(exp=float("nan")), Cause.INVALID_ACCESS_TOKEN),
        (access_token(exp=1e300), Cause.INVALID_ACCESS_TOKEN),
        (access_token(lasts=-20.0), Cause.INVALID_ACCESS_TOKEN),
        (access_token(per=7), Cause.INVALID_ACCESS_TOKEN_GRANTS),
        (access_token(per={"voice": []}), Cause.INVALID_ACCESS_TOKEN_GRANTS),
        (access_token(per=grants(outgoing="yes")), Cause.INVALID_ACCESS_TOKEN_GRANTS),
    ],
)
def test_what_is_wrong_with_it(text: object, cause: Cause) -> None:
    with pytest.raises(LoginError) as refused:
        parse(text)
    assert refused.value.cause == cause
    if text:
        assert str(text) not in str(refused.value)


def test_a_long_one_is_none_too_long() -> None:
    assert len(parse(access_token(pad="x" * 3000)).text) > 4000


@pytest.mark.parametrize(
    ("moment", "cause"),
    [
        (timedelta(), None),
        (timedelta(seconds=-65), None),
        (timedelta(seconds=-75), Cause.WRONG_CLOCK),
        (timedelta(days=-4000), Cause.WRONG_CLOCK),
        (timedelta(seconds=3655), None),
        (timedelta(seconds=3665), Cause.ACCESS_TOKEN_EXPIRED),
    ],
)
def test_its_time(moment: timedelta, cause: Cause | None) -> None:
    token = parse(access_token())
    found = None
    try:
        token.check_time(datetime.now(UTC) + moment)
    except LoginError as error:
        found = error.cause
    assert found == cause


@pytest.mark.parametrize(
    ("value", "until"),
    [
        ("exp=1767225600;x=1", 1767225600.0),
        ("exp=1767225600", 1767225600.0),
        ("x", None),
        ("", None),
        (None, None),
        ("exp=12", None),
    ],
)
def test_how_long_the_registrar_says_it_holds(value: str | None, until: float | None) -> None:
    assert granted_until(value) == until


PARTS = st.lists(st.binary(), min_size=3, max_size=3).map(lambda parts: ".".join(map(part, parts)))


@pytest.mark.fuzz
@given(st.one_of(st.text(), PARTS))
def test_nothing_else_is_raised(text: str) -> None:
    with contextlib.suppress(LoginError):
        assert isinstance(parse(text), AccessToken)
