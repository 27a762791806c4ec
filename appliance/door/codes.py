"""The codes of a door: who has one, where it may be entered, and when it is good."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from appliance.config.secret import Secret
from appliance.door.schedule import Times

SHORTEST: Final = 4
LONGEST: Final = 12
"""Digits of a code."""


class Way(StrEnum):
    """How a door is asked to open."""

    DTMF = "dtmf"
    """Digits of the party that this unit called."""
    KEYPAD = "keypad"
    COMMAND = "command"
    """From the broker, after its own checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorCode:
    """One person's code. Its digits are never shown, its name is what the audit says."""

    name: str
    digits: Secret
    ways: frozenset[Way] = field(default_factory=lambda: frozenset({Way.DTMF, Way.KEYPAD}))
    times: tuple[Times, ...] = ()
    """When it is good; () is always."""
    first: date | None = None
    last: date | None = None
    """Its first and its last day."""

    @property
    def limited(self) -> bool:
        """Whether it is good at some times only."""
        return bool(self.times) or self.first is not None or self.last is not None

    def good_at(self, moment: datetime | None) -> bool:
        """Whether it opens at `moment`, a local time; None is a clock that nobody has set: no limit can be kept."""
        if not self.limited:
            return True
        if moment is None:
            return False
        day = moment.date()
        in_days = (self.first is None or day >= self.first) and (self.last is None or day <= self.last)
        return in_days and (not self.times or any(times.hold(moment) for times in self.times))


def found(codes: tuple[DoorCode, ...], digits: str) -> DoorCode | None:
    """The code with these digits. Every code is compared, whole, so that the time tells nothing."""
    entered = Secret(digits)
    matching = [code for code in codes if code.digits == entered]
    return matching[0] if matching else None
