"""[I/O] What STUN and TURN servers know of us: reflexive and relayed candidates (RFC 8445 §5.1.1), and marked sockets.

All are asked at once, and the first answer wins: a server that is silent costs nothing while another one is not.
"""

import asyncio
import copy
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, TypeVar

import aioice
from aioice import stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, relayed_candidate
from aiortc.rtcicetransport import parse_stun_turn_uri

from appliance.media.settings import TurnServer
from appliance.media.stun_address import can_reach, resolved

log = logging.getLogger(__name__)

T = TypeVar("T")

_GRACE: Final = 0.05
"""Seconds that the other addresses of the machine get, beyond what the first took, once one has its answer."""

_PARTING: Final = 1.0
"""Seconds for a relay to let go of our allocation; one that does not answer does so by itself (RFC 8656 §8)."""


async def reflexive(bases: Iterable[StunProtocol], servers: tuple[str, ...], within: float) -> list[aioice.Candidate]:
    """Where the quickest of `servers` sees each of `bases` come from.

    Once one base has its answer, the others get as long again: an address that leads nowhere costs no more than that.
    """
    clock = asyncio.get_running_loop()
    began = clock.time()
    until = began + within
    found: list[aioice.Candidate] = []
    pending = {asyncio.create_task(_first([_seen_from(base, server) for server in servers], _nobody)) for base in bases}
    try:
        while pending and clock.time() < until:
            timeout = until - clock.time()
            done, pending = await asyncio.wait(pending, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            answers = [candidate for task in done if (candidate := task.result()) is not None]
            if answers and not found:
                until = min(until, 2 * clock.time() - began + _GRACE)
            found += answers
    finally:
        await _cancelled(pending)
    return found


async def _seen_from(base: StunProtocol, server: str) -> aioice.Candidate | None:
    """The address that `server` sees `base` come from (RFC 8489); None if it does not answer."""
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    try:
        address = await resolved(server)
        if not can_reach(base.local_candidate.host, address[0]):
            return None
        response, _ = await base.request(request, address)
        host, port = response.attributes["XOR-MAPPED-ADDRESS"]
    except (OSError, stun.TransactionError, KeyError) as error:
        log.debug("STUN server %s: %s", server, error)
        return None
    found = copy.copy(base.local_candidate)
    found.related_address, found.related_port = found.host, found.port
    found.type, found.host, found.port = "srflx", host, port
    found.foundation = candidate_foundation("srflx", "udp", found.related_address)
    found.priority = candidate_priority(found.component, "srflx")
    return found


async def relayed(agent: aioice.Connection, turn: TurnServer) -> StunProtocol | None:
    """An allocation (RFC 8656) by the quickest of the relay's addresses; it is no candidate of `agent` yet."""
    return await _first([_allocated(agent, turn, url) for url in turn.urls], part)


async def _allocated(agent: aioice.Connection, turn: TurnServer, url: str) -> StunProtocol | None:
    try:
        parsed = parse_stun_turn_uri(url)
        secure: bool | ssl.SSLContext = parsed["scheme"] == "turns"
        if secure and turn.ca_file is not None:
            secure = await asyncio.to_thread(ssl.create_default_context, cafile=turn.ca_file)
        _, protocol = await relayed_candidate(
            component=1,
            hide_related_address=False,
            protocol_factory=lambda: StunProtocol(agent),
            turn_server=(parsed["host"], parsed["port"]),
            turn_username=turn.username,
            turn_password=turn.password,
            turn_ssl=secure,  # type: ignore[arg-type]  # asyncio, to which it is handed on, takes either
            turn_transport=parsed["transport"],
        )
    except (OSError, stun.TransactionError, ValueError) as error:
        log.info("relay %s: %s", url, str(error) or type(error).__name__)
        return None
    return protocol


def _link(protocol: StunProtocol) -> Any:
    """What `protocol` sends through: a socket of its own, or the connection to its relay."""
    relay = getattr(protocol.transport, "_TurnTransport__inner_protocol", None)
    return protocol.transport if relay is None else relay.transport


def local_address(protocol: StunProtocol) -> str:
    """The address of this machine that `protocol` sends from."""
    name = _link(protocol).get_extra_info("sockname")
    return str(name[0]) if name else ""


def mark(protocol: StunProtocol, dscp: int) -> None:
    """Set the DSCP (RFC 2474 §3) of what `protocol` sends."""
    link = _link(protocol).get_extra_info("socket")
    if link is None or not dscp:
        return
    try:
        if link.family == socket.AF_INET6:
            link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
        else:
            link.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
    except OSError as error:
        log.debug("packets stay unmarked: %s", error)


def part(protocol: StunProtocol) -> None:
    """Let go of a relay, which gets a moment to confirm it. Does nothing for a socket of the machine."""
    if protocol.local_candidate.type == "relay":
        protocol.transport.close()
        link, task = _link(protocol), getattr(protocol.transport, "_TurnTransport__close_task", None)

        def hang_up() -> None:
            link.abort()
            if task is not None:
                task.cancel()

        asyncio.get_running_loop().call_later(_PARTING, hang_up)


async def _first(attempts: list[Coroutine[Any, Any, T | None]], discard: Callable[[T], None]) -> T | None:
    """The first result that is not None; the other attempts are given up, and what they had is discarded."""
    tasks = [asyncio.create_task(attempt) for attempt in attempts]
    found: T | None = None
    try:
        for done in asyncio.as_completed(tasks):
            found = await done
            if found is not None:
                break
    finally:
        for other in await _cancelled(tasks):
            if other is not None and other is not found and not isinstance(other, BaseException):
                discard(other)
    return found


async def _cancelled(tasks: Iterable[asyncio.Task[T]]) -> list[T | BaseException]:
    """What became of `tasks`, which are given up."""
    tasks = tuple(tasks)
    for task in tasks:
        task.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


def _nobody(_: object) -> None:
    """Who needs what was not the first."""
