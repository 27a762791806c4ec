"""The embedded registrar between real user agents, and between real clients."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake
from websockets.typing import Subprotocol

from appliance.calls.client import Client
from appliance.calls.events import CallFailed, CallTerminated
from appliance.calls.settings import ClientSettings
from appliance.errors import LoginError, TransportError, UsageError
from appliance.media.settings import MediaSettings
from appliance.sim.far_end import FarEnd
from appliance.sim.registrar import Registrar
from appliance.sip import events as sip
from appliance.sip.settings import UserAgentSettings
from appliance.sip.user_agent import UserAgent
from appliance.units import Seconds

DOMAIN = "sip.test"
USERS = {"alice": "alice's word", "bob": "bob's word", "carol": "carol's word"}
E = TypeVar("E")
SDP = b"v=0\r\n"  # the registrar does not look inside


class Phone:
    """A user agent, everything it said, and a way to wait for it."""

    def __init__(self, url: str, user: str, *, instance: str = "") -> None:
        self.user = user
        self.agent = UserAgent(UserAgentSettings(registrars=(url,), domain=DOMAIN, user=user, instance_id=instance))
        self.said: list[sip.Event] = []
        self._news = asyncio.Event()
        self.agent.events.subscribe(self._hear)

    def _hear(self, event: sip.Event) -> None:
        if isinstance(event, sip.RequestReceived):
            self.agent.respond(event.request, 200)
        self.said.append(event)
        self._news.set()

    async def wait(self, kind: type[E], number: int = 1, *, seconds: float = 10.0) -> E:
        """The `number`-th event of a class."""
        async with asyncio.timeout(seconds):
            while True:
                found = [event for event in self.said if isinstance(event, kind)]
                if len(found) >= number:
                    return found[number - 1]
                self._news.clear()
                await self._news.wait()

    async def register(self, password: str | None = None) -> None:
        await self.agent.start()
        self.agent.register(self.user, USERS.get(self.user, "") if password is None else password)


Make = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    async with Registrar(USERS, domain=DOMAIN) as running:
        yield running


@pytest.fixture
async def phone(registrar: Registrar) -> AsyncIterator[Make]:
    async with contextlib.AsyncExitStack() as stack:

        async def make(user: str, *, instance: str = "") -> Phone:
            made = Phone(registrar.url, user, instance=instance)
            stack.push_async_callback(made.agent.close, deadline=0.5)
            await made.register()
            await made.wait(sip.Registered)
            return made

        yield make


async def established(caller: Phone, called: Phone) -> tuple[sip.InviteId, sip.InviteId]:
    number = len([event for event in called.said if isinstance(event, sip.Incoming)]) + 1
    invite = caller.agent.invite(f"sip:{called.user}@{DOMAIN}", SDP)
    incoming = await called.wait(sip.Incoming, number)
    called.agent.answer(incoming.invite, SDP)
    await caller.wait(sip.Answered)
    await called.wait(sip.Acknowledged)
    return invite, incoming.invite


@pytest.mark.parametrize("algorithms", [("SHA-256", "MD5"), ("SHA-256",), ("MD5",)])
async def test_registration_by_digest(algorithms: tuple[str, ...]) -> None:
    async with Registrar(USERS, domain=DOMAIN, algorithms=algorithms) as registrar:
        alice = Phone(registrar.url, "alice")
        await alice.register()
        assert (await alice.wait(sip.Registered)).aor == f"sip:alice@{DOMAIN}"
        (binding,) = registrar.bindings("alice")
        assert binding.outbound
        await alice.agent.close()
        assert (await alice.wait(sip.Unregistered)).requested
        assert registrar.bindings("alice") == ()


@pytest.mark.parametrize(("user", "password", "status"), [("alice", "wrong", 401), ("mallory", "any", 403)])
async def test_registration_refused(registrar: Registrar, user: str, password: str, status: int) -> None:
    stranger = Phone(registrar.url, user)
    await stranger.register(password)
    assert (await stranger.wait(sip.RegistrationFailed)).status == status
    assert registrar.bindings(user) == ()
    await stranger.agent.close()


async def test_a_call_in_all_its_parts(phone: Make) -> None:
    alice, bob = await phone("alice"), await phone("bob")
    invite = alice.agent.invite(f"sip:bob@{DOMAIN}", SDP, headers=(("X-PH-Floor", "3"),))
    incoming = await bob.wait(sip.Incoming)
    assert incoming.offer == SDP
    assert incoming.from_uri == f"sip:alice@{DOMAIN}"
    assert ("X-PH-Floor", "3") in incoming.headers
    assert not any(name.lower() == "proxy-authorization" for name, _ in incoming.headers)
    bob.agent.provisional(incoming.invite, 180)
    assert (await alice.wait(sip.Progress)).status == 180
    bob.agent.answer(incoming.invite, SDP)
    await alice.wait(sip.Answered)
    await bob.wait(sip.Acknowledged)

    alice.agent.reoffer(invite, b"v=1\r\n")
    offered = await bob.wait(sip.Offered)
    assert offered.body == b"v=1\r\n"
    bob.agent.accept_offer(offered.offer_id, b"v=2\r\n")
    assert (await alice.wait(sip.Reanswered)).body == b"v=2\r\n"

    bob.agent.reoffer(incoming.invite, b"v=3\r\n", method="UPDATE")
    offered = await alice.wait(sip.Offered)
    assert offered.method == "UPDATE"
    alice.agent.accept_offer(offered.offer_id, b"v=4\r\n")
    assert (await bob.wait(sip.Reanswered)).body == b"v=4\r\n"

    bob.agent.request("INFO", incoming.invite, content_type="application/dtmf-relay", body=b"Signal=5\r\n")
    assert (await alice.wait(sip.RequestReceived)).body == b"Signal=5\r\n"
    assert (await bob.wait(sip.ResponseReceived)).status == 200

    bob.agent.bye(incoming.invite)
    assert not (await alice.wait(sip.Ended)).local


async def test_an_options_to_the_registrar_and_to_a_phone(phone: Make) -> None:
    alice = await phone("alice")
    await phone("bob")
    alice.agent.request("OPTIONS", f"sip:{DOMAIN}")
    assert (await alice.wait(sip.ResponseReceived)).status == 200
    alice.agent.request("OPTIONS", f"sip:bob@{DOMAIN}")
    assert (await alice.wait(sip.ResponseReceived, 2)).status == 200


@pytest.mark.parametrize(
    ("target", "status"),
    [(f"sip:nobody@{DOMAIN}", 404), (f"sip:bob@{DOMAIN}", 480), ("sip:bob@elsewhere.test", 404)],
)
async def test_who_can_not_be_reached(phone: Make, target: str, status: int) -> None:
    alice = await phone("alice")
    alice.agent.invite(target, SDP)
    failed = await alice.wait(sip.Failed)
    assert (failed.status, failed.local) == (status, False)


@pytest.mark.parametrize("status", [486, 603, 488])
async def test_a_refusal_comes_back(phone: Make, status: int) -> None:
    alice, bob = await phone("alice"), await phone("bob")
    alice.agent.invite(f"sip:bob@{DOMAIN}", SDP)
    bob.agent.reject((await bob.wait(sip.Incoming)).invite, status)
    assert (await alice.wait(sip.Failed)).status == status


async def test_cancel_reaches_the_phone(phone: Make) -> None:
    alice, bob = await phone("alice"), await phone("bob")
    invite = alice.agent.invite(f"sip:bob@{DOMAIN}", SDP)
    bob.agent.provisional((await bob.wait(sip.Incoming)).invite, 180)
    await alice.wait(sip.Progress)
    alice.agent.cancel(invite, cause=sip.Reason(protocol="SIP", code=487, text="Changed my mind"))
    cancelled = await bob.wait(sip.Cancelled)
    assert cancelled.cause is not None
    assert cancelled.cause.text == "Changed my mind"
    assert (await alice.wait(sip.Failed)).status == 487


async def test_a_fork_has_one_winner_and_the_others_are_told(phone: Make) -> None:
    alice = await phone("alice")
    desk, door = await phone("bob"), await phone("bob")
    alice.agent.invite(f"sip:bob@{DOMAIN}", SDP)
    at_desk, at_door = await desk.wait(sip.Incoming), await door.wait(sip.Incoming)
    desk.agent.provisional(at_desk.invite, 180)
    door.agent.provisional(at_door.invite, 180)
    await alice.wait(sip.Progress, 2)
    assert len({event.early for event in alice.said if isinstance(event, sip.Progress)}) == 2
    door.agent.answer(at_door.invite, SDP)
    await alice.wait(sip.Answered)
    cause = (await desk.wait(sip.Cancelled)).cause
    assert cause == sip.Reason(protocol="SIP", code=200, text="Call completed elsewhere")
    assert not any(isinstance(event, sip.Failed) for event in alice.said)


async def test_a_fork_rings_on_until_the_last_has_refused(phone: Make) -> None:
    alice = await phone("alice")
    desk, door = await phone("bob"), await phone("bob")
    alice.agent.invite(f"sip:bob@{DOMAIN}", SDP)
    at_desk, at_door = await desk.wait(sip.Incoming), await door.wait(sip.Incoming)
    desk.agent.reject(at_desk.invite, 486)
    with pytest.raises(TimeoutError):
        await alice.wait(sip.Failed, seconds=0.3)
    door.agent.reject(at_door.invite, 480)
    assert (await alice.wait(sip.Failed)).status in {480, 486}


async def test_a_fork_ends_for_everyone_at_a_6xx(phone: Make) -> None:
    alice = await phone("alice")
    desk, door = await phone("bob"), await phone("bob")
    alice.agent.invite(f"sip:bob@{DOMAIN}", SDP)
    at_desk, at_door = await desk.wait(sip.Incoming), await door.wait(sip.Incoming)
    door.agent.provisional(at_door.invite, 180)
    await alice.wait(sip.Progress)
    desk.agent.reject(at_desk.invite, 603)
    await door.wait(sip.Cancelled)
    assert (await alice.wait(sip.Failed)).status == 603


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_a_bye_finds_a_phone_that_reconnected(phone: Make, registrar: Registrar, who: str) -> None:
    alice, bob = await phone("alice"), await phone("bob")
    from_alice, from_bob = await established(alice, bob)
    lost = alice if who == "alice" else bob
    assert await registrar.drop(who) == 1
    await lost.wait(sip.Disconnected)
    await lost.wait(sip.Registered, 2)
    assert len(registrar.bindings(who)) == 1
    if who == "alice":
        bob.agent.bye(from_bob)
    else:
        alice.agent.bye(from_alice)
    assert not (await lost.wait(sip.Ended)).local


async def test_a_phone_that_vanishes_while_it_rings(phone: Make, registrar: Registrar) -> None:
    alice, bob = await phone("alice"), await phone("bob")
    alice.agent.invite(f"sip:bob@{DOMAIN}", SDP)
    await bob.wait(sip.Incoming)
    await registrar.drop("bob")
    assert (await alice.wait(sip.Failed)).status == 480


async def test_a_caller_that_vanishes_stops_the_ringing(phone: Make, registrar: Registrar) -> None:
    alice, bob = await phone("alice"), await phone("bob")
    alice.agent.invite(f"sip:bob@{DOMAIN}", SDP)
    bob.agent.provisional((await bob.wait(sip.Incoming)).invite, 180)
    await alice.wait(sip.Progress)
    await registrar.drop("alice")
    await bob.wait(sip.Cancelled)


async def test_the_same_instance_has_one_binding(phone: Make, registrar: Registrar) -> None:
    instance = "urn:uuid:00000000-0000-4000-8000-000000000001"
    await phone("alice", instance=instance)
    await phone("alice", instance=instance)
    assert len(registrar.bindings("alice")) == 1


async def test_only_loopback() -> None:
    with pytest.raises(UsageError, match="loopback"):
        Registrar(USERS, host="0.0.0.0")


async def test_a_port_that_is_taken(registrar: Registrar) -> None:
    port = int(registrar.url.rpartition(":")[2])
    with pytest.raises(TransportError, match="can't listen"):
        await Registrar(USERS, port=port).__aenter__()


async def test_a_client_that_does_not_speak_sip_is_refused(registrar: Registrar) -> None:
    with pytest.raises(InvalidHandshake):
        await connect(registrar.url)


def request(method: str, uri: str, more: str = "", *, to_tag: str = "", branch: str = "z9hG4bK1") -> str:
    tag = f";tag={to_tag}" if to_tag else ""
    return (
        f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch={branch}\r\nFrom: <sip:alice@{DOMAIN}>;tag=1\r\n"
        f"To: <{uri}>{tag}\r\nCall-ID: a\r\nCSeq: 1 {method}\r\n{more}Content-Length: 0\r\n\r\n"
    )


@contextlib.asynccontextmanager
async def raw(registrar: Registrar) -> AsyncIterator[ClientConnection]:
    async with connect(registrar.url, subprotocols=[Subprotocol("sip")]) as socket:
        yield socket


async def status(socket: ClientConnection) -> str:
    async with asyncio.timeout(5):
        answer = await socket.recv()
    text = answer if isinstance(answer, str) else answer.decode()
    return text.split(" ")[1]


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (request("OPTIONS", f"sip:{DOMAIN}"), "200"),
        (request("OPTIONS", f"sip:{DOMAIN}", "Max-Forwards: 0\r\n"), "483"),
        (request("OPTIONS", f"sip:{DOMAIN}", "Proxy-Require: magic\r\n"), "420"),
        (request("INVITE", f"sip:bob@{DOMAIN}"), "407"),
        (request("REGISTER", f"sip:{DOMAIN}").replace(f"To: <sip:{DOMAIN}>", f"To: <sip:alice@{DOMAIN}>"), "401"),
        (request("REGISTER", "sip:elsewhere.test"), "404"),
        (request("CANCEL", f"sip:bob@{DOMAIN}"), "481"),
        (request("BYE", "sip:x@y.invalid", to_tag="2"), "480"),
        (request("BYE", "sip:x@y.invalid", "Route: <sip:far.test;lr>\r\n", to_tag="2"), "404"),
        (request("OPTIONS", "http://x"), "416"),
        (request("OPTIONS", f"sip:{DOMAIN}", "Max-Forwards: many\r\n"), "400"),
    ],
)
async def test_what_is_answered_at_the_door(registrar: Registrar, message: str, answer: str) -> None:
    async with raw(registrar) as socket:
        await socket.send(message.encode() if "REGISTER" in message else message)  # binary and text frames alike
        assert await status(socket) == answer


async def test_a_copy_gets_the_same_answer(registrar: Registrar) -> None:
    async with raw(registrar) as socket:
        await socket.send(request("INVITE", f"sip:bob@{DOMAIN}"))
        first = await socket.recv()
        await socket.send(request("INVITE", f"sip:bob@{DOMAIN}"))
        assert await socket.recv() == first


async def test_rubbish_is_survived(registrar: Registrar) -> None:
    async with raw(registrar) as socket:
        for rubbish in ("", "\r\n\r\n", "hello", "SIP/2.0 200 OK\r\n\r\n", "INVITE\r\n\r\n", "\x00" * 100):
            await socket.send(rubbish)
        assert await socket.recv() == "\r\n", "a keepalive is none (RFC 5626 §3.5.1)"
        await socket.send(request("OPTIONS", f"sip:{DOMAIN}"))
        assert await status(socket) == "200"


async def client(stack: contextlib.AsyncExitStack, url: str, user: str, password: str) -> Client:
    settings = ClientSettings(
        registrars=url, domain=DOMAIN, media=MediaSettings(loopback=True), login_timeout=Seconds(5.0)
    )
    made = await stack.enter_async_context(Client(settings))
    await made.login(user, password)
    return made


async def test_clients_and_far_ends(registrar: Registrar) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for user, behaviour in (("bob", "echo"), ("carol", "busy")):
            await stack.enter_async_context(
                FarEnd(registrar.url, user, USERS[user], behaviour, domain=DOMAIN, ringing=Seconds(0.05))
            )
        alice = await client(stack, registrar.url, "alice", USERS["alice"])
        call = await alice.call("bob")
        assert await call.wait_answered()
        assert await call.hold()
        assert await call.resume()
        await registrar.drop("bob")
        await asyncio.sleep(2.0)
        call.hang_up()
        assert isinstance(await call.wait_ended(), CallTerminated)
        refused = await alice.call("carol")
        assert not await refused.wait_answered()
        ending = refused.ending
        assert isinstance(ending, CallFailed)
        assert (ending.cause, ending.status) == ("Busy", 486)


async def test_a_client_with_the_wrong_password(registrar: Registrar) -> None:
    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(LoginError):
            await client(stack, registrar.url, "alice", "wrong")
