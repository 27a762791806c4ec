"""The past of a unit's calls by the hour, so that a dashboard that is opened now has one."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from appliance.mqtt.call_states import Record, Result
from appliance.mqtt.unit_states import QualityHour, QualityHours
from appliance.units import Milliseconds, Seconds

HOURS: Final = 24
"""So many are kept."""


class HourlyQuality:
    """Adds the records of calls up. Memory does not grow beyond `HOURS`."""

    def __init__(self) -> None:
        self._hours: dict[datetime, QualityHour] = {}

    def restore(self, text: str) -> None:
        """Take over what `state/quality_hours` said; what can't be read is left out, and what came since stays."""
        for hour in _read(text):
            self._hours.setdefault(hour.hour, hour)

    def add(self, record: Record) -> QualityHours:
        """Count a call in that has just ended; what there is now."""
        start = record.ended.replace(minute=0, second=0, microsecond=0)
        self._hours[start] = _with(self._hours.get(start) or QualityHour(hour=start), record)
        return self.at(record.ended)

    def at(self, wall: datetime) -> QualityHours:
        """What there is at this time: nothing older than a day."""
        # A clock that was wrong at the start leaves hours of another age, or of the future.
        oldest, newest = wall - timedelta(hours=HOURS), wall
        self._hours = {start: hour for start, hour in sorted(self._hours.items()) if oldest < start <= newest}
        return QualityHours(hours=tuple(self._hours.values()))


def _read(text: str) -> Iterator[QualityHour]:
    try:
        hours = json.loads(text)["hours"]
        for hour in hours:
            yield QualityHour(**{**hour, "hour": datetime.fromisoformat(hour["hour"])})
    except (ValueError, KeyError, TypeError):
        return


def _with(hour: QualityHour, record: Record) -> QualityHour:
    quality = record.quality
    if record.result is not Result.ANSWERED or quality is None:
        return replace(hour, failed=hour.failed + 1)
    weight = hour.talked
    return replace(
        hour,
        answered=hour.answered + 1,
        talked=Seconds(hour.talked + record.duration),
        mean_mos=_mean(hour.mean_mos, weight, quality.mean_mos, record.duration),
        worst_mos=_lowest(hour.worst_mos, quality.worst_mos),
        mean_jitter=_milliseconds(_mean(hour.mean_jitter, weight, quality.mean_jitter, record.duration)),
        mean_round_trip=_milliseconds(_mean(hour.mean_round_trip, weight, quality.mean_round_trip, record.duration)),
        packets_received=hour.packets_received + quality.packets_received,
        packets_lost=hour.packets_lost + quality.packets_lost,
        concealed=Milliseconds(hour.concealed + quality.concealed),
    )


def _mean(before: float | None, weight: float, value: float | None, length: float) -> float | None:
    if value is None or before is None or weight + length <= 0.0:
        return before if value is None else value
    return (before * weight + value * length) / (weight + length)


def _lowest(before: float | None, value: float | None) -> float | None:
    return min((one for one in (before, value) if one is not None), default=None)


def _milliseconds(value: float | None) -> Milliseconds | None:
    return None if value is None else Milliseconds(value)
