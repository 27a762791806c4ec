"""Where one call is, and what may still become of it.

    INITIALIZED ─▶ RINGING ─▶ ANSWERED ─▶ ENDED
         └───────────┴─▶ REJECTED | IGNORED | CANCELED | FAILED | REDIRECTED

Every step says whether it happened: True once, False when it had happened before or can't happen any more. What is told
to the user hangs on that answer, so that nothing is told twice and nothing after the end.
"""

from enum import StrEnum
from typing import Final

from appliance.calls.call_info import CallState, Direction

LAST_STATES: Final = frozenset(
    {
        *(CallState.ENDED, CallState.REJECTED, CallState.IGNORED, CallState.CANCELED, CallState.FAILED),
        CallState.REDIRECTED,
    }
)
"""What no call leaves again."""


class Status(StrEnum):
    """The second SDK's words for the same thing."""

    PENDING = "pending"
    """Incoming, and nobody has decided yet."""
    CONNECTING = "connecting"
    RINGING = "ringing"
    OPEN = "open"
    RECONNECTING = "reconnecting"
    """Answered, but the registrar or the media path is lost for the moment."""
    CLOSED = "closed"


class CallProgress:
    """One call's state machine."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._state = CallState.INITIALIZED
        self._described = False
        self._accepting = False
        self._signalling = True
        self._media_lost = False

    @property
    def state(self) -> CallState:
        """Where the call is."""
        return self._state

    @property
    def over(self) -> bool:
        """In one of the last states."""
        return self._state in LAST_STATES

    @property
    def answered(self) -> bool:
        """Answered and not over."""
        return self._state is CallState.ANSWERED

    @property
    def described(self) -> bool:
        """A description of the far end was applied."""
        return self._described

    @property
    def waiting(self) -> bool:
        """Incoming, and still to be answered, rejected or ignored."""
        return (
            self._direction is Direction.INCOMING
            and not self._accepting
            and self._state in (CallState.INITIALIZED, CallState.RINGING)
        )

    @property
    def status(self) -> Status:
        """The same in the second SDK's words."""
        if self.over:
            return Status.CLOSED
        if self._state is CallState.ANSWERED:
            return Status.OPEN if self._signalling and not self._media_lost else Status.RECONNECTING
        if self._direction is Direction.INCOMING:
            return Status.CONNECTING if self._accepting else Status.PENDING
        return Status.RINGING if self._state is CallState.RINGING else Status.CONNECTING

    def ring(self) -> bool:
        """The far end rings (outgoing), or we do (incoming)."""
        if self._state is not CallState.INITIALIZED:
            return False
        self._state = CallState.RINGING
        return True

    def describe(self) -> bool:
        """A description of the far end was applied."""
        if self._described or self.over:
            return False
        self._described = True
        return True

    def accept(self) -> bool:
        """The user decided to answer an incoming call."""
        if not self.waiting:
            return False
        self._accepting = True
        return True

    def answer(self) -> bool:
        """The call is established."""
        if self._state not in (CallState.INITIALIZED, CallState.RINGING):
            return False
        self._state = CallState.ANSWERED
        return True

    def restore(self) -> None:
        """It was answered in a former run of this program."""
        self._state, self._described = CallState.ANSWERED, True

    def end(self, state: CallState = CallState.FAILED) -> bool:
        """The call is over. An answered one is ENDED whatever `state` says; one that was not is never ENDED."""
        if self.over:
            return False
        if self._state is CallState.ANSWERED:
            self._state = CallState.ENDED
        else:
            self._state = state if state in LAST_STATES and state is not CallState.ENDED else CallState.FAILED
        return True

    def signalling(self, *, up: bool) -> None:
        """The way to the registrar was lost, or is back. No transition: a call outlives it."""
        self._signalling = up

    @property
    def media_lost(self) -> bool:
        """The media path is lost: nothing is heard."""
        return self._media_lost

    def media(self, *, up: bool) -> None:
        """The media path was lost, or is open."""
        self._media_lost = not up
