"""Logging in with access tokens, through Kamailio, whose script answers for a service that issues them."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.calls.call_info import Direction
from appliance.calls.cause import Cause
from appliance.calls.events import (
    CallAnswered,
    CallFailed,
    Login,
    LoginFailed,
    Logout,
    PermissionDenied,
)
from appliance.errors import GrantError, LoginError, StateError
from tests.flows.commands import intercom
from tests.flows.phones import Phone, connect
from tests.support.access_tokens import access_token, grants
from tests.support.kamailio import Kamailio

USERS = {"alice": "wonder", "bob": "builder"}
CODES = {
    10001: "INVALID_ACCESS_TOKEN",
    10002: "INVALID_ACCESS_TOKEN_HEADER",
    10003: "INVALID_ACCESS_TOKEN_ISSUER",
    10004: "INVALID_ACCESS_TOKEN_SUBJECT",
    10005: "ACCESS_TOKEN_NOT_VALID_YET",
    10006: "ACCESS_TOKEN_EXPIRED",
    10007: "INVALID_ACCESS_TOKEN_SIGNATURE",
    10008: "INVALID_ACCESS_TOKEN_GRANTS",
    10009: "EXPIRATION_EXCEEDS_MAX_ALLOWED_TIME",
    10010: "MAX_ALLOWED_LOGIN_REACHED",
    10099: "Unauthorised",
}


@pytest.fixture
async def kamailio() -> AsyncIterator[Kamailio]:
    async with Kamailio(USERS) as registrar:
        yield registrar


@pytest.fixture
def where(kamailio: Kamailio) -> dict[str, Any]:
    return {"registrars": kamailio.ws_url, "domain": kamailio.domain}


def shown(kamailio: Kamailio, method: str) -> list[str]:
    """The tokens that Kamailio was shown with a method, and the Expires before each."""
    lines = kamailio.log_text().splitlines()
    return [line.partition(f"TOKEN {method} ")[2] for line in lines if f"TOKEN {method} " in line]


async def shown_so_often(kamailio: Kamailio, count: int) -> None:
    """Wait for that many REGISTERs with a token."""
    await asyncio.to_thread(kamailio.wait_log, lambda _: len(shown(kamailio, "REGISTER")) >= count, seconds=20.0)


async def test_a_token_goes_with_every_register_and_invite(
    kamailio: Kamailio, where: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    token = access_token(pad="x" * 2500)
    until = round(time.time()) + 1800
    kamailio.grant_tokens(until)
    async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
        await alice.client.login_with_access_token(token)
        await bob.login()
        assert alice.all(Login)[0].aor == f"sip:alice_MAHQ@{kamailio.domain}"
        expires = alice.client.access_token_expires
        assert expires is not None
        assert expires.timestamp() == until
        call = await alice.client.call("bob")
        received = await bob.rung()
        assert token not in repr(received.info), "the registrar keeps it"
        assert await received.answer()
        assert await call.wait_answered()
        await bob.client.logout()
        await alice.client.logout()
        assert alice.client.access_token_expires is None
    assert shown(kamailio, "REGISTER") == [f"120 {token}", f"0 {token}"]
    assert shown(kamailio, "INVITE")[0].split()[-1] == token
    said = f"{caplog.text}{alice.heard}{bob.heard}"
    assert token not in said
    assert token[-40:] not in said


async def test_what_the_registrar_says_of_a_token(kamailio: Kamailio, where: dict[str, Any], tmp_path: Path) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where) as alice:
        await alice.client.login_with_access_token(access_token())
        for code, name in CODES.items():
            kamailio.refuse_tokens("INVITE", code)
            call = await alice.client.call("bob")
            assert not await call.wait_answered()
            assert alice.all(CallFailed)[-1].cause == name
        assert alice.client.is_logged_in
        await alice.client.logout()
        for code, name in CODES.items():
            kamailio.refuse_tokens("REGISTER", code)
            with pytest.raises(LoginError) as refused:
                await alice.client.login_with_access_token(access_token())
            assert (refused.value.cause, refused.value.status) == (name, 403)
            assert alice.all(LoginFailed)[-1].cause == name
            assert not alice.client.is_connecting
        assert len(alice.all(LoginFailed)) == len(alice.all(CallFailed)) == len(CODES)


async def test_a_bad_token_is_said_before_anything_is_sent(where: dict[str, Any], tmp_path: Path) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where, login_timeout=1.0) as alice:
        for token, cause in (
            ("nonsense", Cause.INVALID_ACCESS_TOKEN),
            (access_token(iss=None), Cause.INVALID_ACCESS_TOKEN_ISSUER),
            (access_token(starts=-7200.0, lasts=-3600.0), Cause.ACCESS_TOKEN_EXPIRED),
            (access_token(starts=600.0), Cause.WRONG_CLOCK),
        ):
            with pytest.raises(LoginError) as refused:
                await alice.client.login_with_access_token(token)
            assert refused.value.cause == cause
            assert alice.all(LoginFailed)[-1].cause == cause
        assert {type(event) for event in alice.heard} == {LoginFailed}


async def test_grants(where: dict[str, Any], tmp_path: Path) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
        await alice.client.login_with_access_token(access_token(per=grants(incoming=False, outgoing=False)))
        await bob.login()
        with pytest.raises(GrantError):
            await alice.client.call("bob")
        assert alice.all(PermissionDenied) == [PermissionDenied(direction=Direction.OUTGOING)]
        call = await bob.client.call("alice_MAHQ")
        assert not await call.wait_answered()
        assert (await bob.told(CallFailed)).status == 403
        assert alice.all(PermissionDenied)[1:] == [PermissionDenied(direction=Direction.INCOMING)]


class Tokens:
    """A generator of tokens that last `lasts` seconds, until it is told to fail."""

    def __init__(self, lasts: float) -> None:
        self.lasts = lasts
        self.made: list[str] = []
        self.fails = False

    async def __call__(self) -> str | None:
        if self.fails:
            return None
        self.made.append(access_token(lasts=self.lasts, jti=len(self.made)))
        return self.made[-1]


async def test_a_generator_renews_every_time_and_calls_go_on(
    kamailio: Kamailio, where: dict[str, Any], tmp_path: Path
) -> None:
    tokens = Tokens(2.0)
    async with Phone(tmp_path, "alice", 440.0, **where) as alice, Phone(tmp_path, "bob", 1000.0, **where) as bob:
        await alice.client.login_with_access_token_generator(tokens)
        await bob.login()
        call, _ = await connect(alice, bob)
        await shown_so_often(kamailio, 4)
        assert call.answered
        await alice.client.logout()
        made = len(tokens.made)
        await asyncio.sleep(2.0)
        assert len(tokens.made) == made, "logged out, nobody needs another"
    assert [line.split()[-1] for line in shown(kamailio, "REGISTER")][:4] == tokens.made[:4]
    assert len(alice.all(Login)) == len(alice.all(Logout)) == len(alice.all(CallAnswered)) == 1
    assert alice.all(LoginFailed) == []


async def test_a_generator_that_fails(kamailio: Kamailio, where: dict[str, Any], tmp_path: Path) -> None:
    tokens = Tokens(3600.0)
    async with Phone(tmp_path, "alice", 440.0, **where) as alice:
        tokens.fails = True
        with pytest.raises(LoginError) as refused:
            await alice.client.login_with_access_token_generator(tokens)
        assert refused.value.cause == "INVALID_ACCESS_TOKEN"
        tokens.fails, tokens.lasts = False, 2.0
        await alice.client.login_with_access_token_generator(tokens)
        tokens.fails = True
        failed = await alice.told(LoginFailed, count=2)
        assert failed.cause == "RELOGIN_FAILED_INVALID_TOKEN"
        assert alice.client.is_registered
        tokens.fails, tokens.lasts = False, 3600.0
        await shown_so_often(kamailio, 2)
        assert len(alice.all(LoginFailed)) == 2


async def test_a_registrar_that_refuses_the_next_token_too(
    kamailio: Kamailio, where: dict[str, Any], tmp_path: Path
) -> None:
    tokens = Tokens(2.0)
    async with Phone(tmp_path, "alice", 440.0, **where) as alice:
        await alice.client.login_with_access_token_generator(tokens)
        tokens.lasts = 3600.0
        kamailio.refuse_tokens("REGISTER", 10006)
        failed = await alice.told(LoginFailed)
        assert (failed.cause, failed.status) == ("RELOGIN_FAILED_INVALID_TOKEN", 403)
        assert len(tokens.made) == 3, "the renewed one was refused, and so was another"


async def test_the_same_users_next_token_is_taken_over(
    kamailio: Kamailio, where: dict[str, Any], tmp_path: Path
) -> None:
    async with Phone(tmp_path, "alice", 440.0, **where) as alice:
        first, second = access_token(jti=1), access_token(jti=2)
        await alice.client.login_with_access_token(first)
        await alice.client.login_with_access_token(second)
        with pytest.raises(StateError, match="alice_MAHQ"):
            await alice.client.login_with_access_token(access_token(sub="mallory"))
        await shown_so_often(kamailio, 2)
        assert shown(kamailio, "REGISTER") == [f"120 {first}", f"120 {second}"]
        assert len(alice.all(Login)) == 1


async def test_the_command_line_logs_in_with_a_token(kamailio: Kamailio, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(access_token() + "\n")
    where = ("--registrar", kamailio.ws_url, "--domain", kamailio.domain, "--access-token-file", str(file))
    result = await intercom("call", *where, "--to", "code-486", "--json")
    assert "login" in result.names
    assert any(event.get("cause") == "Busy" for event in result.events)
    assert shown(kamailio, "INVITE")[0].split()[-1] == file.read_text().strip()
    assert file.read_text().strip() not in f"{result.output}{result.errors}"
    refused = await intercom("call", *where, "--user", "alice", "--to", "1")
    assert "--access-token-file says who logs in" in refused.errors
