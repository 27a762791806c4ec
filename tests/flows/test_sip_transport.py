"""Why there is no connection, in one sentence; and that a connection which is none is noticed."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from appliance.errors import UsageError
from appliance.sip.events import Connected, Disconnected, Registered, ResponseReceived
from appliance.sip.message import Request, respond
from appliance.sip.sanity import check
from appliance.sip.settings import UserAgentSettings
from appliance.sip.user_agent import UserAgent
from tests.flows.user_agents import Observed, user_agent
from tests.support.authority import Authority
from tests.support.kamailio import Kamailio
from tests.support.ports import LOOPBACK, free_port


@asynccontextmanager
async def connecting(url: str, **changes: object) -> AsyncIterator[Observed]:
    make: Callable[..., UserAgentSettings] = UserAgentSettings
    agent = UserAgent(make(registrars=(url,), domain="sip.test", user="alice", connect_timeout=1.0, **changes))
    observed = Observed(agent, "alice")
    await agent.start()
    try:
        yield observed
    finally:
        await agent.close(deadline=0.5)


async def why(url: str, **changes: object) -> str:
    async with connecting(url, **changes) as agent:
        lost = await agent.wait(Disconnected)
        assert (lost.url, lost.was_connected) == (url, False)
        assert not agent.agent.connected
        return lost.reason


@asynccontextmanager
async def listening(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object], *, context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer(reader, writer)

    port = free_port()
    async with await asyncio.start_server(accept, LOOPBACK, port, ssl=context):
        yield port


def certified(folder: Path, *names: str, days: float = 30, starts: float | None = None) -> tuple[ssl.SSLContext, str]:
    authority = Authority(folder)
    certificate = authority.issue(*names, days=days, starts=starts)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context, str(authority.root)


async def test_a_name_that_means_nothing() -> None:
    assert (await why("ws://registrar.invalid/ws")).startswith("the name registrar.invalid can't be resolved: ")


async def test_nobody_listens() -> None:
    assert await why(f"ws://{LOOPBACK}:{free_port()}/ws") == "127.0.0.1 refused the connection"
    assert "refused the connection" in await why(f"ws://localhost:{free_port()}/ws")


async def test_a_listener_that_says_nothing() -> None:
    async with listening(lambda _reader, _writer: None) as port:
        assert await why(f"ws://{LOOPBACK}:{port}/ws") == "127.0.0.1 did not answer within 1 s"


async def test_a_listener_that_hangs_up() -> None:
    async with listening(lambda _reader, writer: writer.close()) as port:
        assert (await why(f"ws://{LOOPBACK}:{port}/ws")).startswith("127.0.0.1 ")


async def test_a_listener_that_speaks_something_else() -> None:
    def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test ESMTP\r\n\r\n")
        writer.close()

    async with listening(greet) as port:
        assert (await why(f"ws://{LOOPBACK}:{port}/ws")).startswith("127.0.0.1 does not speak WebSocket: ")
        assert (await why(f"wss://{LOOPBACK}:{port}/ws")).startswith("TLS with 127.0.0.1 failed: ")


async def test_a_refused_handshake(kamailio: Kamailio) -> None:
    kamailio.refuse_websocket(403)
    assert await why(kamailio.ws_url) == "127.0.0.1 refused the WebSocket: HTTP status 403"


async def test_certificates(tmp_path: Path) -> None:
    url = "wss://" + LOOPBACK
    context, root = certified(tmp_path, "localhost")
    async with listening(lambda _reader, writer: writer.close(), context=context) as port:
        assert "certificate of 127.0.0.1 is not accepted" in await why(f"{url}:{port}/ws", ca_file=root)
    context, root = certified(tmp_path, LOOPBACK, days=-1)
    async with listening(lambda _reader, writer: writer.close(), context=context) as port:
        reason = await why(f"{url}:{port}/ws", ca_file=root)
        assert reason.endswith("certificate has expired; is this machine's clock right?")
    context, root = certified(tmp_path, LOOPBACK, starts=3600.0)
    async with listening(lambda _reader, writer: writer.close(), context=context) as port:
        async with connecting(f"{url}:{port}/ws", ca_file=root) as agent:
            refused = await agent.wait(Disconnected)
        assert refused.wrong_clock
        assert refused.reason.endswith("certificate is not yet valid; is this machine's clock right?")


async def test_trust_anchors_that_are_not_there(tmp_path: Path) -> None:
    reason = await why("wss://127.0.0.1:9/ws", ca_file=str(tmp_path / "none.pem"))
    assert reason.endswith("none.pem can't be used: No such file or directory")
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    assert "broken.pem can't be used" in await why("wss://127.0.0.1:9/ws", ca_file=str(broken))


@asynccontextmanager
async def registrar(
    *, binary: bool = False, subprotocols: tuple[str, ...] = ("sip",)
) -> AsyncIterator[tuple[str, list[ServerConnection]]]:
    """The smallest registrar: 200 to everything, in the kind of frame that was asked for."""
    connections: list[ServerConnection] = []

    async def answer(connection: ServerConnection) -> None:
        connections.append(connection)
        async for data in connection:
            assert isinstance(data, str), "text goes out, as browsers send it"
            request = check(data.encode())
            assert isinstance(request, Request)
            contact = (("Contact", request.first("Contact") or ""),)
            reply = respond(request, 200, tag="r", headers=contact).render()
            await connection.send(reply if binary else reply.decode())

    port = free_port()
    named = [Subprotocol(name) for name in subprotocols]
    async with serve(answer, LOOPBACK, port, subprotocols=named or None):
        yield f"ws://{LOOPBACK}:{port}/", connections


@pytest.mark.parametrize("binary", [False, True])
async def test_text_and_binary_frames(binary: bool) -> None:
    async with registrar(binary=binary) as (url, _), connecting(url) as agent:
        agent.agent.register("alice", "secret")
        await agent.wait(Registered)


async def test_without_a_subprotocol_it_goes_on() -> None:
    async with registrar(subprotocols=()) as (url, _), connecting(url) as agent:
        await agent.wait(Connected)
        agent.agent.request("OPTIONS", "bob")
        assert (await agent.wait(ResponseReceived)).status == 200


async def test_a_closed_connection_says_by_whom_and_comes_back() -> None:
    async with registrar() as (url, connections), connecting(url) as agent:
        await agent.wait(Connected)
        await asyncio.sleep(0.1)
        await connections[0].close(1012, "restarting")
        lost = await agent.wait(Disconnected)
        assert (lost.code, lost.was_connected) == (1012, True)
        assert lost.reason == "the registrar closed the WebSocket with code 1012 (restarting)"
        await agent.wait(Connected)


async def test_commands_before_a_connection(kamailio: Kamailio) -> None:
    async with user_agent(kamailio, "alice", register=False) as alice:
        alice.agent.request("OPTIONS", "bob")
        assert (await alice.wait(ResponseReceived)).local


async def test_closed_at_any_time_without_a_trace() -> None:
    before = asyncio.all_tasks()
    for pause in (0.0, 0.01, 0.1):
        agent = UserAgent(UserAgentSettings(registrars=(f"ws://{LOOPBACK}:9/",), domain="sip.test", user="alice"))
        await agent.start()
        agent.register("alice", "secret")
        await asyncio.sleep(pause)
        await agent.close()
        await agent.close()
        assert not agent.connected
    never = UserAgent(UserAgentSettings(registrars=(f"ws://{LOOPBACK}:9/",), domain="sip.test", user="alice"))
    await never.close()
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    "url", ["http://a", "ws://", "a.test", "ws://user:word@a", "ws://a:99999", "ws://a#f", "", "wss://a:0"]
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        UserAgent(UserAgentSettings(registrars=(url,), domain="sip.test", user="alice"))
    assert "word" not in str(refused.value)


def test_no_url_at_all() -> None:
    with pytest.raises(UsageError):
        UserAgent(UserAgentSettings(registrars=(), domain="sip.test", user="alice"))
