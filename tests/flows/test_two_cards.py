"""Two real sound cards, a PulseAudio daemon each, one of which dies in a call."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from appliance.calls.client import Client, ClientSettings
from appliance.calls.sound_events import MediaPermission
from appliance.devices.sound_cards import SoundCards
from appliance.media.settings import MediaSettings
from appliance.sim.registrar import Registrar
from tests.flows.phones import USERS, Phone
from tests.support import witness
from tests.support.pulse import Pulse
from tests.support.tones import RATE, amplitude, sine


@contextmanager
def as_two_cards(folder: Path, **daemons: Pulse) -> Iterator[None]:
    """Within, ALSA in this process knows each daemon as a card of its name."""
    lines = ["</usr/share/alsa/alsa.conf>"]
    for name, daemon in daemons.items():
        pulse = f'type pulse server "{daemon.environment["PULSE_SERVER"]}" device'
        ways = f"playback.pcm {{ {pulse} speaker }} capture.pcm {{ {pulse} microphone }}"
        lines.append(f'pcm.{name} {{ type asym {ways} hint {{ show on description "{name}" }} }}')
    config = folder / "alsa.conf"
    config.write_text("\n".join(lines) + "\n")
    before = os.environ.get("ALSA_CONFIG_PATH")
    os.environ["ALSA_CONFIG_PATH"] = str(config)
    try:
        yield
    finally:
        os.environ.pop("ALSA_CONFIG_PATH")
        if before is not None:
            os.environ["ALSA_CONFIG_PATH"] = before


async def test_a_card_that_dies_in_a_call_is_replaced_by_the_other_in_both_directions(tmp_path: Path) -> None:
    with Pulse() as first, Pulse() as second, as_two_cards(tmp_path, first=first, second=second):
        cards = SoundCards("first", "first", proc=tmp_path)
        async with Registrar(USERS) as registrar:
            account = {"registrars": registrar.url, "domain": registrar.domain}
            settings = ClientSettings(
                registrars=registrar.url, domain=registrar.domain, media=MediaSettings(loopback=True)
            )
            told: list[MediaPermission] = []
            client = Client(settings, sound=cards)
            client.subscribe(lambda event: told.append(event) if isinstance(event, MediaPermission) else None)
            client.subscribe(witness.saw)
            voices = first.feeding(sine(600.0, 30.0)), second.feeding(sine(900.0, 30.0))
            async with client, Phone(tmp_path, "bob", 1500.0, **account) as bob:
                with voices[0], voices[1], second.listening() as ear:
                    await client.login("alice", USERS["alice"])
                    await bob.login()
                    ids = [each.device_id for each in client.available_devices("input")]
                    assert ids[0] == "pcm-first:audioinput"
                    client.audio.microphone.set("pcm-first:audioinput")
                    client.audio.speaker.set("pcm-first:audiooutput")
                    placed = await client.call("bob")
                    received = await bob.rung()
                    assert await received.answer()
                    await asyncio.sleep(4.0)
                    played = ear.seconds
                    told.clear()
                    first.kill()
                    async with asyncio.timeout(20.0):
                        while MediaPermission(status="success") not in told:  # noqa: ASYNC110 -- told by a callback
                            await asyncio.sleep(0.01)
                    assert told[0].status == "failure"
                    await asyncio.sleep(3.0)
                    listened = ear.samples[int(played * RATE) :]
                    placed.hang_up()
                    await received.wait_ended()
        heard = bob.recording()
        assert amplitude(heard, 600.0) > 0.01, "the first card's microphone"
        assert amplitude(heard[-3 * RATE :], 900.0) > 0.01, "and then the second's"
        assert amplitude(listened, 1500.0) > 0.01, "never one way only"
        assert np.abs(listened.astype(int)).max() > 1_000
        sounding = np.abs(heard[: len(heard) // 480 * 480].reshape(-1, 480)).max(axis=1) > 500
        began, ended = np.flatnonzero(sounding)[[0, -1]]
        gap = max(len(run) for run in "".join("." if each else "q" for each in sounding[began:ended]).split("."))
        assert gap * 10 < 5_000, f"{gap * 10} ms of silence"
