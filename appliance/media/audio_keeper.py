"""Keeps the audio device open while it is needed, and sound going while it is gone.

needed? ──▶ open ──▶ works ──▶ lost: close, let a clock of our own drive the sessions, try again ──▶ works
"""

import logging
import threading
from collections.abc import Callable
from typing import Final

from appliance.clock import Clock
from appliance.errors import DriverError
from appliance.media.frame import Pcm, silence
from appliance.media.level import Meter
from appliance.media.mixer import Mixer
from appliance.media.ports import AudioDevice, AudioEndpoint
from appliance.media.ticker import Ticker
from appliance.units import Seconds

log = logging.getLogger(__name__)

_LOOK: Final = 0.25
"""Seconds between looks at a device that is open."""

_LINGER: Final = 0.5
"""Seconds a device stays open that nobody needs: a ringback is followed by a call."""

_DEAF: Final = 4.0
"""Seconds without a frame in either direction that make a device count as lost; some need two to begin."""

_UNTRIED: Final = "the device has not been opened yet"

_FIRST_RETRY: Final = 0.5
_LAST_RETRY: Final = 8.0
"""Seconds before a lost device is tried again; doubled each time."""


class NullAudio:
    """No microphone and no speaker, but a clock: jitter buffers drain and silence is sent."""

    name = "none"

    def __init__(self) -> None:
        self._ticker: Ticker | None = None

    def start(self, endpoint: AudioEndpoint) -> None:
        """Begin."""
        nothing = silence()

        def tick() -> None:
            endpoint.captured(nothing)
            endpoint.wanted()

        self._ticker = Ticker("no audio", tick)
        self._ticker.start()

    def stop(self) -> None:
        """End it."""
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None


class _Watched:
    """The mixer as one start of a device sees it; knows when the device last did its work. `meter` hears it."""

    def __init__(
        self, mixer: Mixer, clock: Clock, alarm: threading.Event, meter: Meter | None, xrun: Callable[[], None]
    ) -> None:
        self._mixer = mixer
        self.xrun = xrun
        self._meter = meter
        self._clock = clock
        self._alarm = alarm
        self._error: DriverError | None = None
        self._captured_at = self._wanted_at = clock.now()

    @property
    def listening(self) -> bool:
        return self._mixer.listening

    def captured(self, frame: Pcm) -> None:
        self._captured_at = self._clock.now()
        if self._meter is not None:
            self._meter.frame(frame)
        self._mixer.captured(frame)

    def wanted(self) -> Pcm:
        self._wanted_at = self._clock.now()
        return self._mixer.wanted()

    def lost(self, error: DriverError) -> None:
        self._error = error
        self._alarm.set()

    def problem(self) -> DriverError | None:
        """Why the device must be given up, if it must."""
        if self._error is None:
            now = self._clock.now()
            for direction, last in (("microphone", self._captured_at), ("speaker", self._wanted_at)):
                if now - last > _DEAF:
                    return DriverError(f"the {direction} has stood still for {now - last:.0f} s")
        return self._error


class AudioKeeper:
    """Owns a device's `start` and `stop`, on a thread that lives while the device is needed: both may block.

    `changed` hears, on that thread, what is wrong with the device, and None when it works, or works again. `microphone`
    meters what the device itself delivers, not the silence that stands in for it.
    """

    def __init__(
        self,
        device: AudioDevice | None,
        mixer: Mixer,
        clock: Clock,
        *,
        needed: Callable[[], bool],
        changed: Callable[[str | None], None],
    ) -> None:
        self._device = device
        self._mixer = mixer
        self._clock = clock
        self._needed = needed
        self._changed = changed
        self.microphone = Meter()
        self.xruns = 0
        """Times that a device lost samples."""
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._open: AudioDevice | None = None
        self._watched: _Watched | None = None
        self._problem: str | None = _UNTRIED
        self._retry_at = Seconds(0.0)
        self._retry = _FIRST_RETRY

    def use(self, device: AudioDevice) -> None:
        """Let `device` take the place of the one in use, at once if one is open. From any thread."""
        with self._lock:
            self._device = device
            self._retry_at, self._retry = Seconds(0.0), _FIRST_RETRY
        self._event.set()

    def look(self) -> None:
        """What is needed may have changed. From any thread."""
        with self._lock:
            if self._thread is None and not self._closing and self._needed():
                self._thread = threading.Thread(target=self._run, name="audio keeper", daemon=True)
                self._thread.start()
        self._event.set()

    def close(self) -> None:
        """Close the device; nothing is called after this."""
        with self._lock:
            self._closing = True
            thread = self._thread
        self._event.set()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        idle_since: Seconds | None = None
        while True:
            now = self._clock.now()
            with self._lock:
                if self._needed():
                    idle_since = None
                elif idle_since is None:
                    idle_since = now
                if self._closing or (idle_since is not None and now - idle_since >= _LINGER):
                    self._shut()
                    self._thread = None
                    return
            self._keep_open(now)
            self._event.wait(_LOOK)
            self._event.clear()

    def _keep_open(self, now: Seconds) -> None:
        """Open what is not open, and replace what has stopped working."""
        if self._open is not None and self._open is self._device and self._watched is not None:
            problem = self._watched.problem()
            if problem is None:
                return
            self._shut()
            self._report(str(problem))
            self._retry_at = Seconds(now + _FIRST_RETRY)
        if self._device is not None and now >= self._retry_at:
            self._shut()
            if self._start(self._device):
                self._retry = _FIRST_RETRY
                self._report(None)
                return
            self._retry_at = Seconds(now + self._retry)
            self._retry = min(_LAST_RETRY, self._retry * 2.0)
        if self._open is None:
            self._start(NullAudio())

    def _start(self, device: AudioDevice) -> bool:
        meter = self.microphone if device is self._device else None
        watched = _Watched(self._mixer, self._clock, self._event, meter, self._count_xrun)
        try:
            device.start(watched)
        except DriverError as error:
            self._report(str(error))
            return False
        self._open, self._watched = device, watched
        return True

    def _count_xrun(self) -> None:
        self.xruns += 1

    def _shut(self) -> None:
        if self._open is not None:
            self._open.stop()
            self._open = None

    def _report(self, problem: str | None) -> None:
        if problem != self._problem:
            self._problem = problem
            self._changed(problem)
