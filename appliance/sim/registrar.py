"""[I/O] A SIP registrar and proxy over WebSocket on loopback (RFC 7118), for the demonstration and for tests.

It is a real one: phones register with digest authentication, calls fork to all phones of a user, and requests inside a
call find a phone again after it reconnected. It only listens on this machine, and everything in it is bounded.
"""

import asyncio
import ipaddress
import logging
import secrets
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, NegotiationError
from websockets.typing import Subprotocol

from appliance.clock import Clock, SystemClock
from appliance.errors import StateError, TransportError, UsageError
from appliance.sim.location import Binding, Flow
from appliance.sim.proxy import Proxy, ProxySettings
from appliance.sip.sanity import MAX_MESSAGE
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 200
"""WebSockets at once; further ones are closed with code 1013."""
_QUEUE: Final = 256
"""Messages that wait for a peer that does not read; then its connection is closed."""
_SIP: Final = Subprotocol("sip")


class Registrar:
    """The registrar of one domain. `async with` listens; `url` is where."""

    def __init__(
        self,
        users: Mapping[str, str],
        domain: str = "sip.invalid",
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        algorithms: tuple[str, ...] = ("SHA-256", "MD5"),
        clock: Clock | None = None,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise UsageError(f"host: {host} is not a loopback address; this registrar is for one machine")
        self._settings = ProxySettings(users=users, domain=domain, algorithms=algorithms)
        self._host, self._port = host, port
        self._clock = clock or SystemClock()
        self._proxy: Proxy | None = None
        self._server: Server | None = None
        self._tasks = TaskSet("registrar")
        self._flows: dict[Flow, tuple[ServerConnection, asyncio.Queue[bytes]]] = {}
        self._next = 1
        self._timer: asyncio.TimerHandle | None = None

    @property
    def domain(self) -> str:
        """The SIP domain."""
        return self._settings.domain

    @property
    def url(self) -> str:
        """The `ws://` address to register at. Raises `StateError` while it is not listening."""
        if self._server is None:
            raise StateError("the registrar is not listening")
        return f"ws://{self._address}"

    async def __aenter__(self) -> Self:
        self._tasks = TaskSet("registrar")
        try:
            self._server = await serve(
                self._serve,
                self._host,
                self._port,
                select_subprotocol=_sip_only,
                compression=None,
                max_size=MAX_MESSAGE,
                max_queue=64,
                ping_interval=20.0,
                close_timeout=0.5,
                logger=logging.getLogger(f"{__name__}.websocket"),
            )
        except OSError as error:
            raise TransportError(
                f"the registrar can't listen on {self._host}:{self._port}: {error.strerror}"
            ) from error
        port = next(iter(self._server.sockets)).getsockname()[1]
        self._address = f"[{self._host}]:{port}" if ":" in self._host else f"{self._host}:{port}"
        self._proxy = Proxy(self._settings, self._address, secrets.token_hex)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
            await server.wait_closed()
        if self._timer is not None:
            self._timer.cancel()
        await self._tasks.close()

    def bindings(self, user: str) -> tuple[Binding, ...]:
        """The phones of a user that are registered now."""
        return self._proxy.bindings(user, self._clock.now()) if self._proxy else ()

    async def drop(self, user: str) -> int:
        """Cut the connections of a user's phones, as a network does; how many there were."""
        flows = {binding.flow for binding in self.bindings(user)}
        for flow in flows & self._flows.keys():
            self._flows[flow][0].transport.abort()
        return len(flows)

    async def _serve(self, connection: ServerConnection) -> None:
        if self._proxy is None or len(self._flows) >= MAX_CONNECTIONS:
            await connection.close(1013, "too many connections")
            return
        proxy = self._proxy
        flow, self._next = Flow(self._next), self._next + 1
        queue: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE)
        self._flows[flow] = (connection, queue)
        writer = self._tasks.start(f"flow {flow}", _write(connection, queue))
        try:
            while True:
                message = await connection.recv()
                data = message.encode() if isinstance(message, str) else message
                proxy.receive(flow, data, self._clock.now())
                self._flush()
        except ConnectionClosed as closed:
            log.debug("flow %d closed: %s", flow, closed)
        finally:
            del self._flows[flow]
            writer.cancel()
            proxy.flow_lost(flow, self._clock.now())
            self._flush()

    def _flush(self) -> None:
        if self._proxy is None:
            return
        for flow, data in self._proxy.to_send():
            target = self._flows.get(flow)
            if target is None:
                continue
            connection, queue = target
            try:
                queue.put_nowait(data)
            except asyncio.QueueFull:
                log.warning("flow %d does not read; it is closed", flow)
                connection.transport.abort()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._proxy.deadline() if self._proxy else None
        if deadline is not None:
            delay = max(0.0, deadline - self._clock.now())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        if self._proxy is not None:
            self._proxy.timer(self._clock.now())
            self._flush()


async def _write(connection: ServerConnection, queue: asyncio.Queue[bytes]) -> None:
    while True:
        data = await queue.get()
        try:
            text: str | bytes = data.decode()
        except UnicodeDecodeError:
            text = data
        try:
            await connection.send(text)
        except ConnectionClosed:
            return


def _sip_only(_connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol:
    """RFC 7118 §4.1: a client that does not speak `sip` is refused in the handshake."""
    if _SIP not in offered:
        raise NegotiationError("the subprotocol must be sip")
    return _SIP
