"""The path of one session: ICE (RFC 8445), DTLS-SRTP (RFC 5764), and what travels on it.

    RTP, RTCP ──send──▶ SRTP ─▶ ICE's chosen pair ─▶ network
    listener ◀─ SRTP ◀─ inbox ◀─ ICE ◀─ network
                 DTLS ◀─┘

The only file that knows aiortc, aioice and pylibsrtp, and their private names: `tests/contracts/test_aiortc_names.py`
fails when a release moves them. Everything runs on the loop that made the transport.
"""

import asyncio
import copy
import logging
import socket
from collections.abc import Callable
from typing import Final

import aioice
import pylibsrtp
from aioice import stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import CandidatePair, StunProtocol
from aiortc import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceServer,
    RTCIceTransport,
)
from aiortc.rtcdtlstransport import SRTPProtectionProfile
from aiortc.rtcicetransport import candidate_from_aioice, connection_kwargs
from OpenSSL import SSL

from appliance.clock import Clock
from appliance.media.description import TransportParameters
from appliance.media.packet import is_rtcp
from appliance.media.settings import MediaSettings
from appliance.media.stun_address import can_reach, is_ipv4, resolved
from appliance.media.transport_inbox import Inbox
from appliance.media.transport_listener import Nobody, TransportListener
from appliance.tasks import TaskSet
from appliance.units import Seconds

log = logging.getLogger(__name__)

_CIPHERS: Final = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    b"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    b"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    b"ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"
)
"""aiortc's own list has no RSA, which many a PBX presents when it is the DTLS server (RFC 8827 §6.5 asks for ECDSA)."""

_DIGESTS: Final = ("sha-256", "sha-384", "sha-512")
"""The fingerprints that can be checked (RFC 8122 §5)."""

_REMOTE_CANDIDATES: Final = 40
"""Candidates of one peer that are looked at."""

_MULTICAST_NAMES: Final = 8
"""Of these, names under .local that are asked for (RFC 8828)."""

_CHECKS: Final = 2
"""How often one consent check is sent: the second after 0.5 s, and 1 s later it has failed (RFC 8489 §6.2.1)."""

_FAREWELL: Final = 3.0
"""Seconds between the peer's DTLS close and a report of it: at the end of a call, the BYE comes in between."""


class _Connection(aioice.Connection):
    """aioice's agent with a bounded inbox, several STUN servers, loopback addresses, and a short wait."""

    def __init__(self, settings: MediaSettings) -> None:
        turn = settings.turn
        servers = [] if turn is None else [RTCIceServer(turn.url, turn.username, turn.password)]
        super().__init__(ice_controlling=False, **connection_kwargs(servers))
        self._settings = settings
        self._queue = self.inbox = Inbox()
        self.lost = False
        """Closed by itself: the peer has not answered consent checks (RFC 7675 §5.1)."""
        self.ours = False
        """The next `close` is ours."""

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: int = 5,  # noqa: ARG002, ASYNC109 -- aioice's signature
    ) -> list[aioice.Candidate]:
        """Local candidates: of the machine, and what STUN and TURN servers say before `settings.gathering` is over."""
        wait = self._settings.gathering
        if self._settings.loopback or not addresses:
            addresses = [*addresses, "127.0.0.1", "::1"]
        relay, self.turn_server = self.turn_server, None
        candidates = await super().get_component_candidates(component, addresses)
        self.turn_server = relay
        work = [
            asyncio.create_task(self._reflexive(protocol, server))
            for server in self._settings.stun
            for protocol in self._protocols
            if is_ipv4(protocol.local_candidate.host)
        ]
        if relay is not None:
            # Without addresses of the machine, aioice asks for the relayed candidate alone.
            alone = super().get_component_candidates(component, [], 0.9 * wait)  # type: ignore[arg-type]  # floats do
            work.append(asyncio.create_task(alone))
        if work:
            done, pending = await asyncio.wait(work, timeout=wait)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            for task in work:
                candidates += _unknown(task.result(), candidates) if task in done else []
        return candidates

    async def _reflexive(self, protocol: StunProtocol, server: str) -> list[aioice.Candidate]:
        """The address that `server` sees `protocol` come from (RFC 8489); empty if it does not answer."""
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        try:
            address = await resolved(server)
            if not can_reach(protocol.local_candidate.host, address[0]):
                return []
            response, _ = await protocol.request(request, address)
            host, port = response.attributes["XOR-MAPPED-ADDRESS"]
        except (OSError, stun.TransactionError, KeyError) as error:
            log.debug("STUN server %s: %s", server, error)
            return []
        found = copy.copy(protocol.local_candidate)
        found.related_address, found.related_port = found.host, found.port
        found.type, found.host, found.port = "srflx", host, port
        found.foundation = candidate_foundation("srflx", "udp", found.related_address)
        found.priority = candidate_priority(found.component, "srflx")
        return [found]

    def mark(self, dscp: int) -> None:
        """Set the DSCP (RFC 2474 §3) of every socket of the machine."""
        for protocol in self._protocols:
            link = protocol.transport.get_extra_info("socket")
            if link is None:
                continue
            try:
                if link.family == socket.AF_INET6:
                    link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
                else:
                    link.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
            except OSError as error:
                log.debug("packets stay unmarked: %s", error)

    @property
    def chosen(self) -> CandidatePair | None:
        """The pair that packets travel on."""
        return self._nominated.get(1)

    async def consents(self) -> bool:
        """Whether the peer answers a check on the chosen pair, sent twice in 1.5 s (RFC 7675 §5.1)."""
        for pair in tuple(self._nominated.values()):
            request = self.build_request(pair, nominate=False)
            key = (self.remote_password or "").encode()
            try:
                await pair.protocol.request(request, pair.remote_addr, integrity_key=key, retransmissions=_CHECKS - 1)
            except (stun.TransactionError, OSError):
                continue
            return True
        return False

    async def close(self) -> None:
        """End it; aioice calls this too, when consent has expired."""
        self.lost = not self.ours
        await super().close()
        for pair in self._check_list:
            pair.task = None  # its traceback holds the pair
        self._check_list.clear()  # the pairs hold the sockets' protocols, and these hold the agent


