"""Cards that are chosen, plugged in and taken away in a call: sound in both ways, mute kept, each change told once."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from appliance.calls.call import Call
from appliance.calls.client import Client, ClientSettings
from appliance.calls.events import ClientEvent
from appliance.calls.sound_events import AudioDeviceChanged
from appliance.errors import UsageError
from appliance.media.ports import AudioDevice
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from appliance.sim.sound_system import SimulatedCards
from appliance.sim.wav_audio import ToneAudio
from tests.flows.phones import USERS, Phone
from tests.support import witness
from tests.support.tones import RATE, Samples, amplitude, hear, read_wav

CARDS = {"desk": 500.0, "headset": 800.0, "horn": 1300.0}
"""What the microphone of each card hears."""


class Unit:
    """A client with simulated cards, in a call with bob, whose voice is 2000 Hz."""

    def __init__(self, folder: Path, client: Client, cards: SimulatedCards, bob: Phone) -> None:
        self.folder = folder
        self.client = client
        self.cards = cards
        self.bob = bob
        self.events: list[ClientEvent] = []
        client.subscribe(self.events.append)
        client.subscribe(witness.saw)

    def plug(self, name: str) -> None:
        def make() -> AudioDevice:
            return ToneAudio(CARDS[name], record=self.folder / f"{name}-{time.monotonic_ns()}.wav")

        self.cards.plug(name, make)

    def heard(self, name: str) -> Samples:
        """What the loudspeaker of a card has played, each time it was open."""
        recordings = [read_wav(path)[0] for path in sorted(self.folder.glob(f"{name}-*.wav"))]
        return np.concatenate(recordings) if recordings else np.zeros(0, dtype=np.int16)

    def changes(self) -> list[tuple[str, str]]:
        return [(each.change, each.device.device_id) for each in self.events if isinstance(each, AudioDeviceChanged)]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10.0):
            while not true():  # noqa: ASYNC110 -- what is waited for happens in threads
                await asyncio.sleep(0.02)

    async def call(self) -> tuple[Call, Call]:
        placed = await self.client.call("bob")
        received = await self.bob.rung()
        assert await received.answer()
        assert await placed.wait_answered()
        await asyncio.sleep(1.5)
        return placed, received


@asynccontextmanager
async def unit(folder: Path, *cards: str, tones: bool = False, default: bool = False) -> AsyncIterator[Unit]:
    system = SimulatedCards()
    async with Registrar(USERS) as registrar:
        account = {"registrars": registrar.url, "domain": registrar.domain}
        settings = ClientSettings(
            registrars=registrar.url,
            domain=registrar.domain,
            media=MediaSettings(loopback=True),
            tones=tones,
            use_default_audio_device=default,
        )
        client = Client(settings, sound=system)
        async with Phone(folder, "bob", 2000.0, **account) as bob:
            made = Unit(folder, client, system, bob)
            for card in cards:
                made.plug(card)
            async with client:
                await client.login("alice", USERS["alice"])
                await bob.login()
                yield made


async def test_a_card_taken_away_in_a_call_is_replaced_at_once_and_comes_back(tmp_path: Path) -> None:
    async with unit(tmp_path, "headset", "desk") as made:
        placed, received = await made.call()
        assert made.client.audio.microphone.media() == made.client.available_devices("input")[0]
        placed.mute()
        made.cards.unplug("headset")
        await made.until(lambda: len(made.changes()) == 2)
        assert placed.muted
        placed.unmute()
        await asyncio.sleep(1.5)
        made.plug("headset")
        await made.until(lambda: len(made.changes()) == 4)
        await asyncio.sleep(1.5)
        placed.hang_up()
        await received.wait_ended()
        assert made.changes() == [
            ("removed", "headset:audioinput"),
            ("removed", "headset:audiooutput"),
            ("added", "headset:audioinput"),
            ("added", "headset:audiooutput"),
        ]
    heard = made.bob.recording()
    assert [hertz for hertz in (800.0, 500.0, 800.0) if amplitude(heard, hertz) > 0.005] == [800.0, 500.0, 800.0]
    assert hear(made.heard("desk"), 2000.0).share > 0.8, "never one way only"
    played = sum(len(made.heard(name)) for name in ("headset", "desk")) / RATE
    assert hear(made.heard("headset")[-RATE:], 2000.0).share > 0.5
    assert played > 4.0


async def test_the_gap_of_a_card_taken_away_is_shorter_than_half_a_second(tmp_path: Path) -> None:
    async with unit(tmp_path, "headset", "desk") as made:
        placed, received = await made.call()
        made.cards.unplug("headset")
        await asyncio.sleep(2.0)
        placed.hang_up()
        await received.wait_ended()
    heard = made.bob.recording()
    sounding = np.flatnonzero(np.abs(heard) > 1_000)
    inside = heard[sounding[0] : sounding[-1]]
    quiet = np.abs(inside[: len(inside) // 480 * 480].reshape(-1, 480)).max(axis=1) < 300
    longest = max((len(run) for run in "".join("q" if each else "." for each in quiet).split(".")), default=0)
    assert amplitude(heard, 500.0) > 0.005
    assert longest * 10 <= 500, f"{longest * 10} ms of silence"


async def test_devices_are_chosen_by_id_in_a_call(tmp_path: Path) -> None:
    async with unit(tmp_path, "desk", "headset") as made:
        audio = made.client.audio
        placed, received = await made.call()
        with pytest.raises(UsageError, match=r"device 'none' is no input device: known are desk:audioinput, headset"):
            audio.microphone.set("none")
        with pytest.raises(UsageError, match="desk:audioinput"):
            audio.speaker.set("desk:audioinput")
        with pytest.raises(UsageError, match="filter: 'video' is not input, output or None"):
            made.client.available_devices("video")  # type: ignore[arg-type]
        audio.microphone.set("headset:audioinput")
        assert audio.microphone.get() == "headset:audioinput"
        await asyncio.sleep(1.5)
        media = audio.microphone.media()
        assert media is not None
        assert (media.label, media.group_id) == ("Headset", "headset")
        audio.microphone.reset()
        assert audio.microphone.get() == ""
        await asyncio.sleep(1.0)
        placed.hang_up()
        await received.wait_ended()
    heard = made.bob.recording()
    assert amplitude(heard, 800.0) > 0.005
    assert amplitude(heard, 500.0) > 0.005


async def test_the_ringer_is_a_card_of_its_own(tmp_path: Path) -> None:
    async with unit(tmp_path, "desk", "horn", tones=True) as made:
        made.client.audio.ringtone.set("horn:audiooutput")
        placed = await made.bob.client.call("alice")
        await asyncio.sleep(1.5)
        (incoming,) = made.client.incoming_calls
        assert await incoming.answer()
        await asyncio.sleep(2.0)
        placed.hang_up()
        await incoming.wait_ended()
    assert np.abs(made.heard("horn")[: RATE // 2].astype(int)).max() > 3_000
    assert amplitude(made.heard("horn"), 2000.0) < 0.005, "the far end is not on the horn"
    assert hear(made.heard("desk"), 2000.0).share > 0.6


async def test_what_is_plugged_in_is_used(tmp_path: Path) -> None:
    async with unit(tmp_path, "desk") as made:
        made.plug("headset")
        await made.until(lambda: len(made.changes()) == 2)
        media = made.client.audio.speaker.media()
        assert media is not None
        assert media.group_id == "headset"
        assert len(await made.client.reveal_audio_devices()) == 4
        made.client.audio.speaker.set("desk:audiooutput")
        made.cards.unplug("headset")
        await made.until(lambda: len(made.changes()) == 4)
        media = made.client.audio.microphone.media()
        assert media is not None
        assert media.group_id == "desk"


async def test_what_is_plugged_in_is_not_used_where_the_default_is_wanted(tmp_path: Path) -> None:
    async with unit(tmp_path, "desk", default=True) as made:
        made.plug("headset")
        await made.until(lambda: len(made.changes()) == 2)
        media = made.client.audio.microphone.media()
        assert media is not None
        assert media.group_id == "desk"
