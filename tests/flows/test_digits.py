"""Digits in each of their ways, on the wire: telephone events, SIP INFO and tones, each key press once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from appliance.calls.call import Call
from appliance.calls.dtmf import DtmfOptions
from appliance.calls.events import DtmfFailed, DtmfReceived, Logout
from appliance.media.events import DigitMethod
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from appliance.sip.events import Incoming, RequestReceived
from tests.flows.phones import USERS, Phone
from tests.flows.scripted_far_end import ScriptedFarEnd

Alice = Callable[[DtmfOptions], AbstractAsyncContextManager[Phone]]


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    async with Registrar(USERS) as registrar:
        yield registrar


@pytest.fixture
def alice(registrar: Registrar, tmp_path: Path) -> Alice:
    @asynccontextmanager
    async def with_options(options: DtmfOptions) -> AsyncIterator[Phone]:
        account = {"registrars": registrar.url, "domain": registrar.domain}
        media = MediaSettings(loopback=True)
        async with Phone(tmp_path, "alice", 440.0, **account, media=media, dtmf_options=options) as phone:
            await phone.login()
            yield phone

    return with_options


@pytest.fixture
async def far(registrar: Registrar) -> AsyncIterator[ScriptedFarEnd]:
    async with ScriptedFarEnd(registrar, "bob") as far:
        yield far


async def answered(alice: Phone, far: ScriptedFarEnd, *, events: bool = True) -> tuple[Call, Incoming]:
    """A call that the far end has answered, with or without telephone events."""
    call = await alice.client.call("bob")
    incoming = await far.told(Incoming)
    assert incoming.offer is not None
    lines = incoming.offer.decode().splitlines(keepends=True)
    offer = "".join(line for line in lines if events or not ("telephone-event" in line or "0-16" in line))
    far.agent.answer(incoming.invite, (await far.media.accept_offer(offer)).encode())
    assert await call.wait_answered()
    return call, incoming


async def test_a_digit_said_in_three_ways_is_heard_once(alice: Alice, far: ScriptedFarEnd) -> None:
    async with alice(DtmfOptions(detect_inband=True)) as phone:
        _, incoming = await answered(phone, far)
        for digit in "55":
            assert far.media.rtp.send_digits(digit)
            body = f"Signal={digit}\r\nDuration=160\r\n".encode()
            far.agent.request("INFO", incoming.invite, content_type="application/dtmf-relay", body=body)
            await asyncio.sleep(0.3)
            assert far.media.rtp.sound_digits(digit)
            await asyncio.sleep(0.3)
        assert far.media.rtp.sound_digits("A")
        await phone.told(DtmfReceived, lambda event: event.digit == "A")
        far.agent.request("INFO", incoming.invite, content_type="application/dtmf", body=b"7")
        await phone.told(DtmfReceived, lambda event: event.digit == "7")
        told = [(event.digit, event.method) for event in phone.all(DtmfReceived)]
    assert [digit for digit, _ in told] == ["5", "5", "A", "7"]
    assert told[2:] == [("A", "inband"), ("7", "info")]


async def test_digits_are_tones_where_no_events_were_agreed_on_and_mute_stays(
    alice: Alice, far: ScriptedFarEnd
) -> None:
    async with alice(DtmfOptions()) as phone:
        call, _ = await answered(phone, far, events=False)
        far.media.rtp.detect_digits(on=True)
        call.mute()
        call.send_dtmf("0*D")
        heard = await far.pressed("0*D")
        assert {event.method for event in heard} == {DigitMethod.INBAND}
        assert all(100.0 < event.duration < 220.0 for event in heard)
        assert call.muted
        assert call.media.muted
        assert not [event for event in far.heard if isinstance(event, RequestReceived)]


async def test_digits_are_events_where_both_ways_are_open_and_nobody_hears_them_twice(
    alice: Alice, far: ScriptedFarEnd
) -> None:
    async with alice(DtmfOptions()) as phone:
        call, _ = await answered(phone, far)
        far.media.rtp.detect_digits(on=True)
        call.send_dtmf("12")
        await far.pressed("12")
        await asyncio.sleep(0.5)
        heard = await far.pressed("12")
        assert {event.method for event in heard} == {DigitMethod.TELEPHONE_EVENT}


async def test_digits_are_tones_alone_where_that_is_wanted(alice: Alice, far: ScriptedFarEnd) -> None:
    async with alice(DtmfOptions(send_dtmf_type="INBAND")) as phone:
        call, _ = await answered(phone, far)
        far.media.rtp.detect_digits(on=True)
        call.send_dtmf("7w7")
        heard = await far.pressed("77")
        assert {event.method for event in heard} == {DigitMethod.INBAND}


async def test_digits_go_by_info_where_tones_are_not_wanted_and_events_not_taken(
    alice: Alice, far: ScriptedFarEnd
) -> None:
    async with alice(DtmfOptions(send_dtmf_type="outband")) as phone:
        call, _ = await answered(phone, far, events=False)
        call.send_dtmf("1w#")
        await far.told(RequestReceived, count=2)
        told = [event for event in far.heard if isinstance(event, RequestReceived)]
        assert [event.content_type for event in told] == ["application/dtmf-relay"] * 2
        assert [event.body.split(b"\r\n")[0] for event in told] == [b"Signal=1", b"Signal=#"]


async def test_digits_that_could_not_be_said_are_reported(
    alice: Alice, far: ScriptedFarEnd, registrar: Registrar
) -> None:
    async with alice(DtmfOptions(send_dtmf_type="outband")) as phone:
        call, _ = await answered(phone, far, events=False)
        await registrar.drop("alice")
        await phone.told(Logout)
        call.send_dtmf("12")
        failed = await phone.told(DtmfFailed)
        assert failed.digits == "12"
        assert failed.reason.startswith("503")
        assert call.answered
