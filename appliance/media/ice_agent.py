"""[I/O] One ICE agent (RFC 8445): sockets, candidates, checks, and consent (RFC 7675) on the pair it chose.

aioice's, with several STUN servers, a short wait for servers, marked sockets, and a listener in place of a queue.
`tests/contracts/test_aiortc_names.py` fails when a release moves the private names that it leans on.
"""

import asyncio
import logging
import random
from typing import Final, Protocol

import aioice
from aioice import stun
from aioice.ice import CandidatePair, StunProtocol, get_host_addresses

from appliance.media.description import TransportParameters
from appliance.media.ice_servers import local_address, mark, part, reflexive, relayed
from appliance.media.settings import MediaSettings
from appliance.media.stun_address import is_ipv4

log = logging.getLogger(__name__)

_REMOTE_CANDIDATES: Final = 40
"""Candidates of one peer that are looked at."""

_MULTICAST_NAMES: Final = 8
"""Of these, names under .local that are asked for (RFC 8828)."""

_CHECKS: Final = 2
"""How often one consent check is sent: the second after 0.5 s, and 1 s later it has failed (RFC 8489 §6.2.1)."""

_CONSENT_PERIOD: Final = 5.0
"""Seconds between consent checks, on average (RFC 7675 §5.1)."""

_CONSENT: Final = 30.0
"""Seconds for which one answer allows us to send (RFC 7675 §5.1)."""


class IceListener(Protocol):
    """Who hears what comes on a path, on the agent's loop."""

    def arrived(self, data: bytes) -> None:
        """A datagram that is no STUN, at least one octet long."""

    def lost(self, reason: str) -> None:
        """The path is gone: the peer no longer consents, or the relay hung up."""


class Deaf:
    """The listener of an agent that is closed: without it, each would keep the other until a full collection."""

    def arrived(self, data: bytes) -> None:
        """Nobody hears it."""

    def lost(self, reason: str) -> None:
        """Nobody hears it."""