class _Certificate(RTCCertificate):
    """A certificate of our own that also talks to peers who present RSA."""

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(_CIPHERS)
        return context


class _Dtls(RTCDtlsTransport):
    """aiortc's DTLS-SRTP, handing packets on in the clear instead of routing them to its own receivers."""

    def __init__(self, ice: RTCIceTransport, listener: TransportListener, now: Callable[[], Seconds]) -> None:
        super().__init__(ice, [_Certificate.generateCertificate()])
        self._listener = listener
        self._now = now

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:  # noqa: ARG002 -- wall time, may jump
        self._listener.rtp(data, self._now())

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self._listener.rtcp(data, self._now())

    def protected(self, data: bytes) -> bytes:
        """`data`, RTP or RTCP, as SRTP. Raises `pylibsrtp.Error`."""
        return self._tx_srtp.protect_rtcp(data) if is_rtcp(data) else self._tx_srtp.protect(data)

    def media(self, data: bytes) -> None:
        """An SRTP packet came, once DTLS is through."""
        try:
            if is_rtcp(data):
                self._listener.rtcp(self._rx_srtp.unprotect_rtcp(data), self._now())
            else:
                self._listener.rtp(self._rx_srtp.unprotect(data), self._now())
        except pylibsrtp.Error as error:
            log.debug("a packet is not the peer's: %s", error)

    def take_role(self, role: str) -> None:
        self._set_role(role)

    def forget_listener(self) -> None:
        self._listener = Nobody()


