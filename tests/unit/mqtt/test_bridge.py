"""What a call looks like on the broker. Sizes and bounds of payloads are in test_payloads."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appliance.calls import events
from appliance.calls.call_info import CallState, Direction
from appliance.calls.events import ClientEvent, Sample
from appliance.errors import UsageError
from appliance.events import event_name
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.call_states import MAX_CALLS
from appliance.mqtt.catalogue import UNPUBLISHED
from appliance.mqtt.publication import Publication
from appliance.mqtt.unit_states import Dropped, UnitInfo
from tests.support.client_events import SAMPLE, SUMMARY, call, every_event

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BASE = "intercom/v1/lobby/door-1/"


class Unit:
    """A bridge whose publications are read as a dashboard reads them."""

    def __init__(self) -> None:
        self.bridge = Bridge("lobby", "door-1", "boot-1", info=UnitInfo(software="0.1.0"))
        self.retained: dict[str, Any] = {}
        self.published: list[Publication] = []
        self.now = NOW
        self._see(self.bridge.initial(NOW))

    def happens(self, *happened: ClientEvent) -> list[str]:
        """The topics that were published."""
        before = len(self.published)
        for event in happened:
            self.now += timedelta(seconds=1)
            self._see(self.bridge.event(event, self.now))
        return [publication.topic.removeprefix(BASE) for publication in self.published[before:]]

    def _see(self, publications: list[Publication]) -> None:
        self.published += publications
        for publication in publications:
            if publication.retain:
                self.retained[publication.topic.removeprefix(BASE)] = json.loads(publication.payload)

    @property
    def call(self) -> Any:
        return self.retained["state/call"]

    @property
    def registration(self) -> Any:
        return self.retained["state/registration"]


def test_birth_will_and_farewell() -> None:
    bridge = Unit().bridge
    for publication, state, reason in (
        (bridge.birth(NOW), "online", ""),
        (bridge.will(NOW), "offline", "lost"),
        (bridge.farewell(NOW), "offline", "shutdown"),
    ):
        assert (publication.topic, publication.qos, publication.retain) == (f"{BASE}status", 1, True)
        value = json.loads(publication.payload)
        assert (value["state"], value["reason"], value["boot_id"]) == (state, reason, "boot-1")
        assert value["time"] == "2026-01-02T03:04:05.000Z"


def test_a_start_replaces_what_the_last_one_left() -> None:
    unit = Unit()
    assert unit.call["state"] == "idle"
    assert unit.registration["state"] == "unregistered"
    assert unit.retained["info"]["software"] == "0.1.0"


@pytest.mark.parametrize("boot_id", ["", "x" * 65, "é", "a\nb"])
def test_a_bad_boot_id_is_refused(boot_id: str) -> None:
    with pytest.raises(UsageError, match="boot id"):
        Bridge("lobby", "door-1", boot_id)


def test_each_event_has_its_topic_and_the_next_number() -> None:
    unit = Unit()
    unit.happens(*every_event())
    named = [event for event in every_event() if not isinstance(event, (Sample, *UNPUBLISHED))]
    seen = [one for one in unit.published if one.topic.startswith(f"{BASE}event/")]
    names = [one.topic.removeprefix(f"{BASE}event/") for one in seen]
    assert [name for name in names if name != "call_record"] == [event_name(event) for event in named]
    assert names.count("call_record") == 4, "one for each call that is over"
    assert {(one.qos, one.retain) for one in seen} == {(1, False)}
    numbered = [value for one in unit.published if "seq" in (value := json.loads(one.payload))]
    assert [value["seq"] for value in numbered] == list(range(1, len(numbered) + 1))
    assert len({value["id"] for value in numbered}) == len(numbered)


def test_two_starts_never_share_an_id() -> None:
    login = events.Login(aor="sip:201@sip.example.org")
    ids = {json.loads(Bridge("a", "b", boot).event(login, NOW)[0].payload)["id"] for boot in ("one", "two")}
    assert len(ids) == 2


def test_an_outgoing_call() -> None:
    unit = Unit()
    assert unit.happens(events.Calling(call=call())) == ["event/calling", "state/call"]
    assert (unit.call["state"], unit.call["calls"], unit.call["since"]) == ("calling", 1, "2026-01-02T03:04:06.000Z")
    unit.happens(events.CallRemoteRinging(call=call(), early_media=True))
    assert unit.call["state"] == "alerting"
    unit.happens(events.CallAnswered(call=call(CallState.ANSWERED)))
    assert unit.call["state"] == "in_call"
    since = unit.call["since"]
    unit.happens(events.MuteChanged(call=call(CallState.ANSWERED), muted=True))
    assert (unit.call["muted"], unit.call["held"], unit.call["since"]) == (True, False, since)
    unit.happens(events.HoldChanged(call=call(CallState.ANSWERED), held=True, by="local"))
    unit.happens(events.HoldChanged(call=call(CallState.ANSWERED), held=True, by="remote"))
    unit.happens(events.HoldChanged(call=call(CallState.ANSWERED), held=False, by="local"))
    assert unit.call["held"], "the far end still holds"
    unit.happens(events.HoldChanged(call=call(CallState.ANSWERED), held=False, by="remote"))
    assert not unit.call["held"]
    unit.happens(events.Reconnecting(call=call(CallState.ANSWERED), reason="media"))
    assert (unit.call["state"], unit.call["reconnecting"], unit.call["since"]) == ("in_call", True, since)
    unit.happens(events.Reconnected(call=call(CallState.ANSWERED), duration=2.0))
    assert not unit.call["reconnecting"]
    assert unit.happens(
        events.CallTerminated(call=call(CallState.ENDED), cause="Terminated", duration=12.5, summary=SUMMARY)
    ) == [
        "event/call_terminated",
        f"quality/{call().call_uuid}",
        "event/call_record",
        "state/last_call",
        "state/quality_hours",
        "state/call",
    ]
    assert (unit.call["state"], unit.call["calls"], unit.call["call"]) == ("idle", 0, None)
    record = unit.retained["state/last_call"]
    assert (record["result"], record["duration"], record["cause"]) == ("answered", 12.5, "Terminated")
    assert (record["started"], record["answered"]) == ("2026-01-02T03:04:06.000Z", "2026-01-02T03:04:08.000Z")
    assert record["quality"]["mean_mos"] == SUMMARY.mean_mos


def test_quality_while_and_after() -> None:
    unit = Unit()
    answered = call(CallState.ANSWERED)
    assert unit.happens(Sample(call=answered, sample=SAMPLE)) == [f"quality/{answered.call_uuid}"]
    interval = unit.published[-1]
    assert (interval.qos, interval.retain) == (0, False)
    value = json.loads(interval.payload)
    assert (value["kind"], value["mos"], value["codec"]) == ("interval", 4.31, "opus")
    assert "seq" not in value
    unit.happens(events.CallTerminated(call=answered, cause="Terminated", duration=1.0, summary=SUMMARY))
    summary = next(one for one in reversed(unit.published) if one.topic.startswith(f"{BASE}quality/"))
    assert (summary.qos, summary.retain) == (1, False)
    assert json.loads(summary.payload)["kind"] == "summary"


@pytest.mark.parametrize(
    ("end", "result", "cause"),
    [
        (events.IncomingCallCanceled(call=call(), elsewhere=False), "canceled", "Canceled"),
        (events.IncomingCallCanceled(call=call(), elsewhere=True), "canceled", "Answered elsewhere"),
        (events.IncomingCallIgnored(call=call()), "ignored", "Ignored"),
        (events.CallFailed(call=call(), cause="Busy", status=486), "failed", "Busy"),
    ],
)
def test_calls_that_were_not_answered(end: ClientEvent, result: str, cause: str) -> None:
    unit = Unit()
    unit.happens(events.IncomingCall(call=call(direction=Direction.INCOMING), caller_id="201", caller_name=""))
    assert unit.call["state"] == "ringing"
    unit.happens(end)
    assert unit.call["state"] == "idle"
    record = unit.retained["state/last_call"]
    assert (record["result"], record["cause"], record["answered"]) == (result, cause, None)


def test_of_several_calls_the_one_that_matters_is_shown() -> None:
    unit = Unit()
    incoming = call(direction=Direction.INCOMING, uuid="second")
    unit.happens(events.Calling(call=call()), events.CallAnswered(call=call(CallState.ANSWERED)))
    unit.happens(events.IncomingCall(call=incoming, caller_id="7", caller_name=""))
    assert (unit.call["state"], unit.call["calls"], unit.call["call"]["call_uuid"]) == (
        "in_call",
        2,
        call().call_uuid,
    )
    unit.happens(events.CallTerminated(call=call(CallState.ENDED), cause="x", duration=1.0, summary=SUMMARY))
    assert (unit.call["state"], unit.call["call"]["call_uuid"]) == ("ringing", "second")


def test_events_out_of_place_change_no_state() -> None:
    unit = Unit()
    assert unit.happens(events.MuteChanged(call=call(), muted=True)) == ["event/mute_changed"]
    assert unit.happens(events.MediaFailed(call=call(), reason="")) == ["event/media_failed"]
    assert unit.call["state"] == "idle"


def test_calls_that_never_end_are_bounded() -> None:
    unit = Unit()
    for number in range(MAX_CALLS + 10):
        unit.happens(events.IncomingCall(call=call(uuid=str(number)), caller_id="", caller_name=""))
    assert unit.call["calls"] == MAX_CALLS


def test_registration() -> None:
    unit = Unit()
    unit.happens(events.WebSocketConnected(url="wss://sip.example.org/ws"))
    assert unit.registration["state"] == "connecting"
    unit.happens(events.LoginFailed(cause="Authentication Error", status=403, reason="Forbidden"))
    assert [unit.registration[key] for key in ("state", "status", "reason")] == ["refused", 403, "Forbidden"]
    unit.happens(events.Login(aor="sip:201@sip.example.org"))
    registered = unit.registration
    assert (registered["state"], registered["aor"]) == ("registered", "sip:201@sip.example.org")
    assert unit.happens(events.ConnectionChange(state="connected", reason="registered")) == ["event/connection_change"]
    assert unit.happens(events.Login(aor="sip:201@sip.example.org")) == ["event/login"], "nothing has changed"
    unit.happens(events.ConnectionChange(state="disconnected", reason="the network", code=1006))
    assert (unit.registration["state"], unit.registration["reason"]) == ("disconnected", "the network")
    assert unit.registration["since"] > registered["since"]
    unit.happens(events.Logout(reason="connection_lost"))
    assert unit.registration["state"] == "unregistered"


def test_the_hours_of_a_day() -> None:
    unit = Unit()
    for hour in range(30):
        unit.now = NOW + timedelta(hours=hour)
        good = dataclasses.replace(SUMMARY, mean_mos=4.0, worst_mos=3.0)
        bad = dataclasses.replace(SUMMARY, mean_mos=1.0, worst_mos=1.0)
        unit.happens(
            events.CallTerminated(call=call(CallState.ENDED), cause="x", duration=90.0, summary=good),
            events.CallTerminated(call=call(CallState.ENDED), cause="x", duration=30.0, summary=bad),
            events.CallFailed(call=call(), cause="Busy", status=486),
        )
    hours = unit.retained["state/quality_hours"]["hours"]
    assert [hour["hour"] for hour in hours] == [
        (datetime(2026, 1, 2, 9, tzinfo=UTC) + timedelta(hours=number)).strftime("%Y-%m-%dT%H:00:00.000Z")
        for number in range(24)
    ]
    assert {(hour["answered"], hour["failed"], hour["talked"]) for hour in hours} == {(2, 1, 120.0)}
    assert {(hour["mean_mos"], hour["worst_mos"]) for hour in hours} == {(3.25, 1.0)}
    assert {hour["packets_received"] for hour in hours} == {2 * SUMMARY.packets_received}


def test_dropped() -> None:
    publication = Unit().bridge.state(Dropped(events=3), NOW)
    assert (publication.topic, publication.retain) == (f"{BASE}state/dropped", True)
    assert json.loads(publication.payload)["events"] == 3


def test_a_peers_uuid_is_no_topic_of_its_own() -> None:
    unit = Unit()
    evil = call(uuid="../#/+/$SYS")
    assert unit.happens(Sample(call=evil, sample=SAMPLE)) == ["quality/..______SYS"]
