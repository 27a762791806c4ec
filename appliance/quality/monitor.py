"""Watches one call's samples, and finds what is worth a word: each thing once when it begins and once when it is over.

sample, circumstances ─▶ each rule: asked now? ─▶ reading ─▶ window ─▶ bad enough? ─▶ finding
what happens besides  ─▶ notice ─────────────────────────────────────────────────────▶ finding
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.quality.sample import QualitySample
from appliance.quality.thresholds import Bound, Circumstance, Metric, Notice, Preset, Rule, Threshold, Valued
from appliance.units import Seconds

Value = float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something began (`active`), goes on (`repeated`: only its metric is told again), or is over."""

    active: bool
    metric: Metric | None
    warning: str
    value: Value
    values: tuple[float, ...] = ()
    """The readings that decided it, the oldest first."""
    samples: tuple[QualitySample, ...] = ()
    """Those they were read off."""
    threshold: Threshold | None = None
    repeated: bool = False


class Monitor:
    """One call. Pure: the time comes with each sample."""

    def __init__(self, preset: Preset) -> None:
        self._settle: Final = preset.settle
        self._watches: Final = tuple(_Watch(rule) for rule in preset.rules)
        self._before = Circumstance(0)
        self._connected_at = Seconds(0.0)
        self._notices: dict[str, Value] = {}
        """What each notice that is active said last, by the type of its metric."""

    def judge(self, sample: QualitySample, circumstances: Circumstance, now: Seconds) -> tuple[Finding, ...]:
        """What the latest second adds. `circumstances` are those at its end, which is `now`."""
        if not Circumstance.CONNECTED & self._before:
            self._connected_at = now
        throughout, self._before = circumstances & self._before, circumstances
        settled = now - self._connected_at >= self._settle
        findings = (
            finding
            for watch in self._watches
            for finding in watch.judge(sample, now, asked=settled and watch.rule.needs in throughout)
        )
        return tuple(finding for finding in findings if not self._is_noticed(finding))

    def changed(self, circumstances: Circumstance) -> tuple[Finding, ...]:
        """Something was decided within a second: what can't be any more is over at once."""
        self._before &= circumstances
        return tuple(
            finding
            for watch in self._watches
            if watch.rule.needs not in circumstances
            for finding in watch.stop()
            if not self._is_noticed(finding)
        )

    def notice(self, notice: Notice, value: Value, *, active: bool) -> tuple[Finding, ...]:
        """Something happened; nothing is found where that was known, or is over that never began."""
        kind = notice.metric.type
        known = self._notices.get(kind)
        if active:
            self._notices[kind] = value
        else:
            self._notices.pop(kind, None)
        news = known != value if active else known is not None
        beginning_or_end = known is None or not active
        if not news or (beginning_or_end and self._is_raised(kind)):
            return ()
        # What only says more of the same ("disconnected", and then "failed") is no second warning.
        warning = notice.warning if beginning_or_end else ""
        return (Finding(active=active, metric=notice.metric, warning=warning, value=value),)

    def _is_noticed(self, finding: Finding) -> bool:
        """The same metric was told by a notice, which has not ended: a rule that agrees adds nothing."""
        return finding.metric is not None and finding.metric.type in self._notices

    def _is_raised(self, kind: str) -> bool:
        return any(
            watch.raised_at is not None and watch.rule.metric is not None and watch.rule.metric.type == kind
            for watch in self._watches
        )


class _Watch:
    """One rule, and what it has read of late."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.raised_at: Seconds | None = None
        self._span: list[float] = []
        self._spanned = 0
        self._readings: deque[tuple[float, QualitySample]] = deque(maxlen=rule.window)
        self._latest = 0.0

    def judge(self, sample: QualitySample, now: Seconds, *, asked: bool) -> Iterator[Finding]:
        """What the latest second adds."""
        if not asked:
            yield from self.stop()
            return
        reading = self._read(sample)
        if reading is None:
            return
        self._readings.append((reading, sample))
        full = len(self._readings) == self.rule.window
        if full or not self.rule.whole:
            yield from self._decide(now)
        for _ in range(self.rule.stride if full else 0):
            self._readings.popleft()

    def stop(self) -> Iterator[Finding]:
        """What was read no longer counts; what was raised is over."""
        if self.raised_at is not None:
            yield self._over()
        self._readings.clear()
        self._span.clear()
        self._spanned = 0

    def _read(self, sample: QualitySample) -> float | None:
        reading = self.rule.reading(sample)
        self._spanned += 1
        if reading is not None:
            self._span.append(reading)
        if self._spanned < self.rule.span:
            return None
        mean = _mean(self._span) if self._span else None
        self._span.clear()
        self._spanned = 0
        return mean

    def _decide(self, now: Seconds) -> Iterator[Finding]:
        rule = self.rule
        values = tuple(value for value, _ in self._readings)
        threshold = rule.limit(self._readings[-1][1].codec)
        aggregate = _AGGREGATES.get(threshold.name)
        if aggregate is None:
            bad = tuple(value for value in values if _is_bad(value, threshold))
            raises, clears = len(bad) >= rule.raise_at, len(bad) <= rule.clear_at
            self._latest = values[-1]
        else:
            bad = ()
            self._latest = aggregate(values)
            raises = _is_bad(self._latest, threshold)
            clears = not raises and (rule.clear_value is None or self._latest <= rule.clear_value)
        if raises and (self.raised_at is None or rule.repeat):
            yield self._there(now, values, bad, threshold)
        elif clears and self.raised_at is not None and now - self.raised_at >= rule.hold:
            yield self._over()

    def _there(self, now: Seconds, values: tuple[float, ...], bad: tuple[float, ...], threshold: Threshold) -> Finding:
        metric = self.rule.metric
        repeated = self.raised_at is not None
        self.raised_at = now if self.raised_at is None else self.raised_at
        value = self._latest
        if metric is not None and metric.valued is not Valued.CURRENT:
            value = _mean(bad) if metric.valued is Valued.AVERAGE and bad else 0.0
        return Finding(
            active=True,
            metric=metric,
            warning=self.rule.warning,
            value=value,
            values=values,
            samples=tuple(sample for _, sample in self._readings),
            threshold=threshold,
            repeated=repeated,
        )

    def _over(self) -> Finding:
        metric = self.rule.metric
        self.raised_at = None
        nothing = self.rule.zero_when_over or (metric is not None and metric.valued is Valued.NOTHING)
        return Finding(active=False, metric=metric, warning=self.rule.warning, value=0.0 if nothing else self._latest)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(_mean([(value - mean) ** 2 for value in values]))


_AGGREGATES: Final[Mapping[Bound, Callable[[Sequence[float]], float]]] = {
    "maxAverage": _mean,
    "minSum": math.fsum,
    "minStandardDeviation": _deviation,
}
"""Of a whole window; the other bounds are for each reading."""


def _is_bad(value: float, threshold: Threshold) -> bool:
    return value > threshold.value if threshold.name in ("max", "maxAverage") else value < threshold.value
