"""[I/O] What joins the user agent, the calls and the media: who an event is for, and what calls want of each other."""

import asyncio
import contextlib
import logging
import uuid as uuids
from collections.abc import Mapping
from functools import partial
from typing import Final

from appliance.calls import connect_token, destination, headers, progress_tone
from appliance.calls.call import Call
from appliance.calls.call_info import CallState, Direction
from appliance.calls.call_tones import CallTones, Sound
from appliance.calls.close_protection import CloseProtection
from appliance.calls.crash_reports import CrashReports
from appliance.calls.events import ClientEvent, PermissionDenied
from appliance.calls.facts import CallFacts
from appliance.calls.feedback_desk import FeedbackDesk
from appliance.calls.line import Line
from appliance.calls.netlink import is_gone
from appliance.calls.ports import Current, OnOthers, RedirectBy
from appliance.calls.quality_events import Volume
from appliance.calls.services import Services
from appliance.calls.settings import ClientSettings
from appliance.calls.sound_source import SoundSource
from appliance.calls.table import CallTable
from appliance.calls.timers import Timers
from appliance.calls.volume_teller import VolumeTeller
from appliance.clock import Clock
from appliance.errors import DescriptionError, GrantError, StateError, TransportError
from appliance.events import Emitter
from appliance.media import description_text
from appliance.media.engine import MediaEngine
from appliance.media.tone_plan import tone_plan
from appliance.sip import events as sip
from appliance.sip.events import HeaderPairs, InviteId, RequestId, ResponseReceived
from appliance.sip.user_agent import UserAgent
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

_RELEASE_TIMEOUT: Final = 5.0
_HOLD_TIMEOUT: Final = 5.0
_REDIRECTED_LIMIT: Final = 5.0
"""Seconds after which a caller that follows a REFER, and has not taken its INVITE back, hears 480."""
_IGNORED_LIMIT: Final = 300.0
"""Seconds after which an ignored caller who never gave up hears 480: longer than a proxy's timer C (RFC 3261 §16.6)."""


