"""[I/O] A call as the network has it: its INVITE, its media, its state, and what is told of it.

SIP event ──▶ happened() ──▶ state ──▶ events
                 │ what takes time: one after the other
                 ▼
            negotiation ◀──▶ media session ──▶ state, events
"""

import asyncio
import logging
from collections.abc import Callable

from appliance.calls import cause as causes
from appliance.calls import events, service_events
from appliance.calls.call_info import CallInfo, CallState, Direction
from appliance.calls.cause import Cause
from appliance.calls.ending import last_event
from appliance.calls.events import ClientEvent, Ending
from appliance.calls.facts import CallFacts
from appliance.calls.far_end_digits import FarEndDigits
from appliance.calls.inbox import Inbox
from appliance.calls.negotiation import Negotiation
from appliance.calls.outgoing import Outgoing
from appliance.calls.ports import CallHome
from appliance.calls.quality_watch import QualityWatch
from appliance.calls.reconnection import Reconnection
from appliance.calls.state import CallProgress
from appliance.calls.timers import Timers
from appliance.errors import ApplianceError, DescriptionError, StateError
from appliance.media.events import DeviceChanged, DigitReceived, MediaConnected, MediaEvent, MediaFailed, SlowGathering
from appliance.sip import events as sip
from appliance.sip.events import HeaderPairs, InviteId, Reason
from appliance.tasks import TaskSet
from appliance.units import Seconds

log = logging.getLogger(__name__)


