"""An hour without a broker, under a clock that a test moves: nothing that matters is lost or out of order."""

import json
from pathlib import Path

from appliance.calls import events
from appliance.calls.call_info import CallState
from appliance.clock import ManualClock
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.command_payloads import Audit, Progress
from appliance.mqtt.mailbox import Mailbox
from appliance.mqtt.pace import Pace
from appliance.mqtt.publication import Kind, Publication
from tests.support.client_events import SAMPLE, SUMMARY, call
from tests.unit.mqtt.start import Start

_HOUR = 3_600


def audit(number: int) -> Audit:
    return Audit(command="dnd", command_id=f"c-{number}", by="mara", status=Progress.DONE)


def busy_hour(bridge: Bridge, mailbox: Mailbox, clock: ManualClock, *, seconds: int) -> int:
    """A call every five minutes, a command every minute; how many events and summaries that were."""
    numbered = 0
    for second in range(seconds):
        clock.advance(1.0)
        wall = clock.wall()
        published: list[Publication] = []
        if second % 60 == 0:
            published.append(bridge.happened(audit(second), wall))
        phase = second % 300
        if phase == 0:
            published += bridge.event(events.Calling(call=call()), wall)
            published += bridge.event(events.CallAnswered(call=call(CallState.ANSWERED)), wall)
        if phase < 120:
            published += bridge.event(events.Sample(call=call(CallState.ANSWERED), sample=SAMPLE), wall)
        if phase == 120:
            ended = events.CallTerminated(
                call=call(CallState.ENDED), cause="Terminated", duration=120.0, summary=SUMMARY
            )
            published += bridge.event(ended, wall)
        mailbox.put(published)
        numbered += sum(one.kind is Kind.EVENT for one in published)
    return numbered


def drained(mailbox: Mailbox, clock: ManualClock, *, rate: float = 500.0) -> tuple[list[Publication], float]:
    """What a broker that has come back gets, and how many seconds that takes."""
    pace, began = Pace(rate), clock.now()
    found: list[Publication] = []
    pace.begin(clock.now(), 3.0)
    mailbox.connected(None)
    while True:
        sending = mailbox.take(20, events=not pace.wait(clock.now()))
        if sending is None:
            if not mailbox.undelivered:
                return found, clock.now() - began
            clock.advance(max(0.001, pace.wait(clock.now())))
            continue
        if sending.publication.kind is Kind.EVENT:
            pace.passed(clock.now())
        found.append(sending.publication)
        mailbox.acknowledged(sending.ticket)


def test_an_hour_without_a_broker_loses_no_event_and_no_order(tmp_path: Path) -> None:
    clock = ManualClock()
    with Start(tmp_path) as start:
        bridge = Bridge("lobby", "door-1", "boot-1")
        made = busy_hour(bridge, start.mailbox, clock, seconds=_HOUR)
        assert start.synced() == ""
        found, seconds = drained(start.mailbox, clock)
        dropped = start.mailbox.dropped
    numbers = [json.loads(one.payload)["seq"] for one in found if one.kind is Kind.EVENT]
    assert numbers == list(range(1, made + 1))
    commands = [value["command_id"] for one in found if (value := json.loads(one.payload)).get("event") == "audit"]
    assert commands == [f"c-{second}" for second in range(0, _HOUR, 60)]
    assert (dropped.events, dropped.audit) == (0, 0)
    assert dropped.metrics == 12 * 120 - 300, "of the seconds of quality the newest few are kept, the rest counted"
    states = [one.topic for one in found if one.kind is Kind.STATE]
    assert len(states) == len(set(states)), "of each state the last value"
    assert 3.0 <= seconds < 10.0, "not at once, and not for long"


def test_neither_does_a_service_that_starts_three_times_in_that_hour(tmp_path: Path) -> None:
    clock, made = ManualClock(), []
    for boot in ("boot-1", "boot-2", "boot-3"):
        with Start(tmp_path) as start:
            made.append(busy_hour(Bridge("lobby", "door-1", boot), start.mailbox, clock, seconds=_HOUR // 3))
    with Start(tmp_path) as start:
        found, _ = drained(start.mailbox, clock)
    order = [(value["boot_id"], value["seq"]) for one in found if "seq" in (value := json.loads(one.payload))]
    assert order == [
        (f"boot-{boot}", number) for boot, count in enumerate(made, start=1) for number in range(1, count + 1)
    ]
