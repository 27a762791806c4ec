"""[I/O] A call that lives through trouble: its media path is watched, and rebuilt when it is lost.

    MediaFailed, or quiet and no sign of life ──▶ media lost ──┐
    no connection, or not registered ──▶ signalling lost ──────┴─▶ Reconnecting, once
    media lost ─▶ as soon as signalling is up: re-INVITE with a new path, again and again, jittered
          ├── the old path is back, the new one is open, or the far end has made one ─▶ MediaConnected
          └── `reconnect_timeout` ─▶ the end
    both are back ─▶ Reconnected, once

A call whose registrar is away goes on for as long as its media does; only lost media ends it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from appliance.calls import events
from appliance.calls.call_info import CallInfo, Direction
from appliance.calls.cause import Cause
from appliance.calls.events import ClientEvent
from appliance.calls.negotiation import Negotiation
from appliance.calls.path_watch import PERIOD, PathWatch
from appliance.calls.ports import CallHome
from appliance.calls.quality_watch import QualityWatch
from appliance.calls.state import CallProgress
from appliance.calls.timers import Timers
from appliance.media.session import MediaSession
from appliance.sip.events import InviteId
from appliance.tasks import Backoff, TaskSet
from appliance.units import Seconds

log = logging.getLogger(__name__)

_ANSWER: Final = 4.0
"""Seconds for the answer to a re-INVITE; longer, and it went to where the far end no longer is."""

_COURTESY: Final = 1.5
"""Seconds that the called side leaves to the calling one: both mostly notice at once, and one offer is enough."""

_OPENING: Final = 7.0
"""Seconds that a new path may take. ICE repeats its checks ever more seldom: after these, a fresh one is sooner."""

_RESTARTS: Final = 3
"""Of so many offers of a new path one has new keys too."""

_LOOK: Final = 0.1


class Troubled(Protocol):
    """A call, as its reconnection sees it."""

    invite: InviteId | None
    media: MediaSession
    negotiation: Negotiation
    progress: CallProgress
    quality: QualityWatch
    tasks: TaskSet

    @property
    def info(self) -> CallInfo:
        """A picture of the call as it is now."""

    def emit(self, event: ClientEvent) -> None:
        """Tell the user, unless the call is over."""

    def give_up(self, cause: Cause, status: int) -> None:
        """End it for a reason that is neither side's wish."""

    async def call_anew(self) -> None:
        """Call again: the INVITE was lost with the connection."""


