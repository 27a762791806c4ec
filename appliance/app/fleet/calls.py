"""The life of an imagined call, as the call API tells it."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Final

from appliance.app.fleet.network import Conditions
from appliance.calls import events
from appliance.calls.call_info import CallInfo, CallState, Direction
from appliance.calls.cause import Cause
from appliance.calls.events import ClientEvent
from appliance.calls.quality_events import MediaMetrics
from appliance.quality.monitor import Finding, Monitor
from appliance.quality.sample import Counters, Sampler
from appliance.quality.summary import Summary
from appliance.quality.thresholds import DOCUMENTED, Circumstance
from appliance.units import Milliseconds, Seconds

_ANSWERED: Final = 0.82
_TALKING: Final = ~Circumstance.MUTED
_LONGEST: Final = 1800.0
_FAILURES: Final = ((Cause.BUSY, 486), (Cause.UNAVAILABLE, 480), (Cause.NOT_FOUND, 404), (Cause.REJECTED, 603))

Step = tuple[float, ClientEvent]
"""Seconds to wait, and what happens then."""

Second = tuple[Conditions, datetime]
"""What the network is like, and what time it is."""


@dataclass(slots=True)
class Wish:
    """What the person at the unit, or somebody far away, wants of the call: looked at every second."""

    hang_up: bool = False


def call(
    random: Random, own: str, other: str, second: Callable[[], Second], wish: Wish, *, mean: float
) -> Iterator[Step]:
    """One call between `own`, an AOR, and `other`, who is called or calls; `mean` seconds long if it is answered."""
    direction = random.choice(tuple(Direction))
    outgoing = direction is Direction.OUTGOING
    info = CallInfo(
        call_uuid=str(uuid.UUID(int=random.getrandbits(128), version=4)),
        sip_call_id=f"{random.getrandbits(64):016x}",
        direction=direction,
        state=CallState.RINGING,
        src=own if outgoing else other,
        dest=other if outgoing else own,
    )
    if outgoing:
        yield 0.0, events.Calling(call=info)
        yield random.uniform(0.1, 0.6), events.CallRemoteRinging(call=info, early_media=False)
    else:
        name = other.removeprefix("sip:").partition("@")[0]
        yield 0.0, events.IncomingCall(call=info, caller_id=name, caller_name="")
    if random.random() > _ANSWERED:
        yield _unanswered(random, info)
        return
    answered = replace(info, state=CallState.ANSWERED)
    yield random.uniform(1.5, 9.0), events.CallAnswered(call=answered)
    yield 0.05, events.MediaConnected(call=answered)
    yield from _conversation(random, answered, second, wish, min(_LONGEST, 3.0 + random.expovariate(1.0 / mean)))


def _unanswered(random: Random, info: CallInfo) -> Step:
    after = random.uniform(2.0, 20.0)
    if info.direction is Direction.INCOMING:
        return after, events.IncomingCallCanceled(call=replace(info, state=CallState.CANCELED), elsewhere=False)
    cause, status = random.choice(_FAILURES)
    return after, events.CallFailed(call=replace(info, state=CallState.FAILED), cause=cause, status=status)


def _conversation(
    random: Random, info: CallInfo, second: Callable[[], Second], wish: Wish, length: float
) -> Iterator[Step]:
    counters, summary, sampler, seconds = Counters(codec="opus"), Summary(), Sampler(), 0
    monitor, muted = Monitor(DOCUMENTED), False
    while seconds < length and not wish.hang_up:
        conditions, wall = second()
        before, counters = counters, _one_second_on(random, counters, conditions)
        sample = sampler.sample(before, counters, Seconds(1.0), wall)
        summary.add(sample)
        seconds += 1
        yield 1.0, events.Sample(call=info, sample=sample)
        yield from _metrics(info, monitor.judge(sample, _TALKING, Seconds(float(seconds))))
        if random.random() < 0.004:
            muted = not muted
            yield 0.0, events.MuteChanged(call=info, muted=muted)
        if random.random() < 0.004:
            digit = random.choice("0123456789*#")
            yield 0.0, events.DtmfReceived(call=info, digit=digit, duration=random.uniform(80, 200), method="rfc4733")
    ended = replace(
        info, state=CallState.ENDED, originator="local" if wish.hang_up else random.choice(("local", "remote"))
    )
    yield (
        random.uniform(0.0, 0.9),
        events.CallTerminated(
            call=ended, cause=Cause.TERMINATED, duration=float(seconds), summary=summary.result(counters)
        ),
    )


def _metrics(info: CallInfo, findings: Iterable[Finding]) -> Iterator[Step]:
    for finding in findings:
        if (metric := finding.metric) is not None:
            yield (
                0.0,
                MediaMetrics(
                    call=info,
                    group=metric.group,
                    type=metric.type,
                    value=finding.value,
                    active=finding.active,
                    desc=metric.desc,
                    stream=metric.stream,
                ),
            )


def _one_second_on(random: Random, before: Counters, conditions: Conditions) -> Counters:
    """50 packets each way, some of them lost, and two voices."""
    lost = sum(random.random() < conditions.loss for _ in range(50)) if conditions.loss else 0
    return replace(
        before,
        packets_sent=before.packets_sent + 50,
        bytes_sent=before.bytes_sent + 4000,
        packets_received=before.packets_received + 50 - lost,
        bytes_received=before.bytes_received + 80 * (50 - lost),
        packets_lost=before.packets_lost + lost,
        jitter=conditions.jitter,
        round_trip=conditions.round_trip,
        remote_jitter=Milliseconds(conditions.jitter * 1.1),
        played=Milliseconds(before.played + 1000.0),
        concealed=Milliseconds(before.concealed + 20.0 * lost),
        playout_delay=Milliseconds(40.0 + 2.0 * conditions.jitter),
        input_energy=before.input_energy + _energy(random.uniform(-45.0, -20.0)),
        input_measured=Seconds(before.input_measured + 1.0),
        output_energy=before.output_energy + _energy(random.uniform(-40.0, -18.0)),
        output_measured=Seconds(before.output_measured + 1.0),
        output_audible=Seconds(before.output_audible + 0.6),
        microphone_energy=before.microphone_energy + _energy(random.uniform(-45.0, -20.0)),
        microphone_measured=Seconds(before.microphone_measured + 1.0),
    )


def _energy(level: float) -> float:
    """Of a second of sound at `level`, in dB of full scale."""
    return float(10.0 ** (level / 10.0))
