"""Our media against Chromium's, with the test as the signalling between them."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from appliance.media.engine import MediaEngine
from appliance.media.events import DigitReceived, MediaConnected, MediaEvent
from appliance.media.session import MediaSession
from appliance.media.settings import MediaSettings
from appliance.sim.wav_audio import ToneAudio
from tests.support.browser import Browser, ConnectionPeer
from tests.support.overheard import Overheard
from tests.support.tones import Samples, digits, hear, loudest

OURS, THEIRS = 1000.0, 440.0


@dataclass
class Ends:
    """The two ends of a call."""

    ours: MediaSession
    theirs: ConnectionPeer
    phone: Overheard
    events: list[MediaEvent] = field(default_factory=list)

    async def until(self, wanted: Callable[[MediaEvent], bool], seconds: float = 10.0) -> MediaEvent:
        async with asyncio.timeout(seconds):
            while True:
                for event in self.events:
                    if wanted(event):
                        return event
                await asyncio.sleep(0.02)

    async def connected(self) -> None:
        await self.until(lambda event: isinstance(event, MediaConnected))
        await self.theirs.wait("recording")
        await asyncio.sleep(1.0)

    async def listen(self, seconds: float = 2.0) -> tuple[Samples, Samples]:
        """What we hear, and what they hear."""
        heard, recorded = await asyncio.gather(self.phone.listen(seconds), self.theirs.listen(seconds))
        return heard, recorded


@pytest.fixture
def codecs() -> tuple[str, ...]:
    return ("opus", "G722", "PCMU", "PCMA")


each_codec = pytest.mark.parametrize(
    "codecs", [("opus",), ("G722",), ("PCMU",), ("PCMA",)], ids=lambda codecs: str(codecs[0])
)


@pytest.fixture
async def ends(browser: Browser, codecs: tuple[str, ...]) -> AsyncIterator[Ends]:
    phone = Overheard(ToneAudio(OURS))
    async with MediaEngine(MediaSettings(codecs=codecs, loopback=True), phone) as engine:
        events: list[MediaEvent] = []
        theirs = await browser.connection(tone=THEIRS)
        yield Ends(engine.session(events.append), theirs, phone, events)


def _check(heard: Samples, recorded: Samples) -> None:
    """Each hears the other, whole, and nothing of itself."""
    for samples, wanted, unwanted in ((recorded, OURS, THEIRS), (heard, THEIRS, OURS)):
        found = hear(samples, wanted)
        assert found.share >= 0.95, found
        assert found.longest_gap <= 60, found
        assert loudest(samples, unwanted) < 0.005


@each_codec
async def test_we_offer(ends: Ends) -> None:
    await ends.ours.accept_answer(await ends.theirs.answer(await ends.ours.create_offer()))
    await ends.connected()
    _check(*await ends.listen())
    statistics = ends.ours.counters()
    assert statistics.packets_lost == 0


@each_codec
async def test_they_offer(ends: Ends) -> None:
    await ends.theirs.accept(await ends.ours.accept_offer(await ends.theirs.offer()))
    await ends.connected()
    _check(*await ends.listen())
    await ends.theirs.send_digits("12#")
    await ends.until(lambda event: isinstance(event, DigitReceived) and event.digit == "#")
    assert [event.digit for event in ends.events if isinstance(event, DigitReceived)] == ["1", "2", "#"]
    assert ends.ours.rtp.send_digits("45*")
    assert "".join(press.digit for press in digits(await ends.theirs.listen(2.0))) == "45*"


async def test_hold_and_resume(ends: Ends) -> None:
    await ends.ours.accept_answer(await ends.theirs.answer(await ends.ours.create_offer()))
    await ends.connected()
    ends.ours.hold(True)
    await ends.ours.accept_answer(await ends.theirs.answer(await ends.ours.create_offer()))
    await asyncio.sleep(0.5)
    heard, recorded = await ends.listen(1.0)
    assert hear(heard, THEIRS).share == hear(recorded, OURS).share == 0.0
    ends.ours.hold(False)
    await ends.ours.accept_answer(await ends.theirs.answer(await ends.ours.create_offer()))
    await asyncio.sleep(0.5)
    _check(*await ends.listen(1.0))
    await ends.theirs.accept(await ends.ours.accept_offer(await ends.theirs.offer(direction="sendonly")))
    assert ends.ours.remote_held


def _named(description: str, attribute: str) -> list[str]:
    return [line for line in description.split("\r\n") if line.startswith(f"a={attribute}:")]


async def test_restarts_of_ice_keep_the_keys(ends: Ends) -> None:
    first = await ends.ours.create_offer()
    await ends.ours.accept_answer(await ends.theirs.answer(first))
    await ends.connected()
    second = await ends.ours.accept_offer(await ends.theirs.offer(restart=True))
    await ends.theirs.accept(second)
    await asyncio.sleep(1.0)
    ends.ours.restart()
    third = await ends.ours.create_offer()
    await ends.ours.accept_answer(await ends.theirs.answer(third))
    descriptions = (first, second, third)
    assert len({"".join(_named(each, "ice-ufrag")) for each in descriptions}) == 3
    assert len({"".join(_named(each, "fingerprint")) for each in descriptions}) == 1
    await asyncio.sleep(1.0)
    _check(*await ends.listen())
    rows = await ends.theirs.statistics()
    assert [row["dtlsState"] for row in rows if row["type"] == "transport"] == ["connected"]


async def test_a_new_certificate_makes_new_keys(ends: Ends) -> None:
    await ends.ours.accept_answer(await ends.theirs.answer(await ends.ours.create_offer()))
    await ends.connected()
    ends.ours.renew()
    await ends.ours.accept_answer(await ends.theirs.answer(await ends.ours.create_offer()))
    # Chromium says its first DTLS word on the former path, and the next one 6.4 s later.
    await ends.until(lambda _: ends.events.count(MediaConnected()) == 2, seconds=20.0)
    await asyncio.sleep(1.0)
    _check(*await ends.listen())


@pytest.mark.parametrize("we_offer", [True, False], ids=["they are the client", "they are the server"])
async def test_an_rsa_certificate_in_either_role(browser: Browser, we_offer: bool) -> None:
    async with MediaEngine(MediaSettings(loopback=True), ToneAudio(OURS)) as engine:
        events: list[MediaEvent] = []
        ours = engine.session(events.append)
        theirs = await browser.connection(tone=THEIRS, rsa=True)
        if we_offer:
            await ours.accept_answer(await theirs.answer(await ours.create_offer()))
        else:
            await theirs.accept(await ours.accept_offer(await theirs.offer()))
        await theirs.wait("recording")
        assert hear((await theirs.listen(2.0))[48_000:], OURS).share >= 0.9
        assert MediaConnected() in events


async def test_addresses_that_are_hidden_behind_names_that_nobody_knows() -> None:
    async with (
        Browser(hides_addresses=True) as browser,
        MediaEngine(MediaSettings(loopback=True), ToneAudio(OURS)) as engine,
    ):
        events: list[MediaEvent] = []
        ours = engine.session(events.append)
        theirs = await browser.connection(tone=THEIRS)
        offer = await theirs.offer()
        assert ".local " in offer
        assert not re.search(r"a=candidate:.* (127\.|192\.|10\.)", offer)
        await theirs.accept(await ours.accept_offer(offer.replace(".local", "-of-nobody.local")))
        await theirs.wait("recording")
        assert hear((await theirs.listen(2.0))[48_000:], OURS).share >= 0.9
        assert MediaConnected() in events