class IceAgent(aioice.Connection):
    """Gathers, is told of the peer, and `connect`s once. A restart of ICE (RFC 8445 §2.4) takes another agent."""

    def __init__(self, settings: MediaSettings, listener: IceListener) -> None:
        super().__init__(ice_controlling=False)
        self._settings = settings
        self._listener = listener
        self._names: set[asyncio.Task[None]] = set()
        self._servers: asyncio.Task[None] | None = None
        self._addresses: frozenset[str] | None = None
        self.connected = False
        """A pair is chosen, and was not lost since."""

    @property
    def current(self) -> bool:
        """The machine has the addresses that it had when this agent gathered; true before that."""
        return self._addresses is None or self._addresses == _addresses()

    async def gather(self) -> None:
        """Open the sockets and learn the local candidates; takes `settings.gathering` at most.

        What servers say later is no longer described, but checked all the same: the peer learns of it by the checks.
        """
        self._addresses = _addresses()
        await self.gather_candidates()
        for protocol in self._protocols:
            mark(protocol, self._settings.dscp)
        if self._settings.stun or self._settings.turn is not None:
            self._servers = asyncio.create_task(self._ask_servers())
            await asyncio.wait([self._servers], timeout=self._settings.gathering)

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: int = 5,  # noqa: ASYNC109 -- aioice's signature
    ) -> list[aioice.Candidate]:
        """The addresses of the machine."""
        if self._settings.relay_only:
            return []
        if self._settings.loopback or not addresses:
            addresses = [*addresses, "127.0.0.1", "::1"]
        return await super().get_component_candidates(component, addresses, timeout)

    async def _ask_servers(self) -> None:
        await asyncio.gather(self._ask_stun(), self._ask_turn())

    async def _ask_stun(self) -> None:
        bases = [protocol for protocol in self._protocols if is_ipv4(protocol.local_candidate.host)]
        for candidate in await reflexive(bases, self._settings.stun, self._settings.gathering):
            self._learn(candidate)

    async def _ask_turn(self) -> None:
        turn = self._settings.turn
        if turn is None:
            return
        relay = await relayed(self, turn)
        if relay is None:
            return
        mark(relay, self._settings.dscp)
        self._protocols.append(relay)
        self._learn(relay.local_candidate)
        if self._early_checks_done:
            for candidate in self._remote_candidates:
                self._pair_remote_candidate(candidate)
            self.sort_check_list()

    def _learn(self, candidate: aioice.Candidate) -> None:
        """A server named another candidate, if its address is not known already (RFC 8445 §5.1.3)."""
        if all((known.host, known.port) != (candidate.host, candidate.port) for known in self._local_candidates):
            self._local_candidates.append(candidate)

    async def join(self, remote: TransportParameters) -> None:
        """Find a way to `remote`. Raises `ConnectionError` when the agent was closed before it did.

        The list of candidates is never declared complete: a peer whose candidates are all hidden behind multicast
        names is still found by its own checks, and whoever waits sets the limit.
        """
        for candidate in _usable(remote.candidates):
            if candidate.host.endswith(".local"):
                task = asyncio.create_task(self._add_name(candidate))
                self._names.add(task)
                task.add_done_callback(self._names.discard)
            else:
                await self.add_remote_candidate(candidate)
        self.remote_is_lite = remote.ice_lite
        self.remote_username = remote.ice_ufrag
        self.remote_password = remote.ice_pwd
        await self.connect()
        self.connected = not self._closing
        for pair in self._check_list:
            if pair.state is CandidatePair.State.IN_PROGRESS:
                # Its check was given up. The peer may yet nominate it (RFC 8445 §8.1.1): then it is made again.
                pair.task, pair.state = None, CandidatePair.State.FROZEN

    async def _add_name(self, candidate: aioice.Candidate) -> None:
        try:
            await self.add_remote_candidate(candidate)
        except OSError as error:
            log.debug("%s can't be looked up: %s", candidate.host, error)

    @property
    def local_address(self) -> str:
        """The address of this machine that packets of the chosen pair leave from; "" without one."""
        return "" if self.chosen is None else local_address(self.chosen.protocol)

    @property
    def chosen(self) -> CandidatePair | None:
        """The pair that packets travel on."""
        return self._nominated.get(1)

    def forward(self, data: bytes) -> None:
        """Send a datagram on the chosen pair; without one it is lost."""
        pair = self._nominated.get(1)
        if pair is not None:
            # Not through aioice's coroutines, fifty times a second: none of them waits.
            pair.protocol.transport.sendto(data, pair.remote_addr)

    def data_received(self, data: bytes, component: int) -> None:  # noqa: ARG002 -- aioice's signature
        """A datagram that is no STUN came."""
        if data:
            self._listener.arrived(data)

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

    async def query_consent(self) -> None:
        """Ask the peer for consent again and again (RFC 7675 §5.1); aioice runs this once a pair is chosen."""
        clock = asyncio.get_running_loop()
        answered = clock.time()
        while clock.time() - answered < _CONSENT:
            await asyncio.sleep(_CONSENT_PERIOD * random.uniform(0.8, 1.2))
            if await self.consents():
                answered = clock.time()
        self._query_consent_task = None  # which `close` would wait for
        await self._lose("the far end no longer answers (RFC 7675 consent)")

    def protocol_lost(self, protocol: StunProtocol) -> None:
        """A socket is gone: that of a relay which hung up, if it is not us who close."""
        pair = self.chosen
        if pair is not None and pair.protocol is protocol and not self._closing:
            self._names.add(asyncio.create_task(self._lose("the relay has ended the connection")))

    async def _lose(self, reason: str) -> None:
        listener = self._listener
        await self.close()
        listener.lost(reason)

    async def close(self) -> None:
        """End it, and release the sockets. Idempotent; aioice calls this too."""
        self.connected = False
        self._listener = Deaf()
        for task in self._names - {asyncio.current_task()}:
            task.cancel()
        if self._servers is not None:
            self._servers.cancel()
            await asyncio.wait([self._servers])
        for protocol in self._protocols:
            part(protocol)
        await super().close()
        for pair in self._check_list:
            pair.task = None  # its traceback holds the pair
        self._check_list.clear()  # the pairs hold the sockets' protocols, and these hold the agent


def _addresses() -> frozenset[str]:
    """What this machine is reached by, loopback and link-local addresses aside."""
    return frozenset(get_host_addresses(use_ipv4=True, use_ipv6=True))


def _usable(lines: tuple[str, ...]) -> list[aioice.Candidate]:
    """What candidate lines (RFC 8839 §5.1) list that can be used: UDP, of the one component there is."""
    found: list[aioice.Candidate] = []
    names = 0
    for line in lines[:_REMOTE_CANDIDATES]:
        try:
            candidate = aioice.Candidate.from_sdp(line.removeprefix("a=").removeprefix("candidate:"))
        except ValueError:
            continue
        names += candidate.host.endswith(".local")
        usable = candidate.component == 1 and candidate.transport.lower() == "udp" and 0 < candidate.port < 65_536
        if usable and (names <= _MULTICAST_NAMES or not candidate.host.endswith(".local")):
            found.append(candidate)
    return found
