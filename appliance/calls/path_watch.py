"""When the media path of a call may be dead, judged by what has not come.

A far end that should be sending sends every 20 ms, and 400 ms apart at most when it saves on silence (RFC 7587 §3.1.3);
muting changes nothing of that. One that is held, or holds, sends reports only, some seconds apart (RFC 3550 §6.2). What
has been quiet for too long is a suspicion, not a proof: a far end may have nothing to say. Whoever holds the watch
then asks it for a sign of life, and only a far end that does not answer has lost its path.
"""

from typing import Final

from appliance.units import Seconds

PERIOD: Final = Seconds(0.5)
"""How often `doubtful` wants to be asked."""

QUIET: Final = 1.5
"""Seconds without a packet of a far end that should be sending; the question after it takes as long again."""

QUIET_IDLE: Final = 8.0
"""The same for one that need not send: more than the usual time between two reports."""

_STALLED: Final = 3.0
"""Seconds between two looks that say that this unit has slept, not the far end."""


class PathWatch:
    """One path, from its opening on. Pure: `now` and what was heard are handed in."""

    def __init__(self, now: Seconds) -> None:
        self._since = now
        self._looked = now
        self._expected = False

    def doubtful(self, heard: Seconds | None, *, expected: bool, now: Seconds) -> bool:
        """Whether the far end should be asked for a sign of life now.

        Args:
            heard: when its last packet came, of whatever kind.
            expected: it should be sending sound.
            now: the time.
        """
        if now - self._looked > _STALLED or (expected and not self._expected):
            # Nothing can have been heard in a stall; and who has just been allowed to send gets the time to begin.
            self._since = now
        self._looked, self._expected = now, expected
        last = self._since if heard is None else max(self._since, heard)
        return now - last >= (QUIET if expected else QUIET_IDLE)

    def reassured(self, now: Seconds) -> None:
        """There was a sign of life: quiet is counted anew."""
        self._since = now
