"""What the calls of a unit amount to at this moment, gathered from their events."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from appliance.calls.call_info import CallEvent, CallInfo
from appliance.calls.events import (
    CallAnswered,
    CallFailed,
    Calling,
    CallRemoteRinging,
    CallRestored,
    CallTerminated,
    HoldChanged,
    IncomingCall,
    IncomingCallCanceled,
    IncomingCallIgnored,
    MuteChanged,
    Reconnected,
    Reconnecting,
)
from appliance.quality.summary import QualitySummary

MAX_CALLS: Final = 16
"""Calls that are followed at once; more than a telephone has."""


class CallPhase(StrEnum):
    """What a call is doing, in the order of what a dashboard shows first."""

    IN_CALL = "in_call"
    ALERTING = "alerting"
    """The far end rings."""
    CALLING = "calling"
    """The INVITE was sent."""
    RINGING = "ringing"
    """We ring."""
    IDLE = "idle"


class Result(StrEnum):
    """How a call came to its end."""

    ANSWERED = "answered"
    FAILED = "failed"
    CANCELED = "canceled"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """`state/call`: the call that matters most, and how many there are."""

    state: CallPhase = CallPhase.IDLE
    calls: int = 0
    held: bool = False
    """Held by us, by the far end, or by both."""
    muted: bool = False
    reconnecting: bool = False
    """Its media path or the registrar is lost for the moment."""
    since: datetime | None = None
    """When the call came into this state."""
    call: CallInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`state/last_call`: a call that is over."""

    result: Result
    started: datetime | None
    """The INVITE was sent, or came; None if that was not seen."""
    answered: datetime | None
    ended: datetime
    duration: float
    """Seconds from answer to end."""
    cause: str
    status: int
    """The SIP status of a failure, else 0."""
    call: CallInfo
    quality: QualitySummary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Followed:
    call: CallInfo
    phase: CallPhase
    since: datetime
    started: datetime | None = None
    answered: datetime | None = None
    held_by: frozenset[str] = frozenset()
    muted: bool = False
    reconnecting: bool = False


class CallStates:
    """Follows every call by its events. Events of a call that is over, or was never begun, change nothing."""

    def __init__(self) -> None:
        self._calls: dict[str, _Followed] = {}

    def follow(self, event: CallEvent, wall: datetime) -> Record | None:
        """Take `event` into account; the record of the call if that was its end."""
        end = _ENDS.get(type(event))
        if end is not None:
            return end(event, self._calls.pop(event.call.call_uuid, None), wall)
        phase = _PHASES.get(type(event))
        known = self._calls.get(event.call.call_uuid)
        if known is None:
            if phase is not None:
                self._begin(event.call, phase, wall)
            if isinstance(event, CallRestored):
                self._calls[event.call.call_uuid] = _restored(self._calls[event.call.call_uuid], event, wall)
        else:
            self._calls[event.call.call_uuid] = _advanced(known, event, phase, wall)
        return None

    def overview(self) -> Overview:
        """What the calls amount to; of equals, the one that is longest in its state."""
        order = list(CallPhase)
        first = min(self._calls.values(), key=lambda call: (order.index(call.phase), call.since), default=None)
        if first is None:
            return Overview()
        return Overview(
            state=first.phase,
            calls=len(self._calls),
            held=bool(first.held_by),
            muted=first.muted,
            reconnecting=first.reconnecting,
            since=first.since,
            call=first.call,
        )

    def _begin(self, call: CallInfo, phase: CallPhase, wall: datetime) -> None:
        if len(self._calls) >= MAX_CALLS:
            del self._calls[next(iter(self._calls))]
        answered = wall if phase is CallPhase.IN_CALL else None
        started = None if answered else wall
        self._calls[call.call_uuid] = _Followed(call=call, phase=phase, since=wall, started=started, answered=answered)


_PHASES: Final[dict[type[CallEvent], CallPhase]] = {
    Calling: CallPhase.CALLING,
    CallRemoteRinging: CallPhase.ALERTING,
    IncomingCall: CallPhase.RINGING,
    CallAnswered: CallPhase.IN_CALL,
    CallRestored: CallPhase.IN_CALL,
}


def _restored(begun: _Followed, event: CallRestored, wall: datetime) -> _Followed:
    answered = wall - timedelta(seconds=event.talked)
    held_by = frozenset({"local"} if event.held else ())
    return replace(begun, since=answered, answered=answered, muted=event.muted, held_by=held_by)


def _advanced(known: _Followed, event: CallEvent, phase: CallPhase | None, wall: datetime) -> _Followed:
    after = replace(known, call=event.call)
    if phase is not None and phase is not known.phase:
        after = replace(after, phase=phase, since=wall)
    if isinstance(event, CallAnswered):
        after = replace(after, answered=known.answered or wall)
    elif isinstance(event, HoldChanged):
        who = {event.by}
        after = replace(after, held_by=known.held_by | who if event.held else known.held_by - who)
    elif isinstance(event, MuteChanged):
        after = replace(after, muted=event.muted)
    elif isinstance(event, Reconnecting | Reconnected):
        after = replace(after, reconnecting=isinstance(event, Reconnecting))
    return after


def _terminated(event: CallEvent, known: _Followed | None, wall: datetime) -> Record:
    assert isinstance(event, CallTerminated)
    return _record(
        event,
        known,
        wall,
        result=Result.ANSWERED,
        cause=event.cause,
        duration=event.duration,
        quality=event.summary,
    )


def _failed(event: CallEvent, known: _Followed | None, wall: datetime) -> Record:
    assert isinstance(event, CallFailed)
    return _record(event, known, wall, result=Result.FAILED, cause=event.cause, status=event.status)


def _canceled(event: CallEvent, known: _Followed | None, wall: datetime) -> Record:
    assert isinstance(event, IncomingCallCanceled)
    cause = "Answered elsewhere" if event.elsewhere else "Canceled"
    return _record(event, known, wall, result=Result.CANCELED, cause=cause)


def _ignored(event: CallEvent, known: _Followed | None, wall: datetime) -> Record:
    return _record(event, known, wall, result=Result.IGNORED, cause="Ignored")


_ENDS: Final[dict[type[CallEvent], Callable[[CallEvent, _Followed | None, datetime], Record]]] = {
    CallTerminated: _terminated,
    CallFailed: _failed,
    IncomingCallCanceled: _canceled,
    IncomingCallIgnored: _ignored,
}


def _record(
    event: CallEvent,
    known: _Followed | None,
    wall: datetime,
    *,
    result: Result,
    cause: str,
    status: int = 0,
    duration: float = 0.0,
    quality: QualitySummary | None = None,
) -> Record:
    return Record(
        result=result,
        started=known.started if known else None,
        answered=known.answered if known else None,
        ended=wall,
        duration=duration,
        cause=cause,
        status=status,
        call=event.call,
        quality=quality,
    )
