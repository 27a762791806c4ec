"""[I/O] The line: the connection to the registrar and the registration on it, in the call API's words."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from appliance.calls.cause import Cause, login_failure
from appliance.calls.events import ClientEvent, ConnectionChange, Login, LoginFailed, Logout, WebSocketConnected
from appliance.calls.settings import ClientSettings
from appliance.clock import Clock
from appliance.errors import ApplianceError, LoginError, StateError, TransportError, UsageError
from appliance.sip import events as sip
from appliance.sip.events import HeaderPairs
from appliance.sip.user_agent import UserAgent, UserAgentSettings

log = logging.getLogger(__name__)

_REQUESTED: Final = "requested"
_LOST: Final = "connection_lost"
_EXPIRED: Final = "expired"


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
        self._credentials = ("", "")
        self._logged_in = False
        self._registered = False
        self._announced = False
        """"connected" was told, and "disconnected" not since."""
        self._dropping = False
        self._reason = _REQUESTED
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
        return self._credentials[0] if self._agent is not None else ""

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
        return self._registered

    @property
    def logged_in(self) -> bool:
        """`login` has succeeded, and no `logout` since; a lost connection does not change it."""
        return self._logged_in

    async def login(self, user: str, password: str) -> None:
        """Connect and, with `auto_register`, register. Raises `LoginError`, `TransportError`; nothing is left then."""
        if not user or not password:
            raise UsageError("user and password must be given")
        if self._agent is not None:
            if self._logged_in and self._credentials == (user, password):
                return
            raise StateError(f"already logged in, or logging in, as {self.user}: log out first")
        settings = self._settings
        self._credentials = (user, password)
        self._agent = UserAgent(
            UserAgentSettings(
                registrars=settings.registrar_urls,
                domain=settings.sip_domain,
                user=user,
                display_name=settings.display_name,
                instance_id=settings.instance_id,
                register_expires=settings.register_expires,
                ca_file=settings.ca_file,
            ),
            clock=self._clock,
        )
        self._agent.events.subscribe(self._happened)
        try:
            await self._agent.start()
            if settings.auto_register:
                await self._register(())
            else:
                self._agent.authenticate(user, password)
                await self._settled()
        except BaseException:
            await self._drop()
            raise
        self._logged_in = True

    async def register(self, extra: HeaderPairs) -> None:
        """Register on the open connection. Raises `LoginError`, `TransportError`, `StateError`."""
        if not self._logged_in:
            raise StateError("not logged in")
        if not self._registered:
            await self._register(extra)

    async def unregister(self) -> None:
        """Remove our binding and stay connected; waits for the registrar, but not for long."""
        if not self._registered:
            raise StateError("not registered")
        await self._unregister()

    async def logout(self) -> None:
        """Unregister and disconnect. Never raises."""
        if self._agent is None:
            return
        self._logged_in = False
        if self._registered:
            await self._unregister()
        await self._drop()

    async def disconnect(self) -> None:
        """Close the connection and stay away."""
        self._logged_in = False
        await self._drop()

    async def _register(self, extra: HeaderPairs) -> None:
        self._reason = _REQUESTED
        self.agent.register(*self._credentials, headers=extra)
        await self._settled()

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
        self._lost(_REQUESTED)

    async def _drop(self) -> None:
        """End the user agent, and tell what is lost with it."""
        agent = self._agent
        if agent is None:
            return
        self._dropping = True
        self._settle(TransportError("logged out meanwhile"))
        try:
            await agent.close(deadline=self._settings.close_timeout)
        finally:
            self._dropping = False
            self._agent = None
        self._lost(_REQUESTED)
        self._disconnected(_REQUESTED, None)

    def _happened(self, event: sip.Event) -> None:
        match event:
            case sip.Connected(url=url):
                self._tell(WebSocketConnected(url=url))
                if not self._settings.auto_register and not self._registered:
                    self._connected("connected")
                    self._settle(None)
            case sip.Disconnected():
                self._trouble = event.reason
                self._trouble_cause = Cause.WRONG_CLOCK if event.wrong_clock else Cause.CONNECTION_ERROR
                self._disconnected(_REQUESTED if self._dropping else event.reason, event.code)
                self._lost(_REQUESTED if self._dropping else _LOST)
            case sip.Registered():
                self._settle(None)
                self._gained(event.aor)
            case sip.RegistrationFailed():
                self._refused(event)
            case sip.Unregistered():
                if self._removing is not None and not self._removing.done():
                    self._removing.set_result(None)
                elif not event.requested:
                    self._lost(_EXPIRED if self.connected else _LOST)
        self._heard(event)

    def _gained(self, aor: str) -> None:
        if self._registered:
            return
        self._registered = True
        self._connected("registered")
        self._tell(Login(aor=aor, reason=self._reason))

    def _refused(self, event: sip.RegistrationFailed) -> None:
        if event.elsewhere:
            log.info("the next registrar is tried: %d %s", event.status, event.reason)
            return
        cause = login_failure(event.status)
        if self._waiting is None and self.agent.registered and cause is not Cause.AUTHENTICATION_ERROR:
            # The binding lives, and the user agent goes on trying: nobody has lost anything yet.
            log.info("the registration could not be refreshed: %d %s", event.status, event.reason)
            return
        self._tell(LoginFailed(cause=cause, status=event.status, reason=event.reason))
        self._settle(LoginError(f"{cause}: {event.status} {event.reason}", status=event.status))

    def _lost(self, reason: str) -> None:
        if not self._registered:
            return
        self._registered = False
        self._reason = _LOST
        self._disconnected(reason, None)
        self._tell(Logout(reason=reason))

    def _connected(self, reason: str) -> None:
        if not self._announced:
            self._announced = True
            self._tell(ConnectionChange(state="connected", reason=reason))

    def _disconnected(self, reason: str, code: int | None) -> None:
        if self._announced:
            self._announced = False
            self._tell(ConnectionChange(state="disconnected", reason=reason, code=code))

    def _settle(self, error: ApplianceError | None) -> None:
        if self._waiting is None or self._waiting.done():
            return
        if error is None:
            self._waiting.set_result(None)
        else:
            self._waiting.set_exception(error)
