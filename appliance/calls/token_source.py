"""[I/O] Where access tokens come from: one that was given, or a generator that makes another before each expires."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from appliance.calls import access_token
from appliance.calls.access_token import AccessToken, refused
from appliance.calls.cause import Cause
from appliance.clock import Clock
from appliance.errors import LoginError, UsageError
from appliance.tasks import Backoff, TaskSet

log = logging.getLogger(__name__)

TokenGenerator = Callable[[], Awaitable[str | None]]
"""Makes an access token; None, or any exception, when it can't."""

_EARLY: Final = 60.0
"""Seconds before its end at which a token is renewed; one that lasts less than two minutes at half of its time."""

_LOOK: Final = 0.5
"""Seconds between two looks at a clock that has to be set."""

_LONGEST_SLEEP: Final = 30.0
"""Seconds after which the time of day is looked at again: it may have been set meanwhile."""


class TokenSource:
    """Hands out tokens that are valid now. Raises `UsageError` for what is neither a token nor a generator."""

    def __init__(self, source: str | TokenGenerator, clock: Clock) -> None:
        if not isinstance(source, str) and not callable(source):
            raise UsageError(f"a token is text, a generator an async function; this is {type(source).__name__}")
        self._source = source
        self._clock = clock

    @property
    def renews(self) -> bool:
        """There is a generator."""
        return not isinstance(self._source, str)

    async def token(self, patience: float) -> AccessToken:
        """A token that is valid now. While this unit's clock says "not yet", it waits for the clock to be set.

        Args:
            patience: seconds for all of it.

        Raises:
            LoginError: there is none, or it is of no use; `cause` says why.
        """
        trouble = refused(Cause.INVALID_ACCESS_TOKEN, f"the generator made none within {patience:g} s")
        try:
            async with asyncio.timeout(patience):
                while True:
                    token = access_token.parse(await self._next())
                    try:
                        token.check_time(self._clock.wall())
                    except LoginError as error:
                        if error.cause != Cause.WRONG_CLOCK:
                            raise
                        trouble = error
                    else:
                        return token
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            raise trouble from None

    async def _next(self) -> str | None:
        if isinstance(self._source, str):
            return self._source
        try:
            return await self._source()
        except Exception as error:
            # It is the application's: whatever it raises means that there is no token.
            log.warning("the token generator failed", exc_info=error)
            raise refused(Cause.INVALID_ACCESS_TOKEN, f"the generator raised {type(error).__name__}") from None


class TokenRenewal:
    """Asks for the next token before the present one ends, again and again, until it is closed.

    `renewed` hears each one, `failed` the first failure of each time; then it is asked again until it succeeds.
    """

    def __init__(
        self,
        source: TokenSource,
        clock: Clock,
        *,
        patience: float,
        renewed: Callable[[AccessToken], None],
        failed: Callable[[LoginError], None],
    ) -> None:
        self._source = source
        self._clock = clock
        self._patience = patience
        self._renewed = renewed
        self._failed = failed
        self._tasks = TaskSet("token")
        self._task: asyncio.Task[None] | None = None
        self._expires: float | None = None
        self._hurried = False

    def follow(self, expires: float) -> None:
        """The present token ends at `expires` (seconds since 1970)."""
        if expires != self._expires:
            self._expires = expires
            self._restart(hurry=False)

    def hurry(self) -> bool:
        """The registrar refuses the present token: ask for another at once. False if that was done and helped not."""
        if self._hurried:
            return False
        self._hurried = True
        self._restart(hurry=True)
        return True

    def accepted(self) -> None:
        """The registrar accepts the present token."""
        self._hurried = False

    async def close(self) -> None:
        """Ask no more."""
        await self._tasks.close()

    def _restart(self, *, hurry: bool) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self._tasks.start("renewal", self._run(hurry=hurry))

    async def _run(self, *, hurry: bool) -> None:
        if not hurry:
            await self._due()
        backoff = Backoff(first=5.0, cap=60.0, floor=1.0)
        told = False
        while True:
            try:
                token = await self._source.token(self._patience)
            except LoginError as error:
                log.warning("the access token could not be renewed: %s", error)
                if not told:
                    told = True
                    self._failed(error)
                await asyncio.sleep(backoff.next())
            else:
                # What follows may begin this anew: it is the last thing done here.
                self._task = None
                self._renewed(token)
                return

    async def _due(self) -> None:
        assert self._expires is not None
        remaining = self._remaining()
        margin = min(_EARLY, remaining / 2)
        while (wait := self._remaining() - margin) > 0.0:  # noqa: ASYNC110 -- nobody tells that a clock was set
            await asyncio.sleep(min(wait, _LONGEST_SLEEP))

    def _remaining(self) -> float:
        return (self._expires or 0.0) - self._clock.wall().timestamp()
