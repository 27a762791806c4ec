"""What a bad network is told as: each metric and warning is raised by causing it, and cleared by ending that.

Alice judges by the documents' rules, Bob by the second SDK's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.calls.events import CallTerminated, Sample
from appliance.calls.quality_events import MediaMetrics, WarningCleared, WarningRaised
from tests.flows.street import Couple, Resident, street
from tests.flows.talk import talking
from tests.support.network import Wire

ROTTEN = Wire(loss=0.25, delay=0.24, jitter=0.2)
NETWORK = [
    ("high_jitter", "local"),
    ("high_jitter", "remote"),
    ("high_packetloss", "local"),
    ("high_packetloss", "remote"),
    ("high_rtt", None),
    ("low_mos", None),
]
WARNINGS = ["high-jitter", "high-packet-loss", "high-rtt", "low-mos"]
SOUND = ["constant-audio-output-level", "low-bytes-received"]
PATIENCE = 40.0


@pytest.fixture
async def couple(tmp_path: Path) -> AsyncIterator[Couple]:
    own: dict[str, dict[str, Any]] = {
        "alice0": {"audio": talking(tmp_path / "alice-says.wav", 2.3, 1.4, pitch=200.0)},
        "bob0": {"audio": talking(tmp_path / "bob-says.wav", 1.7, 0.9), "quality_preset": "twilio"},
    }
    async with street(tmp_path, 1, own) as (couple,):
        yield couple


def metric(kind: str, stream: str | None, *, active: bool) -> Callable[[MediaMetrics], bool]:
    return lambda event: (event.type, event.stream, event.active) == (kind, stream, active)


async def warned(resident: Resident, name: str, *, active: bool) -> None:
    """Wait until a warning was told, or its end."""
    if active:
        await resident.told(WarningRaised, lambda event: event.name == name, seconds=PATIENCE)
    else:
        await resident.told(WarningCleared, lambda event: event.name == name, seconds=PATIENCE)


def metrics(resident: Resident) -> list[tuple[str, str | None, bool]]:
    return [(event.type, event.stream, event.active) for event in resident.phone.all(MediaMetrics)]


async def everything(resident: Resident, *, active: bool) -> None:
    """Wait until all that the network does is told, or is over."""
    for kind, stream in NETWORK:
        await resident.told(MediaMetrics, metric(kind, stream, active=active), seconds=PATIENCE)
    for name in WARNINGS:
        await warned(resident, name, active=active)


async def test_loss_jitter_and_delay_and_sound_and_a_path_that_stay_away(couple: Couple) -> None:
    alice, bob = couple
    await asyncio.sleep(3.0)
    assert metrics(alice) == metrics(bob) == []

    for resident in couple:
        resident.machine.wire = ROTTEN
    await couple.both(lambda resident: everything(resident, active=True))
    _check_what_is_said(alice)
    for resident in couple:
        resident.machine.wire = Wire()
    await couple.both(lambda resident: everything(resident, active=False))
    for resident in couple:
        assert sorted(metrics(resident), key=str) == sorted(
            [(kind, stream, active) for kind, stream in NETWORK for active in (True, False)], key=str
        ), "each once, and nothing else"
        raised = [event.name for event in resident.phone.all(WarningRaised)]
        assert sorted(set(raised) - {"high-packets-lost-fraction"}) == WARNINGS
        assert len(raised) == len(set(raised)) == len(resident.phone.all(WarningCleared))
    await warned(bob, "high-packets-lost-fraction", active=False)

    alice.machine.deaf_to_sound = True
    for name in SOUND:
        await warned(alice, name, active=True)
    silent = await alice.told(MediaMetrics, metric("no_audio_received", "remote", active=True))
    assert silent.value == -100.0
    alice.machine.deaf_to_sound = False
    for name in SOUND:
        await warned(alice, name, active=False)
    await alice.told(MediaMetrics, metric("no_audio_received", "remote", active=False))

    alice.machine.deaf_to_udp = True
    await couple.both(lambda resident: warned(resident, "ice-connectivity-lost", active=True))
    alice.machine.deaf_to_udp = False
    await couple.both(lambda resident: warned(resident, "ice-connectivity-lost", active=False))
    for resident in couple:
        ice = [event for event in resident.phone.all(MediaMetrics) if event.type == "ice_connection"]
        assert [(event.value, event.active) for event in ice] == [("disconnected", True), ("connected", False)]

    await alice.do(alice.call.hang_up)
    ends = await couple.both(lambda resident: resident.told(CallTerminated))
    for resident, end in zip(couple, ends, strict=True):
        assert end.summary.worst_round_trip is not None
        assert end.summary.worst_round_trip > 400.0
        assert resident.call.summary == end.summary
        counters = resident.call.counters()
        await resident.run(resident.phone.client.logout())
        assert resident.call.counters() == counters, "frozen with the call"


def _check_what_is_said(alice: Resident) -> None:
    told = {(event.type, event.stream): event for event in alice.phone.all(MediaMetrics)}
    for (kind, stream), event in told.items():
        assert (event.group, event.level, event.active) == ("network", "warning", True), (kind, stream)
        assert event.desc
        assert event.call.call_uuid == alice.call.uuid
    for stream in ("local", "remote"):
        assert float(told["high_jitter", stream].value) > 30.0
        assert 0.1 < float(told["high_packetloss", stream].value) < 0.6
    assert 400.0 < float(told["high_rtt", None].value) < 2_000.0
    assert float(told["low_mos", None].value) < 3.0
    samples = [event.sample for event in alice.phone.all(Sample)]
    for warning in alice.phone.all(WarningRaised):
        assert warning.threshold is not None
        assert 3 <= len(warning.values) == len(warning.samples) <= 5
        assert set(map(id, warning.samples)) <= set(map(id, samples))
        over = [value > warning.threshold.value for value in warning.values]
        assert sum(over if warning.threshold.name == "max" else [not each for each in over]) >= 3
