"""[I/O] The client: log in, call, be called, and hear about all of it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from appliance.calls import headers
from appliance.calls.account import Account
from appliance.calls.address_watch import AddressWatch
from appliance.calls.audio_devices import AudioDevices
from appliance.calls.call import Call
from appliance.calls.call_keeper import CallKeeper
from appliance.calls.cause import Cause
from appliance.calls.client_services import ClientServices
from appliance.calls.client_sound import ClientSound
from appliance.calls.events import ClientEvent
from appliance.calls.ports import Current, OnOthers
from appliance.calls.settings import ClientSettings
from appliance.calls.sound_events import MediaPermission, NoiseReductionReady
from appliance.calls.stream import EventStream
from appliance.calls.switchboard import Switchboard
from appliance.calls.token_source import TokenGenerator, TokenSource
from appliance.clock import Clock, SystemClock
from appliance.errors import StateError
from appliance.events import Emitter
from appliance.media.engine import MediaEngine
from appliance.media.ports import AudioDevice, AudioSystem
from appliance.quality.feedback import rated, scored
from appliance.sip.user_agent import UserAgent
from appliance.units import Seconds
from appliance.version import VERSION

__all__ = ["Client", "ClientSettings"]

K = TypeVar("K")


class Client(ClientServices, ClientSound):
    """A telephone line for programs: `async with Client(settings, audio=…) as client`, then `await client.login(…)`.

    Its methods belong to the loop that entered it. Events are in `calls.events`; each is told once per transition.
    What the far end or the network does is an event; exceptions are for what was asked in the wrong way or moment
    (`UsageError`, `StateError`, `UnknownCall`), and, from `login` and `register`, for a registrar that refuses
    (`LoginError`) or can't be reached (`TransportError`).
    """

    def __init__(
        self,
        settings: ClientSettings,
        *,
        audio: AudioDevice | None = None,
        sound: AudioSystem | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`audio` is the one device there is, or `sound` all that a machine has: `Client.audio` chooses from it."""
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.media = MediaEngine(settings.media, audio, clock=self.clock, audio_changed=self._device_changed)
        self._board = Switchboard(settings, self.clock, self.media)
        self._keeper = CallKeeper(self._board)
        self.audio = AudioDevices(sound, self.media, self._board.emit, use_default=settings.use_default_audio_device)
        self._streams: set[EventStream[ClientEvent]] = set()
        self._stack: AsyncExitStack | None = None

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
            stack.enter_context(self._board.feedback.listening())
            await stack.enter_async_context(self._board.tasks)
            await stack.enter_async_context(self.media)
            if self.media.voice.noise_suppression:
                self._board.emit(NoiseReductionReady())
            await self.audio.start()
            self._board.tasks.start("audio devices", self.audio.watch())
            stack.enter_context(AddressWatch(self._board.moved))
            stack.enter_context(self._keeper)
            self._stack = stack.pop_all()

    def _device_changed(self, problem: str | None) -> None:
        status = "success" if problem is None else "failure"
        self._board.emit(MediaPermission(status=status, error=problem or ""))
        if problem is not None:
            self.audio.lost()

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

    # Events.

    @property
    def events(self) -> Emitter[ClientEvent]:
        """Where every event is told."""
        return self._board.events

    @property
    def agent(self) -> UserAgent:
        """The user agent. Raises `StateError` when logged out."""
        return self._board.agent

    @overload
    def subscribe(self, subscriber: Callable[[ClientEvent], object]) -> Callable[[], None]: ...

    @overload
    def subscribe(self, subscriber: Callable[[K], object], *kinds: type[K]) -> Callable[[], None]: ...

    def subscribe(self, subscriber: Callable[[Any], object], *kinds: type) -> Callable[[], None]:
        """Call `subscriber` with every event from now on, or with those of `kinds`; returns what ends it.

        `Volume`, 20 times a second, comes only to those who name it, and is measured only for them.
        """
        return self._board.events.subscribe(subscriber, *kinds)

    def stream(self, *kinds: type[ClientEvent]) -> EventStream[ClientEvent]:
        """Every event from now on, or those of `kinds`, for `async for`; it ends when the client is closed."""
        stream = EventStream(self._board.events, *kinds)
        self._streams.add(stream)
        return stream

    # Calls.

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call that is not over."""
        return self._board.table.calls

    @property
    def current_call(self) -> Call | None:
        """The call in progress: made or answered by us, and not over."""
        return self._board.table.current

    @property
    def incoming_calls(self) -> tuple[Call, ...]:
        """Those that wait to be answered, the oldest first."""
        return self._board.table.incoming

    @property
    def call_uuid(self) -> str:
        """The name of the current call, "" without one."""
        call = self.current_call
        return "" if call is None else call.uuid

    @property
    def last_call_uuid(self) -> str:
        """The name of the call that ended last, "" before the first."""
        return self._board.table.last_uuid

    def call_by_uuid(self, uuid: str) -> Call | None:
        """The call with that name, present or former; None if there is none, or it is over."""
        return self._board.table.find(uuid)

    def prepare(self, keep: Seconds = Seconds(30.0)) -> None:
        """A call is likely within `keep` seconds: gather candidates for it now, so that its INVITE need not wait.

        Again and again is fine, with each digit that is dialled; what no call takes is let go.
        """
        self.media.prepare(keep)

    async def call(self, dest: str, extra_headers: Mapping[str, str] | None = None) -> Call:
        """Call a number, a user of our domain, or a SIP URI; returns when the INVITE is out.

        Raises:
            UsageError: `dest` or a header can't be used; every bad header is named.
            StateError: not logged in, or another call is in progress or ringing.
            GrantError: the access token does not allow it; `PermissionDenied` has been told.
            TransportError: the connection to the registrar is down.
        """
        return await self._board.place(dest, extra_headers)

    async def answer(
        self, uuid: str | None = None, *, on_others: OnOthers = "reject", current: Current = "end"
    ) -> bool:
        """Answer the incoming call `uuid`, or the latest; see `Call.answer`."""
        return await self._board.table.waiting(uuid).answer(on_others=on_others, current=current)

    def reject(self, uuid: str | None = None, *, status: int = 486) -> None:
        """Refuse the incoming call `uuid`, or the latest."""
        self._board.table.waiting(uuid).reject(status)

    def ignore(self, uuid: str | None = None) -> None:
        """Fall silent about the incoming call `uuid`, or the latest."""
        self._board.table.waiting(uuid).ignore()

    def hang_up(self) -> None:
        """End the current call; unanswered incoming ones want `reject`."""
        self._current().hang_up()

    def send_dtmf(self, digits: str) -> None:
        """Send digits in the current call."""
        self._current().send_dtmf(digits)

    def mute(self, on: bool = True) -> None:
        """Mute the current call, and with it those it is in conference with; without one, the next."""
        call = self.current_call
        if call is None:
            self._board.arm_mute(on=on)
        else:
            for mate in self._board.services.conferences.mates(call):
                mate.mute(on=on)

    def unmute(self) -> None:
        """Let the microphone through again."""
        self.mute(on=False)

    # Feedback.

    async def submit_call_quality_feedback(
        self,
        call_uuid: str,
        stars: int,
        issues: Sequence[str] | None = None,
        note: str | None = None,
        send_console_logs: bool = False,
    ) -> None:
        """Say what a call was like, while it lasts or later (`call_uuid`, `last_call_uuid`): 1 (terrible) to 5 stars.

        `FeedbackSubmitted` tells it; if there is a `feedback_url`, it is posted there too, and with
        `send_console_logs` the last lines of the log, without secrets, go with it.

        Args:
            call_uuid: the name of a call that is there, or one of the last 50.
            stars: 1 to 5.
            issues: for 1 to 4 stars at least one of AUDIO_LAG, BROKEN_AUDIO, CALL_DROPPED, CALLERID_ISSUES,
                DIGITS_NOT_CAPTURED, ECHO, HIGH_CONNECT_TIME, LOW_AUDIO_LEVEL, ONE_WAY_AUDIO, ROBOTIC_AUDIO, OTHERS.
            note: at most 280 characters.
            send_console_logs: the log may go with it.

        Raises:
            UsageError: an argument can't be used; every such argument is named, with its value.
            UnknownCall: there was no such call of late.
            TransportError: the address did not take it, after several tries.
        """
        judgement = rated(stars, issues, note, logs=send_console_logs)
        await self._board.feedback.submit(call_uuid, judgement)

    send_quality_feedback = submit_call_quality_feedback

    async def post_feedback(self, score: int | None = None, issue: str | None = None) -> None:
        """Say what the current call is like, or the last one was; without arguments: its user declined to.

        Args:
            score: 1 (terrible) to 5 (great).
            issue: dropped-call, audio-latency, one-way-audio, choppy-audio, noisy-call or echo.

        Raises:
            StateError: there was no call yet.
            UsageError, TransportError: as `submit_call_quality_feedback`.
        """
        judgement = scored(score, issue)
        await self._board.feedback.submit(self.call_uuid or self._board.feedback.latest(), judgement)

    def _current(self) -> Call:
        call = self.current_call
        if call is None:
            raise StateError("there is no call")
        return call
