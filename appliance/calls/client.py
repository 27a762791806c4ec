"""[I/O] The client: log in, call, be called, and hear about all of it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from appliance.calls.address_watch import AddressWatch
from appliance.calls.audio_devices import AudioDevices
from appliance.calls.call import Call
from appliance.calls.call_keeper import CallKeeper
from appliance.calls.client_services import ClientServices
from appliance.calls.client_session import ClientSession
from appliance.calls.client_sound import ClientSound
from appliance.calls.events import ClientEvent
from appliance.calls.ports import Current, OnOthers
from appliance.calls.settings import ClientSettings
from appliance.calls.sound_events import MediaPermission, NoiseReductionReady
from appliance.calls.stream import EventStream
from appliance.calls.switchboard import Switchboard
from appliance.clock import Clock, SystemClock
from appliance.errors import StateError
from appliance.events import Emitter
from appliance.media.engine import MediaEngine
from appliance.media.ports import AudioDevice, AudioSystem
from appliance.quality.feedback import rated, scored
from appliance.quality.mos import estimated
from appliance.sip.user_agent import UserAgent
from appliance.units import Seconds

__all__ = ["Client", "ClientSettings"]

K = TypeVar("K")


class Client(ClientSession, ClientServices, ClientSound):
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
        self.media = MediaEngine(
            settings.media, audio, clock=self.clock, audio_changed=self._device_changed, mos=estimated
        )
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
            stack.enter_context(self._board.crashes.listening())
            await stack.enter_async_context(self._board.tasks)
            await stack.enter_async_context(self.media)
            if self.media.voice.noise_suppression:
                self._board.emit(NoiseReductionReady())
            await self.audio.start()
            self._board.tasks.start("audio devices", self.audio.watch())
            stack.enter_context(AddressWatch(self._board.moved))
            stack.enter_context(self._keeper)
            self._stack = stack.pop_all()
        if not self.settings.perm_on_click:
            self.media.try_audio()

    def _device_changed(self, problem: str | None) -> None:
        status = "success" if problem is None else "failure"
        self._board.emit(MediaPermission(status=status, error=problem or ""))
        if problem is not None:
            self.audio.lost()

    async def close(self, *, force: bool = False) -> None:
        """End every call, unregister, disconnect, and leave nothing behind. Idempotent.

        With `close_protection` it first waits until no call is left, ringing ones included, and no further call begins
        meanwhile; `force` ends them now.
        """
        if force:
            self.end_protection()
        if self._stack is not None and self.settings.close_protection:
            await self.calls_ended()
        stack, self._stack = self._stack, None
        if stack is None:
            return
        async with stack:
            await self.logout()
            for stream in tuple(self._streams):
                stream.close()

    async def calls_ended(self) -> None:
        """Wait until no call is left, ringing ones included, or `end_protection`; no call begins from now on."""
        self._board.services.reception.screening.closing = True
        await self._board.protection.wait()

    def end_protection(self) -> None:
        """`calls_ended` and `close` wait no longer."""
        self._board.protection.lift()

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
