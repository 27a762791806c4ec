"""Session timers: a dialog that nobody refreshes ends, so that no half of a call lives on for ever (RFC 4028).

::

    2xx with Session-Expires ──► running ─┬─ ours to refresh: at half of it ──► UPDATE or re-INVITE ──► 2xx ──► anew
                                          └─ theirs: shortly before its end ──► BYE
    422 ──► asked again, for as long as they want
"""

from dataclasses import dataclass
from typing import Final

from appliance.sip.events import HeaderPairs
from appliance.sip.header_values import parameters, split_outside
from appliance.sip.message import Request, Response
from appliance.sip.timers import earliest, later
from appliance.units import Seconds

TIMER: Final = "timer"
"""The option tag."""

_LONGEST: Final = 1 << 31
_RETRY: Final = 5.0


@dataclass(frozen=True, slots=True)
class SessionExpires:
    """The header of that name (§4): the interval in seconds, and who refreshes ("uac", "uas" or nobody said)."""

    interval: int
    refresher: str = ""

    @classmethod
    def of(cls, message: Request | Response) -> "SessionExpires | None":
        """What a message says; None if it says nothing that can be read."""
        parts = split_outside(message.first("Session-Expires") or "", ";")
        number = next(parts)
        interval = int(number) if number.isascii() and number.isdigit() and len(number) <= 10 else 0
        refresher = parameters(parts).get("refresher", "").lower()
        if not 0 < interval < _LONGEST:
            return None
        return cls(interval, refresher if refresher in ("uac", "uas") else "")


def minimum(message: Request | Response) -> int:
    """The `Min-SE` of a message in seconds, 0 if it has none (§5)."""
    number = (message.first("Min-SE") or "").partition(";")[0].strip()
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 8 else 0


def supports(message: Request | Response) -> bool:
    """Whether its sender knows session timers."""
    return TIMER in (tag.lower() for tag in (*message.items("Supported"), *message.items("Require")))


def refusal(request: Request, least: int) -> HeaderPairs:
    """The headers of a 422 to a request that wants too short an interval; empty if there is nothing to refuse (§9)."""
    asked = SessionExpires.of(request)
    return (("Min-SE", str(least)),) if asked is not None and asked.interval < least and supports(request) else ()


class SessionTimer:
    """The timer of one dialog.

    Args:
        interval: what we ask for, seconds; 0: nothing, but what the peer asks for is done.
        least: the shortest interval we go along with, seconds.
    """

    def __init__(self, interval: int, least: int) -> None:
        self._wanted = interval
        self._least = least
        self._raised = 0
        """What a 422 told us to ask for at least."""
        self._agreed = 0
        """The interval that runs, 0: none."""
        self._ours = False
        """We are the one who refreshes."""
        self._refresh: Seconds | None = None
        self._end: Seconds | None = None

    def asked(self) -> HeaderPairs:
        """What a request of ours that may refresh the session says: an INVITE or UPDATE."""
        interval = max(self._agreed or self._wanted, self._raised)
        if not interval:
            return ()
        role = f";refresher={'uac' if self._ours else 'uas'}" if self._agreed else ""
        raised: HeaderPairs = (("Min-SE", str(self._raised)),) if self._raised else ()
        return (("Session-Expires", f"{interval}{role}"), *raised)

    def raised(self, response: Response) -> bool:
        """A 422: ask for as long as the peer's side wants (§7.3). False if that is no more than what was asked for."""
        wanted = minimum(response)
        if wanted <= max(self._agreed or self._wanted, self._raised):
            return False
        self._raised = wanted
        return True

    def granted(self, response: Response, now: Seconds) -> None:
        """The 2xx to such a request of ours (§7.2)."""
        said = SessionExpires.of(response)
        if said is None:
            self.stop()
        else:
            self._run(max(said.interval, self._least), ours=said.refresher != "uas", now=now)

    def answered(self, request: Request, now: Seconds) -> HeaderPairs:
        """What our 2xx to such a request of the peer's says; the timer runs from now on (§9)."""
        asked = SessionExpires.of(request)
        known = supports(request) or (asked is not None and bool(asked.refresher))
        if asked is None and (not known or not self._wanted):
            self.stop()
            return ()
        interval = asked.interval if asked is not None else self._wanted
        if self._wanted:
            interval = min(interval, self._wanted)
        interval = max(interval, minimum(request), self._least)
        refresher = (asked.refresher if asked is not None else "") or "uac"
        if not known:
            refresher = "uas"  # a proxy asks for it; the peer would not know what to do
        self._run(interval, ours=refresher == "uas", now=now)
        required: HeaderPairs = (("Require", TIMER),) if refresher == "uac" else ()
        return (("Session-Expires", f"{interval};refresher={refresher}"), *required)

    def _run(self, interval: int, *, ours: bool, now: Seconds) -> None:
        self._agreed, self._ours = interval, ours
        self._refresh = later(now, interval / 2) if ours else None
        self._end = later(now, interval if ours else interval - min(32.0, interval / 3))

    def stop(self) -> None:
        """No timer runs."""
        self._agreed = 0
        self._refresh = self._end = None

    def deadline(self) -> Seconds | None:
        """When `is_due` or `has_ended` changes."""
        return earliest((self._refresh, self._end))

    def is_due(self, now: Seconds) -> bool:
        """Whether the session is to be refreshed now; if that is in vain, it is due again soon."""
        if self._refresh is None or now < self._refresh:
            return False
        self._refresh = later(now, _RETRY)
        return True

    def has_ended(self, now: Seconds) -> bool:
        """Whether nobody refreshed it in time: it is to be ended (§10)."""
        return self._end is not None and now >= self._end
