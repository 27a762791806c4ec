from dataclasses import dataclass

import pytest

from appliance.calls.call_info import CallState, Direction
from appliance.calls.progress_tone import wanted
from appliance.media import tones
from appliance.media.tones import Tone


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
        ((RINGS_HERE,), tones.RINGTONE),
        ((BEING_ANSWERED,), None),
        ((DIALLING,), None),
        ((RINGS_THERE,), tones.RINGBACK),
        ((EARLY_MEDIA,), None),
        ((TALKING,), None),
        ((TALKING, RINGS_HERE), tones.CALL_WAITING),
        ((RINGS_THERE, TALKING), None),
        ((SILENT,), tones.RECONNECTING),
        ((SILENT, RINGS_HERE), tones.CALL_WAITING),
        ((SILENT_AND_HELD, TALKING), None),
    ],
)
def test_the_tone_follows_the_calls(calls: tuple[Situation, ...], tone: Tone | None) -> None:
    assert wanted(calls) == tone
