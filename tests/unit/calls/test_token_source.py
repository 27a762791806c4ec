"""Tokens that are renewed before they end, by the real clock: they last seconds here."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from appliance.calls.access_token import AccessToken
from appliance.calls.cause import Cause
from appliance.calls.token_source import TokenRenewal, TokenSource
from appliance.clock import SystemClock
from appliance.errors import LoginError, UsageError
from tests.support.access_tokens import access_token

CLOCK = SystemClock()


def source(*tokens: str | Exception | None) -> tuple[TokenSource, Callable[[], int]]:
    """A generator that makes these, the last one for ever; and how often it was asked."""
    asked = 0

    async def generate() -> str | None:
        nonlocal asked
        token = tokens[min(asked, len(tokens) - 1)]
        asked += 1
        if isinstance(token, Exception):
            raise token
        return token

    return TokenSource(generate, CLOCK), lambda: asked


async def why(awaitable: Awaitable[object]) -> str:
    with pytest.raises(LoginError) as refused:
        await awaitable
    return refused.value.cause


async def test_a_given_token_and_a_generated_one() -> None:
    text = access_token()
    given = TokenSource(text, CLOCK)
    assert (await given.token(1.0)).text == text
    assert not given.renews
    generated, asked = source(text)
    assert (await generated.token(1.0)).text == text
    assert (generated.renews, asked()) == (True, 1)


@pytest.mark.parametrize("nothing", [None, "", RuntimeError("no"), LookupError()])
async def test_a_generator_that_makes_none(nothing: str | Exception | None) -> None:
    assert await why(source(nothing)[0].token(1.0)) == Cause.INVALID_ACCESS_TOKEN


async def test_a_generator_that_does_not_come_back() -> None:
    async def generate() -> str:
        await asyncio.sleep(3600)
        return access_token()

    assert await why(TokenSource(generate, CLOCK).token(0.1)) == Cause.INVALID_ACCESS_TOKEN


@pytest.mark.parametrize("wrong", [None, 7, b"token"])
def test_what_is_no_source(wrong: object) -> None:
    make: Callable[..., TokenSource] = TokenSource
    with pytest.raises(UsageError):
        make(wrong, CLOCK)


class SetClock(SystemClock):
    """A clock that is behind until it is set."""

    behind = timedelta(days=9000)

    def wall(self) -> datetime:
        return super().wall() - self.behind


async def test_it_waits_for_the_clock_to_be_set() -> None:
    clock = SetClock()
    waiting = TokenSource(access_token(), clock)
    assert await why(waiting.token(0.2)) == Cause.WRONG_CLOCK
    token = asyncio.create_task(waiting.token(60.0))
    await asyncio.sleep(0.1)
    assert not token.done()
    clock.behind = timedelta()
    assert (await token).subject == "alice"


class Renewed:
    """A renewal, and what it told."""

    def __init__(self, *tokens: str | Exception | None, patience: float = 1.0) -> None:
        self.told: list[AccessToken | str] = []
        self.news = asyncio.Event()
        self.source, self.asked = source(*tokens)
        self.renewal = TokenRenewal(
            self.source, CLOCK, patience=patience, renewed=self._renewed, failed=lambda error: self._tell(error.cause)
        )

    def _renewed(self, token: AccessToken) -> None:
        self.renewal.follow(token.expires)
        self._tell(token)

    def _tell(self, what: AccessToken | str) -> None:
        self.told.append(what)
        self.news.set()

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(30.0):
            while len(self.told) < count:
                self.news.clear()
                await self.news.wait()


async def test_every_token_is_renewed_before_it_ends() -> None:
    renewed = Renewed(*(access_token(lasts=seconds) for seconds in (1.5, 2.5, 3600.0)))
    renewed.renewal.follow(time.time() + 0.4)
    await renewed.wait(3)
    assert [token.expires for token in renewed.told if isinstance(token, AccessToken)] == sorted(
        token.expires for token in renewed.told if isinstance(token, AccessToken)
    )
    await asyncio.sleep(0.2)
    assert renewed.asked() == 3, "the last one holds for an hour"
    await renewed.renewal.close()


async def test_a_failure_is_told_once_and_tried_again() -> None:
    renewed = Renewed(None, access_token())
    renewed.renewal.follow(time.time())
    await renewed.wait(2)
    await renewed.renewal.close()
    assert renewed.told[0] == Cause.INVALID_ACCESS_TOKEN
    assert isinstance(renewed.told[1], AccessToken)
    assert renewed.asked() == 2


async def test_hurried_once_until_accepted() -> None:
    renewed = Renewed(access_token())
    renewed.renewal.follow(time.time() + 3600)
    assert renewed.renewal.hurry()
    await renewed.wait(1)
    assert not renewed.renewal.hurry()
    renewed.renewal.accepted()
    assert renewed.renewal.hurry()
    await renewed.wait(2)
    await renewed.renewal.close()


async def test_closed_it_asks_no_more() -> None:
    renewed = Renewed(access_token())
    renewed.renewal.follow(time.time() + 0.4)
    await renewed.renewal.close()
    await asyncio.sleep(0.6)
    assert (renewed.asked(), renewed.told) == (0, [])
