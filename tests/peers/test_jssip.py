"""Our call API and JsSIP in a browser, through Kamailio: what a user hears, and how calls end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from appliance.calls.client import Client
from appliance.calls.events import (
    CallAnswered,
    CallFailed,
    CallRemoteRinging,
    CallTerminated,
    DtmfReceived,
    HoldChanged,
    IncomingCall,
    IncomingCallCanceled,
    MediaConnected,
)
from appliance.calls.settings import ClientSettings
from appliance.media.settings import MediaSettings
from appliance.sim.wav_audio import ToneAudio
from appliance.units import Seconds
from tests.support.browser import Browser, JsSipPeer, OnCall
from tests.support.client_log import ClientLog
from tests.support.kamailio import Kamailio
from tests.support.overheard import Overheard
from tests.support.tones import digits, hear, loudest

OURS, THEIRS = 1000.0, 440.0
SETTLED = 1.0  # seconds until jitter buffers and Chromium's ramps have settled
ABSENT = 0.005  # of full scale: 46 dB below; the tones are heard at 0.07 and more


@dataclass
class Line:
    """Alice, who is ours, and Bob, who is JsSIP's."""

    alice: Client
    bob: JsSipPeer
    phone: Overheard
    log: ClientLog
    domain: str

    async def talking(self) -> None:
        """Wait until media flows both ways."""
        await self.log.wait(MediaConnected)
        await self.bob.wait("confirmed")
        await asyncio.sleep(SETTLED)

    async def check_sound(self, seconds: float = 3.0) -> None:
        """Each hears the other, whole, and nothing of itself."""
        heard, recorded = await asyncio.gather(self.phone.listen(seconds), self.bob.listen(seconds))
        for samples, wanted, unwanted in ((recorded, OURS, THEIRS), (heard, THEIRS, OURS)):
            found = hear(samples, wanted)
            assert found.share >= 0.95, found
            assert found.longest_gap <= 60, found
            assert loudest(samples, unwanted) < ABSENT

    async def check_silence(self) -> None:
        """Neither hears the other."""
        heard, recorded = await asyncio.gather(self.phone.listen(1.0), self.bob.listen(1.0))
        assert loudest(heard, THEIRS) < ABSENT
        assert loudest(recorded, OURS) < ABSENT


@pytest.fixture
def on_call() -> OnCall:
    """What Bob does with a call; tests parametrize it."""
    return "ring"


@pytest.fixture
async def line(kamailio: Kamailio, browser: Browser, on_call: OnCall) -> AsyncIterator[Line]:
    async with AsyncExitStack() as stack:
        phone = Overheard(ToneAudio(OURS, -10.0))
        settings = ClientSettings(
            registrars=kamailio.wss_url,
            domain=kamailio.domain,
            ca_file=str(kamailio.ca_file),
            display_name="Alice",
            ring_timeout=Seconds(8.0),
            media=MediaSettings(loopback=True),
        )
        alice = await stack.enter_async_context(Client(settings, audio=phone))
        log = ClientLog(alice)
        password = kamailio.users["bob"]
        bob = await browser.peer(
            kamailio.wss_url, kamailio.domain, "bob", password, tone=THEIRS, on_call=on_call, display_name="Bob"
        )
        await alice.login("alice", kamailio.users["alice"])
        await bob.wait("registered")
        yield Line(alice, bob, phone, log, kamailio.domain)


answers = pytest.mark.parametrize("on_call", ["answer"])


@answers
async def test_we_call_talk_and_hang_up(line: Line) -> None:
    call = await line.alice.call("bob", {"X-PH-Floor": "3"})
    incoming = await line.bob.wait("incoming")
    assert incoming["from"] == f"sip:alice@{line.domain}"
    assert incoming["name"] == "Alice"
    assert "3" in incoming["headers"].values()
    await line.log.wait(CallAnswered)
    await line.talking()
    await line.check_sound()
    call.hang_up()
    assert (await line.bob.wait("ended"))["originator"] == "remote"
    ended = await line.log.wait(CallTerminated)
    assert ended.call.originator == "local"
    assert ended.summary.packets_lost == 0
    assert ended.summary.codec.lower() == "opus"
    assert line.alice.current_call is None


