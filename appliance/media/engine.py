"""The media of a unit: one network thread, one mixer, one audio device, any number of sessions.

caller's loop ── MediaEngine ──▶ network thread: sessions, ICE, DTLS, RTP
                      │                │ bounded deques
                      ▼                ▼
                audio keeper ──▶ audio threads of the driver: mixer, codecs
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from appliance.clock import Clock, SystemClock
from appliance.errors import StateError
from appliance.media.audio_keeper import AudioKeeper
from appliance.media.candidate_pool import CandidatePool
from appliance.media.counters import Loudness
from appliance.media.engine_loop import EngineLoop
from appliance.media.events import DeviceChanged, MediaEvent
from appliance.media.mixer import Mixer
from appliance.media.ports import AudioDevice
from appliance.media.recording import Recording
from appliance.media.reports import Rating
from appliance.media.ringer import Ringer, player
from appliance.media.session import MediaSession
from appliance.media.settings import MediaSettings, VoiceSettings
from appliance.media.tones import Tone, ToneGenerator
from appliance.media.transport import Transport
from appliance.media.voice_processing import voice_processor
from appliance.units import Seconds

__all__ = ["MediaEngine", "MediaSettings"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_LONGEST_TONE: Final = 10.0
"""Seconds that a tone may take which is waited for; some devices need two to open."""
_LOOK: Final = 0.02


class MediaEngine:
    """Use it with `async with`; sessions then live on its thread, and their events come on the loop that entered it.

    `audio` is opened while a session or a tone needs it and closed after. None, or a device that is gone, leaves a
    clock in its place: calls go on in silence. `audio_changed` hears what is wrong with it, and None when it works.
    `mos` rates what is heard, for the reports to the far end (RFC 3611).
    """

    def __init__(
        self,
        settings: MediaSettings,
        audio: AudioDevice | None,
        *,
        audio_changed: Callable[[str | None], None] | None = None,
        clock: Clock | None = None,
        mos: Rating = lambda *_: None,
    ) -> None:
        self._audio = audio
        self._audio_changed = audio_changed
        self._home = _Home(settings, clock or SystemClock(), mos)
        self._voice = VoiceSettings()
        self._keeper: AudioKeeper | None = None
        self._problem = ""
        self._ringer = Ringer(self._home.clock)

    async def __aenter__(self) -> Self:
        home = self._home
        await self.process_voice(home.settings.voice)
        await home.loop.start()
        self._keeper = AudioKeeper(
            self._audio, home.mixer, home.clock, needed=home.needs_audio, changed=self._device_changed
        )
        home.look = self._keeper.look
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._home.run(self._finish())
        finally:
            await self._home.loop.stop()

    async def _finish(self) -> None:
        await self._home.pool.close()
        for session in tuple(self._home.sessions):
            await session.finish()
        self._home.mixer.play(None)
        self._ringer.close()
        if self._keeper is not None:
            # Blocks, on the network's own thread, which has nothing else to do any more.
            self._keeper.close()

    def session(self, on_event: Callable[[MediaEvent], None]) -> MediaSession:
        """The media of a new call; `on_event` is called on the loop that entered the engine."""
        if not self._home.loop.running:
            raise StateError("the media engine is not running: enter it with `async with`")
        return MediaSession(self._home, on_event)

    def confer(self, sessions: Iterable[MediaSession]) -> None:
        """Let the peers of these sessions hear each other as well, from now on, and no others; () for none."""
        streams = tuple(session.rtp.stream for session in sessions)
        self._home.mixer.confer(stream for stream in streams if stream is not None)

    def use_audio(self, device: AudioDevice) -> None:
        """Let `device` take the place of the sound card in use, in calls that are there too."""
        self._audio = device
        if self._keeper is not None:
            self._keeper.use(device)

    def use_ringer(self, device: AudioDevice | None) -> None:
        """Let `device` sound ringtones from the next one on; None is the speaker of calls."""
        self._ringer.use(device)

    @property
    def voice(self) -> VoiceSettings:
        """What the microphone goes through now."""
        return self._voice

    async def process_voice(self, settings: VoiceSettings) -> None:
        """Let the microphone go through what `settings` want, from now on, calls that are there included.

        Raises:
            DriverError: the package that it wants is not installed; everything stays as it was.
        """
        if settings != self._voice:
            # The first time it loads a library, which takes as long as fifty frames last.
            processor = await asyncio.to_thread(voice_processor, settings)
            self._home.mixer.process(processor)
            self._voice = settings

    def prepare(self, keep: Seconds) -> None:
        """Gather candidates ahead for a call that is likely within `keep` seconds. From any thread."""
        self._home.soon(lambda: self._home.pool.fill(keep))

    def try_audio(self) -> None:
        """Open the device now, and close it again: `audio_changed` hears whether it works. From any thread."""
        self._home.tries_audio = self.has_audio
        self._home.look()

    def play(self, sound: Tone | Recording | None, *, ringer: bool = False) -> None:
        """Sound `sound` in place of the one that sounds; None ends it. From any thread.

        `ringer`: on the device of ringtones, if there is one of its own, else on the speaker.
        """
        apart = ringer and self._ringer.has_device
        self._ringer.play(player(sound) if apart else None)
        self._home.soon(lambda: self._play(None if apart else sound))

    async def sound(self, tone: Tone) -> bool:
        """Sound a tone that ends by itself; True once the speaker has had all of it.

        False if there is no device that works, or another tone took its place.
        """
        return await self._home.run(self._sound(ToneGenerator(tone)))

    async def _sound(self, generator: ToneGenerator) -> bool:
        self._home.mixer.play(generator)
        self._home.look()
        for _ in range(round(_LONGEST_TONE / _LOOK)):
            if generator.finished:
                break
            await asyncio.sleep(_LOOK)
        whole = generator.finished and not generator.stopping
        return whole and self.has_audio and not self.audio_problem

    def chime(self, tone: Tone) -> None:
        """Sound `tone`, which ends by itself, beside what sounds. From any thread."""

        def chime() -> None:
            self._home.mixer.chime(ToneGenerator(tone))
            self._home.look()

        self._home.soon(chime)

    def _play(self, sound: Tone | Recording | None) -> None:
        self._home.mixer.play(player(sound))
        self._home.look()

    @property
    def microphone(self) -> Loudness:
        """What the device itself has delivered, whatever mute and processing make of it. From any thread."""
        return Loudness() if self._keeper is None else self._keeper.microphone.loudness

    @property
    def xruns(self) -> int:
        """How often sound came too late, to or from the device, since the engine was entered. From any thread."""
        return 0 if self._keeper is None else self._keeper.xruns

    @property
    def has_audio(self) -> bool:
        """There is a device, be it in order or not."""
        return self._audio is not None

    @property
    def audio_name(self) -> str:
        """The name of the device, for people; "" if there is none."""
        return "" if self._audio is None else self._audio.name

    @property
    def audio_problem(self) -> str:
        """What is wrong with the device, one sentence for people; "" if nothing is. From any thread."""
        return self._problem

    def _device_changed(self, problem: str | None) -> None:
        self._home.tries_audio = False
        self._problem = problem or ""
        name = "none" if self._audio is None else self._audio.name
        if problem is None:
            log.info("audio device %s is open", name)
        else:
            log.warning("audio device %s: %s", name, problem)
        if self._audio_changed is not None:
            self._home.loop.tell(self._audio_changed, problem)
        for session in self._home.sessions:
            session.happened(DeviceChanged(self._problem))


class _Home:
    """What the sessions of an engine share."""

    def __init__(self, settings: MediaSettings, clock: Clock, mos: Rating) -> None:
        self.settings = settings
        self.clock = clock
        self.mos = mos
        self.loop = EngineLoop()
        self.pool = CandidatePool(settings, self.clock)
        self.mixer = Mixer(
            clock.now,
            lambda stream: self.soon(lambda: self.mixer.remove(stream)),
            loudest=settings.loudest,
            side_tone=settings.side_tone,
        )
        self.sessions: tuple[MediaSession, ...] = ()
        self.tries_audio = False
        self.look: Callable[[], None] = lambda: None

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        return await self.loop.run(work)

    def soon(self, work: Callable[[], object]) -> None:
        self.loop.soon(work)

    def tell(self, on_event: Callable[[MediaEvent], None], event: MediaEvent) -> None:
        self.loop.tell(on_event, event)

    def take_ahead(self) -> Transport | None:
        return self.pool.take()

    def audio_needed(self, session: object, needed: bool) -> None:
        assert isinstance(session, MediaSession)
        others = tuple(other for other in self.sessions if other is not session)
        self.sessions = (*others, session) if needed else others
        self.look()

    def needs_audio(self) -> bool:
        """From any thread."""
        return bool(self.sessions) or self.mixer.sounding or self.tries_audio
