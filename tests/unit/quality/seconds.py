"""Seconds of a call, made up: what the rules are tried on."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from appliance.quality.monitor import Finding, Monitor
from appliance.quality.sample import QualitySample, Totals
from appliance.quality.thresholds import DOCUMENTED, Circumstance, Preset
from appliance.units import Milliseconds, Seconds
from tests.support.client_events import SAMPLE

GOOD = replace(
    SAMPLE,
    packets_received=50,
    packets_lost=0,
    loss_fraction=0.0,
    totals=Totals(audible=Seconds(0.0)),
    remote_jitter=Milliseconds(2.0),
)
TALKING = (
    Circumstance.CONNECTED
    | Circumstance.SENDING
    | Circumstance.RECEIVING
    | Circumstance.CONTINUOUS
    | Circumstance.UNMUTED
    | Circumstance.MICROPHONE
)
MUTED = (TALKING & ~Circumstance.UNMUTED) | Circumstance.MUTED
HELD = TALKING & ~(Circumstance.SENDING | Circumstance.RECEIVING)


def second(**values: Any) -> QualitySample:
    """A good second but for `values`."""
    return replace(GOOD, **values)


class Listener:
    """A monitor and what it found, second by second."""

    def __init__(self, preset: Preset = DOCUMENTED, circumstances: Circumstance = TALKING) -> None:
        self.monitor = Monitor(preset)
        self.circumstances = circumstances
        self.now = 100.0
        self.found: list[Finding] = []
        self.monitor.judge(GOOD, circumstances, Seconds(self.now))  # from here on, every second is whole

    def hear(self, *samples: QualitySample) -> list[Finding]:
        """What these seconds add."""
        new: list[Finding] = []
        for sample in samples:
            self.now += 1.0
            new += self.monitor.judge(sample, self.circumstances, Seconds(self.now))
        self.found += new
        return new

    def during(self, circumstances: Circumstance) -> list[Finding]:
        """Something is decided."""
        self.circumstances = circumstances
        new = list(self.monitor.changed(circumstances))
        self.found += new
        return new


def types(findings: Iterable[Finding]) -> list[tuple[str, str | None, bool]]:
    """Type and stream of each metric, and whether it begins."""
    return [(each.metric.type, each.metric.stream, each.active) for each in findings if each.metric is not None]


def warnings(findings: Iterable[Finding]) -> list[tuple[str, bool]]:
    """Each warning's name, and whether it begins."""
    return [(each.warning, each.active) for each in findings if each.warning and not each.repeated]