@answers
async def test_we_call_talk_and_they_hang_up(line: Line) -> None:
    await line.alice.call(f"sip:bob@{line.domain}")
    await line.talking()
    await line.check_sound(1.0)
    await line.bob.hang_up()
    ended = await line.log.wait(CallTerminated)
    assert (ended.call.originator, ended.cause) == ("remote", "Terminated")
    names = line.log.names()
    first = names.index("calling")
    order = ["calling", "call_remote_ringing", "call_connected", "call_answered", "media_connected", "call_terminated"]
    assert sorted(names[first:]) == sorted(order)
    assert [name for name in names[first:] if name != "media_connected"] == [n for n in order if n != "media_connected"]


async def test_they_call_talk_and_hang_up(line: Line) -> None:
    await line.bob.call(f"sip:alice@{line.domain}", {"X-PH-Door": "front"})
    incoming = await line.log.wait(IncomingCall)
    assert incoming.caller_id == f"sip:bob@{line.domain}"
    assert incoming.caller_name == "Bob"
    assert {name.lower(): value for name, value in incoming.call.extra_headers.items()} == {"x-ph-door": "front"}
    await line.bob.wait("progress")
    assert await line.alice.answer()
    await line.talking()
    await line.check_sound()
    await line.bob.hang_up()
    assert (await line.log.wait(CallTerminated)).call.originator == "remote"


async def test_they_call_and_we_hang_up(line: Line) -> None:
    await line.bob.call(f"sip:alice@{line.domain}")
    await line.log.wait(IncomingCall)
    await line.alice.answer()
    await line.talking()
    await line.check_sound(1.0)
    line.alice.hang_up()
    assert (await line.bob.wait("ended"))["originator"] == "remote"
    await line.log.wait(CallTerminated)


async def test_we_cancel(line: Line) -> None:
    call = await line.alice.call("bob")
    await line.log.wait(CallRemoteRinging)
    call.hang_up()
    assert (await line.bob.wait("failed"))["cause"] == "Canceled"
    failed = await line.log.wait(CallFailed)
    assert (failed.cause, failed.call.originator) == ("Canceled", "local")


async def test_they_cancel(line: Line) -> None:
    await line.bob.call(f"sip:alice@{line.domain}")
    await line.log.wait(IncomingCall)
    await line.bob.wait("progress")
    await line.bob.hang_up()
    canceled = await line.log.wait(IncomingCallCanceled)
    assert not canceled.elsewhere
    assert line.alice.incoming_calls == ()


@pytest.mark.parametrize("on_call", [486])
async def test_they_refuse(line: Line) -> None:
    for status, cause in ((486, "Busy"), (603, "Rejected"), (480, "Unavailable")):
        await line.bob.on_call(status)
        call = await line.alice.call("bob")
        failed = await line.log.wait(CallFailed)
        assert (failed.status, failed.cause) == (status, cause)
        assert not await call.wait_answered()
        assert line.alice.current_call is None


async def test_nobody_is_there_or_the_registrar_refuses(line: Line) -> None:
    refusals = {
        "code-486": (486, "Busy"),
        "code-603": (603, "Rejected"),
        "carol": (480, "Unavailable"),
        "nobody": (404, "Not Found"),
    }
    for called, (status, cause) in refusals.items():
        await line.alice.call(called)
        failed = await line.log.wait(CallFailed)
        assert (called, failed.status, failed.cause) == (called, status, cause)


async def test_we_refuse(line: Line) -> None:
    for status in (486, 480, 603):
        await line.bob.call(f"sip:alice@{line.domain}")
        await line.log.wait(IncomingCall)
        line.alice.reject(status=status)
        assert (await line.bob.wait("failed"))["status"] == status