class Reconnection:
    """What is lost of one call, since when, and what is done about it."""

    def __init__(self, home: CallHome, call: Troubled) -> None:
        self._home = home
        self._call = call
        self._timers = Timers()
        self._was_open = False
        self._media_lost: Seconds | None = None
        self._began: Seconds | None = None
        """When `Reconnecting` was told, if `Reconnected` was not told since."""
        self._signalling = asyncio.Event()
        self._signalling.set()
        self._opening_since: Seconds | None = None
        self._rebuilding: asyncio.Task[None] | None = None
        self._offers = 0
        """Of new paths, since the media was lost."""
        self._adrift = False
        """A call of ours that nobody had answered when the connection was lost."""
        self._moved = False
        """It is this unit that has another address: the far end can't know, and need not be waited for."""

    def answered(self) -> None:
        """The call is established: from now on it is worth saving."""
        self._call.tasks.start("path watch", self._watch())

    def restored(self) -> None:
        """The call was established by a former run of this program: its media path has gone with that."""
        self._was_open = self._moved = True
        self._begin("restart")
        self._lose_media("this program was started anew")

    def close(self) -> None:
        """The call is over."""
        self._timers.stop_all()

    # What is lost, and what is back.

    def signalling(self, *, up: bool) -> None:
        """Requests reach the far end and it reaches us, or not any more; who calls us can't be answered then."""
        self._call.progress.signalling(up=up)
        if up:
            self._signalling.set()
            if self._adrift:
                self._adrift = False
                self._timers.stop("adrift")
                self._call.tasks.start("call anew", self._call.call_anew())
            self._settle()
        elif self._signalling.is_set():
            self._signalling.clear()
            if self._call.progress.answered:
                self._begin("signalling")
            else:
                self._call.give_up(Cause.CONNECTION_ERROR, 503)

    def adrift(self) -> bool:
        """Our INVITE was lost before it was answered. True if it is made anew as soon as there is a connection again.

        Its answer can't reach us any more: responses go where the Via of the INVITE leads (RFC 3261 §18.2.2). It is
        taken back over the next connection, so that the far end rings once.
        """
        patience = self._home.settings.redial_within
        if self._adrift or patience <= 0.0 or self._call.progress.answered:
            return self._adrift
        self._adrift = True
        self._signalling.clear()
        self._call.progress.signalling(up=False)
        self._timers.start("adrift", patience, lambda: self._call.give_up(Cause.CONNECTION_ERROR, 503))
        self._begin("signalling")
        return True

    def moved(self, gone: Callable[[str], bool]) -> None:
        """Addresses of this machine are `gone`: the media path may have begun at one."""
        self._moved = True
        self._call.tasks.start("address", self._call.media.check_address(gone))

    def path_open(self) -> None:
        """A path is open: the first one, or another."""
        self._was_open = True
        self._media_back()

    def path_failed(self, reason: str) -> None:
        """No path is open any more, or the first one could not be opened."""
        if self._was_open and self._call.progress.answered:
            self._lose_media(reason)
            return
        self._call.progress.media(up=False)
        self._timers.start("media", self._home.settings.media_timeout, self._no_media)
        self._call.emit(events.MediaFailed(call=self._call.info, reason=reason))
        self._call.quality.path("failed")

    def _no_media(self) -> None:
        self._call.give_up(Cause.RTP_TIMEOUT if self._was_open else Cause.WEBRTC_ERROR, 408)

    def _lose_media(self, reason: str) -> None:
        if self._media_lost is not None:
            return
        self._media_lost = self._home.clock.now()
        self._call.progress.media(up=False)
        self._begin("media")
        self._call.emit(events.MediaFailed(call=self._call.info, reason=reason))
        self._call.quality.path("disconnected")
        if self._call.progress.over:
            return
        self._timers.start("reconnect", self._home.settings.reconnect_timeout, self._gave_up)
        self._home.agent.check_connection()
        if self._rebuilding is None or self._rebuilding.done():
            self._rebuilding = self._call.tasks.start("rebuild", self._rebuild())

    def _gave_up(self) -> None:
        log.info("call %s: the media path did not come back", self._call.info.call_uuid)
        self._call.quality.path("failed")
        self._call.give_up(Cause.RTP_TIMEOUT if self._signalling.is_set() else Cause.CONNECTION_ERROR, 408)

    def _media_back(self) -> None:
        self._media_lost = None
        self._offers = 0
        self._moved = False
        self._timers.stop_all()
        self._call.progress.media(up=True)
        self._call.emit(events.MediaConnected(call=self._call.info))
        self._call.quality.path("connected")
        self._settle()

    def _begin(self, reason: str) -> None:
        if self._began is None:
            self._began = self._home.clock.now()
            self._call.emit(events.Reconnecting(call=self._call.info, reason=reason))

    def _settle(self) -> None:
        if self._began is None or self._media_lost is not None or not self._signalling.is_set():
            return
        duration = self._home.clock.now() - self._began
        self._began = None
        self._call.emit(events.Reconnected(call=self._call.info, duration=duration))

    # The watch.

    async def _watch(self) -> None:
        clock, media = self._home.clock, self._call.media
        watch = PathWatch(clock.now())
        while True:
            await asyncio.sleep(PERIOD)
            heard = media.last_heard
            if not self._was_open:
                watch.reassured(clock.now())
            elif self._media_lost is not None:
                if heard is not None and heard > self._media_lost:
                    self._media_back()
                watch.reassured(clock.now())
            elif watch.doubtful(heard, expected=media.flow.receives, now=clock.now()):
                if await media.peer_answers() or media.last_heard != heard:
                    watch.reassured(clock.now())
                else:
                    self._lose_media("nothing comes from the far end any more, and it does not answer")

    # The rebuilding.

    async def _rebuild(self) -> None:
        backoff = Backoff(first=1.0, cap=4.0, floor=0.2)
        if self._call.info.direction is Direction.INCOMING and not self._moved:
            await asyncio.sleep(_COURTESY)
        while self._media_lost is not None:
            await self._signalling.wait()
            if not await self._opening():
                await self._offer_path()
                await asyncio.sleep(0.0 if self._call.media.opening else backoff.next())

    async def _opening(self) -> bool:
        """A new path is being opened, and there is still hope for it."""
        if not self._call.media.opening:
            self._opening_since = None
            return False
        now = self._home.clock.now()
        if self._opening_since is None:
            self._opening_since = now
        await asyncio.sleep(_LOOK)
        return now - self._opening_since < _OPENING

    async def _offer_path(self) -> None:
        invite = self._call.invite
        if invite is None or self._media_lost is None:
            return
        self._opening_since = None
        self._offers += 1
        # Keys outlive a path, unless the far end has lost them: what three restarts don't bring back, a new start may.
        media = self._call.media
        fresh = media.restart if self._offers % _RESTARTS else media.renew
        problem = await self._call.negotiation.reoffer(invite, fresh, patience=_ANSWER, attempts=1)
        if problem:
            log.info("call %s: no new path yet: %s", self._call.info.call_uuid, problem)

    def followed(self) -> None:
        """An offer of the far end was accepted. If that made a new path, ours, which waits its turn, is not needed."""
        invite = self._call.invite
        if invite is not None and self._media_lost is not None and self._call.media.opening:
            self._home.agent.withdraw_offer(invite)
