"""[I/O] SIP over WebSocket (RFC 7118): one connection, and why there is none.

Text and binary frames are read alike (Kamailio sends binary ones, others text); text is sent, unless a body is not
UTF-8.
"""

import asyncio
import logging
import socket
import ssl
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from appliance.errors import ClockError, TransportError, UsageError
from appliance.sip.sanity import MAX_MESSAGE
from appliance.tasks import TaskSet

log = logging.getLogger(__name__)

_SUBPROTOCOL = Subprotocol("sip")
_NOT_YET_VALID, _EXPIRED = 9, 10  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_QUEUE = 512  # messages waiting to be written; more means that the path is dead


def check_url(url: str) -> str:
    """`url`, if a WebSocket can be opened to it.

    Raises:
        UsageError: it is not ws:// or wss:// with a host, or carries a password.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("ws", "wss") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.username or parts.fragment:
        raise UsageError("a registrar's URL is ws://HOST[:PORT][/PATH] or wss://…, without user or fragment")
    return url


class Connection:
    """An open WebSocket. Use it in `async with`, which closes it."""

    def __init__(self, socket_: ClientConnection) -> None:
        self._socket = socket_
        self._tasks = TaskSet("sip/connection")
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE)
        self._given_up = ""

    async def __aenter__(self) -> Self:
        self._tasks.start("write", self._write())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Say goodbye, and wait for theirs, but not for long. Idempotent."""
        await self._tasks.close()
        await self._socket.close()

    def send(self, data: bytes) -> None:
        """Queue a message. When the path takes nothing any more the queue fills up, and the connection is given up."""
        try:
            self._waiting.put_nowait(data)
        except asyncio.QueueFull:
            self.give_up(f"the registrar takes no data: {_QUEUE} messages are waiting")

    async def receive(self) -> bytes:
        """The next message.

        Raises:
            TransportError: the connection is closed; the message says why, as a sentence.
        """
        try:
            message = await self._socket.recv()
        except ConnectionClosed as error:
            raise TransportError(self._why(error)) from error
        return message.encode() if isinstance(message, str) else message

    def give_up(self, why: str) -> None:
        """Cut it without a goodbye: it is dead, or of no use. `receive` raises `why`."""
        if not self._given_up:
            self._given_up = why
            self._socket.transport.abort()

    async def leave(self, why: str) -> None:
        """Close it with a goodbye. `receive` raises `why`."""
        self._given_up = self._given_up or why
        await self._socket.close()

    async def ping(self) -> None:
        """Ping, and wait for the pong (RFC 6455 §5.5.2). Raises `TransportError` when the connection is closed."""
        try:
            await (await self._socket.ping())
        except ConnectionClosed as error:
            raise TransportError(self._why(error)) from error

    @property
    def local_address(self) -> str:
        """The address of this machine that it was opened from."""
        return str(self._socket.local_address[0]) if self._socket.local_address else ""

    @property
    def close_code(self) -> int | None:
        """The WebSocket's close code (RFC 6455 §7.4.1); None while it is open."""
        return self._socket.close_code

    async def drained(self) -> None:
        """Wait until everything queued has been handed to the operating system."""
        await self._waiting.join()

    async def _write(self) -> None:
        while True:
            data = await self._waiting.get()
            try:
                text = data.decode()
            except UnicodeDecodeError:
                text = None
            try:
                await self._socket.send(data if text is None else text)
            except ConnectionClosed:
                return  # receive() says so
            finally:
                self._waiting.task_done()

    def _why(self, error: ConnectionClosed) -> str:
        if self._given_up:
            return self._given_up
        if error.rcvd is not None:
            detail = f" ({error.rcvd.reason})" if error.rcvd.reason else ""
            return f"the registrar closed the WebSocket with code {error.rcvd.code}{detail}"
        return "the connection to the registrar was lost"


async def connect(url: str, *, ca_file: str | None, time_limit: float, user_agent: str, dscp: int = 0) -> Connection:
    """Open a WebSocket with the subprotocol `sip`.

    Args:
        url: ws:// or wss://.
        ca_file: PEM trust anchors for wss; None for the system's.
        time_limit: for name, TCP, TLS and handshake together, seconds.
        user_agent: the handshake's User-Agent header.
        dscp: the mark of every packet after the handshake.

    Raises:
        ClockError: the certificate is not valid yet by this machine's clock.
        TransportError: nothing was opened; the message says why, as a sentence.
    """
    host = urlsplit(url).hostname or ""
    try:
        context = await asyncio.to_thread(_tls, ca_file) if url.startswith("wss:") else None
    except OSError as error:
        raise TransportError(f"the trust anchors in {ca_file} can't be used: {error.strerror or error}") from error
    try:
        opened = await open_websocket(
            url,
            ssl=context,
            subprotocols=[_SUBPROTOCOL],
            compression=None,
            proxy=None,
            open_timeout=time_limit,
            ping_interval=None,  # `liveness.py` asks
            close_timeout=1.0,
            max_size=4 * MAX_MESSAGE,  # what is too long for the core is answered, not a reason to hang up
            max_queue=64,
            user_agent_header=user_agent,
        )
    except (OSError, InvalidHandshake, InvalidURI, EOFError) as error:
        kind = ClockError if getattr(error, "verify_code", None) == _NOT_YET_VALID else TransportError
        raise kind(_failure(error, host, time_limit)) from error
    if opened.subprotocol != _SUBPROTOCOL:
        log.info("%s did not name the subprotocol sip (RFC 7118 §4.2); going on", host)
    _mark(opened, dscp)
    return Connection(opened)


def _mark(opened: ClientConnection, dscp: int) -> None:
    link = opened.transport.get_extra_info("socket")
    try:
        if link.family == socket.AF_INET6:
            link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
        link.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
    except OSError as error:
        log.debug("packets stay unmarked: %s", error)


def _tls(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _failure(error: Exception, host: str, time_limit: float) -> str:
    """One sentence about why there is no connection."""
    match error:
        case socket.gaierror():
            why = f"the name {host} can't be resolved: {error.strerror}"
        case ssl.SSLCertVerificationError(verify_code=code, verify_message=text):
            clock = "; is this machine's clock right?" if code in (_NOT_YET_VALID, _EXPIRED) else ""
            why = f"TLS failed: the certificate of {host} is not accepted: {text}{clock}"
        case ssl.SSLError():
            why = f"TLS with {host} failed: {error.reason or error}"
        case TimeoutError():
            why = f"{host} did not answer within {time_limit:g} s"
        case ConnectionRefusedError():
            why = f"{host} refused the connection"
        case InvalidStatus():
            why = f"{host} refused the WebSocket: HTTP status {error.response.status_code}"
        case InvalidHandshake() | InvalidURI() | EOFError():
            why = f"{host} does not speak WebSocket: {error}"
        case OSError() if "Connect call failed" in str(error):
            why = f"{host} refused the connection at every one of its addresses"
        case _:
            why = f"{host} can't be reached: {getattr(error, 'strerror', None) or error}"
    return why
