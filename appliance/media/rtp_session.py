"""The RTP session of a call (RFC 3550 §3): its stream, what is heard of the peer, and the reports both ways.

    received ─▶ packet ─┬▶ reports        reports ─▶ report
                        ├▶ telephone events ─▶ digit
                        └▶ AudioStream ◀─▶ mixer
    AudioStream ─▶ transmit, and digits that are heard, on an audio thread;  sent ─▶ reports

Pure: on the loop, except where the stream says otherwise.
"""

from collections.abc import Callable
from typing import Final

from appliance.media.capture import Capture
from appliance.media.codec import Encoder
from appliance.media.codec_table import payload_formats
from appliance.media.counters import MediaStatistics, PlayoutCounters, statistics
from appliance.media.description import Codec
from appliance.media.events import DigitReceived
from appliance.media.frame import Pcm
from appliance.media.level import SILENCE
from appliance.media.negotiation import Negotiated
from appliance.media.packet import RtpPacket, parse
from appliance.media.playout import Playout
from appliance.media.reports import Rating, ReportExchange
from appliance.media.stream import AudioStream
from appliance.media.telephone_event import DIGITS, DigitReceiver
from appliance.units import Dbov, Seconds

_FORGETTING: Final = 0.25
"""How much less loss than before is believed of each report; more is believed at once."""

Listener = Callable[[Pcm], object]

_NO_EVENTS: Final = Codec(name="telephone-event", payload_type=-1, clock_rate=8000)