async def test_nobody_answers_us(line: Line) -> None:
    await line.alice.call("bob")
    await line.log.wait(CallRemoteRinging)
    failed = await line.log.wait(CallFailed, seconds=20.0)
    assert failed.cause == "No Answer"
    assert (await line.bob.wait("failed"))["cause"] == "Canceled"


async def test_we_never_answer(line: Line) -> None:
    await line.bob.call(f"sip:alice@{line.domain}")
    await line.log.wait(IncomingCall)
    assert (await line.log.wait(CallFailed, seconds=20.0)).cause == "No Answer"
    assert (await line.bob.wait("failed"))["status"] == 480


@answers
async def test_we_hold_and_resume(line: Line) -> None:
    call = await line.alice.call("bob")
    await line.talking()
    assert await call.hold()
    assert (await line.bob.wait("hold"))["originator"] == "remote"
    assert (await line.log.wait(HoldChanged)).by == "local"
    await asyncio.sleep(0.5)
    await line.check_silence()
    assert await call.resume()
    await line.bob.wait("unhold")
    await asyncio.sleep(SETTLED)
    await line.check_sound(2.0)


async def test_they_hold_and_resume(line: Line) -> None:
    await line.bob.call(f"sip:alice@{line.domain}")
    await line.log.wait(IncomingCall)
    await line.alice.answer()
    await line.talking()
    await line.bob.hold()
    held = await line.log.wait(HoldChanged)
    assert (held.held, held.by) == (True, "remote")
    await asyncio.sleep(0.5)
    await line.check_silence()
    await line.bob.resume()
    assert not (await line.log.wait(HoldChanged)).held
    await asyncio.sleep(SETTLED)
    await line.check_sound(2.0)


@answers
async def test_digits_both_ways(line: Line) -> None:
    call = await line.alice.call("bob")
    await line.talking()
    call.mute()
    call.send_dtmf("12#")
    assert "".join(press.digit for press in digits(await line.bob.listen(2.0))) == "12#"
    await line.bob.send_digits("4*")
    assert [(await line.log.wait(DtmfReceived)).digit for _ in range(2)] == ["4", "*"]
    await line.bob.send_digits("7", via="INFO")
    assert (await line.log.wait(DtmfReceived)).digit == "7"


@answers
async def test_mute_is_silence_for_them_alone(line: Line) -> None:
    call = await line.alice.call("bob")
    await line.talking()
    call.mute()
    await asyncio.sleep(0.5)
    heard, recorded = await asyncio.gather(line.phone.listen(1.0), line.bob.listen(1.0))
    assert loudest(recorded, OURS) < ABSENT
    assert hear(heard, THEIRS).share >= 0.95
    call.unmute()
    await asyncio.sleep(0.5)
    await line.check_sound(1.0)


@answers
async def test_ice_is_restarted_in_the_call_by_either_side(line: Line) -> None:
    call = await line.alice.call("bob")
    await line.log.wait(CallAnswered)
    await line.talking()
    invite = call.invite
    assert invite is not None

    async def ours() -> None:
        assert await call.leg.negotiation.reoffer(invite, call.media.restart) == ""

    for who, restart in (("us", ours), ("Chromium", line.bob.restart)):
        line.log.clear()
        listening = asyncio.gather(line.phone.listen(2.5), line.bob.listen(2.5))
        await asyncio.sleep(0.5)
        await restart()
        heard, recorded = (hear(samples, hertz) for samples, hertz in zip(await listening, (THEIRS, OURS), strict=True))
        print(f"ICE restarted by {who}: {heard.longest_gap} ms of silence here, {recorded.longest_gap} ms there")
        assert max(heard.longest_gap, recorded.longest_gap) <= 100
        assert line.log.names() == ["media_connected"]
    assert str(call.status) == "open"
    assert await call.hold()
    assert await call.resume()
    await asyncio.sleep(SETTLED)
    await line.check_sound(1.0)
    call.hang_up()
    assert (await line.bob.wait("ended"))["originator"] == "remote"
