"""[I/O] The path of one session: one ICE agent, and the DTLS-SRTP association that it carries.

    RTP, RTCP ──send──▶ association ─▶ agent's chosen pair ─▶ network
    listener ◀── association ◀── agent ◀── network

A restart of ICE is another transport with the same association: the keys stay, sockets and candidates are new.
Everything runs on the loop that made the transport.
"""

import asyncio
import logging
from collections import deque
from typing import Final

import pylibsrtp

from appliance.clock import Clock
from appliance.media.association import Association, checkable
from appliance.media.description import TransportParameters
from appliance.media.ice_agent import IceAgent
from appliance.media.packet import is_rtcp
from appliance.media.settings import MediaSettings
from appliance.media.transport_listener import Nobody, TransportListener
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

_FAREWELL: Final = 3.0
"""Seconds between the peer's DTLS close and a report of it: at the end of a call, the BYE comes in between."""

_LARGEST: Final = 1500
"""Octets of a datagram of media: libsrtp's buffer, and more than any path carries whole."""

_EARLY: Final = 16
"""Packets of a peer that was sooner through with the handshake."""


class Transport:
    """One way to the peer. It connects once; the listener hears how that went, and of its end."""

    def __init__(
        self,
        settings: MediaSettings,
        clock: Clock,
        *,
        association: Association | None = None,
    ) -> None:
        """Under the keys of `association`, or under new ones with a new certificate."""
        self._settings = settings
        self._listener: TransportListener = Nobody()
        self._clock = clock
        self.association = association or Association()
        self.association.attend(self, self._keys_changed)
        self._agent = IceAgent(settings, self)
        self._early: deque[bytes] = deque(maxlen=_EARLY)
        self._tasks = TaskSet("media transport")
        self._gathering: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        """The handshake is over, one way or the other."""
        self._started = self._open = self._over = False

    def tell(self, listener: TransportListener) -> None:
        """Let `listener` hear of it from now on; to be called before `start`."""
        self._listener = listener

    @property
    def current(self) -> bool:
        """The machine's addresses are those that it gathered; true before it has."""
        return self._agent.current

    @property
    def local_address(self) -> str:
        """The address of this machine that packets leave from; "" while there is no path."""
        return self._agent.local_address

    @property
    def usable(self) -> bool:
        """Neither closed nor failed."""
        return not self._over

    @property
    def connected(self) -> bool:
        """Packets can be sent."""
        return self._open and not self._over

    async def gather(self) -> None:
        """Open the sockets and learn the local candidates; takes `settings.gathering` at most. Idempotent."""
        if self._gathering is None:
            self._gathering = self._tasks.start("gather", self._agent.gather())
        # Shielded: a caller that gives up must not leave sockets behind that nobody knows.
        await asyncio.shield(self._gathering)

    def lead(self) -> None:
        """We offer this path: ours is the controlling end (RFC 8445 §6.1.1), also for checks that outrun the answer."""
        self._agent.ice_controlling = True

    def parameters(self, setup: str) -> TransportParameters:
        """What a description says of this side. `setup` is "actpass", "active" or "passive" (RFC 8842 §5)."""
        return TransportParameters(
            ice_ufrag=self._agent.local_username,
            ice_pwd=self._agent.local_password,
            ice_lite=False,
            candidates=tuple(f"candidate:{candidate.to_sdp()}" for candidate in self._agent.local_candidates),
            fingerprints=self.association.fingerprints,
            setup=setup,
        )

    def start(self, remote: TransportParameters, *, controlling: bool, client: bool) -> None:
        """Connect to `remote`, as the DTLS client or server. Once; the listener hears how it went."""
        if self._started or self._over:
            return
        self._started = True
        self._agent.ice_controlling = controlling or remote.ice_lite
        self._tasks.start("connect", self._connect(remote, client=client))

    async def _connect(self, remote: TransportParameters, *, client: bool) -> None:
        if not checkable(remote.fingerprints):
            self._fail("the far end's description has no fingerprint that can be checked")
            return
        await self._choose_association(remote, client=client)
        step = "ICE found no path to the far end"
        try:
            async with asyncio.timeout(self._settings.connecting):
                await self._agent.join(remote)
                step = "the DTLS handshake got no answer"
                self.association.carry(self._agent.forward)
                self.association.begin(remote.fingerprints, client=client)
                self._keys_changed()
                await self._settled.wait()
        except TimeoutError:
            self._fail(f"{step} in {self._settings.connecting:g} s")
        except ConnectionError:
            self._fail(step)

    async def _choose_association(self, remote: TransportParameters, *, client: bool) -> None:
        """Leave keys that the peer no longer has: another certificate, or the other role (RFC 8842 §4)."""
        former = self.association
        if former.fits(remote.fingerprints) and former.client in (None, client):
            return
        self.association = Association(former.certificate)  # it is the one that our description named
        self.association.attend(self, self._keys_changed)
        await former.leave(self)

    async def peer_answers(self) -> bool:
        """Whether the peer gives a sign of life on this path, asked now; about 1.5 s until False."""
        return self.connected and await self._agent.consents()

    def send(self, data: bytes) -> None:
        """Send an RTP or RTCP packet; dropped while there is no path."""
        if not self.connected:
            return
        try:
            self._agent.forward(self.association.protected(data))
        except pylibsrtp.Error as error:
            log.debug("a packet could not be sent: %s", error)

    async def give_up(self, reason: str) -> None:
        """The path can't be used any more; the listener hears why."""
        await self._agent.close()
        self._fail(reason)

    # What the agent says.

    def arrived(self, data: bytes) -> None:
        """A datagram came; its first octet tells what it is (RFC 7983 §7)."""
        if 20 <= data[0] < 64:
            self.association.record(data)
        elif 128 <= data[0] < 192 and len(data) <= _LARGEST:
            if self.association.keyed:
                self._receive(data)
            elif self._agent.connected:
                self._early.append(data)

    def _receive(self, data: bytes) -> None:
        now = self._clock.now()
        try:
            packet = self.association.opened(data)
        except pylibsrtp.Error as error:
            log.debug("a packet is not the peer's: %s", error)
        else:
            (self._listener.rtcp if is_rtcp(data) else self._listener.rtp)(packet, now)

    def lost(self, reason: str) -> None:
        """The agent has lost its way to the peer."""
        self._fail(reason)

    # What becomes of the keys.

    def _keys_changed(self) -> None:
        state = self.association.state
        if state == "connected":
            self._settled.set()
            if self._agent.connected and not self._open:
                self._open = True
                self._listener.connected()
                while self._early:
                    self._receive(self._early.popleft())
        elif state == "failed":
            self._settled.set()
            self._fail(self.association.problem)
        elif state == "closed" and not self._over:
            self._settled.set()
            self._open = False
            self._tasks.start("farewell", self._farewell())

    async def _farewell(self) -> None:
        await asyncio.sleep(_FAREWELL)
        self._fail("the far end has closed the media transport")

    def _fail(self, reason: str) -> None:
        if not self._over:
            self._over = True
            self._listener.failed(reason)

    async def close(self) -> None:
        """Release sockets and tasks; whoever closes the last path of an association says goodbye. Idempotent."""
        self._over = True
        if self._gathering is not None:
            await asyncio.wait([self._gathering])
        await self._tasks.close()
        await self.association.leave(self)
        await self._agent.close()
        self._listener = Nobody()