class RtpSession:
    """Goes on through new formats, holds and renewed transports: SSRC, sequence numbers and totals are the call's.

    `encoder` makes the encoder that was agreed on; `transmit` takes our packets, on an audio thread; `digit` hears the
    peer's keys, on the loop or, as sound, on an audio thread. `random_bits` gives that many random bits, `uniform`
    numbers in 0..1.
    """

    def __init__(
        self,
        *,
        cname: str,
        random_bits: Callable[[int], int],
        uniform: Callable[[], float],
        encoder: Callable[[Negotiated], Encoder],
        transmit: Callable[[RtpPacket], None],
        digit: Callable[[DigitReceived], None],
        mos: Rating = lambda *_: None,
    ) -> None:
        self.ssrc = random_bits(32)
        self.cname = cname
        self.reports = ReportExchange(ssrc=self.ssrc, cname=cname, uniform=uniform, playout=self._playout, mos=mos)
        self.stream: AudioStream | None = None
        """From the first agreement on."""
        self._random_bits = random_bits
        self._encoder = encoder
        self._transmit = transmit
        self._digit = digit
        self._capture: Capture | None = None
        self._agreed: Negotiated | None = None
        self._final: MediaStatistics | None = None
        self._detecting = False
        self._listeners: tuple[Listener | None, Listener | None] = (None, None)
        self._loss = 0.0
        self._digits = DigitReceiver({})
        self._clock_rates: dict[int, int] = {}
        self._audio_types: frozenset[int] = frozenset()

    def _playout(self) -> PlayoutCounters | None:
        return None if self.stream is None else self.stream.playout_counters

    def apply(self, agreed: Negotiated) -> None:
        """Send and receive as agreed from now on. Raises `DriverError` if a codec's library is missing."""
        before, self._agreed = self._agreed, agreed
        if self.stream is None:
            self._capture = self._new_capture(agreed)
            self.stream = AudioStream(self._capture, Playout(payload_formats(agreed.receive)), self._transmit)
            self.detect_digits(on=self._detecting)
            self.stream.on_sent, self.stream.on_heard = self._listeners
        elif before is not None and _sending(before) != _sending(agreed):
            self._change_format(self.stream, agreed)
        if before is None or (before.receive, before.receive_events) != (agreed.receive, agreed.receive_events):
            if before is not None:
                self.stream.use(payload_formats(agreed.receive))
            every = (*agreed.receive, *agreed.receive_events)
            self._clock_rates = {codec.payload_type: codec.clock_rate for codec in every}
            self._audio_types = frozenset(codec.payload_type for codec in agreed.receive)
            self._digits = DigitReceiver({codec.payload_type: codec.clock_rate for codec in agreed.receive_events})

    def _new_capture(self, agreed: Negotiated) -> Capture:
        events = agreed.send_events or _NO_EVENTS
        return Capture(
            self._encoder(agreed),
            ssrc=self.ssrc,
            payload_type=agreed.send.payload_type,
            clock_rate=agreed.send.clock_rate,
            sequence_number=self._random_bits(15),  # room before the first wrap (RFC 3711 §3.3.1)
            timestamp=self._random_bits(32),
            event_payload_type=None if agreed.send_events is None else events.payload_type,
            event_clock_rate=events.clock_rate,
        )

    def _change_format(self, stream: AudioStream, agreed: Negotiated) -> None:
        encoder = self._encoder(agreed)
        events = agreed.send_events or _NO_EVENTS
        stream.change_capture(
            lambda capture: capture.use(
                encoder,
                payload_type=agreed.send.payload_type,
                clock_rate=agreed.send.clock_rate,
                event_payload_type=None if agreed.send_events is None else events.payload_type,
                event_clock_rate=events.clock_rate,
            )
        )

    def direct(self, *, muted: bool, held: bool, audible: bool) -> None:
        """Let mute, hold and the agreed direction take effect. From any thread."""
        agreed, stream, capture = self._agreed, self.stream, self._capture
        if agreed is None or stream is None or capture is None:
            return
        capture.muted = muted
        capture.sending = agreed.direction.sends and not held
        stream.audible = agreed.direction.receives and not held and audible

    def send_digits(self, digits: str) -> bool:
        """Press `digits` as telephone events; False if the peer takes none or one is no digit. From any thread."""
        agreed, stream = self._agreed, self.stream
        if agreed is None or stream is None or agreed.send_events is None:
            return False
        if not digits or any(digit not in DIGITS for digit in digits):
            return False
        stream.change_capture(lambda capture: capture.send_digits(digits))
        return True

    def sound_digits(self, digits: str) -> bool:
        """Press `digits` as tones in the sound; False if nothing is agreed on or one is no digit. From any thread."""
        stream = self.stream
        if stream is None or not digits or any(digit not in DIGITS for digit in digits):
            return False
        stream.change_capture(lambda capture: capture.sound_digits(digits))
        return True

    def detect_digits(self, *, on: bool) -> None:
        """Listen for digits in the peer's sound, or no longer. From any thread."""
        self._detecting = on
        if self.stream is not None:
            self.stream.detect_digits(self._digit if on else None)

    def listen(self, *, sent: Listener | None = None, heard: Listener | None = None) -> None:
        """Tell of each frame of the microphone as it is sent, of each of the peer, on an audio thread. From any thread.

        What is not given stays as it was.
        """
        self._listeners = (sent or self._listeners[0], heard or self._listeners[1])
        if self.stream is not None:
            self.stream.on_sent, self.stream.on_heard = self._listeners

    def received(self, data: bytes, now: Seconds) -> None:
        """An RTP packet came; what is damaged or was not agreed on is dropped."""
        packet = parse(data)
        if packet is None or self.stream is None:
            return
        rate = self._clock_rates.get(packet.payload_type)
        if rate is None:
            return
        self.reports.received(packet, rate, now)
        if packet.payload_type in self._audio_types:
            self.stream.arrived(packet, now)
            return
        self.stream.event_arrived(packet)
        digit = self._digits.received(packet)
        if digit is not None:
            self._digit(digit)

    def reported(self, data: bytes, now: Seconds) -> None:
        """An RTCP packet came; our redundancy follows the loss it tells of."""
        self.reports.report_received(data, now)
        loss, stream = self.reports.counters.remote_loss_fraction, self.stream
        if loss is None or stream is None:
            return
        expected = self._loss = loss if loss > self._loss else self._loss + _FORGETTING * (loss - self._loss)
        stream.change_capture(lambda capture: capture.expect_loss(expected))

    def sent(self, packet: RtpPacket, now: Seconds) -> None:
        """A packet of ours goes out."""
        if self._agreed is not None:
            self.reports.sent(packet, self._agreed.send.clock_rate, now)

    def close(self) -> None:
        """Let go of codecs and buffers; `totals` stay what they are. Whoever keeps the call keeps no more than that."""
        self._final = self.totals
        self.stream = self._capture = None
        self._transmit = self._digit = _nobody

    @property
    def levels(self) -> tuple[Dbov, Dbov]:
        """How loud what is sent and what was decoded are at the moment. From any thread."""
        if self.stream is None:
            return SILENCE, SILENCE
        return self.stream.capture_counters.input.level, self.stream.playout_counters.output.level

    @property
    def totals(self) -> MediaStatistics:
        """The running totals and present values. From any thread."""
        agreed, stream = self._agreed, self.stream
        if self._final is not None:
            return self._final
        if agreed is None or stream is None:
            return MediaStatistics()
        return statistics(agreed.send.name, stream.capture_counters, stream.playout_counters, self.reports.counters)


def _nobody(_: object) -> None:
    """Who hears of a closed session."""


def _sending(agreed: Negotiated) -> tuple[object, ...]:
    """What an encoder and its payload type depend on."""
    return (agreed.send, agreed.send_events, agreed.ptime, agreed.bitrate, agreed.fec, agreed.dtx)
