"""Digits that may become a code: from the first to `#`, to a pause, or to the longest code there is."""

from dataclasses import dataclass, field, replace
from typing import Final

from appliance.config.secret import Secret
from appliance.door.codes import LONGEST
from appliance.units import Seconds

PAUSE: Final = Seconds(3.0)
"""Seconds after a digit that end a code."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What has been entered so far. One entry is one attempt: no code is looked for inside a longer row of digits."""

    digits: Secret = field(default_factory=lambda: Secret(""))
    deadline: Seconds | None = None
    """When a pause has ended it."""

    def pressed(self, digit: str, now: Seconds) -> tuple["Entry", str]:
        """After a digit, and the code if that ended one; `*` begins anew."""
        so_far = self.digits.reveal()
        if digit == "*":
            return Entry(), ""
        if digit == "#" or len(so_far) >= LONGEST:
            return Entry(), so_far
        return replace(self, digits=Secret(so_far + digit), deadline=Seconds(now + PAUSE)), ""

    def paused(self, now: Seconds) -> tuple["Entry", str]:
        """After a while without a digit, and the code if that ended one."""
        if self.deadline is None or now < self.deadline:
            return self, ""
        return Entry(), self.digits.reveal()
