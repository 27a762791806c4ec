"""From packets to the frames a sound card wants.

    arrived ─▶ timeline ─▶ jitter buffer ─┐            ┌─ there: decode
               └─▶ delay estimator        ├▶ position ─┼─ lost, the next is there: its redundancy, else conceal
    next_frame ──────────────────────────▶┘            └─ nothing there: conceal, fading

The listener's position moves on with every sample that is played, whether it came or not, so one lost packet delays
nothing. The delay is changed on purpose only: by a period of the pitch while somebody talks, freely in a pause.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from appliance.media.codec import Decoder
from appliance.media.concealment import Concealment
from appliance.media.counters import PlayoutCounters
from appliance.media.delay_estimator import DelayEstimator
from appliance.media.frame import FRAME, SAMPLE_RATE, Pcm, silence
from appliance.media.jitter_buffer import Insertion, JitterBuffer, Timeline, Waiting
from appliance.media.level import Meter
from appliance.media.packet import RtpPacket
from appliance.media.time_stretch import lengthen, shorten
from appliance.units import Milliseconds, Seconds

_PER_MILLISECOND: Final = SAMPLE_RATE // 1000
_STEP: Final = 120
"""Samples: concealment comes in multiples of 2.5 ms."""

_DISCONTINUITY: Final = Milliseconds(2_000.0)
"""A packet so far from the timeline belongs to another one."""

_IDLE: Final = SAMPLE_RATE
"""Samples without a packet (1 s) after which the next one begins anew, at the wanted delay."""

_LATE_FOR: Final = 0.2
"""Seconds of nothing but late packets that prove the position wrong."""

_REORDERED: Final = 16
"""Packets sent before the first one that may yet come after it."""

_REVIEW: Final = 20
"""Frames (200 ms) between two decisions on the delay: its lowest value among them counts."""

_TOO_LONG: Final = 480
"""Samples above the target from which the delay is shortened."""

_TOO_SHORT: Final = -240
_EXCESS: Final = Milliseconds(100.0)
"""Above the maximum: sound is skipped instead of shortened."""

_REDUNDANCY_MARGIN: Final = 10.0
"""ms that a packet's redundancy should be there before the lost one would have been played."""

_LEAST_LIKENESS: Final = 0.4
_MOST_LIKENESS: Final = 0.8


@dataclass(frozen=True, slots=True)
class PayloadFormat:
    """One payload type that may come: its RTP clock in ticks per second, and this stream's decoder."""

    payload_type: int
    clock_rate: int
    decoder: Decoder


