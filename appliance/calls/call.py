"""[I/O] One call, as its user has it."""

from collections.abc import Mapping, Sequence
from typing import get_args

from appliance.calls import connect_token, dtmf, headers
from appliance.calls.audio_frames import AudioFrames
from appliance.calls.call_info import CallInfo, CallState, Direction
from appliance.calls.cause import Cause
from appliance.calls.digits import DigitQueue
from appliance.calls.events import Ending
from appliance.calls.facts import CallFacts
from appliance.calls.identity import CallerInfo
from appliance.calls.leg import Leg
from appliance.calls.message import JSON
from appliance.calls.ports import CallHome, Current, OnOthers, RedirectBy
from appliance.calls.state import Status
from appliance.errors import StateError, UsageError
from appliance.media.session import MediaSession
from appliance.media.settings import TurnServer, VoiceSettings
from appliance.quality.feedback import scored
from appliance.quality.sample import Counters, QualitySample
from appliance.quality.summary import QualitySummary
from appliance.sip.events import Incoming, InviteId


class Call:
    """A call, from its first moment to its last. Made by `Client.call` and by whoever calls us.

    Commands take effect at once; what comes of them is told by the client's events. A command that does not fit the
    state raises `StateError`. What the far end does is never an exception.
    """

    def __init__(self, home: CallHome, facts: CallFacts, incoming: Incoming | None = None) -> None:
        self._home = home
        self._leg = Leg(home, facts, incoming, self._ended)
        self._digits: DigitQueue | None = None
        self._local_stream: AudioFrames | None = None
        self._remote_stream: AudioFrames | None = None

    def _ended(self) -> None:
        for stream in (self._local_stream, self._remote_stream):
            if stream is not None:
                stream.close()
        self._home.over(self)

    @property
    def leg(self) -> Leg:
        """Its workings, for the client."""
        return self._leg

    # What is known.

    @property
    def uuid(self) -> str:
        """The name of the call (see `CallInfo`)."""
        return self._leg.facts.uuid

    def named(self, uuid: str) -> bool:
        """`uuid` is its name, or was before the far end gave it another."""
        return self._leg.facts.named(uuid)

    @property
    def invite(self) -> InviteId | None:
        """The user agent's name for its INVITE (`Client.agent`); None until that is out."""
        return self._leg.invite

    @property
    def direction(self) -> Direction:
        """Who made it."""
        return self._leg.facts.direction

    @property
    def state(self) -> CallState:
        """Where it is."""
        return self._leg.progress.state

    @property
    def status(self) -> Status:
        """The same in the second SDK's words."""
        return self._leg.progress.status

    @property
    def info(self) -> CallInfo:
        """A picture of the call as it is now."""
        return self._leg.info

    @property
    def caller_info(self) -> CallerInfo | None:
        """Whether the caller's number was verified (STIR); None if the network said nothing of it."""
        return self._leg.facts.identity.caller_info

    @property
    def parameters(self) -> Mapping[str, str]:
        """`From`, `To` and `CallSid` of an incoming call; of one of ours `CallSid`, once it is answered."""
        facts = self._leg.facts
        if facts.direction is Direction.INCOMING:
            return {"From": facts.src, "To": facts.dest, "CallSid": facts.uuid}
        return {"CallSid": facts.uuid} if self._leg.answered_at is not None else {}

    @property
    def custom_parameters(self) -> Mapping[str, str]:
        """What the caller sent along in `X-PH-…` headers, by the names without that prefix."""
        extra = self._leg.facts.extra_headers
        return {name[len(headers.PREFIX) :]: value for name, value in extra.items()}

    @property
    def codec(self) -> str:
        """What is sent: "opus", "pcmu" …; "" before the far end was heard of."""
        return self.counters().codec.lower()

    @property
    def over(self) -> bool:
        """It has ended, one way or the other."""
        return self._leg.over

    @property
    def waiting(self) -> bool:
        """Incoming, and nobody has decided about it yet."""
        return self._leg.progress.waiting

    @property
    def answered(self) -> bool:
        """Both sides talk."""
        return self._leg.progress.answered

    @property
    def described(self) -> bool:
        """A description of the far end was applied: its own sound may come."""
        return self._leg.progress.described

    @property
    def ending(self) -> Ending | None:
        """The event it ended with; None while it lives."""
        return self._leg.ending

    @property
    def duration(self) -> float:
        """Seconds since it was answered, or between answer and end; 0.0 if it was not."""
        return self._leg.duration

    @property
    def local_stream(self) -> AudioFrames:
        """Our microphone as the far end gets it, silence while muted: to read, from the first time it is asked for."""
        if self._local_stream is None:
            self._local_stream = AudioFrames()
            self.media.rtp.listen(sent=self._local_stream.heard)
        return self._local_stream

    @property
    def remote_stream(self) -> AudioFrames:
        """What the far end says: to read, from the first time it is asked for."""
        if self._remote_stream is None:
            self._remote_stream = AudioFrames()
            self.media.rtp.listen(heard=self._remote_stream.heard)
        return self._remote_stream

    @property
    def media(self) -> MediaSession:
        """Its media session."""
        return self._leg.media

    @property
    def muted(self) -> bool:
        """The microphone does not reach the far end."""
        return self._leg.muted

    @property
    def held(self) -> bool:
        """Held by us."""
        return self._leg.negotiation.held

    @property
    def remote_held(self) -> bool:
        """Held by the far end."""
        return self._leg.negotiation.remote_held

    @property
    def media_lost(self) -> bool:
        """The media path is lost, or could not be opened: nothing is heard of the far end."""
        return self._leg.progress.media_lost

    @property
    def last_sample(self) -> QualitySample | None:
        """The latest second of quality; None before the first."""
        return self._leg.quality.last

    def counters(self) -> Counters:
        """The running totals of its media; once it is over, those of its end."""
        return self._leg.quality.counters()

    @property
    def summary(self) -> QualitySummary:
        """Its quality up to now, or to its end."""
        return self._leg.quality.summary()

    # What its user asks for.

    async def answer(
        self,
        *,
        on_others: OnOthers = "reject",
        current: Current = "end",
        ice_servers: Sequence[str | TurnServer] | None = None,
        audio_constraints: VoiceSettings | None = None,
    ) -> bool:
        """Answer an incoming call; True once it is established, False if it ended before.

        Args:
            on_others: what becomes of other incoming calls: "reject", "ignore" (or "ignored"), "letring".
            current: what becomes of the call in progress: "end" or "hold".
            ice_servers: those of this call, in place of the settings' (`MediaSettings.through`).
            audio_constraints: what the microphone goes through from now on (`Client.process_voice`).
        """
        if on_others not in ("reject", "ignore", "ignored", "letring"):
            raise UsageError(f"on_others: {on_others!r} is not one of reject, ignore, ignored, letring")
        if current not in ("end", "hold"):
            raise UsageError(f"current: {current!r} is not one of end, hold")
        network = None if ice_servers is None else self._home.settings.media.through(ice_servers)
        if self.waiting and audio_constraints is not None:
            await self._home.media.process_voice(audio_constraints)
        if not self._leg.progress.accept():
            raise self._misfit("answered")
        if network is not None:
            self.media.network = network
        await self._home.make_room(self, on_others, current)
        if not self.over:
            await self._leg.accept()
        return await self.wait_answered()

    def reject(self, status: int = 486) -> None:
        """Refuse an incoming call with a final SIP status, 400-699."""
        if not 400 <= status <= 699:
            raise UsageError(f"status: {status} is outside 400-699")
        if not self.waiting:
            raise self._misfit("rejected")
        self._leg.leave(status)
        self._leg.end(CallState.REJECTED, Cause.REJECTED, originator="local", status=status)

    def ignore(self) -> None:
        """Fall silent about an incoming call: its caller hears ringback until giving up."""
        if not self.waiting:
            raise self._misfit("ignored")
        self._leg.end(CallState.IGNORED, Cause.CANCELED, originator="local")

    def hang_up(self) -> None:
        """End it, wherever it is: BYE, CANCEL, or 486 to an unanswered caller. Nothing if it is over."""
        if self.over:
            return
        self._leg.leave(486)
        if self.answered:
            self._leg.end(CallState.ENDED, Cause.TERMINATED, originator="local")
        elif self.direction is Direction.OUTGOING:
            self._leg.end(CallState.CANCELED, Cause.CANCELED, originator="local", status=487)
        else:
            self._leg.end(CallState.REJECTED, Cause.REJECTED, originator="local", status=486)

    def send_dtmf(self, digits: str) -> None:
        """Send 0-9 A-D * #, with `w` a pause of 0.5 s and `,` of 2 s, after those that still wait.

        As telephone events (RFC 4733) if the far end takes them, else as tones or by SIP INFO: see `DtmfOptions`. It
        does not touch mute. `DtmfFailed` tells when the far end refused an INFO.
        """
        presses = dtmf.parsed(digits)
        if not self.answered or self._leg.invite is None:
            raise self._misfit("sent digits: it is not answered")
        if self._digits is None:
            self._digits = DigitQueue(self._home, self._leg.media, self._leg.invite)
        if self._digits.add(presses):
            self._leg.tasks.start("digits", self._digits.run(self._leg.digits.refused))

    def detect_digits(self, on: bool = True) -> None:
        """Listen for digits as tones in the far end's sound too, or no longer; `DtmfReceived` has method "inband"."""
        self._leg.media.rtp.detect_digits(on=on)

    def mute(self, on: bool = True) -> None:
        """Keep the microphone from the far end, or let it through. Stays through hold and a rebuilt media path."""
        if self.over:
            raise self._misfit("muted")
        self._leg.mute(on=on)

    def unmute(self) -> None:
        """Let the microphone through again."""
        self.mute(on=False)

    async def hold(self) -> bool:
        """Put the far end on hold; False if it refused, or the call ended meanwhile: then nothing has changed."""
        return await self._hold(on=True)

    async def resume(self) -> bool:
        """Take it back from hold; False if the far end refused. Raises `StateError` while another call is active."""
        obstacle = self._home.may_resume(self)
        if obstacle:
            raise StateError(obstacle)
        return await self._hold(on=False)

    async def _hold(self, *, on: bool) -> bool:
        if not self.answered or self._leg.invite is None:
            raise self._misfit("held or resumed")
        return await self._leg.negotiation.hold(self._leg.invite, on=on)

    def send_message(
        self, content: object, content_type: str = JSON, message_type: str = "user-defined-message"
    ) -> str:
        """Send a message to the far end, in the call (MESSAGE in the dialog); returns its `voice_event_sid`.

        Messages go one after the other, and wait while the call is reconnecting. `MessageSent` or `MessageFailed` tells
        what became of each.

        Args:
            content: what `json` can write, or text that is JSON; with another content type any text. 16 KiB at most.
            content_type: how `content` is to be read.
            message_type: what it is about: letters, digits and `_ . : -`, 64 at most.

        Raises:
            UsageError: one of them can't be used.
            StateError: the call is not answered, or 64 messages wait already.
        """
        if not self.answered:
            raise self._misfit("sent a message: it is not answered")
        return self._home.send_message(self, content, content_type, message_type)

    async def transfer(self, dest: str | None = None, *, to: "Call | None" = None) -> bool:
        """Send the far end to somebody else and leave: to `dest` (blind), or to the far end of `to` (attended).

        It is put on hold, asked to call there, and its progress told. True once it has got through: both calls end
        then. False if it refused or did not get through: it is as it was before. `Transferred` or `TransferFailed`
        tells the same, and `TransferProgress` what comes before.

        Raises:
            UsageError: neither or both are given, or `dest` can't be called.
            StateError: one of the calls is not answered, or is being transferred already.
        """
        if (dest is None) == (to is None) or to is self:
            raise UsageError("transfer: give a destination, or another call in `to`")
        if not self.answered:
            raise self._misfit("transferred")
        if to is not None and not to.answered:
            raise StateError(f"a call that is {to.status} can't be transferred to: it must be answered")
        return await self._home.transfer(self, dest, to)

    async def redirect(self, dest: str, *, by: RedirectBy = "302") -> bool:
        """Send the caller of an unanswered call to `dest`, such as another contact of ours; the call ends with it.

        By "302" the caller, or a proxy before it, decides whether to follow. By "refer" (REFER in the early dialog) it
        says so: False if it does not, and the call rings on.

        Raises:
            UsageError: `dest` can't be called, or `by` is another word.
            StateError: it is not an unanswered incoming call.
        """
        if by not in get_args(RedirectBy):
            raise UsageError(f"by: {by!r} is not one of {', '.join(get_args(RedirectBy))}")
        if not self.waiting:
            raise self._misfit("redirected")
        return await self._home.redirect(self, dest, by)

    @property
    def connect_token(self) -> str | None:
        """What picks this call up on another unit, or on this one after a crash (`Client.connect`): a secret.

        None while the call is not answered. It is good as long as the call is.
        """
        snapshot = self._home.agent.snapshot(self._leg.invite) if self.answered and self._leg.invite else None
        return None if snapshot is None else connect_token.encode(snapshot, self.uuid)

    async def post_feedback(self, score: int | None = None, issue: str | None = None) -> None:
        """Say what it is like, or was; see `Client.post_feedback`."""
        await self._home.feedback.submit(self.uuid, scored(score, issue))

    async def wait_answered(self) -> bool:
        """Wait until it is answered (True) or over without that (False; `ending` tells why)."""
        await self._leg.decided.wait()
        return self._leg.answered_at is not None

    async def wait_ended(self) -> Ending:
        """Wait for its end; the event that told it."""
        await self._leg.ended.wait()
        assert self._leg.ending is not None
        return self._leg.ending

    def _misfit(self, wish: str) -> StateError:
        return StateError(f"a call that is {self.direction.lower()} and {self.status} can't be {wish}")
