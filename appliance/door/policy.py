"""Whether the door opens. Pure: digits, commands and the time go in, verdicts come out."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from appliance.door.attempts import Attempts
from appliance.door.codes import DoorCode, Way, found
from appliance.units import Seconds

NOT_LOOKED_AT: Final = "too many wrong codes"
"""How the reason begins where a code was not even looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """What a door is configured with."""

    codes: tuple[DoorCode, ...] = ()
    pulse: Seconds = Seconds(3.0)
    """How long the strike is released, in seconds."""
    commands: bool = False
    """Whether it opens by a command from the broker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is decided about one attempt; `name` is the code's, `reason` why not."""

    way: Way
    opens: bool
    name: str = ""
    reason: str = ""


@dataclass(slots=True)
class DoorPolicy:
    """One door. Wrong codes count for each way by itself: who holds a handset does not lock out who has a key."""

    settings: DoorSettings
    attempts: dict[Way, Attempts] = field(default_factory=dict)

    def code(self, way: Way, digits: str, now: Seconds, moment: datetime | None) -> Verdict:
        """Decide about a code; `moment` is the local time, None while it is not known."""
        attempts = self.attempts.get(way, Attempts())
        if wait := attempts.wait(now):
            # Not looked at: whoever tries on learns nothing, and waits no longer for it.
            return Verdict(way=way, opens=False, reason=f"{NOT_LOOKED_AT}: {wait:.0f} s to wait")
        code = found(self.settings.codes, digits)
        if code is None or way not in code.ways:
            self.attempts[way] = attempts.failed(now)
            return Verdict(way=way, opens=False, reason="wrong code")
        if not code.good_at(moment):
            self.attempts[way] = attempts.failed(now)
            why = "its limits can't be kept: the clock is not set" if moment is None else "not at this time"
            return Verdict(way=way, opens=False, name=code.name, reason=why)
        self.attempts[way] = Attempts()
        return Verdict(way=way, opens=True, name=code.name)

    def command(self) -> Verdict:
        """Decide about a command that has passed the broker's gate, where it is known who sent it."""
        allowed = self.settings.commands
        return Verdict(way=Way.COMMAND, opens=allowed, reason="" if allowed else "commands do not open this door")
