"""When a code is good: `mon-fri 07:00-19:00`, from one date to another."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from appliance.errors import UsageError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Times:
    """Hours of some days of the week; an end before the beginning is on the day after."""

    text: str
    days: frozenset[int]
    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> "Times":
        """Read `mon-fri 07:00-19:00`, `sat,sun 10:00-14:00` or `daily 22:00-06:00`. Raises `UsageError`."""
        days, _, hours = text.strip().lower().partition(" ")
        begin, dash, end = hours.strip().partition("-")
        try:
            chosen = frozenset(day for part in days.split(",") for day in _days(part))
            times = cls(text=text, days=chosen, begin=_clock(begin), end=_clock(end))
        except ValueError:
            dash = ""
        if not dash or times.begin == times.end:
            raise UsageError(f"times {text!r}: allowed is what looks like 'mon-fri 07:00-19:00' or 'daily 22:00-06:00'")
        return times

    def hold(self, moment: datetime) -> bool:
        """Whether `moment`, a local time, is within them."""
        at = moment.time()
        if self.begin < self.end:
            return moment.weekday() in self.days and self.begin <= at < self.end
        yesterday = (moment - timedelta(days=1)).weekday()
        return (moment.weekday() in self.days and at >= self.begin) or (yesterday in self.days and at < self.end)


def _days(part: str) -> range | tuple[int, ...]:
    """The days in `mon`, `mon-fri`, `fri-mon` or `daily`. Raises `ValueError`."""
    if part == "daily":
        return range(7)
    first, dash, last = part.partition("-")
    begin = DAYS.index(first)
    end = DAYS.index(last) if dash else begin
    return tuple((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _clock(text: str) -> time:
    hours, _, minutes = text.strip().partition(":")
    return time(int(hours), int(minutes))
