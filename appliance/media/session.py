"""One call's media: offers, answers and the path they build, the streams that travel on it, and their reports.

    caller's loop ──await──▶ engine's loop: descriptions, transport, RTCP
    transport ◀─RTP, RTCP─▶ RtpSession ◀─stream─▶ mixer

The methods are called on the loop of whoever entered the engine; the work happens on the engine's.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable
from functools import partial
from typing import Final

from appliance.errors import DescriptionError, StateError
from appliance.media.association import Fingerprints
from appliance.media.codec_table import encoder_for
from appliance.media.counters import MediaStatistics
from appliance.media.description import Description, MediaDirection
from appliance.media.description_text import parse, render
from appliance.media.events import MediaConnected, MediaEvent, MediaFailed
from appliance.media.flow import Flow
from appliance.media.negotiation import LocalParameters, Negotiated, answer, negotiated, offer
from appliance.media.packet import RtpPacket
from appliance.media.path import Path, Paths
from appliance.media.rtp_session import RtpSession
from appliance.media.session_home import SessionHome
from appliance.media.transport import Transport
from appliance.tasks import TaskSet
from appliance.units import Dbov, Seconds

log = logging.getLogger(__name__)

_SOONEST_REPORT: Final = 0.1
"""Seconds between looks at the time of the next RTCP packet, at least."""


class MediaSession:
    """The media of one call. Made by `MediaEngine.session`; does nothing until the first offer is made or accepted."""

    def __init__(self, home: SessionHome, on_event: Callable[[MediaEvent], None]) -> None:
        self._home = home
        self._on_event = on_event
        self._lock = asyncio.Lock()
        self._tasks = TaskSet("media session")
        self._id = str(secrets.randbits(62))
        self._version = 0
        self.network = home.settings
        """Where its paths are sought: which STUN and TURN servers are asked, and how packets are marked."""
        self._description: Description | None = None
        """Our last description, offer or answer."""
        self._offered: Description | None = None
        """Our offer that has no answer yet."""
        self._answer_text = ""
        self._agreed: Negotiated | None = None
        self._paths = Paths()
        self._reporting: asyncio.Task[None] | None = None
        self._heard: Seconds | None = None
        self._restarting = self._renewing = False
        self._held = False
        self._muted = False
        self._early = True
        self._closed = False
        self._rtp = RtpSession(
            cname=secrets.token_hex(8),
            random_bits=secrets.randbits,
            uniform=random.random,
            encoder=partial(
                encoder_for, complexity=home.settings.complexity, discontinuous=home.settings.discontinuous
            ),
            transmit=self._transmit,
            digit=self.happened,
        )

    # What the caller of a call asks for.

    async def create_offer(self) -> str:
        """Our next offer. The first one, and each after `restart` or `renew`, opens sockets and gathers candidates."""
        return await self._home.run(self._create_offer())

    async def accept_offer(self, sdp: str) -> str:
        """Our answer to the peer's first or later offer; media starts.

        Other ICE credentials make a new path under the same keys (RFC 8839 §4.4.1.1.1), another fingerprint new keys.

        Raises:
            DescriptionError: no call can be built on it (answer 488); what was agreed before stays in force.
        """
        return await self._home.run(self._accept_offer(sdp))

    async def accept_answer(self, sdp: str) -> None:
        """Apply the answer to our latest offer: provisional (early media) or final. The same again changes nothing.

        Raises:
            DescriptionError: no call can be built on it, or it moves a path that only a new offer can move
                (`restart` or `renew`, then offer again).
            StateError: nothing was offered.
        """
        await self._home.run(self._accept_answer(sdp))

    @property
    def description(self) -> str:
        """Our last session description, "" before the first. From any thread."""
        described = self._description
        return "" if described is None else render(described)

    def restore(self, description: str) -> None:
        """Go on from the last description that a former run of this program has made, with a new path and new keys.

        Raises:
            DescriptionError: it is none.
        """
        self._description = parse(description)
        self._id, self._version = self._description.session_id, self._description.version

    def restart(self) -> None:
        """Make the next offer about a new path under the same keys (ICE restart, RFC 8839 §4.4.1.1.1)."""
        self._restarting = True

    def renew(self) -> None:
        """Make the next offer about a new path and new keys, with a new certificate: the far end is another one."""
        self._renewing = True

    @property
    def opening(self) -> bool:
        """A path was agreed on and is not open yet; a former one may still serve. From any thread."""
        path = self._paths.present
        return path is not None and path.opening

    @property
    def last_heard(self) -> Seconds | None:
        """When the last RTP or RTCP packet of the peer came; None before the first. From any thread."""
        return self._heard

    @property
    def flow(self) -> Flow:
        """What should be on its way. From any thread."""
        return Flow.of(
            self._agreed,
            connected=self._paths.open is not None,
            held=self._held,
            discontinuous=self._home.settings.discontinuous,
        )

    async def peer_answers(self) -> bool:
        """Ask the peer on the present path for a sign of life (RFC 7675 §5.1); about 1.5 s until False."""
        return await self._home.run(self._peer_answers())

    async def check_address(self, gone: Callable[[str], bool]) -> None:
        """Give up the path that is in use if it begins at an address of this machine that is `gone`."""
        await self._home.run(self._paths.check_address(gone))

    def hold(self, on: bool) -> None:
        """Send and play nothing from now on, and say so in our next offer or answer; False ends it with its answer."""
        self._held = on
        self._direct()

    def early(self, audible: bool) -> None:
        """Let what the peer sends be heard, or decode it in silence (early media under a local ringback)."""
        self._early = audible
        self._direct()

    @property
    def remote_held(self) -> bool:
        """The peer does not want to hear us (its direction is sendonly or inactive)."""
        return self._agreed is not None and self._agreed.remote_held

    @property
    def muted(self) -> bool:
        """Silence goes out in place of the microphone."""
        return self._muted

    @muted.setter
    def muted(self, on: bool) -> None:
        self._muted = on
        self._direct()

    @property
    def rtp(self) -> RtpSession:
        """What travels, for digits both ways: what it offers from any thread is for callers too."""
        return self._rtp

    def counters(self) -> MediaStatistics:
        """The running totals and present values, now."""
        return self._rtp.totals

    def levels(self) -> tuple[Dbov, Dbov]:
        """How loud what is sent and what is heard are at the moment."""
        return self._rtp.levels

    async def close(self) -> None:
        """End it: RTCP BYE, DTLS and ICE closed, nothing left behind. Idempotent."""
        if not self._closed:
            try:
                await self._home.run(self.finish())
            except StateError:
                log.debug("the engine has closed the session already")

    # On the engine's loop.

    async def _create_offer(self) -> str:
        async with self._lock:
            self._check_open()
            path = await self._offerable_path()
            if path is not self._paths.present:
                path.transport.lead()
            await path.gather()
            local = self._local(path.transport, "actpass")
            wanted = self._direction()
            self._version += 1
            self._offered = offer(local, version=self._version, direction=wanted, previous=self._description)
            self._description = self._offered
            self._answer_text = ""
            return render(self._offered)

    async def _offerable_path(self) -> Path:
        """The path that our next offer is about, and a new one if there is none or the present one must go."""
        paths = self._paths
        if paths.next is not None and not paths.next.transport.current:
            await paths.forget_next()  # it begins at addresses that this machine no longer has
            self._restarting = True
        if paths.next is None:
            present = paths.present
            if present is not None and present.transport.usable and not (self._restarting or self._renewing):
                return present
            paths.next = self._new_path()
            self._restarting = self._renewing = False
        return paths.next

    def _new_path(self, fingerprints: Fingerprints | None = None) -> Path:
        """Under the keys of the present path if they are still good, and the peer's if we know its `fingerprints`."""
        self._home.audio_needed(self, needed=True)
        present = self._paths.present
        keys = None if present is None or self._renewing else present.transport.association
        if keys is not None and not (keys.usable if fingerprints is None else keys.fits(fingerprints)):
            keys = None
        ahead = self._home.take_ahead() if keys is None and self.network == self._home.settings else None
        return Path(self, ahead or Transport(self.network, self._home.clock, association=keys))

    async def _accept_offer(self, sdp: str) -> str:
        remote = parse(sdp)
        async with self._lock:
            self._check_open()
            path = self._paths.present
            if path is None or not path.serves(remote.transport):
                path = self._paths.next = self._paths.next or self._new_path(remote.transport.fingerprints)
            await path.gather()
            setup = path.setup or ("passive" if remote.transport.setup == "active" else "active")
            local = self._local(path.transport, setup)
            version = self._version + 1
            ours = answer(remote, local, version=version, direction=self._direction(), setup=setup)
            agreed = negotiated(ours, remote, max_average_bitrate=self._home.settings.max_average_bitrate)
            self._version, self._description, self._offered = version, ours, None
            await self._switch(path, agreed, controlling=False, setup=ours.transport.setup)
            return render(ours)

    async def _accept_answer(self, sdp: str) -> None:
        async with self._lock:
            self._check_open()
            ours = self._offered or self._description
            path = self._paths.next or self._paths.present
            if ours is None or path is None:
                raise StateError("an answer without an offer")
            if self._offered is None and sdp == self._answer_text:
                return
            remote = parse(sdp)
            if path.started and not path.serves(remote.transport):
                raise DescriptionError("the answer moves the media path: restart() it and offer again")
            agreed = negotiated(ours, remote, max_average_bitrate=self._home.settings.max_average_bitrate)
            self._offered, self._answer_text = None, sdp
            present = self._paths.present
            if present is not None and path is not present and present.serves(remote.transport):
                log.info("the far end did not follow our restart of ICE: the path stays what it was")
                await self._paths.forget_next()
                path = present
            setup = {"active": "passive", "passive": "active"}.get(remote.transport.setup, path.setup or "passive")
            await self._switch(path, agreed, controlling=True, setup=setup)

    async def _switch(self, path: Path, agreed: Negotiated, *, controlling: bool, setup: str) -> None:
        """Apply what was agreed, and leave the former path, if it is another, for `path`."""
        self._agreed = agreed
        self._rtp.apply(agreed)
        self._direct()
        self._restarting = self._renewing = False
        await self._paths.switch(path, lambda: path.start(agreed.remote, controlling=controlling, setup=setup))

    def _direct(self) -> None:
        self._rtp.direct(muted=self._muted, held=self._held, audible=self._early)

    def _direction(self) -> MediaDirection:
        return MediaDirection.of(sends=not (self._held and self.remote_held), receives=not self._held)

    def _local(self, transport: Transport, setup: str) -> LocalParameters:
        settings = self._home.settings
        return LocalParameters(
            session_id=self._id,
            transport=transport.parameters(setup),
            ssrc=self._rtp.ssrc,
            cname=self._rtp.cname,
            codecs=settings.codecs,
            ptime=settings.ptime,
            max_average_bitrate=settings.max_average_bitrate,
        )

    def _check_open(self) -> None:
        if self._closed:
            raise StateError("the media session is closed")

    # What the paths and the audio threads say.

    def _transmit(self, packet: RtpPacket) -> None:
        """A packet of ours, from an audio thread."""
        self._home.soon(lambda: self._send(packet))

    def _send(self, packet: RtpPacket) -> None:
        path = self._paths.open
        if path is not None:
            self._rtp.sent(packet, self._home.clock.now())
            path.transport.send(packet.serialise())

    def happened(self, event: MediaEvent) -> None:
        """Tell whoever opened the session. From any thread."""
        self._home.tell(self._on_event, event)

    def arrived(self, path: Path, data: bytes, now: Seconds) -> None:
        """An RTP packet of the peer came on `path`."""
        if self._paths.carries(path):
            self._heard = now
            self._rtp.received(data, now)

    def reported(self, path: Path, data: bytes, now: Seconds) -> None:
        """An RTCP packet of the peer came on `path`."""
        if self._paths.carries(path):
            self._heard = now
            self._rtp.reported(data, now)

    async def _peer_answers(self) -> bool:
        path = self._paths.open
        return path is not None and await path.transport.peer_answers()

    def connected(self, path: Path) -> None:
        """`path` is open: sound flows."""
        if path is not self._paths.present or self._rtp.stream is None or self._closed:
            return
        self._home.mixer.add(self._rtp.stream)
        if self._reporting is None:
            self._reporting = self._tasks.start("reports", self._report())
        self._paths.opened()
        self._home.tell(self._on_event, MediaConnected())

    def failed(self, path: Path, reason: str) -> None:
        """`path` could not be opened, or is lost."""
        if self._closed or not self._paths.carries(path):
            return
        log.info("media: %s", reason)
        present = self._paths.present
        if not self._paths.failed(path):
            # What was agreed on last is not what is in use: the next offer is about yet another path.
            self._restarting |= self._paths.present is not present
            return
        if self._rtp.stream is not None:
            self._home.mixer.remove(self._rtp.stream)
        self._home.tell(self._on_event, MediaFailed(reason))

    async def _report(self) -> None:
        clock, reports = self._home.clock, self._rtp.reports
        while True:
            due = reports.deadline()
            await asyncio.sleep(_SOONEST_REPORT if due is None else max(_SOONEST_REPORT, due - clock.now()))
            path = self._paths.open
            if path is not None:
                report = reports.report(clock.now())
                if report is not None:
                    path.transport.send(report)

    async def finish(self) -> None:
        """End it, on the engine's loop."""
        async with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._rtp.stream is not None:
                self._home.mixer.remove(self._rtp.stream)
            await self._tasks.close()
            self._reporting = None  # its traceback holds the path
            if self._paths.open is not None:
                self._paths.open.transport.send(self._rtp.reports.goodbye(self._home.clock.now()))
            await self._paths.close()
            self._rtp.close()
            self._on_event = _nobody
            self._home.audio_needed(self, needed=False)


def _nobody(_: MediaEvent) -> None:
    """Who hears of a closed session."""
