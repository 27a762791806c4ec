"""Raised by 3 of 5, told once, cleared once; and nothing where nothing is wrong."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.quality.monitor import Monitor
from appliance.quality.sample import QualitySample, Totals
from appliance.quality.thresholds import (
    DOCUMENTED,
    ICE_CONNECTION,
    ICE_TIMEOUT,
    MICROPHONE_LOST,
    PRESETS,
    Circumstance,
    Preset,
)
from appliance.units import Dbov, Milliseconds, Seconds
from tests.unit.quality.seconds import GOOD, HELD, MUTED, TALKING, Listener, second, types, warnings

JITTERY = second(jitter=Milliseconds(31.0))

BAD: dict[str, tuple[QualitySample, str, str | None, str, float]] = {
    "jitter in": (JITTERY, "high_jitter", "remote", "high-jitter", 31.0),
    "jitter out": (second(remote_jitter=Milliseconds(31.0)), "high_jitter", "local", "", 31.0),
    "round trip": (second(round_trip=Milliseconds(401.0), mos=3.1), "high_rtt", None, "high-rtt", 401.0),
    "loss in": (second(loss_fraction=0.11), "high_packetloss", "remote", "high-packet-loss", 0.11),
    "loss in, PCMU": (second(codec="PCMU", loss_fraction=0.21), "high_packetloss", "remote", "high-packet-loss", 0.21),
    "loss out": (second(remote_loss_fraction=0.11), "high_packetloss", "local", "", 0.11),
    "mos": (second(mos=2.99), "low_mos", None, "low-mos", 2.99),
    "microphone": (
        second(microphone_level=Dbov(-127.0)),
        "no_audio_received",
        "local",
        "constant-audio-input-level",
        -100.0,
    ),
    "far end": (
        second(output_level=Dbov(-90.0)),
        "no_audio_received",
        "remote",
        "constant-audio-output-level",
        -90.0,
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_three_bad_seconds_raise_it_once_and_good_ones_clear_it_once(case: str) -> None:
    bad, kind, stream, warning, value = BAD[case]
    listener = Listener()
    assert listener.hear(bad, bad) == []
    (found,) = listener.hear(bad)
    assert types([found]) == [(kind, stream, True)]
    assert found.value == pytest.approx(value)
    assert found.warning == warning
    assert found.samples == (bad, bad, bad)
    assert len(found.values) == 3
    assert found.threshold is not None
    assert listener.hear(*[bad] * 20) == []
    assert listener.hear(GOOD, GOOD, GOOD) == []
    (over,) = listener.hear(GOOD, GOOD)
    assert types([over]) == [(kind, stream, False)]
    assert over.warning == warning
    assert over.value != found.value
    assert listener.hear(*[GOOD] * 20) == []


@pytest.mark.parametrize(
    "sample",
    [
        second(jitter=Milliseconds(30.0)),
        second(round_trip=Milliseconds(400.0)),
        second(loss_fraction=0.10),
        second(codec="PCMU", loss_fraction=0.20, remote_loss_fraction=0.20),
        second(codec="PCMA", loss_fraction=0.15),
        second(mos=3.0),
        second(microphone_level=Dbov(-69.0)),
    ],
)
def test_at_the_threshold_nothing_is_raised(sample: QualitySample) -> None:
    assert Listener().hear(*[sample] * 20) == []


def test_three_of_five_need_not_follow_each_other() -> None:
    listener = Listener()
    assert listener.hear(JITTERY, GOOD, JITTERY, GOOD) == []
    assert types(listener.hear(JITTERY)) == [("high_jitter", "remote", True)]
    listener = Listener()
    assert listener.hear(JITTERY, GOOD, GOOD, JITTERY, GOOD, JITTERY, GOOD, GOOD, JITTERY) == []


def test_the_averages_are_those_of_the_bad_seconds() -> None:
    late = [second(round_trip=Milliseconds(value), mos=3.5) for value in (500.0, 100.0, 600.0, 700.0)]
    (found,) = Listener().hear(*late)
    assert found.value == pytest.approx(600.0)
    assert found.values == (500.0, 100.0, 600.0, 700.0)


def test_a_second_that_says_nothing_changes_nothing() -> None:
    unknown = second(mos=None, round_trip=None)
    listener = Listener()
    bad = second(mos=2.0, round_trip=Milliseconds(500.0))
    assert types(listener.hear(bad, unknown, bad, unknown, bad)) == [("high_rtt", None, True), ("low_mos", None, True)]
    assert listener.hear(*[unknown] * 20) == []


# What is meant is no alarm.


SILENT = second(microphone_level=Dbov(-127.0), input_level=Dbov(-127.0))


def test_mute_raises_nothing_and_ends_what_it_answers() -> None:
    muted = replace(SILENT, microphone_level=Dbov(-127.0))
    assert Listener(circumstances=MUTED).hear(*[muted] * 20) == []
    listener = Listener()
    listener.hear(SILENT, SILENT, SILENT)
    assert types(listener.during(MUTED)) == [("no_audio_received", "local", False)]
    assert listener.hear(*[SILENT] * 20) == []


def test_a_far_end_that_mutes_after_it_was_heard_raises_nothing() -> None:
    quiet = second(output_level=Dbov(-127.0), totals=Totals(audible=Seconds(2.0)))
    assert Listener().hear(*[quiet] * 60) == []


def test_a_far_end_that_pauses_raises_nothing() -> None:
    pause = second(
        output_level=Dbov(-127.0), packets_received=3, packets_lost=1, loss_fraction=0.25, mos=1.0, bytes_received=30
    )
    assert Listener().hear(*[pause] * 60) == []


def test_our_own_pauses_raise_nothing() -> None:
    pause = second(packets_sent=3, bytes_sent=6, input_level=Dbov(-65.0), microphone_level=Dbov(-65.0))
    assert Listener(circumstances=TALKING & ~Circumstance.CONTINUOUS).hear(*[pause] * 60) == []


def test_hold_raises_nothing_and_ends_what_was_raised() -> None:
    nothing = second(
        packets_sent=0,
        bytes_sent=0,
        packets_received=0,
        bytes_received=0,
        mos=None,
        output_level=Dbov(-127.0),
        input_level=Dbov(-127.0),
        jitter=Milliseconds(90.0),
        remote_jitter=Milliseconds(90.0),
        remote_loss_fraction=0.9,
    )
    assert Listener(circumstances=HELD).hear(*[nothing] * 60) == []
    listener = Listener()
    listener.hear(*[second(jitter=Milliseconds(90.0), remote_loss_fraction=0.5)] * 3)
    assert types(listener.during(HELD)) == [("high_jitter", "remote", False), ("high_packetloss", "local", False)] or (
        sorted(types(listener.found[-2:])) == [("high_jitter", "remote", False), ("high_packetloss", "local", False)]
    )
    assert listener.hear(*[nothing] * 20) == []


def test_a_quiet_room_raises_nothing() -> None:
    quiet = second(microphone_level=Dbov(-62.0), input_level=Dbov(-95.0), output_level=Dbov(-64.0))
    assert Listener().hear(*[quiet] * 60) == []


def test_while_the_path_is_being_rebuilt_only_that_is_told() -> None:
    dead = second(packets_received=0, bytes_received=0, mos=None, round_trip=Milliseconds(900.0))
    assert Listener(circumstances=TALKING & ~Circumstance.CONNECTED).hear(*[dead] * 60) == []


def test_a_second_counts_only_if_it_was_so_from_its_beginning() -> None:
    listener = Listener(circumstances=HELD)
    nothing = second(packets_received=0, bytes_received=0, output_level=Dbov(-127.0), mos=None)
    listener.during(TALKING)
    assert listener.hear(nothing, GOOD, nothing, nothing, GOOD, GOOD) == [], "the first began on hold"
    assert types(listener.hear(nothing, nothing, nothing)) == [("no_audio_received", "remote", True)]


# What is not read off levels and packets alone.


def test_packets_that_stop_are_silence_of_the_far_end_whether_it_was_heard_or_not() -> None:
    nothing = second(
        packets_received=0, bytes_received=0, mos=None, output_level=Dbov(-127.0), totals=Totals(audible=Seconds(9.0))
    )
    listener = Listener()
    found = listener.hear(nothing, nothing, nothing)
    assert types(found) == [("no_audio_received", "remote", True)]
    assert warnings(found) == [("constant-audio-output-level", True), ("low-bytes-received", True)]
    assert found[0].value == -100.0


def test_a_microphone_that_starves_the_stream() -> None:
    listener = Listener()
    starved = second(packets_sent=2, bytes_sent=20, microphone_level=None)
    found = listener.hear(starved, starved, starved)
    assert types(found) == [("no_microphone_access", None, True)]
    assert found[0].value == 60.0
    assert types(listener.hear(GOOD)) == [("no_microphone_access", None, False)]
    assert warnings(listener.hear(*[second(bytes_sent=0)] * 3)) == [("low-bytes-sent", True)]


def test_speaking_on_mute_is_told_once_and_again_after_quiet() -> None:
    listener = Listener(circumstances=MUTED)
    speaking, quiet = second(muted_voice=Milliseconds(400.0)), second(muted_voice=Milliseconds(40.0))
    assert types(listener.hear(*[speaking] * 10)) == [("speaking_on_mute", None, True)]
    assert listener.found[0].value == 0.0
    assert types(listener.hear(*[quiet] * 5)) == [("speaking_on_mute", None, False)]
    assert types(listener.hear(speaking, quiet, speaking)) == [("speaking_on_mute", None, True)]
    assert types(listener.during(TALKING)) == [("speaking_on_mute", None, False)], "unmuted: nothing to tell any more"


def test_one_word_or_a_machine_that_starts_is_not_speaking_on_mute() -> None:
    listener = Listener(circumstances=MUTED)
    word, quiet = second(muted_voice=Milliseconds(600.0)), second(muted_voice=Milliseconds(0.0))
    assert listener.hear(*[word, quiet, quiet, quiet, quiet] * 5) == []


def test_what_happens_is_told_once_each_way() -> None:
    monitor = Monitor(DOCUMENTED)
    assert monitor.notice(ICE_CONNECTION, "connected", active=False) == (), "a path that opens is no news"
    (lost,) = monitor.notice(ICE_CONNECTION, "disconnected", active=True)
    assert (lost.value, lost.active, lost.warning) == ("disconnected", True, "ice-connectivity-lost")
    assert monitor.notice(ICE_CONNECTION, "disconnected", active=True) == ()
    (failed,) = monitor.notice(ICE_CONNECTION, "failed", active=True)
    assert (failed.value, failed.active, failed.warning) == ("failed", True, "")
    (back,) = monitor.notice(ICE_CONNECTION, "connected", active=False)
    assert (back.value, back.active, back.warning) == ("connected", False, "ice-connectivity-lost")
    assert monitor.notice(ICE_CONNECTION, "connected", active=False) == ()
    assert types(monitor.notice(ICE_TIMEOUT, 2000.0, active=True)) == [("ice_timeout", None, True)]


def test_a_device_that_is_lost_is_one_metric_whoever_notices_first() -> None:
    starved = second(packets_sent=0, bytes_sent=0, microphone_level=None)
    listener = Listener()
    listener.hear(starved, starved, starved)
    assert listener.monitor.notice(MICROPHONE_LOST, "gone", active=True) == ()
    assert types(listener.hear(GOOD, GOOD, GOOD)) == [], "silence stands in for it"
    assert types(listener.monitor.notice(MICROPHONE_LOST, 0.0, active=False)) == [("no_microphone_access", None, False)]

    listener = Listener()
    assert len(listener.monitor.notice(MICROPHONE_LOST, "gone", active=True)) == 1
    assert types(listener.hear(starved, starved, starved)) == []
    assert listener.monitor.notice(MICROPHONE_LOST, 0.0, active=False) == ()
    assert types(listener.hear(GOOD, GOOD, GOOD)) == [("no_microphone_access", None, False)]


_seconds = st.builds(
    second,
    jitter=st.sampled_from([0.0, 100.0]),
    remote_jitter=st.sampled_from([None, 0.0, 100.0]),
    round_trip=st.sampled_from([None, 10.0, 900.0]),
    loss_fraction=st.sampled_from([0.0, 0.5]),
    remote_loss_fraction=st.sampled_from([None, 0.0, 0.5]),
    mos=st.sampled_from([None, 1.0, 4.0]),
    packets_received=st.sampled_from([0, 3, 50]),
    bytes_received=st.sampled_from([0, 4_000]),
    bytes_sent=st.sampled_from([0, 20, 4_000]),
    microphone_level=st.sampled_from([None, -127.0, -20.0]),
    output_level=st.sampled_from([-127.0, -20.0]),
    muted_voice=st.sampled_from([0.0, 400.0]),
)
_circumstances = st.sampled_from([TALKING, TALKING, TALKING, MUTED, HELD, TALKING & ~Circumstance.CONNECTED])
_steps = st.one_of(_seconds, _circumstances, st.sampled_from([True, False]))


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
@given(st.lists(_steps, max_size=60))
def test_whatever_happens_each_thing_begins_before_it_ends_and_ends_before_it_begins_again(
    preset: Preset, steps: list[QualitySample | Circumstance | bool]
) -> None:
    listener = Listener(preset)
    for step in steps:
        match step:
            case bool():
                listener.found += listener.monitor.notice(MICROPHONE_LOST, 0.0, active=step)
            case Circumstance():
                listener.during(step)
            case _:
                listener.hear(step)
    active: set[object] = set()
    for finding in listener.found:
        if finding.repeated:
            assert finding.active
            continue
        key = (finding.metric, finding.warning if finding.metric is None else "")
        assert (key in active) is not finding.active
        active ^= {key}
    for finding in listener.found:
        assert isinstance(finding.value, float)


@given(st.lists(_seconds, max_size=60))
def test_with_the_microphone_muted_and_the_call_on_hold_no_sound_is_missed(samples: list[QualitySample]) -> None:
    listener = Listener(circumstances=HELD & ~Circumstance.UNMUTED | Circumstance.MUTED)
    listener.hear(*samples)
    assert {kind for kind, _, _ in types(listener.found)} <= {"high_rtt"}
