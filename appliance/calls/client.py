"""[I/O] The client: log in, call, be called, and hear about all of it."""

import asyncio
import contextlib
import logging
import uuid as uuids
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from appliance.calls import destination, headers, progress_tone
from appliance.calls.call import Call
from appliance.calls.cause import Cause
from appliance.calls.events import CallState, ClientEvent, Direction
from appliance.calls.facts import CallFacts
from appliance.calls.line import Line
from appliance.calls.ports import Current, OnOthers
from appliance.calls.settings import ClientSettings
from appliance.calls.stream import EventStream
from appliance.calls.table import CallTable
from appliance.calls.timers import Timers
from appliance.clock import Clock, SystemClock
from appliance.errors import DescriptionError, StateError, TransportError
from appliance.events import Emitter
from appliance.media import description_text
from appliance.media.engine import MediaEngine
from appliance.media.ports import AudioDevice
from appliance.media.tones import Tone
from appliance.sip import events as sip
from appliance.sip.events import RequestId, ResponseReceived
from appliance.sip.user_agent import UserAgent
from appliance.tasks import TaskSet
from appliance.version import VERSION

__all__ = ["Client", "ClientSettings"]

log = logging.getLogger(__name__)

_RELEASE_TIMEOUT: Final = 5.0
_HOLD_TIMEOUT: Final = 5.0
_IGNORED_LIMIT: Final = 300.0
"""Seconds after which an ignored caller who never gave up hears 480: longer than a proxy's timer C (RFC 3261 §16.6)."""


