"""[I/O] What joins the user agent, the calls and the media: who an event is for, and what calls want of each other."""

import asyncio
import contextlib
import logging
import uuid as uuids
from collections.abc import Mapping
from functools import partial
from typing import Final

from appliance.calls import destination, headers, progress_tone
from appliance.calls.call import Call
from appliance.calls.call_info import CallState, Direction
from appliance.calls.events import ClientEvent, PermissionDenied
from appliance.calls.facts import CallFacts
from appliance.calls.feedback_desk import FeedbackDesk
from appliance.calls.line import Line
from appliance.calls.netlink import is_gone
from appliance.calls.ports import Current, OnOthers
from appliance.calls.quality_events import Volume
from appliance.calls.settings import ClientSettings
from appliance.calls.table import CallTable
from appliance.calls.timers import Timers
from appliance.calls.volume_teller import VolumeTeller
from appliance.clock import Clock
from appliance.errors import DescriptionError, GrantError, StateError, TransportError
from appliance.events import Emitter
from appliance.media import description_text
from appliance.media.engine import MediaEngine
from appliance.media.tones import Tone
from appliance.sip import events as sip
from appliance.sip.events import RequestId, ResponseReceived
from appliance.sip.user_agent import UserAgent
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

_RELEASE_TIMEOUT: Final = 5.0
_HOLD_TIMEOUT: Final = 5.0
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
        self._volumes = VolumeTeller(
            self.tasks, lambda: self.table.current, lambda: self.events.wanted(Volume), self.events.emit
        )
        self._releases: set[asyncio.Task[None]] = set()
        self._ignored = Timers()
        self._requests: dict[RequestId, asyncio.Future[ResponseReceived]] = {}
        self._mute_next = False
        self._tone: Tone | None = None

    async def released(self) -> None:
        """Wait until calls that are over have given back what they held, but not for long; forget ignored callers."""
        self._ignored.stop_all()
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
        facts = CallFacts(
            direction=Direction.OUTGOING,
            uuid=str(uuids.uuid4()),
            src=f"sip:{self.line.user}@{settings.sip_domain}",
            dest=target,
            extra_headers=headers.received(extra),
        )
        call = Call(self, facts)
        self.table.add(call)
        self.table.take(call)
        await call.leg.place(target, (*extra, *self.line.token_headers))
        return call

    # What the calls need (`calls.ports.CallHome`).

    @property
    def agent(self) -> UserAgent:
        """The user agent. Raises `StateError` when logged out."""
        return self.line.agent

    def emit(self, event: ClientEvent) -> None:
        """Tell everyone who subscribed."""
        if self.settings.tones:
            tone = progress_tone.wanted(self.table.calls)
            if tone != self._tone:
                self._tone = tone
                self.media.play(tone)
        self.events.emit(event)
        self._volumes.look()

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
        return self.table.others_active(call)

    def take_mute(self) -> bool:
        """Whether mute was armed for the next call; it no longer is."""
        armed, self._mute_next = self._mute_next, False
        return armed

    def over(self, call: object) -> None:
        """`call` has ended."""
        assert isinstance(call, Call)
        self.table.remove(call)
        self.feedback.ended(call, call.leg.facts.former_uuid)
        if call.state is CallState.IGNORED and call.leg.invite is not None:
            invite = call.leg.invite
            self._ignored.start(str(invite), _IGNORED_LIMIT, lambda: self.agent.reject(invite, 480))
        release = self.tasks.start("release", call.leg.release())
        self._releases.add(release)
        release.add_done_callback(self._releases.discard)

    # What the user agent says.

    def _happened(self, event: sip.Event) -> None:
        match event:
            case sip.Incoming():
                self._called(event)
            case sip.ResponseReceived():
                waiting = self._requests.get(event.request)
                if waiting is not None and not waiting.done():
                    waiting.set_result(event)
            case sip.Disconnected() | sip.Connected() | sip.Registered():
                up = self.line.reachable
                for call in self.table.calls if up or isinstance(event, sip.Disconnected) else ():
                    call.leg.reconnection.signalling(up=up)
            case sip.RequestReceived(invite=None):
                self.agent.respond(event.request, 481 if event.method == "NOTIFY" else 403)
            case sip.Referred() | sip.Subscribing():
                self.agent.subscriptions.refuse(event.subscription, 403)
            case sip.RegistrationFailed() | sip.Unregistered():
                pass
            case _:
                self._in_call(event)

    def _in_call(self, event: sip.Event) -> None:
        invite = getattr(event, "invite", None)
        call = next((call for call in self.table.calls if call.leg.invite == invite), None)
        if call is not None:
            call.leg.happened(event)
            return
        if isinstance(event, sip.Cancelled | sip.Failed):
            self._ignored.stop(str(event.invite))
        if isinstance(event, sip.RequestReceived):
            self.agent.respond(event.request, 481)
        if isinstance(event, sip.Offered):
            self.agent.refuse_offer(event.offer_id, 481)

    def _called(self, event: sip.Incoming) -> None:
        if not self.line.account.may_be_called:
            self.agent.reject(event.invite, 403)
            self.emit(PermissionDenied(direction=Direction.INCOMING))
            return
        if not self.table.may_ring(multiple=self.settings.allow_multiple_incoming):
            log.info("a call from %s is answered busy", event.from_uri)
            self.agent.reject(event.invite, 486)
            return
        if event.offer is not None:
            try:
                description_text.parse(event.offer)
            except DescriptionError as error:
                log.info("a call from %s is not acceptable: %s", event.from_uri, error)
                self.agent.reject(event.invite, 488)
                return
        uuid = headers.call_uuid(event.headers)
        if not uuid or self.table.find(uuid) is not None:
            uuid = str(uuids.uuid4())
        call = Call(self, CallFacts.of_incoming(event, uuid), event)
        self.table.add(call)
        call.leg.ring()