class Transport:
    """One ICE and DTLS-SRTP association. A restart of ICE (RFC 8445 §2.4) is a new one."""

    def __init__(self, settings: MediaSettings, listener: TransportListener, clock: Clock) -> None:
        self._settings = settings
        self._listener = listener
        self._connection = _Connection(settings)
        gatherer = RTCIceGatherer(iceServers=[])
        gatherer._connection = self._connection  # noqa: SLF001 -- no other way to an agent of our own
        self._gatherer = gatherer
        self._ice = RTCIceTransport(gatherer)
        self._dtls = _Dtls(self._ice, listener, clock.now)
        self._dtls.on("statechange", self._dtls_changed)
        self._tasks = TaskSet("media transport")
        self._gathering: asyncio.Task[None] | None = None
        self._started = False
        self._over = False

    @property
    def usable(self) -> bool:
        """Neither closed nor failed."""
        return not self._over

    @property
    def connected(self) -> bool:
        """Packets can be sent."""
        return self._dtls.state == "connected" and not self._over

    async def gather(self) -> None:
        """Open the sockets and learn the local candidates; takes `settings.gathering` at most. Idempotent."""
        if self._gathering is None:
            self._gathering = self._tasks.start("gather", self._gather())
        # Shielded: a caller that gives up must not leave sockets behind that nobody knows.
        await asyncio.shield(self._gathering)

    async def _gather(self) -> None:
        await self._gatherer.gather()
        if self._settings.dscp:
            self._connection.mark(self._settings.dscp)

    def lead(self) -> None:
        """We offer this path: ours is the controlling end (RFC 8445 §6.1.1), also for checks that outrun the answer."""
        self._connection.ice_controlling = True

    def parameters(self, setup: str) -> TransportParameters:
        """What a description says of this side. `setup` is "actpass", "active" or "passive" (RFC 8842 §5)."""
        ice = self._gatherer.getLocalParameters()
        prints = self._dtls.getLocalParameters().fingerprints
        return TransportParameters(
            ice_ufrag=ice.usernameFragment or "",
            ice_pwd=ice.password or "",
            ice_lite=False,
            candidates=tuple(f"candidate:{candidate.to_sdp()}" for candidate in self._connection.local_candidates),
            fingerprints=tuple((item.algorithm, item.value) for item in prints if item.algorithm == "sha-256"),
            setup=setup,
        )

    def start(self, remote: TransportParameters, *, controlling: bool, client: bool) -> None:
        """Connect to `remote`, as the DTLS client or server. Once; the listener hears how it went."""
        if self._started or self._over:
            return
        self._started = True
        self._connection.ice_controlling = controlling or remote.ice_lite
        self._tasks.start("connect", self._connect(remote, client=client))

    async def _connect(self, remote: TransportParameters, *, client: bool) -> None:
        prints = [RTCDtlsFingerprint(name, value) for name, value in remote.fingerprints if name.lower() in _DIGESTS]
        if not prints:
            self._fail("the far end's description has no fingerprint that can be checked")
            return
        step = "ICE found no path to the far end"
        try:
            async with asyncio.timeout(self._settings.connecting):
                await self._add_candidates(remote.candidates)
                await self._ice.start(RTCIceParameters(remote.ice_ufrag, remote.ice_pwd, remote.ice_lite))
                if self._ice.state != "completed":
                    self._fail(step)
                    return
                step = "the DTLS handshake got no answer"
                self._dtls.take_role("client" if client else "server")
                self._connection.inbox.keyed = True
                await self._dtls.start(RTCDtlsParameters(prints))
        except TimeoutError:
            self._fail(f"{step} in {self._settings.connecting:g} s")
        except (SSL.Error, pylibsrtp.Error, ConnectionError) as error:
            self._fail(f"the DTLS handshake failed: {error!r}")
        else:
            if self._dtls.state == "failed":
                self._fail("the DTLS handshake failed, or the far end's certificate is not the one it announced")

    async def _add_candidates(self, lines: tuple[str, ...]) -> None:
        """Give ICE what the peer's description lists.

        The list is never declared complete: a peer whose candidates are all hidden behind multicast names is still
        found by its own checks, and an end that never comes is what `settings.connecting` is for.
        """
        names: list[aioice.Candidate] = []
        for line in lines[:_REMOTE_CANDIDATES]:
            candidate = _candidate(line)
            if candidate is None:
                continue
            if candidate.host.endswith(".local"):
                names.append(candidate)
            else:
                await self._ice.addRemoteCandidate(candidate_from_aioice(candidate))
        for candidate in names[:_MULTICAST_NAMES]:
            self._tasks.start("name", self._add_name(candidate))

    async def _add_name(self, candidate: aioice.Candidate) -> None:
        try:
            await self._ice.addRemoteCandidate(candidate_from_aioice(candidate))
        except OSError as error:
            log.debug("%s can't be looked up: %s", candidate.host, error)

    async def peer_answers(self) -> bool:
        """Whether the peer gives a sign of life on this path, asked now; about 1.5 s until False."""
        return self.connected and await self._connection.consents()

    def send(self, data: bytes) -> None:
        """Send an RTP or RTCP packet; dropped while there is no path."""
        pair = self._connection.chosen
        if pair is None or not self.connected:
            return
        try:
            # Not through aiortc's and aioice's five coroutines, fifty times a second: none of them waits.
            pair.protocol.transport.sendto(self._dtls.protected(data), pair.remote_addr)
        except pylibsrtp.Error as error:
            log.debug("a packet could not be sent: %s", error)

    def _dtls_changed(self) -> None:
        state = self._dtls.state
        if state == "connected":
            self._connection.inbox.media = self._dtls.media
            self._listener.connected()
        elif state == "closed" and not self._over:
            if self._connection.lost:
                self._fail("the far end no longer answers (RFC 7675 consent)")
            else:
                self._tasks.start("farewell", self._farewell())

    async def _farewell(self) -> None:
        await asyncio.sleep(_FAREWELL)
        self._fail("the far end has closed the media transport")

    def _fail(self, reason: str) -> None:
        if not self._over:
            self._over = True
            self._listener.failed(reason)

    async def close(self) -> None:
        """Say goodbye, release sockets and tasks. Idempotent."""
        self._over = True
        self._connection.inbox.media = None
        if self._gathering is not None:
            await asyncio.wait([self._gathering])
        await self._tasks.close()
        self._dtls.remove_all_listeners()
        await self._dtls.stop()
        self._connection.ours = True
        await self._ice.stop()
        self._listener = Nobody()
        self._dtls.forget_listener()


def _candidate(line: str) -> aioice.Candidate | None:
    """A candidate line (RFC 8839 §5.1) that can be used: UDP, of the one component there is. None otherwise."""
    try:
        candidate = aioice.Candidate.from_sdp(line.removeprefix("a=").removeprefix("candidate:"))
    except ValueError:
        return None
    usable = candidate.component == 1 and candidate.transport.lower() == "udp" and 0 < candidate.port < 65_536
    return candidate if usable else None


def _unknown(found: list[aioice.Candidate], known: list[aioice.Candidate]) -> list[aioice.Candidate]:
    """What of `found` has an address that `known` has not (RFC 8445 §5.1.3)."""
    addresses = {(candidate.host, candidate.port) for candidate in known}
    return [candidate for candidate in found if (candidate.host, candidate.port) not in addresses]