class Leg:
    """The workings of a `Call`. What ends it ends it once, at once, and nothing is told after that.

    `ended` is called when it is over, before its last event is told.
    """

    def __init__(
        self, home: CallHome, facts: CallFacts, incoming: sip.Incoming | None, ended: Callable[[], None]
    ) -> None:
        self._home = home
        self._incoming = incoming
        self._on_end = ended
        self.facts = facts
        self.invite: InviteId | None = None if incoming is None else incoming.invite
        self.progress = CallProgress(facts.direction)
        self.media = home.media.session(self._media_happened)
        self.negotiation = Negotiation(home, self.media, self._hold_changed)
        self.tasks = TaskSet(f"call {facts.uuid[:8]}")
        self.muted = False
        self.answered_at: Seconds | None = None
        self.ending: Ending | None = None
        self.decided = asyncio.Event()
        """Answered, or over."""
        self.ended = asyncio.Event()
        self._inbox = Inbox(self.tasks, self._take)
        self._timers = Timers()
        self.digits = FarEndDigits(home, self)
        self._outgoing = Outgoing(home)
        self._early: str | None = None
        """The early dialog whose description was applied: its To tag, "" if it had none."""
        self._answer_seen = self._answer_sent = False
        self.quality = QualityWatch(home, self)
        self.reconnection = Reconnection(home, self)
        self._duration = 0.0

    @property
    def info(self) -> CallInfo:
        """A picture of the call as it is now."""
        return self.facts.info(self.progress.state)

    @property
    def over(self) -> bool:
        """It has ended."""
        return self.progress.over

    @property
    def duration(self) -> float:
        """Seconds since the answer, or between answer and end."""
        if self.answered_at is None or self.over:
            return self._duration
        return self._home.clock.now() - self.answered_at

    def mute(self, *, on: bool) -> None:
        """Keep the microphone away, or let it through."""
        if on != self.muted:
            self.muted = self.media.muted = on
            self.emit(events.MuteChanged(call=self.info, muted=on))
            self.quality.changed()

    async def place(self, target: str, extra: HeaderPairs) -> None:
        """Send the INVITE. Raises what keeps it from going out; the call is over then, without an event."""
        try:
            offer = await self.media.create_offer()
            if self.over:
                return
            self.invite = self._outgoing.send(target, offer, extra)
            self.facts.sip_call_id = self._outgoing.call_id
        except BaseException as error:
            if self.over and isinstance(error, StateError):  # its media was closed under it
                return
            self._abandon()
            raise
        self._timers.start("ring", self._home.settings.ring_timeout, self._nobody_answered)
        self.emit(events.Calling(call=self.info))
        if self._home.take_mute():
            self.mute(on=True)

    async def call_anew(self) -> None:
        """Call again: the INVITE was lost with the connection, and what was heard before the answer went with it."""
        self._early = None
        invite = await self._outgoing.anew(self.media)
        if invite is None:
            self.give_up(Cause.CONNECTION_ERROR, 503)
        else:
            self.invite, self.facts.sip_call_id = invite, self._outgoing.call_id

    def redirect(self, target: str) -> bool:
        """Call `target` in place of the one before, in the same call; False if that can't be called."""
        invite = self._outgoing.send_again(target)
        if invite is None or self.invite is None:
            return False
        self._home.agent.cancel(self.invite)
        self.invite = invite
        self.emit(service_events.CallRedirected(call=self.info, target=target))
        return True

    def _abandon(self) -> None:
        if self.progress.end(CallState.FAILED):
            # Whoever asked for the call hears of it by an exception, not by an event.
            self.ending = events.CallFailed(call=self.info, cause=Cause.INTERNAL_ERROR, status=0)
            self._close()

    def ring(self) -> None:
        """Send 180 and tell about the incoming call."""
        assert self._incoming is not None
        self._home.agent.provisional(self._incoming.invite, 180)
        self.progress.ring()
        self._home.media.prepare(self._home.settings.ring_timeout)
        self._timers.start("ring", self._home.settings.ring_timeout, self._nobody_answered)
        facts = self.facts
        self.emit(events.IncomingCall(call=self.info, caller_id=facts.src, caller_name=facts.caller_name))

    def give_up(self, cause: Cause, status: int) -> None:
        """End it for a reason that is neither side's wish."""
        if not self.over:
            self.leave(status, Reason(protocol="SIP", code=status, text=str(cause)))
            self.end(CallState.FAILED, cause, originator="local", status=status)

    async def release(self) -> None:
        """Give back what it held: tasks, media path. It has to be over."""
        await self.tasks.close()
        await self.media.close()

    # What the far end does.

    def happened(self, event: sip.Event) -> None:
        """Take what the user agent says of this call; what ends it counts at once, the rest in its order."""
        match event:
            case sip.Progress():
                self._progressed(event)
            case sip.Failed():
                self._refused(event)
            case sip.Cancelled(cause=reason):
                self.end(CallState.CANCELED, Cause.CANCELED, originator="remote", status=487, reason=reason)
            case sip.Ended():
                self._dialog_ended(event)
            case sip.Reanswered(body=body) if self.negotiation.came_back(body):
                pass
            case sip.ReofferFailed():
                self.negotiation.came_back(f"{event.status} {event.reason}")
            case _:
                self._answer_seen |= isinstance(event, sip.Answered | sip.Acknowledged)
                self._inbox.put(event)

    def _refused(self, event: sip.Failed) -> None:
        if event.local and event.status == 503 and self.reconnection.adrift():
            return
        elsewhere = self._outgoing.elsewhere(event)
        if elsewhere and self.redirect(elsewhere):
            return
        self.end(
            CallState.REJECTED if event.status in (403, 603) else CallState.FAILED,
            self._outgoing.cause(event),
            originator="local" if event.local else "remote",
            status=event.status,
            words=event.reason,
            reason=event.cause,
        )

    def _progressed(self, event: sip.Progress) -> None:
        self.facts.adopt(event.headers)
        if self.progress.ring():
            self.emit(events.CallRemoteRinging(call=self.info, early_media=event.body is not None))
        if event.body is not None and self._early is None and not self._answer_seen:
            # One early dialog's description is enough to hear something; the answer tells whose call it is.
            self._early = event.early
            self._inbox.put(event)

    async def _take(self, event: sip.Event) -> None:
        """What takes time, one after the other."""
        match event:
            case sip.Progress(body=body):
                if await self.negotiation.apply(body):
                    self._early = None
                else:
                    self._described()
            case sip.Answered():
                await self._was_answered(event)
            case sip.Acknowledged(body=body):
                await self._acknowledged(body)
            case sip.Offered():
                await self.negotiation.answer(event)
                self.reconnection.followed()
            case sip.Reanswered(body=body):
                problem = await self.negotiation.apply(body)
                if problem:
                    log.info("an answer is of no use: %s", problem)
            case _:
                log.debug("%s has no meaning in a call", type(event).__name__)

    async def _was_answered(self, event: sip.Answered) -> None:
        self.facts.adopt(event.headers)
        moved = bool(self._early) and self._early != event.early
        if not moved and (event.body is not None or self._early is None):
            problem = await self.negotiation.apply(event.body)
            moved = bool(problem) and self._early is not None
            if not moved:
                self._check_answer(event.body, problem)
        if self.over:
            return
        self._described()
        self._established()
        if moved and self.invite is not None:
            # Another branch won than the one that was heard: its media needs a path of its own (RFC 3261 §13.2.2.4).
            log.info("call %s: answered by another branch than the one heard before", self.facts.uuid)
            self.tasks.start("renew", self.negotiation.reoffer(self.invite, self.media.renew))

    def _check_answer(self, body: bytes | None, problem: str) -> None:
        """Without an answer that can be used there is no call."""
        if problem and not self.over:
            log.info("call %s: the answer is of no use: %s", self.facts.uuid, problem)
            self.give_up(Cause.BAD_MEDIA_DESCRIPTION if body else Cause.MISSING_SDP, 488)

    async def accept(self) -> None:
        """Answer an incoming call: 200 with our description; the ACK makes it a call."""
        incoming = self._incoming
        if incoming is None:
            return
        try:
            body = await self.negotiation.description(incoming.offer)
        except DescriptionError as error:
            log.info("call %s can't be answered: %s", self.facts.uuid, error)
            self.give_up(Cause.INCOMPATIBLE_SDP, 488)
        except ApplianceError as error:
            log.warning("call %s can't be answered: %s", self.facts.uuid, error)
            self.give_up(Cause.INTERNAL_ERROR, 500)
        if self.over:
            return
        self._timers.stop("ring")
        if self._home.take_mute():
            self.mute(on=True)
        self._answer_sent = True
        self._home.agent.answer(incoming.invite, body.encode())
        if incoming.offer is not None:
            self._described()

    async def _acknowledged(self, body: bytes | None) -> None:
        assert self._incoming is not None
        if self._incoming.offer is None:
            self._check_answer(body, await self.negotiation.apply(body))
        if not self.over:
            self._described()
            self._established()

    def _described(self) -> None:
        if self.progress.describe():
            self.emit(events.CallConnected(call=self.info))

    def _established(self) -> None:
        if not self.progress.answer():
            return
        self._timers.stop("ring")
        self.answered_at = self._home.clock.now()
        self.decided.set()
        self.emit(events.CallAnswered(call=self.info))
        if self.over:
            return
        self.talk()
        if self.negotiation.remote_held:
            self._hold_changed(held=True, by="remote")

    def talk(self) -> None:
        """Both sides can: from now on it is measured and watched."""
        self.quality.answered()
        if self._home.settings.dtmf_options.detect_inband:
            self.media.rtp.detect_digits(on=True)
        self.reconnection.answered()

    def _dialog_ended(self, event: sip.Ended) -> None:
        if self._answer_seen and not self.progress.answered and not self.over:
            # They hung up before we had applied their answer: it was a call all the same.
            self._established()
        cause = causes.call_end(event.status)
        if self._answer_sent and not self._answer_seen and event.status == 408:
            cause = Cause.NO_ACK
        self.end(
            CallState.FAILED,
            cause,
            originator="local" if event.local else "remote",
            status=event.status,
            reason=event.cause,
        )

    # What the media does.

    def _media_happened(self, event: MediaEvent) -> None:
        if self.over:
            return
        match event:
            case DigitReceived():
                self.digits.heard(event.digit, event.duration, str(event.method))
            case MediaConnected():
                self.reconnection.path_open()
            case MediaFailed():
                self.reconnection.path_failed(event.reason)
            case SlowGathering():
                self.quality.gathering(event)
            case DeviceChanged():
                self.quality.device_changed(event)

    def _hold_changed(self, held: bool, by: str) -> None:
        if self.progress.answered:
            self.emit(events.HoldChanged(call=self.info, held=held, by=by))
            self.quality.changed()

    # The end.

    def _nobody_answered(self) -> None:
        self.give_up(Cause.NO_ANSWER, 480 if self.facts.direction is Direction.INCOMING else 487)

    def leave(self, status: int, reason: Reason | None = None) -> None:
        """Tell the far end that it is over, in the way that fits the state."""
        if self.invite is None:
            return
        agent = self._home.agent
        if self.progress.answered or self._answer_sent or self._answer_seen:
            agent.bye(self.invite, cause=reason)
        elif self.facts.direction is Direction.OUTGOING:
            agent.cancel(self.invite, cause=reason)
        else:
            agent.reject(self.invite, status)

    def end(
        self,
        state: CallState,
        cause: Cause,
        *,
        originator: str,
        status: int = 0,
        words: str = "",
        reason: Reason | None = None,
    ) -> None:
        """The one way into a last state: told once, and nothing after it."""
        duration = self.duration
        if not self.progress.end(state):
            return
        self._duration = duration
        self.quality.freeze()
        self.facts.end(originator, status, words or str(cause), reason)
        self.ending = last_event(
            self.info, cause, status=status, reason=reason, duration=duration, summary=self.quality.summary
        )
        self._close()
        self._home.emit(self.ending)

    def _close(self) -> None:
        self._timers.stop_all()
        self.reconnection.close()
        self._inbox.close()
        self.negotiation.close()
        self.decided.set()
        self.ended.set()
        self._on_end()

    def emit(self, event: ClientEvent) -> None:
        """Tell the client's user, unless the call is over."""
        # Whoever heard the event before this one may have ended the call.
        if not self.over:
            self._home.emit(event)
