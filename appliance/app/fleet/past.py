"""The day that an imagined unit has had before it was imagined, so that a dashboard has one to show."""

import math
from datetime import datetime, timedelta
from random import Random
from typing import Final

from appliance.mqtt.quality_hours import HOURS
from appliance.mqtt.unit_states import QualityHour, QualityHours
from appliance.quality import mos
from appliance.units import Milliseconds, Seconds

_BUSIEST: Final = 14  # o'clock


def past(site: Random, unit: Random, wall: datetime, *, busy: float) -> QualityHours:
    """The last 24 hours. What `site` draws is common to the units of a site: the hour in which its network was bad."""
    now = wall.replace(minute=0, second=0, microsecond=0)
    troubled = {site.randrange(HOURS) for _ in range(site.choice((0, 0, 1, 1, 2)))}
    base = site.uniform(10.0, 60.0)
    hours = []
    for back in range(HOURS - 1, 0, -1):
        hour = now - timedelta(hours=back)
        day = 0.1 + 0.9 * max(0.0, math.cos((hour.hour - _BUSIEST) / 24.0 * 2.0 * math.pi))
        calls = round(unit.expovariate(1.0) * 40.0 * busy * day)
        if calls:
            hours.append(_hour(unit, hour, calls, base, troubled=back in troubled))
    return QualityHours(hours=tuple(hours))


def _hour(random: Random, hour: datetime, calls: int, base: float, *, troubled: bool) -> QualityHour:
    round_trip = Milliseconds(base + (random.uniform(150.0, 400.0) if troubled else random.uniform(0.0, 15.0)))
    jitter = Milliseconds(random.uniform(15.0, 40.0) if troubled else random.uniform(1.0, 6.0))
    loss = random.uniform(0.01, 0.05) if troubled else random.uniform(0.0, 0.002)
    failed = sum(random.random() < 0.15 for _ in range(calls))
    talked = sum(random.expovariate(1 / 90.0) for _ in range(calls - failed))
    packets = int(talked * 50)
    mean = mos.estimated(round_trip, jitter, loss) if talked else None
    return QualityHour(
        hour=hour,
        answered=calls - failed,
        failed=failed,
        talked=Seconds(talked),
        mean_mos=mean,
        worst_mos=None if mean is None else max(1.0, mean - random.uniform(0.05, 0.9)),
        mean_jitter=jitter,
        mean_round_trip=round_trip,
        packets_received=packets,
        packets_lost=int(packets * loss),
        concealed=Milliseconds(packets * loss * 20.0),
    )
