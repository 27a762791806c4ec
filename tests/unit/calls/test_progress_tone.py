from dataclasses import dataclass

import pytest

from appliance.calls.call_info import CallState, Direction
from appliance.calls.call_tones import CallTones, Sound
from appliance.calls.progress_tone import wanted
from appliance.media import tones
from appliance.media.frame import silence
from appliance.media.recording import Recording
from appliance.media.tone_plan import PLANS, STANDARD


@dataclass(frozen=True)
class Situation:
    direction: Direction
    state: CallState
    waiting: bool = False
    described: bool = False
    media_lost: bool = False
    held: bool = False


RINGS_HERE = Situation(Direction.INCOMING, CallState.RINGING, waiting=True)
BEING_ANSWERED = Situation(Direction.INCOMING, CallState.RINGING)
DIALLING = Situation(Direction.OUTGOING, CallState.INITIALIZED)
RINGS_THERE = Situation(Direction.OUTGOING, CallState.RINGING)
EARLY_MEDIA = Situation(Direction.OUTGOING, CallState.RINGING, described=True)
TALKING = Situation(Direction.OUTGOING, CallState.ANSWERED, described=True)

SILENT = Situation(Direction.OUTGOING, CallState.ANSWERED, described=True, media_lost=True)
SILENT_AND_HELD = Situation(Direction.OUTGOING, CallState.ANSWERED, described=True, media_lost=True, held=True)


@pytest.mark.parametrize(
    ("calls", "tone"),
    [
        ((), None),
        ((RINGS_HERE,), STANDARD.ringtone),
        ((BEING_ANSWERED,), None),
        ((DIALLING,), tones.CONNECTING),
        ((RINGS_THERE,), STANDARD.ringback),
        ((EARLY_MEDIA,), None),
        ((TALKING,), None),
        ((TALKING, RINGS_HERE), STANDARD.call_waiting),
        ((RINGS_THERE, TALKING), None),
        ((SILENT,), tones.RECONNECTING),
        ((SILENT, RINGS_HERE), STANDARD.call_waiting),
        ((SILENT_AND_HELD, TALKING), None),
    ],
)
def test_the_tone_follows_the_calls(calls: tuple[Situation, ...], tone: Sound | None) -> None:
    assert wanted(calls, CallTones()) == tone


RECORDING = Recording("mine.wav", silence())


def test_a_ringtone_of_ones_own_and_none() -> None:
    sounds = CallTones(PLANS["GB"])
    assert wanted((RINGS_HERE,), sounds) == PLANS["GB"].ringtone
    sounds.ring(RECORDING)
    assert wanted((RINGS_HERE,), sounds) == RECORDING
    sounds.ring(False)
    assert wanted((RINGS_HERE,), sounds) is None
    sounds.ring(True)
    assert wanted((RINGS_HERE,), sounds) == PLANS["GB"].ringtone


@pytest.mark.parametrize(
    ("choice", "ringing", "early"),
    [
        (None, STANDARD.ringback, None),
        (True, STANDARD.ringback, STANDARD.ringback),
        (False, None, None),
        (RECORDING, RECORDING, RECORDING),
    ],
)
def test_ringback_covers_early_media_or_lets_it_through(
    choice: Recording | bool | None, ringing: Sound | None, early: Sound | None
) -> None:
    sounds = CallTones()
    sounds.ring_back(choice)
    assert wanted((RINGS_THERE,), sounds) == ringing
    assert wanted((EARLY_MEDIA,), sounds) == early
    assert wanted((TALKING,), sounds) is None


def test_without_a_connect_tone_dialling_is_silent() -> None:
    assert wanted((DIALLING,), CallTones(connecting=False)) is None
    sounds = CallTones()
    sounds.connect(False)
    assert wanted((DIALLING,), sounds) is None