class Client:
    """A telephone line for programs: `async with Client(settings, audio=…) as client`, then `await client.login(…)`.

    Its methods belong to the loop that entered it. Events are in `calls.events`; each is told once per transition.
    What the far end or the network does is an event; exceptions are for what was asked in the wrong way or moment
    (`UsageError`, `StateError`, `UnknownCall`), and, from `login` and `register`, for a registrar that refuses
    (`LoginError`) or can't be reached (`TransportError`).
    """

    def __init__(
        self, settings: ClientSettings, *, audio: AudioDevice | None = None, clock: Clock | None = None
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.media = MediaEngine(settings.media, audio, clock=self.clock)
        self.events: Emitter[ClientEvent] = Emitter()
        self._line = Line(settings, self.clock, self.emit, self._happened)
        self._table: CallTable[Call] = CallTable()
        self._tasks = TaskSet("calls")
        self._releases: set[asyncio.Task[None]] = set()
        self._ignored = Timers()
        self._requests: dict[RequestId, asyncio.Future[ResponseReceived]] = {}
        self._streams: set[EventStream[ClientEvent]] = set()
        self._stack: AsyncExitStack | None = None
        self._mute_next = False
        self._tone: Tone | None = None

    # Its life.

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """What `async with` does on entry: start the media engine. Connects to nobody."""
        if self._stack is not None:
            raise StateError("the client is open already")
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._tasks)
            await stack.enter_async_context(self.media)
            self._stack = stack.pop_all()

    async def close(self) -> None:
        """End every call, unregister, disconnect, and leave nothing behind. Idempotent."""
        stack, self._stack = self._stack, None
        if stack is None:
            return
        async with stack:
            await self.logout()
            for stream in tuple(self._streams):
                stream.close()

    # Session.

    @property
    def version(self) -> str:
        """The version of this package."""
        return VERSION

    @property
    def is_connected(self) -> bool:
        """The WebSocket to the registrar is open."""
        return self._line.connected

    @property
    def is_connecting(self) -> bool:
        """It is not, and being opened (again)."""
        return self._line.started and not self._line.connected

    @property
    def is_registered(self) -> bool:
        """The registrar has our binding: calls can come."""
        return self._line.registered

    @property
    def is_logged_in(self) -> bool:
        """`login` has succeeded, and no `logout` since."""
        return self._line.logged_in

    async def login(self, user: str, password: str) -> None:
        """Connect and register; from then on the line comes back by itself whenever it is lost.

        Raises:
            LoginError: the registrar refused; `LoginFailed` has been told.
            TransportError: it could not be reached within `login_timeout`; `LoginFailed` has been told.
        """
        if self._stack is None:
            raise StateError("the client is not open: use `async with`")
        await self._line.login(user, password)

    async def logout(self) -> None:
        """End the calls, unregister and disconnect; waits for the far ends' answers, but not for long."""
        for call in self._table.calls:
            if call.waiting:
                call.leg.give_up(Cause.UNAVAILABLE, 480)
            else:
                call.hang_up()
        await self._line.logout()
        self._ignored.stop_all()
        if self._releases:
            await asyncio.wait(self._releases, timeout=_RELEASE_TIMEOUT)

    async def register(self, extra_headers: Mapping[str, str] | None = None) -> None:
        """Register after a `login` with `auto_register=False`, or after `unregister`."""
        await self._line.register(headers.checked(extra_headers, strict=self.settings.strict_headers))

    async def unregister(self) -> None:
        """Remove our binding and stay connected: no calls come any more, those that are there go on."""
        await self._line.unregister()

    async def disconnect(self) -> None:
        """The same as `logout`: a connection is of no use without its calls."""
        await self.logout()

    # Events.

    def subscribe(self, subscriber: Callable[[ClientEvent], object]) -> Callable[[], None]:
        """Call `subscriber` with every event from now on; returns what ends it."""
        return self.events.subscribe(subscriber)

    def stream(self) -> EventStream[ClientEvent]:
        """Every event from now on, for `async for`; it ends when the client is closed."""
        stream = EventStream(self.events)
        self._streams.add(stream)
        return stream

    # Calls.

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call that is not over."""
        return self._table.calls

    @property
    def current_call(self) -> Call | None:
        """The call in progress: made or answered by us, and not over."""
        return self._table.current

    @property
    def incoming_calls(self) -> tuple[Call, ...]:
        """Those that wait to be answered, the oldest first."""
        return self._table.incoming

    @property
    def call_uuid(self) -> str:
        """The name of the current call, "" without one."""
        call = self.current_call
        return "" if call is None else call.uuid

    @property
    def last_call_uuid(self) -> str:
        """The name of the call that ended last, "" before the first."""
        return self._table.last_uuid

    def call_by_uuid(self, uuid: str) -> Call | None:
        """The call with that name, present or former; None if there is none, or it is over."""
        return self._table.find(uuid)

    async def call(self, dest: str, extra_headers: Mapping[str, str] | None = None) -> Call:
        """Call a number, a user of our domain, or a SIP URI; returns when the INVITE is out.

        Raises:
            UsageError: `dest` or a header can't be used; every bad header is named.
            StateError: not logged in, or another call is in progress or ringing.
            TransportError: the connection to the registrar is down.
        """
        settings = self.settings
        target = destination.uri(dest, settings.sip_domain)
        extra = headers.checked(extra_headers, strict=settings.strict_headers)
        if not self._line.logged_in:
            raise StateError("not logged in")
        if not self._line.connected:
            raise TransportError("there is no connection to the registrar at the moment")
        obstacle = self._table.obstacle()
        if obstacle:
            raise StateError(obstacle)
        facts = CallFacts(
            direction=Direction.OUTGOING,
            uuid=str(uuids.uuid4()),
            src=f"sip:{self._line.user}@{settings.sip_domain}",
            dest=target,
            extra_headers=headers.received(extra),
        )
        call = Call(self, facts)
        self._table.add(call)
        self._table.take(call)
        await call.leg.place(target, extra)
        return call

    async def answer(
        self, uuid: str | None = None, *, on_others: OnOthers = "reject", current: Current = "end"
    ) -> bool:
        """Answer the incoming call `uuid`, or the latest; see `Call.answer`."""
        return await self._table.waiting(uuid).answer(on_others=on_others, current=current)

    def reject(self, uuid: str | None = None, *, status: int = 486) -> None:
        """Refuse the incoming call `uuid`, or the latest."""
        self._table.waiting(uuid).reject(status)

    def ignore(self, uuid: str | None = None) -> None:
        """Fall silent about the incoming call `uuid`, or the latest."""
        self._table.waiting(uuid).ignore()

    def hang_up(self) -> None:
        """End the current call; unanswered incoming ones want `reject`."""
        self._current().hang_up()

    def send_dtmf(self, digits: str) -> None:
        """Send digits in the current call."""
        self._current().send_dtmf(digits)

    def mute(self, on: bool = True) -> None:
        """Mute the current call; without one, the next."""
        call = self.current_call
        if call is None:
            self._mute_next = on
        else:
            call.mute(on=on)

    def unmute(self) -> None:
        """Let the microphone through again."""
        self.mute(on=False)

    def play_tone(self, tone: Tone | None) -> None:
        """Sound a tone on the speaker; None ends it."""
        self.media.play(tone)

    def _current(self) -> Call:
        call = self.current_call
        if call is None:
            raise StateError("there is no call")
        return call

    # What the calls need (`calls.ports.CallHome`).

    @property
    def agent(self) -> UserAgent:
        """The user agent. Raises `StateError` when logged out."""
        return self._line.agent

    def emit(self, event: ClientEvent) -> None:
        """Tell everyone who subscribed."""
        if self.settings.tones:
            tone = progress_tone.wanted(self._table.calls)
            if tone != self._tone:
                self._tone = tone
                self.media.play(tone)
        self.events.emit(event)

    def response(self, request: RequestId) -> "asyncio.Future[ResponseReceived]":
        """What comes back to a request of ours."""
        waiting = self._requests.setdefault(request, asyncio.get_running_loop().create_future())
        waiting.add_done_callback(lambda _: self._requests.pop(request, None))
        return waiting

    async def make_room(self, call: object, on_others: OnOthers, current: Current) -> None:
        """Do with the other calls what answering `call` asks for."""
        assert isinstance(call, Call)
        former = self._table.current
        self._table.take(call)
        for other in self._table.incoming:
            if on_others == "reject":
                other.reject()
            elif on_others != "letring":
                other.ignore()
        if former is None or former is call or former.held:
            return
        kept = False
        if current == "hold" and former.answered:
            # The caller waits meanwhile: a far end that is slow to be held is hung up on.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HOLD_TIMEOUT):
                    kept = await former.hold()
        if not kept:
            former.hang_up()

    def may_resume(self, call: object) -> str:
        """Why `call` may not be resumed now, "" if it may."""
        assert isinstance(call, Call)
        return self._table.others_active(call)

    def take_mute(self) -> bool:
        """Whether mute was armed for the next call; it no longer is."""
        armed, self._mute_next = self._mute_next, False
        return armed

    def over(self, call: object) -> None:
        """`call` has ended."""
        assert isinstance(call, Call)
        self._table.remove(call)
        if call.state is CallState.IGNORED and call.leg.invite is not None:
            invite = call.leg.invite
            self._ignored.start(str(invite), _IGNORED_LIMIT, lambda: self.agent.reject(invite, 480))
        release = self._tasks.start("release", call.leg.release())
        self._releases.add(release)
        release.add_done_callback(self._releases.discard)

    # What the user agent says.

    def _happened(self, event: sip.Event) -> None:
        match event:
            case sip.Incoming():
                self._called(event)
            case sip.ResponseReceived():
                waiting = self._requests.get(event.request)
                if waiting is not None and not waiting.done():
                    waiting.set_result(event)
            case sip.Disconnected() | sip.Connected() | sip.Registered():
                up = self._line.reachable
                for call in self._table.calls if up or isinstance(event, sip.Disconnected) else ():
                    call.leg.signalling(up=up)
            case sip.RequestReceived(invite=None) | sip.RegistrationFailed() | sip.Unregistered():
                pass
            case _:
                self._in_call(event)

    def _in_call(self, event: sip.Event) -> None:
        invite = getattr(event, "invite", None)
        call = next((call for call in self._table.calls if call.leg.invite == invite), None)
        if call is not None:
            call.leg.happened(event)
            return
        if isinstance(event, sip.Cancelled | sip.Failed):
            self._ignored.stop(str(event.invite))
        if isinstance(event, sip.Offered):
            self.agent.refuse_offer(event.offer_id, 481)

    def _called(self, event: sip.Incoming) -> None:
        if not self._table.may_ring(multiple=self.settings.allow_multiple_incoming):
            log.info("a call from %s is answered busy", event.from_uri)
            self.agent.reject(event.invite, 486)
            return
        if event.offer is not None:
            try:
                description_text.parse(event.offer)
            except DescriptionError as error:
                log.info("a call from %s is not acceptable: %s", event.from_uri, error)
                self.agent.reject(event.invite, 488)
                return
        uuid = headers.call_uuid(event.headers)
        if not uuid or self._table.find(uuid) is not None:
            uuid = str(uuids.uuid4())
        call = Call(self, CallFacts.of_incoming(event, uuid), event)
        self._table.add(call)
        call.leg.ring()
