"""How often somebody may be wrong."""

from dataclasses import dataclass
from typing import Final

from appliance.units import Seconds

TRIES: Final = 3
"""Wrong codes in a row after which nobody may try for a while."""
FIRST: Final = Seconds(60.0)
"""The first such while; it doubles with every further wrong code."""
LONGEST: Final = Seconds(1800.0)


@dataclass(frozen=True, slots=True)
class Attempts:
    """The wrong codes since the last right one, and until when none is looked at."""

    failures: int = 0
    until: Seconds = Seconds(0.0)

    def wait(self, now: Seconds) -> Seconds:
        """Seconds until the next code is looked at; zero if it may come."""
        return Seconds(max(0.0, self.until - now))

    def failed(self, now: Seconds) -> "Attempts":
        """After a wrong code."""
        failures = self.failures + 1
        return Attempts(failures, Seconds(now + pause(failures)))

    @classmethod
    def remembered(cls, failures: int, now: Seconds) -> "Attempts":
        """After a restart: whoever pulls the plug waits as long as before."""
        return cls(failures, Seconds(now + pause(failures)))


def pause(failures: int) -> Seconds:
    """How long nobody may try after so many wrong codes in a row."""
    beyond = failures - TRIES
    return Seconds(0.0) if beyond < 0 else min(LONGEST, Seconds(FIRST * 2.0 ** min(beyond, 10)))
