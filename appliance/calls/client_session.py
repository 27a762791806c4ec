"""[I/O] The session of a client: who is logged in, with what, and where; and what this unit is and can do."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from appliance.calls import debug, headers, platform_support
from appliance.calls.account import Account
from appliance.calls.call_keeper import CallKeeper
from appliance.calls.cause import Cause, error_string
from appliance.calls.platform_support import MediaSupport
from appliance.calls.settings import ClientSettings, identifier_problems
from appliance.calls.switchboard import Switchboard
from appliance.calls.token_source import TokenGenerator, TokenSource
from appliance.clock import Clock
from appliance.errors import StateError, UsageError
from appliance.version import VERSION


class ClientSession:
    """Logging in and out, and registering by hand; part of `Client`."""

    settings: ClientSettings
    clock: Clock
    _board: Switchboard
    _keeper: CallKeeper
    _stack: AsyncExitStack | None

    @property
    def version(self) -> str:
        """The version of this package."""
        return VERSION

    @property
    def is_connected(self) -> bool:
        """The WebSocket to the registrar is open."""
        return self._board.line.connected

    @property
    def is_connecting(self) -> bool:
        """It is not, and being opened (again)."""
        return self._board.line.started and not self._board.line.connected

    @property
    def is_registered(self) -> bool:
        """The registrar has our binding: calls can come."""
        return self._board.line.registered

    @property
    def is_logged_in(self) -> bool:
        """`login` has succeeded, and no `logout` since."""
        return self._board.line.logged_in

    async def login(self, user: str, password: str) -> None:
        """Connect and register; from then on the line comes back by itself whenever it is lost.

        Calls that a former run has left in `ClientSettings.calls_folder` are taken up again: `CallRestored`.

        Raises:
            LoginError: the registrar refused; `LoginFailed` has been told.
            TransportError: it could not be reached within `login_timeout`; `LoginFailed` has been told.
        """
        self._check_open()
        await self._board.line.login(Account.of_password(user, password))
        self._keeper.take_up()

    async def login_with_access_token(self, jwt: str) -> None:
        """`login` with an access token (RFC 7519) in place of user and password: its claims say who logs in.

        The token goes with every REGISTER and INVITE, in the header `ClientSettings.token_header`. While this unit's
        clock says that it is not valid yet, `login_timeout` is spent waiting for the clock to be set. The same user's
        next token may be given while logged in.

        Raises:
            LoginError: it is of no use, or the registrar refuses it; `cause` names what is wrong with it.
            TransportError: as `login`.
        """
        self._check_open()
        await self._board.line.login_with_token(TokenSource(jwt, self.clock))
        self._keeper.take_up()

    async def login_with_access_token_generator(self, generator: TokenGenerator) -> None:
        """The same with an async function that makes tokens: it is asked again a minute before each one ends.

        Calls do not notice. When it makes none, or the registrar refuses the new one, `LoginFailed` says
        "RELOGIN_FAILED_INVALID_TOKEN", and it is asked again and again. `logout` ends that.
        """
        self._check_open()
        await self._board.line.login_with_token(TokenSource(generator, self.clock))
        self._keeper.take_up()

    @property
    def access_token_expires(self) -> datetime | None:
        """When the access token ends, as the registrar says, or else the token; None without one."""
        expires = self._board.line.token_expires
        return None if expires is None else datetime.fromtimestamp(expires, UTC)

    def _check_open(self) -> None:
        if self._stack is None:
            raise StateError("the client is not open: use `async with`")

    async def logout(self) -> None:
        """End the calls, unregister and disconnect; waits for the far ends' answers, but not for long."""
        for call in self._board.table.calls:
            if call.waiting:
                call.leg.give_up(Cause.UNAVAILABLE, 480)
            else:
                call.hang_up()
        await self._board.line.logout()
        await self._board.released()

    async def register(self, extra_headers: Mapping[str, str] | None = None) -> None:
        """Register after a `login` with `auto_register=False`, or after `unregister`."""
        await self._board.line.register(headers.checked(extra_headers, strict=self.settings.strict_headers))

    async def unregister(self) -> None:
        """Remove our binding and stay connected: no calls come any more, those that are there go on."""
        await self._board.line.unregister()

    async def disconnect(self) -> None:
        """The same as `logout`: a connection is of no use without its calls."""
        await self.logout()

    # What this unit is and can do.

    @property
    def identifier(self) -> str:
        """What tells this unit from others of the same user; "" if nobody said."""
        return self._board.line.identifier

    def set_identifier(self, identifier: str) -> None:
        """Call this unit so from now on, in the User-Agent header of its requests and in its events; "" ends that.

        Raises:
            UsageError: it is not 1 to 64 letters, digits, `.`, `_` and `-`.
        """
        if problems := identifier_problems(identifier):
            raise UsageError(problems[0])
        self._board.line.identify(identifier)

    def set_debug(self, level: str) -> None:
        """Log so much from now on: OFF, ERROR, WARN, INFO, DEBUG, or ALL, which shows SIP messages too.

        Where it goes is up to `logging`; passwords, tokens, digest responses, digits and texts never do.
        """
        debug.set_level(debug.parse(level))

    def error_string(self, code: int) -> Cause:
        """The word for a number: 10001 to 10010 are about access tokens, 300 to 699 are SIP statuses.

        Raises:
            UsageError: it is neither.
        """
        return error_string(code)

    def media_support(self) -> MediaSupport:
        """Whether calls can have sound here, and which codecs; what is missing, and how to get it."""
        return platform_support.media_support()

    def supported_platforms(self) -> tuple[str, ...]:
        """The machines this package is made for, and what is known of it on each."""
        return platform_support.PLATFORMS
