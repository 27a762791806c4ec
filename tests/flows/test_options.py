"""Options of a client whose whole effect is seen from outside: at the registrar, at the far end, in the sound."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from appliance.calls.events import MediaMetrics, Sample
from appliance.errors import UsageError
from appliance.media.settings import EchoCancellation, MediaSettings, VoiceSettings
from appliance.sim.registrar import Registrar
from appliance.sip.events import Incoming
from tests.flows.phones import USERS, Phone, connect, exchange, heard_of
from tests.flows.scripted_far_end import ScriptedFarEnd
from tests.support.coturn import Coturn
from tests.support.kamailio import Kamailio


async def test_the_refresh_timer_is_what_the_registrar_is_asked_for(tmp_path: Path, kamailio: Kamailio) -> None:
    settings = {"registrars": kamailio.ws_url, "domain": kamailio.domain, "register_expires": 300}
    phone = Phone(tmp_path, "alice", 440.0, **settings)
    async with phone:
        await phone.client.login("alice", kamailio.users["alice"])
        (binding,) = kamailio.bindings("alice")
    assert 240 < binding.expires <= 300


async def test_the_bit_rate_is_kept_to_and_asked_of_the_peer(tmp_path: Path) -> None:
    sent: dict[str, int] = {}
    async with exchange("embedded") as place:
        for rate in (8_000, 48_000):
            media = MediaSettings(loopback=True, max_average_bitrate=rate)
            async with (
                Phone(tmp_path, "alice", 440.0, **{**place, "media": media}) as alice,
                Phone(tmp_path, "bob", 660.0, **place) as bob,
            ):
                await alice.login()
                await bob.login()
                call, received = await connect(alice, bob)
                await alice.told(Sample, count=3)
                sent[f"ours {rate}"] = call.counters().bytes_sent // call.counters().packets_sent
                sent[f"theirs {rate}"] = received.counters().bytes_sent // received.counters().packets_sent
    print(sent)
    assert sent["ours 8000"] < 0.6 * sent["ours 48000"]
    assert sent["theirs 8000"] < 0.6 * sent["theirs 48000"], "maxaveragebitrate of our description binds the peer"


@pytest.mark.parametrize("echo", [EchoCancellation.HANDSET, EchoCancellation.HANDS_FREE])
async def test_a_voice_that_is_processed_is_heard(tmp_path: Path, echo: EchoCancellation) -> None:
    voice = VoiceSettings(echo_cancellation=echo, noise_suppression=False, gain_control=True)
    async with (
        exchange("embedded") as place,
        Phone(tmp_path, "alice", 440.0, **{**place, "media": MediaSettings(loopback=True, voice=voice)}) as alice,
        Phone(tmp_path, "bob", 660.0, **place) as bob,
    ):
        await alice.login()
        await bob.login()
        call, _ = await connect(alice, bob)
        await bob.told(Sample, count=4)
        call.hang_up()
        await call.wait_ended()
    assert heard_of(alice, bob).share >= 0.9
    assert heard_of(bob, alice).share >= 0.8, "a processor may turn a tone that never ends down"


async def test_nothing_is_measured_where_tracking_is_off(tmp_path: Path) -> None:
    async with (
        exchange("embedded") as place,
        Phone(tmp_path, "alice", 440.0, **place, enable_quality_tracking="none") as alice,
        Phone(tmp_path, "bob", 660.0, **place) as bob,
    ):
        await alice.login()
        await bob.login()
        call, _ = await connect(alice, bob)
        bob.client.mute()
        await alice.told(Sample, count=7)
        call.hang_up()
        await call.wait_ended()
    assert alice.all(MediaMetrics) == []


@pytest.mark.parametrize("on", [True, False])
async def test_something_sounds_from_the_invite_until_the_far_end_is_heard(tmp_path: Path, on: bool) -> None:
    async with Registrar(USERS) as registrar, ScriptedFarEnd(registrar, "bob") as far:
        place = {"registrars": registrar.url, "domain": registrar.domain}
        async with Phone(tmp_path, "alice", 440.0, **place, tones=True) as alice:
            await alice.login()
            alice.client.set_connect_tone(on)
            call = await alice.client.call("bob")
            await far.told(Incoming)
            await asyncio.sleep(1.5)
            call.hang_up()
            await call.wait_ended()
    assert bool(np.abs(alice.recording()).max() > 300) is on


async def test_a_call_is_answered_by_servers_and_a_voice_of_its_own(tmp_path: Path) -> None:
    with Coturn(tmp_path) as coturn:
        async with (
            exchange("embedded") as place,
            Phone(tmp_path, "alice", 440.0, **place) as alice,
            Phone(tmp_path, "bob", 660.0, **place) as bob,
        ):
            await alice.login()
            await bob.login()
            placed = await alice.client.call("bob")
            received = await bob.rung()
            with pytest.raises(UsageError, match=r"ice_servers: 'turn:x': allowed are stun:host"):
                await received.answer(ice_servers=["turn:x"])
            assert received.waiting
            quiet = VoiceSettings(noise_suppression=True)
            assert await received.answer(ice_servers=[coturn.server("udp")], audio_constraints=quiet)
            assert await placed.wait_answered()
            assert " typ relay " in received.media.description
            assert " typ relay " not in placed.media.description
            assert bob.client.media.voice == quiet
