"""[I/O] Takes what users think of their calls, and passes it on: an event, and a request to an HTTPS address if any."""

import json
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Final, Protocol

from appliance.calls.call_info import CallInfo
from appliance.calls.https_post import HttpsPost
from appliance.calls.log_tail import LogTail
from appliance.calls.quality_events import FeedbackSubmitted
from appliance.calls.settings import ClientSettings
from appliance.errors import StateError, UnknownCall, UsageError
from appliance.quality.feedback import Feedback
from appliance.quality.summary import QualitySummary
from appliance.version import VERSION

_REMEMBERED: Final = 50
"""Calls that are over and can still be judged."""


class Judged(Protocol):
    """A call, as the desk sees it."""

    @property
    def info(self) -> CallInfo:
        """A picture of the call as it is now."""

    @property
    def summary(self) -> QualitySummary:
        """Its quality up to now, or to its end."""

    def named(self, uuid: str) -> bool:
        """`uuid` is a name of it."""


@dataclass(frozen=True, slots=True)
class _Past:
    """What is kept of a call that is over."""

    info: CallInfo
    summary: QualitySummary
    former_uuid: str

    def named(self, uuid: str) -> bool:
        return uuid in (self.info.call_uuid, self.former_uuid)


class FeedbackDesk:
    """`calls` are those that are not over, `emit` tells the client's user."""

    def __init__(
        self,
        settings: ClientSettings,
        calls: Callable[[], Iterable[Judged]],
        emit: Callable[[FeedbackSubmitted], None],
    ) -> None:
        self._calls = calls
        self._emit = emit
        self._past: deque[_Past] = deque(maxlen=_REMEMBERED)
        url = settings.feedback_url
        self._post = HttpsPost(url, settings.feedback_ca_file, what="feedback") if url else None
        self._log = LogTail()

    def listening(self) -> AbstractContextManager[None]:
        """Within, the log is kept for users who let it go with their feedback; only where it could go anywhere."""
        return nullcontext() if self._post is None else self._log.attached()

    def ended(self, call: Judged, former_uuid: str) -> None:
        """`call` is over; it can be judged for a while."""
        self._past.append(_Past(call.info, call.summary, former_uuid))

    async def submit(self, uuid: object, feedback: Feedback) -> None:
        """Pass feedback on a call on.

        Raises:
            UsageError: `uuid` is no name.
            UnknownCall: no call of late had it.
            TransportError: it was told, but the address did not take it.
        """
        if not isinstance(uuid, str) or not uuid:
            raise UsageError(f"call_uuid: {uuid!r} is not the name of a call")
        call = next((call for call in (*self._calls(), *self._past) if call.named(uuid)), None)
        if call is None:
            raise UnknownCall(f"there was no call {uuid} of late")
        self._emit(FeedbackSubmitted(call=call.info, feedback=feedback))
        if self._post is not None:
            await self._post.send(self._document(call.info, call.summary, feedback))

    def latest(self) -> str:
        """The name of the call that ended last. Raises `StateError` before the first."""
        if not self._past:
            raise StateError("there was no call yet")
        return self._past[-1].info.call_uuid

    def _document(self, info: CallInfo, summary: QualitySummary, feedback: Feedback) -> bytes:
        """What is posted. The numbers of both sides stay here: the call's names are enough to find it by."""
        document: dict[str, object] = {
            "call_uuid": info.call_uuid,
            "sip_call_id": info.sip_call_id,
            "score": feedback.score,
            "issues": feedback.issues,
            "note": feedback.note,
            "quality": asdict(summary),
            "software": VERSION,
        }
        if feedback.with_logs:
            document["log"] = self._log.lines
        return json.dumps(document, allow_nan=False).encode()