class Playout:
    """One incoming stream. Not thread-safe: `arrived` and `next_frame` are called on one thread, or under a lock."""

    def __init__(
        self,
        formats: Sequence[PayloadFormat],
        *,
        minimum_delay: Milliseconds = Milliseconds(20.0),
        maximum_delay: Milliseconds = Milliseconds(200.0),
    ) -> None:
        """The delay adapts between the two bounds; the same twice is a fixed delay."""
        self._formats = {each.payload_type: each for each in formats}
        self._maximum_delay = maximum_delay
        self._estimator = DelayEstimator(minimum=minimum_delay, maximum=maximum_delay)
        self._buffer = JitterBuffer()
        self._concealment = Concealment()
        self._timeline: Timeline | None = None
        self._decoder: Decoder | None = None
        self._pending = silence(0)
        self._position = 0  # of the next sample to decode
        self._beginning = False  # before the first packet of a timeline, silence isn't concealment
        self._sequence = 0  # last played
        self._event = 0  # sequence number of the last telephone event
        self._pause = False  # the sender sends nothing on purpose
        self._doubtful = 0  # samples concealed since the last packet, perhaps for a pause
        self._starved = 0  # samples since the last packet that was played
        self._late_since: float | None = None
        self._lowest = 0
        self._reviewed = 0
        self._losing = 0  # samples in the packet after a loss
        self._correction = 0  # samples still to take away (or, negative, to add)
        self._likeness = _MOST_LIKENESS
        self._late = self._discarded = self._underruns = 0
        self._played = self._concealed = self._stretched = 0
        self._delay = Milliseconds(0.0)
        self._meter = Meter()

    def use(self, formats: Sequence[PayloadFormat]) -> None:
        """Other payload types from now on, after a new offer and answer; the next packet begins a new timeline."""
        self._formats = {each.payload_type: each for each in formats}
        self._discarded += self._buffer.clear()
        self._timeline = self._decoder = None

    def arrived(self, packet: RtpPacket, now: Seconds) -> None:
        """One packet came at `now`. Telephone events go to `event_arrived`."""
        payload_format = self._formats.get(packet.payload_type)
        duration = 0 if payload_format is None else payload_format.decoder.duration(packet.payload)
        if payload_format is None or duration == 0:
            self._discarded += 1
            return
        sequence, position = self._placed(packet, payload_format.clock_rate, now)
        waiting = Waiting(position, sequence, duration, packet.payload, payload_format.decoder)
        straggler = sequence <= self._sequence
        if self._beginning and len(self._buffer) == 0 and not straggler:
            self._position = position - int(self._estimator.target * _PER_MILLISECOND)
        outcome = self._buffer.insert(waiting, waiting.end if straggler else self._position)
        transit = Seconds(now - position / SAMPLE_RATE)
        if outcome is Insertion.DUPLICATE:
            self._discarded += 1
            return
        if abs(self._estimator.relative(transit)) <= _DISCONTINUITY:
            self._estimator.arrived(transit, now)
        if outcome is Insertion.STORED:
            self._late_since = None
            return
        self._late += 1
        if not straggler and self._is_misplaced(now):
            self._restart()

    def _placed(self, packet: RtpPacket, clock_rate: int, now: Seconds) -> tuple[int, int]:
        """Sequence number and position of `packet`, on a new timeline if it can't belong to the present one."""
        timeline = self._timeline
        if (
            timeline is None
            or timeline.ssrc != packet.ssrc
            or timeline.clock_rate != clock_rate
            or self._starved >= _IDLE
        ):
            timeline = self._begin(packet, clock_rate)
        sequence, position = timeline.sequence(packet), timeline.position(packet)
        distance = self._estimator.relative(Seconds(now - position / SAMPLE_RATE))
        if abs(distance) > _DISCONTINUITY and sequence > self._sequence:
            timeline = self._begin(packet, clock_rate)
            sequence, position = timeline.sequence(packet), timeline.position(packet)
        return sequence, position

    def _begin(self, packet: RtpPacket, clock_rate: int) -> Timeline:
        """Start over with `packet`: another source, a long pause, a sender whose timestamps jumped."""
        self._timeline = Timeline(packet, clock_rate)
        self._sequence = self._event = packet.sequence_number - _REORDERED
        self._restart()
        return self._timeline

    def _restart(self) -> None:
        """Let the next packet decide where on the timeline the listener is."""
        self._discarded += self._buffer.clear()
        self._estimator.restart()
        self._beginning, self._pause = True, False
        self._starved = self._correction = self._reviewed = self._doubtful = 0
        self._late_since = None

    def _is_misplaced(self, now: Seconds) -> bool:
        """For too long everything new has come too late."""
        if self._late_since is None:
            self._late_since = now
        return now - self._late_since > _LATE_FOR

    def event_arrived(self, packet: RtpPacket) -> None:
        """A telephone event of the same stream came: no sound is missing meanwhile, and its number isn't lost."""
        if self._timeline is not None and packet.ssrc == self._timeline.ssrc:
            self._event = max(self._event, self._timeline.sequence(packet))

    def next_frame(self, now: Seconds) -> Pcm:
        """The next 10 ms for the speaker: shape (480,), always."""
        if self._timeline is not None:
            self._review(now)
        if self._pending.size < FRAME:
            self._pending = self._longer(self._pending)
        frame = self._pending[:FRAME]
        self._pending = self._pending[FRAME:]
        if self._losing:
            self._estimator.lost(Milliseconds(self._losing / _PER_MILLISECOND + _REDUNDANCY_MARGIN), now)
            self._losing = 0
        if self._timeline is not None:
            self._played += FRAME
        self._meter.frame(frame)
        return frame

    def _longer(self, pending: Pcm) -> Pcm:
        """`pending` and what follows it, a frame at least."""
        pieces = [pending] if pending.size else []
        count = pending.size
        while count < FRAME:
            piece = self._more()
            pieces.append(piece)
            count += piece.size
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _review(self, now: Seconds) -> None:
        """Measure the delay, and decide now and then whether it should change."""
        heard = (self._position - self._pending.size) / SAMPLE_RATE
        delay = (now - heard - self._estimator.fastest) * 1000.0
        self._delay = Milliseconds(delay)
        if delay > self._maximum_delay + _EXCESS:
            self._skip(int((delay - self._estimator.target) * _PER_MILLISECOND))
            return
        excess = int((delay - self._estimator.target) * _PER_MILLISECOND)
        self._lowest = excess if self._reviewed == 0 else min(self._lowest, excess)
        self._reviewed += 1
        if self._reviewed < _REVIEW:
            return
        self._reviewed = 0
        undone = self._correction > 0
        self._correction = self._lowest if self._lowest > _TOO_LONG or self._lowest < _TOO_SHORT else 0
        # What could not be shortened at a good place is shortened at a worse one, so that the delay does not stay.
        self._likeness = max(_LEAST_LIKENESS, self._likeness - 0.1) if undone and self._correction else _MOST_LIKENESS

    def _skip(self, samples: int) -> None:
        """Leap over `samples`: the delay is far beyond what anybody wants."""
        self._position += samples
        self._delay = self._estimator.target
        self._late += self._buffer.drop_before(self._position)
        self._stretched += samples
        self._correction = self._reviewed = 0

    def _more(self) -> Pcm:
        """Some samples from the position on, at least one."""
        if self._timeline is None:
            return self._missing(FRAME)
        self._late += self._buffer.drop_before(self._position)
        first = self._buffer.first
        if first is None:
            return self._nothing()
        if first.position <= self._position:
            return self._decode()
        if self._beginning:
            count = min(FRAME, first.position - self._position)
            self._position += count
            return silence(count)
        return self._gap(first)

    def _decode(self) -> Pcm:
        packet = self._buffer.pop()
        self._decoder = packet.decoder
        sound = packet.decoder.decode(packet.payload)[self._position - packet.position :]
        self._position = packet.end
        self._sequence = packet.sequence
        self._pause = packet.decoder.is_pause(packet.payload)
        self._beginning = False
        self._starved = self._doubtful = 0
        sound = self._concealment.heard(sound)
        return self._stretch(sound) if self._correction else sound

    def _stretch(self, sound: Pcm) -> Pcm:
        shorter = self._correction > 0
        changed = shorten(sound, likeness=self._likeness) if shorter else lengthen(sound, likeness=self._likeness)
        if changed is None:
            return sound
        difference = sound.size - changed.size
        if difference > max(0, self._correction):
            # A whole period more than is too much would leave less than the target: nothing to spare for a late packet.
            return sound
        self._correction -= difference
        if (self._correction > 0) is not shorter:
            self._correction = 0
        self._stretched += abs(difference)
        return changed

    def _gap(self, first: Waiting) -> Pcm:
        """The position is before the earliest packet: a pause of the sender, or lost packets."""
        gap = first.position - self._position
        if self._paused_by_sender or first.sequence <= self._sequence + 1:
            self._reprieve()
            return self._paused(min(gap, FRAME))
        self._losing = first.duration
        if gap > first.duration:
            return self._lost(min(gap - first.duration, FRAME))
        recovered = first.decoder.recover(first.payload, first.duration)
        if recovered is None:
            return self._lost(min(gap, FRAME))
        self._position = first.position
        self._starved = self._doubtful = 0
        return self._concealment.heard(recovered[recovered.size - gap :])

    @property
    def _paused_by_sender(self) -> bool:
        return self._pause or self._event > self._sequence

    def _reprieve(self) -> None:
        """The next packet is there early enough, and none is missing before it: what was concealed was a pause."""
        self._concealed -= self._doubtful
        self._underruns -= int(self._doubtful > 0)
        self._doubtful = 0

    def _paused(self, count: int) -> Pcm:
        """Comfort noise. The delay may change here without being heard."""
        if self._correction >= count:
            self._correction -= count
            self._position += count
            self._stretched += count
            return silence(0) if self._buffer else self._guess(count)
        if self._correction < 0:
            self._correction = min(0, self._correction + count)
            self._stretched += count
        else:
            self._position += count
        return self._guess(count)

    def _nothing(self) -> Pcm:
        """No packet is there: late, lost, or none was sent."""
        if self._starved < _IDLE:
            if self._starved == 0 and not self._paused_by_sender and not self._beginning:
                self._underruns += 1
            self._starved += FRAME
        if self._paused_by_sender:
            return self._paused(FRAME)
        if self._correction < 0:
            self._correction = min(0, self._correction + FRAME)
            self._stretched += FRAME
            return self._missing(FRAME)
        self._doubtful += 0 if self._beginning else FRAME
        return self._lost(FRAME)

    def _lost(self, count: int) -> Pcm:
        self._position += count
        if not self._beginning:
            self._concealed += count
        return self._missing(count)

    def _missing(self, count: int) -> Pcm:
        if self._decoder is None or self._concealment.silent:
            return silence(count)
        return self._concealment.missing(self._guess(count))

    def _guess(self, count: int) -> Pcm:
        if self._decoder is None:
            return silence(count)
        return self._decoder.conceal(-(-count // _STEP) * _STEP)[:count]

    @property
    def delay(self) -> Milliseconds:
        """How long after the fastest possible arrival sound was played last."""
        return self._delay

    @property
    def target_delay(self) -> Milliseconds:
        """What the delay is moving to."""
        return self._estimator.target

    @property
    def counters(self) -> PlayoutCounters:
        """The totals so far, and the present delay."""
        return PlayoutCounters(
            packets_late=self._late,
            packets_discarded=self._discarded + self._buffer.overflowed,
            played=Milliseconds(self._played / _PER_MILLISECOND),
            concealed=Milliseconds(self._concealed / _PER_MILLISECOND),
            stretched=Milliseconds(self._stretched / _PER_MILLISECOND),
            playout_delay=self._delay,
            underruns=self._underruns,
            output=self._meter.loudness,
        )
