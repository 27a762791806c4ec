"""From the microphone's frames to RTP packets.

frame ─▶ mute ─▶ others of a conference ─▶ or a digit's tones ─▶ meter ─▶ ptime full? ─▶ encoder ─▶ packet
          └─▶ voice activity                                                  └──▶ digit waiting? ─▶ event packet
"""

import numpy as np

from appliance.media.codec import Encoder
from appliance.media.counters import CaptureCounters
from appliance.media.digit_tones import DigitTones
from appliance.media.frame import SAMPLE_RATE, Pcm, silence
from appliance.media.level import Meter
from appliance.media.mixing import mixed
from appliance.media.packet import SEQUENCE_MODULUS, TIMESTAMP_MODULUS, RtpPacket
from appliance.media.telephone_event import DigitSender
from appliance.media.voice_activity import VoiceActivity
from appliance.units import Milliseconds


class Capture:
    """One outgoing stream: SSRC, sequence numbers and timestamps are its own (RFC 3550 §5.1).

    Time goes on whatever is sent, so that the peer can tell a pause from a delay.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        ssrc: int,
        payload_type: int,
        clock_rate: int,
        sequence_number: int,
        timestamp: int,
        event_payload_type: int | None = None,
        event_clock_rate: int = 8_000,
    ) -> None:
        """`sequence_number` and `timestamp` should be random (§5.1); `event_*` are telephone-event's, if negotiated."""
        self.muted = False
        """True: silence is sent in place of the microphone, which keeps the stream alive, and whether somebody speaks
        all the same is noticed."""
        self.sending = True
        """False (held): nothing is sent, and nothing is waiting when it is True again."""
        self._ssrc = ssrc
        self._sequence_number = sequence_number
        self._timestamp = timestamp
        self._packets = self._octets = 0
        self._marker = True  # the next packet begins a talkspurt (RFC 3551 §4.1)
        self._digits: DigitSender | None = None
        self._tones = DigitTones()
        self._meter = Meter()
        self._voice = VoiceActivity()
        self._listening = False  # for a voice behind the mute
        self.use(
            encoder,
            payload_type=payload_type,
            clock_rate=clock_rate,
            event_payload_type=event_payload_type,
            event_clock_rate=event_clock_rate,
        )

    def use(
        self,
        encoder: Encoder,
        *,
        payload_type: int,
        clock_rate: int,
        event_payload_type: int | None = None,
        event_clock_rate: int = 8_000,
    ) -> None:
        """Another format from now on, in the same stream. Digits that wait are dropped."""
        self._encoder = encoder
        self._payload_type = payload_type
        self._clock_rate = clock_rate
        self._ptime = Milliseconds(encoder.samples * 1000.0 / SAMPLE_RATE)
        self._ticks = encoder.samples * clock_rate // SAMPLE_RATE
        self._buffer = np.zeros(encoder.samples, dtype=np.int16)
        self._filled = 0
        self._event_payload_type = event_payload_type
        self._digits = None if event_payload_type is None else DigitSender(event_clock_rate)

    def frame(self, pcm: Pcm, others: Pcm | None = None) -> RtpPacket | None:
        """10 ms from the microphone, shape (480,); a packet when a ptime is full and there is something to say.

        `others` is what the others of a conference say: it is sent with it, muted or not.
        """
        if self.muted:
            pcm = self._muted(pcm)
        else:
            self._listening = False
        if others is not None:
            pcm = mixed([pcm, others])
        if self.sending and self._tones.busy:
            pcm = self._sounded(pcm)
        self._meter.frame(pcm)
        self._buffer[self._filled : self._filled + pcm.size] = pcm
        self._filled += pcm.size
        if self._filled < self._buffer.size:
            return None
        self._filled = 0
        timestamp = self._timestamp
        self._timestamp = (timestamp + self._ticks) % TIMESTAMP_MODULUS
        if not self.sending:
            self._marker = True
            return None
        return self._event(timestamp) or self._audio(timestamp)

    def _muted(self, pcm: Pcm) -> Pcm:
        if not self._listening:
            self._listening = True
            self._voice.restart()
        self._voice.frame(pcm)
        return silence(pcm.size)

    def _sounded(self, pcm: Pcm) -> Pcm:
        """A digit's tones, muted or not; the microphone rests meanwhile, as speech would hide them."""
        tones = self._tones.next_frame()
        return pcm if tones is None else tones

    def _event(self, timestamp: int) -> RtpPacket | None:
        packet = None if self._digits is None else self._digits.next(self._ptime)
        if packet is None or self._event_payload_type is None:
            return None
        began = (timestamp - round(packet.offset * self._clock_rate / 1000.0)) % TIMESTAMP_MODULUS
        self._marker = True  # audio that follows is a new talkspurt
        return self._packet(self._event_payload_type, began, packet.payload, marker=packet.marker)

    def _audio(self, timestamp: int) -> RtpPacket | None:
        payload = self._encoder.encode(self._buffer)
        if not payload:
            self._marker = True
            return None
        marker, self._marker = self._marker, False
        return self._packet(self._payload_type, timestamp, payload, marker=marker)

    def _packet(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool) -> RtpPacket:
        number = self._sequence_number
        self._sequence_number = (number + 1) % SEQUENCE_MODULUS
        self._packets += 1
        self._octets += len(payload)
        return RtpPacket(payload_type, number, timestamp, self._ssrc, payload, marker)

    def send_digits(self, digits: str) -> bool:
        """Press `digits` one after the other.

        False, and none is pressed, if the peer takes no telephone events, one is no digit, or too many wait already.
        """
        return self._digits is not None and self._digits.queue(digits)

    def sound_digits(self, digits: str) -> bool:
        """Press `digits` as tones in the sound, whatever is negotiated; False, and none, if one is no digit."""
        return self._tones.queue(digits)

    def expect_loss(self, share: float) -> None:
        """The peer loses `share` (0 to 1) of our packets."""
        self._encoder.expect_loss(share)

    @property
    def digits_waiting(self) -> bool:
        """Digits are being sent, or wait."""
        return self._tones.busy or (self._digits is not None and self._digits.busy)

    @property
    def clock_rate(self) -> int:
        """RTP ticks per second of the format in use, for sender reports."""
        return self._clock_rate

    @property
    def counters(self) -> CaptureCounters:
        """The totals so far. From any thread."""
        return CaptureCounters(
            packets_sent=self._packets,
            bytes_sent=self._octets,
            input=self._meter.loudness,
            muted_voice=self._voice.voiced,
        )
