"""The last event of a call: which one it is, and what it says."""

from collections.abc import Callable

from appliance.calls import cause as causes
from appliance.calls import events
from appliance.calls.call_info import CallInfo, CallState
from appliance.calls.cause import Cause
from appliance.calls.events import Ending
from appliance.quality.summary import QualitySummary
from appliance.sip.events import Reason


def last_event(
    info: CallInfo,
    cause: Cause,
    *,
    status: int,
    reason: Reason | None,
    duration: float,
    summary: Callable[[], QualitySummary],
) -> Ending:
    """The event that tells the end of the call that `info` shows.

    Args:
        info: the call in its last state.
        cause: why it is over.
        status: the SIP status of a call that was not answered.
        reason: the Reason header, if there was one.
        duration: seconds from answer to end.
        summary: asked only of a call that was answered.
    """
    if info.state is CallState.ENDED:
        return events.CallTerminated(call=info, cause=cause, duration=duration, summary=summary())
    if info.state is CallState.IGNORED:
        return events.IncomingCallIgnored(call=info)
    if info.state is CallState.CANCELED and info.originator == "remote":
        return events.IncomingCallCanceled(call=info, elsewhere=causes.elsewhere(reason))
    return events.CallFailed(call=info, cause=cause, status=status)
