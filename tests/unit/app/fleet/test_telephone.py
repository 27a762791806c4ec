"""Imagined units behave like units: in order, repeatably, and in the words of the schema."""

import heapq
import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import Any

import jsonschema
import pytest

from appliance.app.fleet.network import SiteNetwork
from appliance.app.fleet.places import Place, places
from appliance.app.fleet.telephone import Fault, Happening, Telephone, Traffic
from appliance.calls.events import (
    CallAnswered,
    CallFailed,
    Calling,
    CallTerminated,
    ConnectionChange,
    IncomingCall,
    IncomingCallCanceled,
    Login,
    Sample,
)
from appliance.clock import ManualClock
from appliance.mqtt.asyncapi import schemas
from appliance.mqtt.bridge import Bridge
from appliance.mqtt.catalogue import messages
from appliance.mqtt.publication import Publication
from appliance.mqtt.unit_states import Health, Sound
from appliance.units import Seconds

START, WALL = Seconds(1000.0), datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def lives(
    units: int, hours: float, *, seed: int = 1, traffic: Traffic | None = None
) -> list[tuple[float, Place, Happening]]:
    """What happens to that many units, in the order of time."""
    traffic = traffic or Traffic()
    everybody = places(units, seed=seed)
    networks = {
        place.site: SiteNetwork(Random(f"{seed} {place.site}"), START, pace=traffic.pace) for place in everybody
    }
    telephones = [
        (place, Telephone(place, networks[place.site], Random(f"{seed} {place.name}"), traffic, now=START, wall=WALL))
        for place in everybody
    ]
    happened: list[tuple[float, Place, Happening]] = []
    due = [(telephone.due, index) for index, (_, telephone) in enumerate(telephones)]
    heapq.heapify(due)
    while due[0][0] < START + 3600 * hours:
        now, index = due[0]
        place, telephone = telephones[index]
        happened += [(now, place, happening) for happening in telephone.advance(now)]
        heapq.heapreplace(due, (telephone.due, index))
    return happened


def test_places_are_as_many_as_asked_for_and_all_different() -> None:
    for count in (1, 50, 1000):
        everybody = places(count)
        assert len({place.name for place in everybody}) == len({place.number for place in everybody}) == count
        assert all(len(place.name) <= 64 for place in everybody)
    assert len({place.site for place in places(100, sites=7)}) == 7
    assert places(30, seed=5) == places(30, seed=5) != places(30, seed=6)


def test_the_same_seed_is_the_same_fleet() -> None:
    assert lives(3, 0.1) == lives(3, 0.1)
    assert lives(3, 0.1) != lives(3, 0.1, seed=2)


def test_calls_begin_and_end_and_follow_each_other() -> None:
    everything = lives(4, 1.0, traffic=Traffic(busy=0.3))
    ends = CallTerminated | CallFailed | IncomingCallCanceled
    for name in {place.name for _, place, _ in everything}:
        own = [happening for _, place, happening in everything if place.name == name]
        marks = [happening for happening in own if isinstance(happening, Calling | IncomingCall | ends)]
        for first, second in pairwise(marks):
            assert isinstance(first, ends) != isinstance(second, ends), "one call at a time"
            if isinstance(second, ends):
                assert not isinstance(first, ends)
                assert first.call.call_uuid == second.call.call_uuid
    terminated = [happening for _, _, happening in everything if isinstance(happening, CallTerminated)]
    samples = Counter(happening.call.call_uuid for _, _, happening in everything if isinstance(happening, Sample))
    assert all(samples[call.call.call_uuid] == call.duration for call in terminated)
    assert all(call.summary.mean_mos and 1.0 <= call.summary.mean_mos <= 4.5 for call in terminated)


def test_as_many_are_in_a_call_as_was_asked_for() -> None:
    everything = lives(20, 1.0, traffic=Traffic(busy=0.2, faults=False))
    talking = sum(isinstance(happening, Sample) for _, _, happening in everything)
    assert 0.1 < talking / (20 * 3600) < 0.3


def test_things_go_wrong_as_often_as_was_asked_for() -> None:
    calm, hectic = (lives(12, 1.0, traffic=Traffic(busy=0.01, pace=pace)) for pace in (0.05, 20.0))

    def count(kind: type, story: list[tuple[float, Place, Happening]]) -> int:
        return sum(isinstance(happening, kind) for _, _, happening in story)

    for kind in (Fault, ConnectionChange, Sound):
        assert count(kind, calm) < count(kind, hectic) / 4, kind
    assert count(Login, calm) >= 11
    assert 12 * 55 < count(Health, calm) < 12 * 65
    faults = {happening for _, _, happening in hectic if isinstance(happening, Fault)}
    assert faults == {Fault.RESTART, Fault.POWER_CUT}


def test_the_quality_of_a_site_in_trouble_is_worse() -> None:
    network = SiteNetwork(Random(3), START)
    readings = [network.conditions(Seconds(START + second)) for second in range(20_000)]
    bad = [reading for reading in readings if reading.loss > 0.009]
    assert 0.03 < len(bad) / len(readings) < 0.5
    assert min(reading.round_trip for reading in bad) > 100.0


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}


def test_every_publication_is_as_the_schema_says(known: dict[str, Any]) -> None:
    clock = ManualClock()
    bridges = {place.name: Bridge(place.site, place.device, "boot", info=place.info) for place in places(8, seed=1)}
    seen: Counter[str] = Counter()
    for _, place, happening in lives(8, 0.25, traffic=Traffic(busy=0.3, pace=40.0)):
        bridge = bridges[place.name]
        clock.advance(1.0)
        if isinstance(happening, Fault):
            continue
        wall = clock.wall()
        made = (
            [bridge.state(happening, wall)] if isinstance(happening, Health | Sound) else bridge.event(happening, wall)
        )
        for publication in made:
            name = message_name(publication)
            seen[name] += 1
            if seen[name] < 50:
                known[name].validate(json.loads(publication.payload))
    assert {"event.call_terminated", "quality.interval", "quality.summary", "state.health", "state.audio"} <= set(seen)


def message_name(publication: Publication) -> str:
    """Of the catalogue's messages, the one this is."""
    tail = publication.topic.split("/", 4)[-1]
    if tail.startswith("quality/"):
        return "quality.interval" if publication.qos == 0 else "quality.summary"
    name = tail.replace("/", ".")
    assert name in {message.name for message in messages()}
    return name


def test_an_answered_call_was_answered() -> None:
    everything = lives(5, 0.5, traffic=Traffic(busy=0.4, faults=False))
    answered = {happening.call.call_uuid for _, _, happening in everything if isinstance(happening, CallAnswered)}
    ended = {happening.call.call_uuid for _, _, happening in everything if isinstance(happening, CallTerminated)}
    assert ended <= answered
    assert len(ended) > 5
