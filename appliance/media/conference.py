"""Streams that hear each other: each the others, none itself.

    audio thread, playing:    stream A ──said──▶ queues of B and C          (and the speaker, as ever)
    audio thread, capturing:  B's queues ──heard_by──▶ their sum ──▶ to B, beside the microphone

A queue is short: where the clocks of speaker and microphone drift, a frame is dropped or missing now and then.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

from appliance.media.frame import Pcm
from appliance.media.mixing import mixed

_DEPTH: Final = 3
"""Frames of 10 ms that may wait for a listener; the oldest is dropped."""

S = TypeVar("S")


class Conference(Generic[S]):
    """Who is in it does not change: another makes another conference. Each method is called on one thread."""

    def __init__(self, members: Iterable[S]) -> None:
        present = tuple(members)
        self._queues: dict[S, dict[S, deque[Pcm]]] = {
            listener: {speaker: deque(maxlen=_DEPTH) for speaker in present if speaker is not listener}
            for listener in present
        }

    def said(self, speaker: S, frame: Pcm) -> None:
        """10 ms of a stream, shape (480,); of one that is no member, nothing comes."""
        if speaker in self._queues:
            for queues in self._queues.values():
                if speaker in queues:
                    queues[speaker].append(frame)

    def heard_by(self, listener: S) -> Pcm | None:
        """10 ms of what the others say, shape (480,); None if they are silent, or it is no member."""
        frames = [queue.popleft() for queue in self._queues.get(listener, {}).values() if queue]
        return mixed(frames) if frames else None
