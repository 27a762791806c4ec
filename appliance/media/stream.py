"""The audio of one session, between the mixer's audio threads and the network's loop.

    loop ──arrived──▶ bounded deque ─▶ playout ──wanted──▶ audio thread
    loop ◀──send───── capture ◀──captured── audio thread

Decoding happens when a frame is played and encoding when one was captured, each on the audio thread; what the loop
wants changed waits in a deque for that thread, so capture and playout are only ever touched by one.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from appliance.media.capture import Capture
from appliance.media.counters import CaptureCounters, PlayoutCounters
from appliance.media.digit_detector import DigitDetector
from appliance.media.events import DigitReceived
from appliance.media.frame import Pcm, silence
from appliance.media.packet import RtpPacket
from appliance.media.playout import PayloadFormat, Playout
from appliance.units import Seconds

_ARRIVALS: Final = 256
"""Packets between two frames: five seconds of them. The oldest is dropped."""

_CHANGES: Final = 64
"""Changes that wait for an audio thread. The oldest is dropped."""


class AudioStream:
    """One session's capture and playout, as the mixer's `Stream`."""

    def __init__(self, capture: Capture, playout: Playout, send: Callable[[RtpPacket], None]) -> None:
        self._capture = capture
        self._playout = playout
        self._send = send
        self._arrivals: deque[tuple[RtpPacket, Seconds | None]] = deque(maxlen=_ARRIVALS)
        self._capture_changes: deque[Callable[[Capture], object]] = deque(maxlen=_CHANGES)
        self._playout_changes: deque[Callable[[Playout], object]] = deque(maxlen=_CHANGES)
        self._detection: tuple[DigitDetector, Callable[[DigitReceived], object]] | None = None
        self.on_sent: Callable[[Pcm], object] | None = None
        """Told of each frame of the microphone as it is sent, silence while muted; on an audio thread."""
        self.on_heard: Callable[[Pcm], object] | None = None
        """Told of each frame of the peer; on an audio thread."""
        self.audible = True
        """False: what arrives is decoded, so that time goes on, but not heard."""

    def arrived(self, packet: RtpPacket, now: Seconds) -> None:
        """One audio packet of the peer, on the loop."""
        self._arrivals.append((packet, now))

    def event_arrived(self, packet: RtpPacket) -> None:
        """One telephone event of the peer, on the loop: there is no sound while it lasts."""
        self._arrivals.append((packet, None))

    def change_capture(self, change: Callable[[Capture], object]) -> None:
        """Do `change` before the next frame is captured. From any thread."""
        self._capture_changes.append(change)

    def use(self, formats: tuple[PayloadFormat, ...]) -> None:
        """Play these payload types from the next frame on. From any thread."""
        self._playout_changes.append(lambda playout: playout.use(formats))

    def detect_digits(self, told: Callable[[DigitReceived], object] | None) -> None:
        """Tell, on an audio thread, of digits in the peer's sound from now on, or (None) no longer. From any thread."""
        self._detection = None if told is None else (DigitDetector(), told)

    def captured(self, frame: Pcm, now: Seconds, others: Pcm | None = None) -> None:  # noqa: ARG002 -- the mixer's port
        """10 ms of the microphone, and of the others of a conference, on an audio thread."""
        while self._capture_changes:
            self._capture_changes.popleft()(self._capture)
        if self.on_sent is not None:
            self.on_sent(silence(frame.size) if self._capture.muted else frame)
        packet = self._capture.frame(frame, others)
        if packet is not None:
            self._send(packet)

    def wanted(self, now: Seconds) -> Pcm | None:
        """The next 10 ms of the peer, on an audio thread."""
        while self._playout_changes:
            self._playout_changes.popleft()(self._playout)
        while self._arrivals:
            packet, arrival = self._arrivals.popleft()
            if arrival is None:
                self._playout.event_arrived(packet)
            else:
                self._playout.arrived(packet, arrival)
        frame = self._playout.next_frame(now)
        detection = self._detection
        if detection is not None:
            digit = detection[0].heard(frame)
            if digit is not None:
                detection[1](digit)
        if self.on_heard is not None:
            self.on_heard(frame)
        return frame if self.audible else None

    @property
    def capture_counters(self) -> CaptureCounters:
        """What was sent. From any thread."""
        return self._capture.counters

    @property
    def playout_counters(self) -> PlayoutCounters:
        """What was played. From any thread."""
        return self._playout.counters
