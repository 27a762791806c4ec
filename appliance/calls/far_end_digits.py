"""[I/O] What the far end of one call does with digits: it presses some, and may refuse ours."""

import logging
from typing import Protocol

from appliance.calls import dtmf, events
from appliance.calls.call_info import CallInfo
from appliance.calls.events import ClientEvent
from appliance.calls.ports import CallHome
from appliance.units import Milliseconds

log = logging.getLogger(__name__)


class Telling(Protocol):
    """A call, as what is heard in it is told."""

    @property
    def info(self) -> CallInfo:
        """A picture of the call as it is now."""

    @property
    def over(self) -> bool:
        """It has ended."""

    def emit(self, event: ClientEvent) -> None:
        """Tell the user, unless the call is over."""


class FarEndDigits:
    """One press is told once, by however many ways it comes."""

    def __init__(self, home: CallHome, call: Telling) -> None:
        self._home = home
        self._call = call
        self._filter = dtmf.DigitFilter()

    def heard(self, digit: str, duration: Milliseconds, method: str) -> None:
        """A key was pressed there."""
        if not self._call.over and self._filter.is_new(digit, method, self._home.clock.now()):
            self._call.emit(events.DtmfReceived(call=self._call.info, digit=digit, duration=duration, method=method))

    def refused(self, digits: str, reason: str) -> None:
        """Digits of ours were not taken."""
        log.info("call %s: digits were refused: %s", self._call.info.call_uuid, reason)
        self._call.emit(events.DtmfFailed(call=self._call.info, digits=digits, reason=reason))
