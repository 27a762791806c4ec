"""[I/O] The user agent: `core.Core` on a WebSocket, a clock and an event loop, connected again whenever it is lost."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from appliance.clock import Clock, SystemClock
from appliance.errors import ClockError, StateError, TransportError, UsageError
from appliance.events import Emitter
from appliance.sip import wire_log
from appliance.sip.connector import Connector
from appliance.sip.core import Core
from appliance.sip.dialog_snapshot import DialogSnapshot
from appliance.sip.endpoint import CoreSettings
from appliance.sip.events import (
    Event,
    HeaderPairs,
    InviteId,
    OfferId,
    PeerRequestId,
    Reason,
    RegistrationFailed,
    RequestId,
)
from appliance.sip.failover import Failover
from appliance.sip.settings import UserAgentSettings
from appliance.sip.subscription_commands import SubscriptionCommands
from appliance.sip.transport import Connection, check_url, connect
from appliance.tasks import TaskSet
from appliance.units import Seconds

log = logging.getLogger(__name__)


class UserAgent:
    """Registers, calls and is called. What happens is told by `events`, on the loop that called `start()`.

    Commands take effect at once. Their events, and all others, come later, from the loop. A command about an INVITE
    that has ended meanwhile does nothing. Not thread-safe.
    """

    def __init__(self, settings: UserAgentSettings, *, clock: Clock | None = None) -> None:
        if not settings.registrars:
            raise UsageError("registrars: at least one URL is needed")
        for url in settings.registrars:
            check_url(url)
        self.events: Emitter[Event] = Emitter()
        self._settings = settings
        self._clock = clock or SystemClock()
        self._core = Core(
            CoreSettings(
                domain=settings.domain,
                user=settings.user,
                display_name=settings.display_name,
                instance_id=settings.instance_id,
                register_expires=settings.register_expires,
                session_expires=settings.session_expires,
                session_least=settings.session_least,
                user_agent=settings.user_agent,
            ),
            token=secrets.token_hex,
            liveness=settings.liveness,
        )
        self._connector = Connector(
            self._connect, Failover(settings.registrars, settings.failback), self._clock, self._unreachable
        )
        self.subscriptions = SubscriptionCommands(self._core.subscriptions, self._command)
        self._tasks = TaskSet("sip")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: Connection | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._delivery: asyncio.Handle | None = None
        self._idle = asyncio.Event()
        self._closed = False

    @property
    def connected(self) -> bool:
        """Whether the WebSocket is open."""
        return self._core.is_connected

    @property
    def registered(self) -> bool:
        """Whether the registrar has our binding."""
        return self._core.is_registered

    @property
    def reachable(self) -> bool:
        """Whether requests go out and find us: connected, and registered unless nobody asked for that."""
        return self._core.is_reachable

    async def start(self) -> None:
        """Begin connecting, for as long as it takes; returns at once. What comes of it is told by `events`."""
        if self._loop is not None:
            raise StateError("the user agent has been started already")
        self._loop = asyncio.get_running_loop()
        self._tasks.start("connection", self._stay_connected())
        self._pump()

    async def close(self, *, deadline: float = 2.0) -> None:
        """End what lives (BYE, CANCEL, un-REGISTER), wait for the answers, close. Idempotent; never raises.

        Args:
            deadline: how long to wait for the far ends, seconds.
        """
        if self._loop is None or self._closed:
            self._closed = True
            return
        self._closed = True
        self._core.close(self._clock.now())
        self._pump()
        connection = self._connection
        if connection is not None:
            try:
                async with asyncio.timeout(deadline):
                    await self._idle.wait()
                    await connection.drained()
            except TimeoutError:
                log.debug("not everything was answered within %.1f s", deadline)
        await self._tasks.close()
        if self._core.is_connected:
            self._core.disconnected("closed", self._clock.now())
        self._deliver()
        for handle in (self._timer, self._delivery):
            if handle is not None:
                handle.cancel()

    def identify(self, user_agent: str) -> None:
        """The User-Agent header of our requests, from the next one on."""
        self._core.identify(user_agent)

    def authenticate(self, username: str, password: str) -> None:
        """Credentials for challenges, without registering (a caller that is never called)."""
        self._core.authenticate(username, password)

    def register(self, username: str, password: str, *, headers: HeaderPairs = ()) -> None:
        """Register, refresh, and register again after every loss, until `unregister()`."""
        with self._command() as now:
            self._core.register(username, password, headers=headers, now=now)

    def unregister(self) -> None:
        """Remove our binding; `Unregistered(requested=True)` says that it is gone."""
        with self._command() as now:
            self._core.unregister(now=now)

    def invite(self, target: str, offer: bytes | None, *, headers: HeaderPairs = (), call_id: str = "") -> InviteId:
        """Call `target` (a SIP URI, or a number of our domain); None offers nothing and leaves that to the peer.

        Args:
            target: whom to call.
            offer: a session description.
            headers: further headers. With Replaces (RFC 3891) among them, the peer is required to know it.
            call_id: that of an INVITE that was redirected here (RFC 3261 §8.1.3.4); else a new one is made.

        Raises:
            UsageError: the target or a header can't stand in a request.
        """
        with self._command() as now:
            return self._core.invite(target, offer, headers=headers, call_id=call_id, now=now)

    def call_id(self, invite: InviteId) -> str:
        """The Call-ID; raises LookupError for an INVITE that has ended."""
        return self._core.call_id(invite)

    def provisional(
        self, invite: InviteId, status: int, *, body: bytes | None = None, headers: HeaderPairs = ()
    ) -> None:
        """Send 180, 183 … to an incoming INVITE."""
        with self._command() as now:
            self._core.provisional(invite, status, body=body, headers=headers, now=now)

    def answer(self, invite: InviteId, body: bytes, *, headers: HeaderPairs = ()) -> None:
        """Send 200, again and again until its ACK comes (RFC 3261 §13.3.1.4)."""
        with self._command() as now:
            self._core.answer(invite, body, headers=headers, now=now)

    def reject(
        self,
        invite: InviteId,
        status: int,
        *,
        reason: str = "",
        headers: HeaderPairs = (),
        contacts: tuple[str, ...] = (),
    ) -> None:
        """Send a final response of 300 to 699; `contacts` are the targets of a 3xx."""
        with self._command() as now:
            self._core.reject(invite, status, reason=reason, headers=headers, contacts=contacts, now=now)

    def cancel(self, invite: InviteId, *, cause: Reason | None = None) -> None:
        """Take our INVITE back; `Failed` tells when it is over. Waits for the first 1xx (RFC 3261 §9.1)."""
        with self._command() as now:
            self._core.cancel(invite, cause=cause, now=now)

    def bye(self, invite: InviteId, *, cause: Reason | None = None) -> None:
        """End an established call."""
        with self._command() as now:
            self._core.bye(invite, cause=cause, now=now)

    def acknowledge(self, invite: InviteId, body: bytes) -> None:
        """Send the answer in the ACK, when our INVITE had no offer."""
        with self._command() as now:
            self._core.acknowledge(invite, body, now=now)

    def reoffer(self, invite: InviteId, body: bytes, *, method: str = "INVITE") -> None:
        """Offer anew in the dialog, with re-INVITE or UPDATE."""
        with self._command() as now:
            self._core.reoffer(invite, body, method=method, now=now)

    def withdraw_offer(self, invite: InviteId) -> None:
        """Take our offer back (CANCEL) when nobody answers it; `ReofferFailed` says so at once, with 487."""
        with self._command() as now:
            self._core.withdraw_offer(invite, now=now)

    def accept_offer(self, offer_id: OfferId, body: bytes | None) -> None:
        """Answer the peer's offer (or, if it had none, send ours)."""
        with self._command() as now:
            self._core.accept_offer(offer_id, body, now=now)

    def refuse_offer(self, offer_id: OfferId, status: int = 488) -> None:
        """Refuse the peer's offer; the session goes on as it was."""
        with self._command() as now:
            self._core.refuse_offer(offer_id, status, now=now)

    def request(
        self,
        method: str,
        target: str | InviteId,
        *,
        headers: HeaderPairs = (),
        content_type: str = "",
        body: bytes = b"",
    ) -> RequestId:
        """Send INFO, MESSAGE, OPTIONS, REFER … to a URI or in the dialog of an INVITE."""
        with self._command() as now:
            return self._core.request(method, target, headers=headers, content_type=content_type, body=body, now=now)

    def respond(self, request: PeerRequestId, status: int, *, headers: HeaderPairs = ()) -> None:
        """Answer a peer's request (`RequestReceived`); nothing if it comes too late."""
        with self._command() as now:
            self._core.respond(request, status, headers=headers, now=now)

    def snapshot(self, invite: InviteId) -> DialogSnapshot | None:
        """The established dialog of an INVITE as a value; None if there is none."""
        return self._core.snapshot(invite)

    def restore(self, snapshot: DialogSnapshot) -> InviteId:
        """Take up a dialog that was established before; `reoffer()` in it tells the peer where we are now."""
        return self._core.restore(snapshot)

    def check_connection(self) -> None:
        """Ask the registrar for a sign of life now; without one soon (`liveness`) the connection is opened anew."""
        with self._command() as now:
            self._core.liveness.ask(now)

    def leave_address(self, is_gone: Callable[[str], bool]) -> None:
        """Open the connection anew, at once, if it was opened from an address of this machine that is gone."""
        if self._connection is not None and is_gone(self._connection.local_address):
            self._connection.give_up("this machine no longer has the address that the connection was opened from")

    @contextmanager
    def _command(self) -> Iterator[Seconds]:
        """Send what a command caused at once, and let its events come from the loop."""
        yield self._clock.now()
        self._flush()
        if self._loop is not None and self._delivery is None:
            self._delivery = self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """After every step of the core: send, tell, and set the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._delivery is not None:
            self._delivery.cancel()
            self._delivery = None
        self._flush()
        self._deliver()
        self._flush()
        self._watch()
        if self._core.is_idle:
            self._idle.set()
        else:
            self._idle.clear()
        deadline = self._core.deadline()
        if deadline is not None and self._loop is not None:
            self._timer = self._loop.call_later(max(0.0, deadline - self._clock.now()), self._expired)

    def _expired(self) -> None:
        self._core.timer(self._clock.now())
        self._pump()

    def _flush(self) -> None:
        waiting = self._core.to_send()
        if self._connection is not None:
            for data in waiting:
                wire_log.sent(data)
                self._connection.send(data)

    def _watch(self) -> None:
        """Ask for a sign of life when it is time to, and give up a connection that has none."""
        liveness, connection = self._core.liveness, self._connection
        if connection is None:
            return
        if liveness.take_ping():
            self._tasks.start("ping", self._ping(connection))
        if liveness.verdict:
            connection.give_up(liveness.verdict)

    def _deliver(self) -> None:
        while (event := self._core.next_event()) is not None:
            if isinstance(event, RegistrationFailed) and self._is_of_no_use(event):
                event = replace(event, elsewhere=True)
            self.events.emit(event)

    def _is_of_no_use(self, event: RegistrationFailed) -> bool:
        """Whether the registrar has troubles of its own and there is another; then it is left for that one."""
        in_trouble = event.status == 408 or event.status >= 500
        if self._closed or self._connection is None or not in_trouble or len(self._settings.registrars) == 1:
            return False
        self._connection.give_up(f"the registrar can't register us: {event.status} {event.reason}")
        return True

    async def _connect(self, url: str) -> Connection:
        settings = self._settings
        return await connect(
            url,
            ca_file=settings.ca_file,
            time_limit=settings.connect_timeout,
            user_agent=settings.user_agent,
            dscp=settings.dscp,
        )

    def _unreachable(self, url: str, error: TransportError) -> None:
        self._core.unreachable(url, str(error), wrong_clock=isinstance(error, ClockError))
        self._pump()

    async def _stay_connected(self) -> None:
        try:
            while not self._closed:
                connection = await self._connector.connect()
                began = self._clock.now()
                async with connection, TaskSet("sip/serving") as tasks:
                    tasks.start("failback", self._go_back(connection))
                    await self._serve(connection)
                await self._connector.ended(self._clock.now() - began)
        finally:
            await self._connector.close()

    async def _go_back(self, connection: Connection) -> None:
        await self._connector.reach_nearer(self._idle)
        if self._connector.has_nearer:
            await connection.leave("a nearer registrar can be reached again")

    async def _serve(self, connection: Connection) -> None:
        self._connection = connection
        self._core.connected(self._clock.now(), url=self._connector.url)
        self._pump()
        try:
            while True:
                data = await connection.receive()
                wire_log.received(data)
                self._core.receive(data, self._clock.now())
                self._pump()
        except TransportError as error:
            self._connection = None
            self._core.disconnected(str(error), self._clock.now(), code=connection.close_code)
            self._idle.set()
            self._pump()
        finally:
            self._connection = None

    async def _ping(self, connection: Connection) -> None:
        with suppress(TransportError):  # `receive` says so
            await connection.ping()
            if connection is self._connection:
                self._core.liveness.ponged(self._clock.now())
                self._pump()
