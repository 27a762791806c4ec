"""[I/O] The line: the connection to the registrar and the registration on it, in the call API's words."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from appliance.calls.access_token import AccessToken, granted_until, refused
from appliance.calls.account import Account
from appliance.calls.cause import Cause, login_failure, token_failure
from appliance.calls.events import ClientEvent, LoginFailed, WebSocketConnected
from appliance.calls.headers import first
from appliance.calls.line_state import EXPIRED, LOST, REQUESTED, LineState
from appliance.calls.settings import ClientSettings
from appliance.calls.token_source import TokenRenewal, TokenSource
from appliance.clock import Clock
from appliance.errors import ApplianceError, LoginError, StateError, TransportError
from appliance.sip import events as sip
from appliance.sip.events import HeaderPairs
from appliance.sip.settings import UserAgentSettings
from appliance.sip.user_agent import UserAgent
from appliance.version import PRODUCT

log = logging.getLogger(__name__)

SIGNALLING: Final = 24
"""The mark of SIP messages, class selector 3 (RFC 2474 §4.2.2), where media is marked too."""

_ABOUT_WHO_ASKS: Final = (401, 403, 404, 407)


class Line:
    """One account: logged in or not, registered or not.

    `tell` hears what the call API tells of it, `heard` everything that the user agent says of anything else.
    """

    def __init__(
        self,
        settings: ClientSettings,
        clock: Clock,
        tell: Callable[[ClientEvent], None],
        heard: Callable[[sip.Event], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self._heard = heard
        self._agent: UserAgent | None = None
        self._account: Account | None = None
        self._extra: HeaderPairs = ()
        self._renewal: TokenRenewal | None = None
        self._token_expires: float | None = None
        self._logins = 0
        self._logged_in = False
        self._state = LineState(tell)
        self.contact = ""
        """Where this unit alone is reached, as the registrar has it; "" before the first registration."""
        self._state.identifier = settings.identifier
        self._dropping = False
        self._trouble, self._trouble_cause = "", Cause.CONNECTION_ERROR
        self._waiting: asyncio.Future[None] | None = None
        self._removing: asyncio.Future[None] | None = None

    @property
    def agent(self) -> UserAgent:
        """The user agent. Raises `StateError` when logged out."""
        if self._agent is None:
            raise StateError("not logged in")
        return self._agent

    @property
    def user(self) -> str:
        """Who is logged in, "" for nobody."""
        return self._account.user if self._agent is not None and self._account is not None else ""

    @property
    def account(self) -> Account:
        """The login. Raises `StateError` when logged out."""
        if self._agent is None or self._account is None:
            raise StateError("not logged in")
        return self._account

    @property
    def token_headers(self) -> HeaderPairs:
        """What an INVITE has to carry."""
        return self.account.headers(self._settings.token_header)

    def secrets(self) -> Iterator[str]:
        """What nobody may see of the account."""
        if self._account is not None:
            yield self._account.password
            if self._account.token is not None:
                yield self._account.token.text

    @property
    def identifier(self) -> str:
        """Which unit of the user this is, "" if nobody said."""
        return self._state.identifier

    def identify(self, identifier: str) -> None:
        """This unit is called so from now on: in the User-Agent header of our requests, and in events."""
        self._state.identifier = identifier
        if self._agent is not None:
            self._agent.identify(self._user_agent)

    @property
    def _user_agent(self) -> str:
        return f"{PRODUCT} ({self.identifier})" if self.identifier else PRODUCT

    @property
    def token_expires(self) -> float | None:
        """When the access token ends, as the registrar said or it says itself, seconds since 1970."""
        return self._token_expires

    @property
    def started(self) -> bool:
        """There is a user agent, connected or not."""
        return self._agent is not None

    @property
    def connected(self) -> bool:
        """The WebSocket is open."""
        return self._agent is not None and self._agent.connected

    @property
    def reachable(self) -> bool:
        """The WebSocket is open, and the registrar has our binding if it is to."""
        return self._agent is not None and self._agent.reachable

    @property
    def registered(self) -> bool:
        """The registrar has our binding."""
        return self._state.registered

    @property
    def logged_in(self) -> bool:
        """`login` has succeeded, and no `logout` since; a lost connection does not change it."""
        return self._logged_in

    async def login_with_token(self, source: TokenSource) -> None:
        """`login` with an access token, which is renewed if the source can do that. Raises as `login`."""
        self._logins += 1
        login = self._logins
        try:
            token = await source.token(self._settings.login_timeout)
        except LoginError as error:
            self._tell(LoginFailed(cause=error.cause, status=0, reason=str(error)))
            raise
        if login != self._logins:
            raise TransportError("logged out meanwhile")
        account = Account.of_token(token, self._clock.wall())
        if self._logged_in and self.user == account.user:
            self._renewed(token)
            return
        await self.login(account, source)

    async def login(self, account: Account, source: TokenSource | None = None) -> None:
        """Connect and, with `auto_register`, register. Raises `LoginError`, `TransportError`; nothing is left then."""
        if self._agent is not None:
            if self._logged_in and self._account == account:
                return
            raise StateError(f"already logged in, or logging in, as {self.user}: log out first")
        settings = self._settings
        self._account, self._extra = account, ()
        self._agent = UserAgent(
            UserAgentSettings(
                registrars=settings.registrar_urls,
                domain=settings.sip_domain,
                user=account.user,
                display_name=settings.display_name,
                instance_id=settings.instance_id,
                register_expires=settings.register_expires,
                session_expires=settings.session_expires,
                ca_file=settings.ca_file,
                user_agent=self._user_agent,
                liveness=settings.liveness,
                failback=settings.failback,
                connect_timeout=settings.connect_timeout,
                dscp=SIGNALLING if settings.media.dscp else 0,
            ),
            clock=self._clock,
        )
        self._agent.events.subscribe(self._happened)
        if account.token is not None:
            self._follow_token(account.token, source)
        try:
            await self._agent.start()
            if settings.auto_register:
                await self._register(())
            else:
                self._agent.authenticate(account.user, account.password)
                await self._settled()
        except BaseException:
            await self._drop()
            raise
        self._logged_in = True

    def _follow_token(self, token: AccessToken, source: TokenSource | None) -> None:
        self._token_expires = token.expires
        if source is None or not source.renews:
            return
        self._renewal = TokenRenewal(
            source,
            self._clock,
            patience=self._settings.login_timeout,
            renewed=self._renewed,
            failed=self._renewal_failed,
        )
        self._renewal.follow(token.expires)

    def _renewed(self, token: AccessToken) -> None:
        """Another token of the same user: from now on it is shown, and at once to the registrar. Calls go on."""
        former = self.account.token
        if former is None or (token.subject, token.issuer) != (former.subject, former.issuer):
            self._renewal_failed(refused(Cause.INVALID_ACCESS_TOKEN_SUBJECT, "the token is somebody else's"))
            return
        self._account = replace(self.account, token=token)
        self._token_expires = token.expires
        if self._renewal is not None:
            self._renewal.follow(token.expires)
        if self._state.registered or self._settings.auto_register:
            self._send_register()

    def _renewal_failed(self, error: LoginError) -> None:
        self._tell(LoginFailed(cause=Cause.RELOGIN_FAILED_INVALID_TOKEN, status=0, reason=str(error)))

    async def register(self, extra: HeaderPairs) -> None:
        """Register on the open connection. Raises `LoginError`, `TransportError`, `StateError`."""
        if not self._logged_in:
            raise StateError("not logged in")
        if not self._state.registered:
            await self._register(extra)

    async def unregister(self) -> None:
        """Remove our binding and stay connected; waits for the registrar, but not for long."""
        if not self._state.registered:
            raise StateError("not registered")
        await self._unregister()

    async def logout(self) -> None:
        """Unregister and disconnect. Never raises."""
        self._logins += 1
        if self._agent is None:
            return
        self._logged_in = False
        if self._state.registered:
            await self._unregister()
        await self._drop()

    async def disconnect(self) -> None:
        """Close the connection and stay away."""
        self._logged_in = False
        await self._drop()

    async def _register(self, extra: HeaderPairs) -> None:
        self._state.reason = REQUESTED
        self._extra = extra
        self._send_register()
        await self._settled()

    def _send_register(self) -> None:
        account = self.account
        self.agent.register(account.user, account.password, headers=(*self._extra, *self.token_headers))

    async def _settled(self) -> None:
        """Wait for the registrar's answer (or, without registration, the open connection)."""
        if self._waiting is not None:
            raise StateError("a login is under way")
        self._trouble, self._trouble_cause = "", Cause.CONNECTION_ERROR
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._settings.login_timeout):
                await self._waiting
        except TimeoutError:
            trouble = self._trouble or "no answer"
            self._tell(LoginFailed(cause=self._trouble_cause, status=0, reason=trouble))
            raise TransportError(f"{', '.join(self._settings.registrar_urls)}: {trouble}") from None
        finally:
            self._waiting = None

    async def _unregister(self) -> None:
        self._removing = asyncio.get_running_loop().create_future()
        self.agent.unregister()
        try:
            async with asyncio.timeout(self._settings.close_timeout):
                await self._removing
        except TimeoutError:
            log.info("the registrar did not answer the un-REGISTER")
        finally:
            self._removing = None
        self._state.lost(REQUESTED)

    async def _drop(self) -> None:
        """End the user agent, and tell what is lost with it."""
        agent = self._agent
        if agent is None:
            return
        self._dropping = True
        renewal, self._renewal = self._renewal, None
        self._token_expires = None
        if renewal is not None:
            await renewal.close()
        self._settle(TransportError("logged out meanwhile"))
        try:
            await agent.close(deadline=self._settings.close_timeout)
        finally:
            self._dropping = False
            self._agent = None
        self._state.lost(REQUESTED)
        self._state.disconnected(REQUESTED, None)

    def _happened(self, event: sip.Event) -> None:
        match event:
            case sip.Connected(url=url):
                self._tell(WebSocketConnected(url=url))
                if not self._settings.auto_register and not self._state.registered:
                    self._state.connected("connected")
                    self._settle(None)
            case sip.Disconnected():
                self._trouble = event.reason
                self._trouble_cause = Cause.WRONG_CLOCK if event.wrong_clock else Cause.CONNECTION_ERROR
                self._state.disconnected(REQUESTED if self._dropping else event.reason, event.code)
                self._state.lost(REQUESTED if self._dropping else LOST)
            case sip.Registered():
                self.contact = event.contact
                self._token_accepted(event)
                self._settle(None)
                self._state.gained(event.aor)
            case sip.RegistrationFailed():
                self._refused(event)
            case sip.Unregistered():
                if self._removing is not None and not self._removing.done():
                    self._removing.set_result(None)
                elif not event.requested:
                    self._state.lost(EXPIRED if self.connected else LOST)
        self._heard(event)

    def _refused(self, event: sip.RegistrationFailed) -> None:
        if event.elsewhere:
            log.info("the next registrar is tried: %d %s", event.status, event.reason)
            return
        code = first(event.headers, f"{self._settings.token_header}-Error-Code")
        cause = token_failure(code) or login_failure(event.status)
        about_token = self.account.token is not None and event.status in _ABOUT_WHO_ASKS
        if self._waiting is None and self._renewal is not None and about_token:
            if self._renewal.hurry():
                log.info("the registrar refuses the access token (%s): asking for another", cause)
                return
            cause = Cause.RELOGIN_FAILED_INVALID_TOKEN
        elif self._waiting is None and self.agent.registered and event.status not in _ABOUT_WHO_ASKS:
            # The binding lives, and the user agent goes on trying: nobody has lost anything yet.
            log.info("the registration could not be refreshed: %d %s", event.status, event.reason)
            return
        self._tell(LoginFailed(cause=cause, status=event.status, reason=event.reason))
        self._settle(LoginError(f"{cause}: {event.status} {event.reason}", status=event.status, cause=cause))

    def _token_accepted(self, event: sip.Registered) -> None:
        token = self.account.token
        if token is None:
            return
        until = granted_until(first(event.headers, self._settings.token_header))
        self._token_expires = until or token.expires
        if self._renewal is not None:
            self._renewal.accepted()
            self._renewal.follow(self._token_expires)

    def _settle(self, error: ApplianceError | None) -> None:
        if self._waiting is None or self._waiting.done():
            return
        if error is None:
            self._waiting.set_result(None)
        else:
            self._waiting.set_exception(error)
