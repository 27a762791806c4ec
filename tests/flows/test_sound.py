"""What callers hear before the answer and of each other's noise, in real calls."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from appliance.calls.client import Client, ClientSettings
from appliance.calls.sound_events import MediaPermission, NoiseReductionReady
from appliance.errors import DriverError
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from appliance.sim.wav_audio import WavAudio
from tests.flows.phones import USERS, Phone, connect
from tests.flows.scripted_far_end import ScriptedFarEnd
from tests.support import witness
from tests.support.tones import RATE, amplitude, hear, read_wav, sine
from tests.unit.sim.wav_files import write_wav


async def test_noise_reduction_starts_and_stops_in_a_call(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0.0, 600.0, 12 * RATE)
    write_wav(tmp_path / "noise.wav", np.rint(noise).astype(np.int16), rate=RATE)
    async with Registrar(USERS) as registrar:
        account = {"registrars": registrar.url, "domain": registrar.domain}
        media = MediaSettings(loopback=True)
        noisy = Client(
            ClientSettings(registrars=registrar.url, domain=registrar.domain, media=media),
            audio=WavAudio(tmp_path / "noise.wav", loop=True),
        )
        events: list[object] = []
        noisy.subscribe(events.append)
        noisy.subscribe(witness.saw)
        async with noisy, Phone(tmp_path, "bob", 440.0, **account) as bob:
            await noisy.login("alice", USERS["alice"])
            await bob.login()
            call = await noisy.call("bob")
            received = await bob.rung()
            assert await received.answer()
            await asyncio.sleep(1.5)
            assert await noisy.start_noise_reduction()
            assert not await noisy.start_noise_reduction()
            await asyncio.sleep(3.0)
            assert await noisy.stop_noise_reduction()
            assert not await noisy.stop_noise_reduction()
            await asyncio.sleep(1.5)
            call.hang_up()
            await received.wait_ended()
        heard = bob.recording().astype(float)
        windows = np.sqrt(np.mean(heard[: len(heard) // 4_800 * 4_800].reshape(-1, 4_800) ** 2, axis=1))
        sounding = windows[windows > 20.0]
        assert events.count(NoiseReductionReady()) == 1
        assert np.sort(sounding)[len(sounding) // 4] < 0.4 * np.median(sounding[:8]), "quieter while it worked"
        assert np.median(sounding[-8:-2]) > 0.7 * np.median(sounding[:8]), "and as before after it"


async def test_a_device_that_fails_is_told(tmp_path: Path) -> None:
    async with Registrar(USERS) as registrar:
        account = {"registrars": registrar.url, "domain": registrar.domain}
        client = Client(
            ClientSettings(registrars=registrar.url, domain=registrar.domain, media=MediaSettings(loopback=True)),
            audio=WavAudio(tmp_path / "missing.wav"),
        )
        told: asyncio.Queue[MediaPermission] = asyncio.Queue()
        client.subscribe(lambda event: told.put_nowait(event) if isinstance(event, MediaPermission) else None)
        client.subscribe(witness.saw)
        async with client, Phone(tmp_path, "bob", 440.0, **account) as bob:
            await client.login("alice", USERS["alice"])
            await bob.login()
            await client.call("bob")
            async with asyncio.timeout(10.0):
                event = await told.get()
            assert event.status == "failure"
            assert "missing.wav" in event.error


@pytest.mark.parametrize(("covers", "hertz"), [(True, 425.0), (False, 1000.0)])
async def test_ringback_covers_early_media_or_lets_it_through(tmp_path: Path, covers: bool, hertz: float) -> None:
    async with Registrar(USERS) as registrar:
        account = {"registrars": registrar.url, "domain": registrar.domain}
        async with (
            Phone(tmp_path, "alice", 440.0, **account, tones=True, connect_tone=False) as alice,
            ScriptedFarEnd(registrar, "bob", hertz=1000.0) as far,
        ):
            await alice.login()
            await alice.client.set_ring_tone_back(covers)
            placed = await alice.client.call("bob")
            incoming, body = await far.called()
            # An announcement before the call is charged for.
            far.agent.provisional(incoming.invite, 183, body=body)
            await asyncio.sleep(3.0)
            placed.hang_up()
            await placed.wait_ended()
        samples, _ = read_wav(tmp_path / "alice.wav")
        sound = samples[np.flatnonzero(np.abs(samples) > 300)[0] :][RATE // 5 : RATE]
        assert hear(sound, hertz).share > 0.6


async def test_a_ringtone_of_ones_own_rings(tmp_path: Path) -> None:
    write_wav(tmp_path / "ring.wav", sine(650.0, 1.0, rate=16_000), rate=16_000)
    async with Registrar(USERS) as registrar:
        account = {"registrars": registrar.url, "domain": registrar.domain}
        async with (
            Phone(tmp_path, "alice", 440.0, **account) as alice,
            Phone(tmp_path, "bob", 1000.0, **account, tones=True) as bob,
        ):
            await alice.login()
            await bob.login()
            with pytest.raises(DriverError, match=r"none\.wav"):
                await bob.client.set_ring_tone(tmp_path / "none.wav")
            await bob.client.set_ring_tone(tmp_path / "ring.wav")
            placed = await alice.client.call("bob")
            await bob.rung()
            await asyncio.sleep(1.5)
            placed.hang_up()
            await placed.wait_ended()
        samples, _ = read_wav(tmp_path / "bob.wav")
        assert hear(samples[np.flatnonzero(np.abs(samples) > 300)[0] :][:RATE], 650.0).share > 0.8


async def test_the_sound_of_a_call_can_be_read_while_it_lasts(tmp_path: Path) -> None:
    async with Registrar(USERS) as registrar:
        account = {"registrars": registrar.url, "domain": registrar.domain}
        async with (
            Phone(tmp_path, "alice", 440.0, **account) as alice,
            Phone(tmp_path, "bob", 1000.0, **account) as bob,
        ):
            await alice.login()
            await bob.login()
            placed, received = await connect(alice, bob)
            local, remote = placed.local_stream, placed.remote_stream
            assert placed.local_stream is local
            said = [await anext(local) for _ in range(100)]
            heard = [await anext(remote) for _ in range(100)]
            placed.mute()
            await asyncio.sleep(1.5)
            assert local.dropped > 0, "a reader that does not read loses the oldest"
            received.hang_up()
            await placed.wait_ended()
            rest = [frame async for frame in local]
    assert amplitude(np.concatenate(said), 440.0) > 10.0 * amplitude(np.concatenate(said), 1000.0)
    assert amplitude(np.concatenate(heard), 1000.0) > 10.0 * amplitude(np.concatenate(heard), 440.0)
    assert {frame.shape for frame in (*said, *heard)} == {(480,)}
    assert not np.concatenate(rest[-50:]).any(), "nothing of a muted microphone"
