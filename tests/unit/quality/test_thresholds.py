"""The three presets, as data and at work."""

from dataclasses import replace

import pytest

from appliance.quality import readings
from appliance.quality.monitor import Finding
from appliance.quality.sample import QualitySample, Totals
from appliance.quality.thresholds import DOCUMENTED, PLIVO, PRESETS, TWILIO, Preset
from appliance.units import Dbov, Milliseconds, Seconds
from tests.unit.quality.seconds import GOOD, Listener, second, types, warnings

JITTERY = second(jitter=Milliseconds(60.0))


def limits(preset: Preset, codec: str) -> dict[str, tuple[str, float]]:
    return {rule.name: (rule.limit(codec).name, rule.limit(codec).value) for rule in preset.rules}


def test_the_documented_limits() -> None:
    opus, pcmu = limits(DOCUMENTED, "opus"), limits(DOCUMENTED, "PCMU")
    assert opus["jitter local"] == opus["jitter remote"] == ("max", 30.0)
    assert opus["round trip"] == ("max", 400.0)
    assert opus["loss local"] == opus["loss remote"] == ("max", 0.10)
    assert pcmu["loss local"] == pcmu["loss remote"] == ("max", 0.20)
    assert opus["mos"] == ("min", 3.0)
    assert opus["microphone"] == ("minSum", 80.0)
    for rule in DOCUMENTED.rules[:8]:
        assert (rule.window, rule.raise_at, rule.repeat) == (5, 3, False), rule.name


def test_the_shipped_limits() -> None:
    first, second_ = limits(PLIVO, "opus"), limits(TWILIO, "opus")
    assert first["mos"] == ("min", 3.5)
    assert (first["loss remote"], limits(PLIVO, "PCMA")["loss remote"]) == (("max", 0.10), ("max", 0.02))
    assert second_["loss remote"] == limits(TWILIO, "PCMU")["loss remote"] == ("max", 0.01)
    assert second_["mean loss"] == ("maxAverage", 0.03)
    assert second_["bytes sent"] == second_["bytes received"] == ("min", 1.0)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_each_rule_has_a_name_of_its_own_and_something_to_say(preset: Preset) -> None:
    names = [rule.name for rule in preset.rules]
    assert len(set(names)) == len(names)
    for rule in preset.rules:
        assert rule.metric is not None or rule.warning, rule.name
        assert 0 <= rule.clear_at < rule.raise_at <= rule.window, rule.name
    for told in (
        [rule.metric for rule in preset.rules if rule.metric is not None],
        [rule.warning for rule in preset.rules if rule.warning],
    ):
        assert len(set(told)) == len(told), "each thing is one rule's"


def at(listener: Listener, sample: QualitySample, seconds: int) -> list[int]:
    """At which of so many seconds something is told."""
    return [number for number in range(1, seconds + 1) if listener.hear(sample)]


def steady(number: int) -> QualitySample:
    """A good second of a room whose level changes a little."""
    return second(microphone_level=Dbov(-60.0 + number % 3))


def settled(preset: Preset) -> Listener:
    listener = Listener(preset)
    listener.hear(*[GOOD] * (int(preset.settle) - 1))
    return listener


def test_the_first_sdk_decides_every_ten_seconds_and_tells_it_each_time() -> None:
    listener = settled(PLIVO)
    assert at(listener, JITTERY, 40) == [15, 25, 35]
    assert [finding.repeated for finding in listener.found] == [False, True, True]
    assert {finding.value for finding in listener.found} == {60.0}
    assert warnings(listener.found) == [("high-jitter", True)]
    assert at(listener, GOOD, 40) == [5, 15], "at 45 s, two of the last three were still bad"
    assert (listener.found[-1].active, listener.found[-1].value) == (False, 0.0)


def test_the_first_sdk_judges_means_of_five_seconds() -> None:
    listener = settled(PLIVO)
    for _ in range(20):
        assert listener.hear(second(jitter=Milliseconds(130.0)), GOOD, GOOD, GOOD, GOOD) == []


def test_the_first_sdk_takes_the_worse_direction_for_its_mos() -> None:
    ours = second(round_trip=Milliseconds(100.0), jitter=Milliseconds(10.0), loss_fraction=0.05)
    theirs = replace(ours, loss_fraction=0.0, remote_jitter=Milliseconds(10.0), remote_loss_fraction=0.05)
    assert readings.worse_mos(ours) == readings.worse_mos(theirs) == pytest.approx(3.924, abs=0.0005)
    unknown = replace(ours, remote_jitter=None)
    assert readings.worse_mos(unknown) == pytest.approx(3.924, abs=0.0005)
    assert readings.worse_mos(second(round_trip=None)) is None


def test_the_second_sdk_raises_with_three_of_ten_and_clears_with_ten_good_ones() -> None:
    listener = settled(TWILIO)
    listener.hear(JITTERY, steady(1), GOOD, GOOD, JITTERY, GOOD, GOOD, GOOD)
    assert not listener.found
    assert warnings(listener.hear(JITTERY)) == [("high-jitter", True)]
    assert [bool(listener.hear(steady(number))) for number in range(11)] == [False] * 9 + [True, False]
    assert warnings(listener.found) == [("high-jitter", True), ("high-jitter", False)]


def test_the_second_sdk_says_nothing_in_the_first_five_seconds() -> None:
    listener = Listener(TWILIO)
    assert at(listener, JITTERY, 10) == [7], "three seconds after the first five, which the monitor's first began"


def test_the_second_sdk_does_not_clear_within_five_seconds() -> None:
    listener = settled(TWILIO)
    nothing = second(packets_received=0, bytes_received=0, output_level=Dbov(-127.0), mos=None, jitter=Milliseconds(0))

    def names(findings: list[Finding]) -> list[tuple[str, bool]]:
        return [each for each in warnings(findings) if each[0] == "low-bytes-received"]

    assert names(listener.hear(nothing, nothing, nothing)) == [("low-bytes-received", True)]
    assert [bool(names(listener.hear(GOOD))) for _ in range(6)] == [False, False, False, False, True, False]


def test_the_second_sdk_watches_the_mean_loss_of_seven_seconds() -> None:
    listener = settled(TWILIO)
    lossy = [second(loss_fraction=value) for value in (0.0, 0.0, 0.0, 0.0, 0.0, 0.12, 0.12)]
    found = [each for each in listener.hear(*lossy) if each.warning == "high-packets-lost-fraction"]
    assert [each.active for each in found] == [True]
    assert found[0].value == pytest.approx(0.24 / 7)
    later = [each for each in listener.hear(*[GOOD] * 12) if each.warning == "high-packets-lost-fraction"]
    assert [(each.active, each.value) for each in later] == [(False, 0.0)], "not below 3 %, but below 1 %"


def test_the_second_sdk_notices_a_level_that_never_changes() -> None:
    listener = settled(TWILIO)
    dead = second(microphone_level=Dbov(-127.0))
    found = listener.hear(*[dead] * 10)
    assert ("constant-audio-input-level", True) in warnings(found)
    assert ("no_audio_received", "local", True) in types(found)
    listener = settled(TWILIO)
    assert listener.hear(*map(steady, range(30))) == []


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_good_call_raises_nothing(preset: Preset) -> None:
    levels = [
        second(microphone_level=Dbov(-20.0 - 7 * (number % 5)), totals=Totals(audible=Seconds(number)))
        for number in range(120)
    ]
    assert Listener(preset).hear(*levels) == []


def test_volumes_are_on_the_sdks_scale() -> None:
    assert [readings.volume(Dbov(level)) for level in (-127.0, -100.0, -65.0, -30.0, 0.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]