class Switchboard:
    """The workings of a `Client`, and the home of its calls (`calls.ports.CallHome`)."""

    def __init__(self, settings: ClientSettings, clock: Clock, media: MediaEngine) -> None:
        self.settings = settings
        self.clock = clock
        self.media = media
        self.events: Emitter[ClientEvent] = Emitter(on_demand=(Volume,), demand_changed=self._demand_changed)
        self.line = Line(settings, clock, self.emit, self._happened)
        self.table: CallTable[Call] = CallTable()
        self.feedback = FeedbackDesk(settings, lambda: self.table.calls, self.emit)
        self.tasks = TaskSet("calls")
        self.crashes = CrashReports(settings, self.tasks, self.emit, self.line.secrets)
        self.protection = CloseProtection(lambda: bool(self.table.calls))
        self._volumes = VolumeTeller(
            self.tasks, lambda: self.table.current, lambda: self.events.wanted(Volume), self.events.emit
        )
        self._releases: set[asyncio.Task[None]] = set()
        self._ignored = Timers()
        self._requests: dict[RequestId, asyncio.Future[ResponseReceived]] = {}
        self._mute_next = False
        self.sounds = SoundSource(settings.cache_folder, settings.ca_file)
        self.tones = CallTones(tone_plan(settings.country), connecting=settings.connect_tone)
        self._tone: Sound | None = None
        self.services = Services(self)

    async def released(self) -> None:
        """Wait until calls that are over have given back what they held, but not for long; forget ignored callers."""
        self._ignored.stop_all()
        self.services.close()
        if self._releases:
            await asyncio.wait(self._releases, timeout=_RELEASE_TIMEOUT)

    def arm_mute(self, *, on: bool) -> None:
        """The next call begins muted, or not."""
        self._mute_next = on

    def moved(self, addresses: frozenset[str]) -> None:
        """This machine has these addresses now: what began at others is lost, and sought again at once."""
        gone = partial(is_gone, known=addresses)
        for call in self.table.calls:
            call.leg.reconnection.moved(gone)
        if self.line.started:
            self.agent.leave_address(gone)

    async def place(self, dest: str, extra_headers: Mapping[str, str] | None) -> Call:
        """Make a call; see `Client.call`."""
        settings = self.settings
        target = destination.uri(dest, settings.sip_domain)
        extra = headers.checked(extra_headers, strict=settings.strict_headers)
        self._check_free()
        call = self.outgoing(target, extra=extra)
        await call.leg.place(target, extra)
        return call

    async def connect(self, token: str) -> Call:
        """Pick a call up; see `Client.connect`."""
        pickup = connect_token.decode(token)
        self._check_free()
        call = self.outgoing(pickup.target, replaces=pickup.uuid)
        await call.leg.place(pickup.target, (("Replaces", pickup.replaces),))
        return call

    @property
    def own_uri(self) -> str:
        """Our address of record."""
        return f"sip:{self.line.user}@{self.settings.sip_domain}"

    def _check_free(self) -> None:
        if self.protection.is_closing:
            raise StateError("the client is closing: no call begins any more")
        if not self.line.logged_in:
            raise StateError("not logged in")
        if not self.line.connected:
            raise TransportError("there is no connection to the registrar at the moment")
        if not self.line.account.may_call:
            self.emit(PermissionDenied(direction=Direction.OUTGOING))
            raise GrantError("the access token does not allow outgoing calls (per.voice.outgoing_allow)")
        obstacle = self.table.obstacle()
        if obstacle:
            raise StateError(obstacle)

    # What its services need (`calls.board.Board`).

    def outgoing(self, target: str, *, replaces: str = "", extra: HeaderPairs = ()) -> Call:
        """A call of ours to a SIP URI that is to be placed; the current one from now on."""
        facts = CallFacts(
            direction=Direction.OUTGOING,
            uuid=str(uuids.uuid4()),
            src=self.own_uri,
            dest=target,
            extra_headers=headers.received(extra),
            replaces=replaces,
            identifier=self.line.identifier,
        )
        call = Call(self, facts)
        self.table.add(call)
        self.table.take(call)
        return call

    def incoming(self, event: sip.Incoming, *, replaces: str = "") -> Call | None:
        """The call that a peer's INVITE is, not ringing yet; None if its offer is of no use, which it is told."""
        if event.offer is not None:
            try:
                description_text.parse(event.offer)
            except DescriptionError as error:
                log.info("a call from %s is not acceptable: %s", event.from_uri, error)
                self.agent.reject(event.invite, 488)
                return None
        uuid = headers.call_uuid(event.headers)
        if not uuid or self.table.find(uuid) is not None:
            uuid = str(uuids.uuid4())
        call = Call(self, CallFacts.of_incoming(event, uuid, replaces=replaces, identifier=self.line.identifier), event)
        self.table.add(call)
        return call

    @property
    def reachable(self) -> bool:
        """Requests reach far ends, and they reach us."""
        return self.line.reachable

    def of_invite(self, invite: InviteId | None) -> Call | None:
        """The call with this INVITE; None if it is over."""
        return next((call for call in self.table.calls if call.leg.invite == invite), None)

    # What the calls need (`calls.ports.CallHome`).

    @property
    def agent(self) -> UserAgent:
        """The user agent. Raises `StateError` when logged out."""
        return self.line.agent

    @property
    def own_headers(self) -> HeaderPairs:
        """What each INVITE says of who we are, beside the credentials."""
        region = self.settings.client_region
        return (*((("X-ClientRegion", region),) if region else ()), *self.line.token_headers)

    def emit(self, event: ClientEvent) -> None:
        """Tell everyone who subscribed."""
        self.sound()
        self.events.emit(event)
        self._volumes.look()

    def sound(self) -> None:
        """Let be heard what the calls and `tones` ask for."""
        for call in self.table.calls:
            if call.direction is Direction.OUTGOING:
                call.media.early(call.answered or not self.tones.covers_early_media)
        if self.settings.tones:
            tone = progress_tone.wanted(self.table.calls, self.tones)
            if tone != self._tone:
                self._tone = tone
                self.media.play(tone, ringer=tone is self.tones.ring_tone)

    def _demand_changed(self) -> None:
        self._volumes.look()

    def response(self, request: RequestId) -> "asyncio.Future[ResponseReceived]":
        """What comes back to a request of ours."""
        waiting = self._requests.setdefault(request, asyncio.get_running_loop().create_future())
        waiting.add_done_callback(lambda _: self._requests.pop(request, None))
        return waiting

    async def make_room(self, call: object, on_others: OnOthers, current: Current) -> None:
        """Do with the other calls what answering `call` asks for."""
        assert isinstance(call, Call)
        former = self.table.current
        self.table.take(call)
        for other in self.table.incoming:
            if on_others == "reject":
                other.reject()
            elif on_others != "letring":
                other.ignore()
        if former is None or former is call or former.held:
            return
        kept = False
        if current == "hold" and former.answered:
            # The caller waits meanwhile: a far end that is slow to be held is hung up on.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HOLD_TIMEOUT):
                    kept = await former.hold()
        if not kept:
            former.hang_up()

    def may_resume(self, call: object) -> str:
        """Why `call` may not be resumed now, "" if it may."""
        assert isinstance(call, Call)
        return "" if self.services.conferences.joins(call) else self.table.others_active(call)

    async def transfer(self, call: object, dest: str | None, to: object) -> bool:
        """Send the far end of `call` to `dest`, or to the far end of the call `to`."""
        assert isinstance(call, Call)
        assert to is None or isinstance(to, Call)
        target = destination.uri(dest, self.settings.sip_domain) if dest is not None else ""
        return await self.services.transfers.transfer(call, target, to)

    async def redirect(self, call: object, dest: str, by: RedirectBy) -> bool:
        """Send the caller of `call`, which is not answered, to `dest`."""
        assert isinstance(call, Call)
        target = destination.uri(dest, self.settings.sip_domain)
        if by == "refer":
            return await self.services.transfers.deflect(call, target)
        self.services.reception.send_elsewhere(call, target)
        return True

    def send_message(self, call: object, content: object, content_type: str, message_type: str) -> str:
        """Send a message in `call`; its name."""
        assert isinstance(call, Call)
        return self.services.messages.send(call, content, content_type, message_type)

    def take_mute(self) -> bool:
        """Whether mute was armed for the next call; it no longer is."""
        armed, self._mute_next = self._mute_next, False
        return armed

    def over(self, call: object) -> None:
        """`call` has ended."""
        assert isinstance(call, Call)
        self.table.remove(call)
        self.protection.look()
        self.feedback.ended(call, call.leg.facts.former_uuid)
        self.services.over(call)
        limit = {CallState.IGNORED: _IGNORED_LIMIT, CallState.REDIRECTED: _REDIRECTED_LIMIT}.get(call.state)
        if limit is not None and call.leg.invite is not None:
            invite = call.leg.invite
            self._ignored.start(str(invite), limit, lambda: self.agent.reject(invite, 480))
        release = self.tasks.start("release", call.leg.release())
        self._releases.add(release)
        release.add_done_callback(self._releases.discard)

    # What the user agent says.

    def _happened(self, event: sip.Event) -> None:
        match event:
            case sip.ResponseReceived():
                waiting = self._requests.get(event.request)
                if waiting is not None and not waiting.done():
                    waiting.set_result(event)
            case sip.Disconnected() | sip.Connected() | sip.Registered():
                up = self.line.reachable
                self.services.signalling(up=up)
                if up and isinstance(event, sip.Registered):
                    self.services.registered()
                for call in self.table.calls if up or isinstance(event, sip.Disconnected) else ():
                    call.leg.reconnection.signalling(up=up)
            case sip.RegistrationFailed() | sip.Unregistered():
                pass
            case sip.Incoming() if not self.line.account.may_be_called:
                self.agent.reject(event.invite, 403)
                self.emit(PermissionDenied(direction=Direction.INCOMING))
            case _ if not self.services.asked(event):
                self._in_call(event)

    def _in_call(self, event: sip.Event) -> None:
        call = self.of_invite(getattr(event, "invite", None))
        if call is not None:
            call.leg.happened(event)
            return
        if isinstance(event, sip.Cancelled | sip.Failed):
            self._ignored.stop(str(event.invite))
        if isinstance(event, sip.Offered):
            self.agent.refuse_offer(event.offer_id, 481)
