"""What is told of sound: a silent microphone, a card that is taken away, speech behind the mute, candidates long in
coming; and nothing of silence, pauses, mute and hold. Four calls at once, in one process.
"""

import asyncio
import contextlib
import socket
from collections.abc import Collection, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from appliance.calls.call import Call
from appliance.calls.events import CallAnswered, Calling, CallTerminated, Sample
from appliance.calls.quality_events import (
    FeedbackSubmitted,
    MediaMetrics,
    RemoteAudioStatus,
    Volume,
    WarningCleared,
    WarningRaised,
)
from appliance.devices.sound_card import SoundCard
from appliance.errors import TransportError, UsageError
from appliance.media.settings import MediaSettings
from appliance.units import Seconds
from tests.flows.phones import Phone, connect, exchange
from tests.flows.talk import talk, talking
from tests.support import witness
from tests.support.https_inbox import HttpsInbox, https_inbox
from tests.support.ports import LOOPBACK
from tests.support.pulse import Pulse

Told = tuple[str, str | None, bool]
NETWORK = ("high-jitter", "high-packet-loss", "high-rtt", "low-mos")


def metrics(phone: Phone) -> list[Told]:
    """Type and stream of each metric, and whether it began."""
    return [(event.type, event.stream, event.active) for event in phone.all(MediaMetrics)]


def of_sound(phone: Phone) -> list[Told]:
    """Those that are about sound."""
    told = [event for event in phone.all(MediaMetrics) if event.group == "audio"]
    return [(event.type, event.stream, event.active) for event in told]


def warnings(phone: Phone, but: Collection[str] = ()) -> list[tuple[str, bool]]:
    """Each warning, and whether it was raised."""
    every = [event for event in phone.heard if isinstance(event, WarningRaised | WarningCleared)]
    told = [event for event in every if event.name not in but]
    return [(event.name, isinstance(event, WarningRaised)) for event in told]


async def metric(phone: Phone, kind: str, stream: str | None, *, active: bool, count: int = 1) -> MediaMetrics:
    """Wait until it was told so often."""
    return await phone.told(
        MediaMetrics,
        lambda event: (event.type, event.stream, event.active) == (kind, stream, active),
        count=count,
        seconds=20.0,
    )


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """A STUN server that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
        hole.bind((LOOPBACK, 0))
        yield f"stun:{LOOPBACK}:{hole.getsockname()[1]}"


async def test_what_is_wrong_is_told_and_what_is_meant_is_not(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(exchange("embedded"))
        pulse = stack.enter_context(Pulse())
        stack.enter_context(pulse.as_sound_card())
        async with asyncio.TaskGroup() as scenes:
            scenes.create_task(_a_card_and_its_microphone(tmp_path, pulse, place))
            scenes.create_task(_slow_candidates_volumes_and_feedback(tmp_path, place))
            for pair, media in (
                (("carol", "dave"), MediaSettings(loopback=True, discontinuous=True)),
                (("erin", "frank"), MediaSettings(loopback=True)),
            ):
                scenes.create_task(_what_is_meant(tmp_path, pair, media, place))


async def _a_card_and_its_microphone(folder: Path, pulse: Pulse, place: dict[str, Any]) -> None:
    other = talking(folder / "alice-says.wav", 2.0, 1.0, pitch=200.0)
    async with (
        Phone(folder, "alice", 440.0, audio=other, **place) as alice,
        Phone(folder, "bob", 1000.0, audio=SoundCard(), **place) as bob,
    ):
        await alice.login()
        await bob.login()
        call, answered = await connect(alice, bob)

        # Nobody feeds the card's microphone: it delivers zeros.
        dead = await metric(bob, "no_audio_received", "local", active=True)
        assert (dead.value, dead.group, dead.desc) == (-100.0, "audio", "local_audio")
        await metric(alice, "no_audio_received", "remote", active=True)
        speech = talk(20.0)
        with pulse.feeding(speech):
            heard = await metric(bob, "no_audio_received", "local", active=False)
            assert float(heard.value) > -60.0
            await metric(alice, "no_audio_received", "remote", active=False)
            answered.mute()
            speaking = await metric(bob, "speaking_on_mute", None, active=True)
            assert (speaking.value, speaking.desc) == (0.0, "User is trying to speak on mute")
        await metric(bob, "speaking_on_mute", None, active=False)
        with pulse.feeding(speech):
            await metric(bob, "speaking_on_mute", None, active=True, count=2)
            answered.unmute()
            await metric(bob, "speaking_on_mute", None, active=False, count=2)
            pulse.kill()
            await metric(bob, "no_microphone_access", None, active=True)
        await asyncio.to_thread(pulse.start)
        with pulse.feeding(speech):
            await metric(bob, "no_microphone_access", None, active=False)
            await asyncio.sleep(2.0)
            pulse.stand_still()
            starved = await metric(bob, "no_microphone_access", None, active=True, count=2)
            assert 0.0 <= float(starved.value) < 80.0, "bytes in three seconds"
            await bob.told(WarningRaised, lambda event: event.name == "low-bytes-sent")
            await bob.told(WarningCleared, lambda event: event.name == "low-bytes-sent")
            pulse.kill()
        await asyncio.to_thread(pulse.start)
        with pulse.feeding(speech):
            await metric(bob, "no_microphone_access", None, active=False, count=2)
            await metric(alice, "no_audio_received", "remote", active=False, count=2)
            call.hang_up()
            await bob.told(CallTerminated)
        _check_the_whole(alice, bob)


def _check_the_whole(alice: Phone, bob: Phone) -> None:
    """Each thing once each time, and nothing else: what Bob's mute and his lost card send is silence that is meant.

    Of sound, that is: on a busy machine, a card's packets are late indeed.
    """
    assert of_sound(alice) == [("no_audio_received", "remote", active) for active in (True, False)] * 2
    assert sorted(warnings(alice, but=NETWORK)) == sorted(
        [("constant-audio-output-level", raised) for raised in (True, False)] * 2
        + [("low-bytes-received", raised) for raised in (True, False)]
    )
    assert of_sound(bob) == [
        (kind, stream, active)
        for kind, stream in (
            ("no_audio_received", "local"),
            ("speaking_on_mute", None),
            ("speaking_on_mute", None),
            ("no_microphone_access", None),
            ("no_microphone_access", None),
        )
        for active in (True, False)
    ]
    assert warnings(bob, but=NETWORK) == [
        (name, raised) for name in ("constant-audio-input-level", "low-bytes-sent") for raised in (True, False)
    ]


async def _what_is_meant(folder: Path, pair: tuple[str, str], media: MediaSettings, place: dict[str, Any]) -> None:
    """One talks on and on; the other says something, is silent, presses keys, mutes, is put on hold and comes back."""
    talker, listener = pair
    async with (
        Phone(folder, talker, 440.0, audio=talking(folder / f"{talker}.wav", 2.0, 1.5), media=media, **place) as first,
        Phone(
            folder, listener, 1000.0, audio=talking(folder / f"{listener}.wav", 3.0, 60.0), media=media, **place
        ) as second,
    ):
        await first.login()
        await second.login()
        call, answered = await connect(first, second)
        await asyncio.sleep(9.0)
        answered.send_dtmf("1w2")
        answered.mute()
        await asyncio.sleep(7.0)
        answered.unmute()
        assert await call.hold()
        await asyncio.sleep(6.0)
        assert await call.resume()
        await asyncio.sleep(5.0)
        call.hang_up()
        await second.told(CallTerminated)
        assert metrics(first) == metrics(second) == []
        assert warnings(first) == warnings(second) == []
        samples = [event.sample for event in first.all(Sample)]
        assert len(samples) > 20
        paused = [sample for sample in samples if 0 < sample.packets_received < 10]
        # A second in which a hold begins or ends has few packets too.
        assert (len(paused) > 3) is media.discontinuous, "with DTX, the silence was one of few packets"
        assert samples[-1].totals.audible > 1.0


async def _slow_candidates_volumes_and_feedback(folder: Path, place: dict[str, Any]) -> None:
    with silent_server() as server, https_inbox(folder) as (inbox, trusted):
        media = MediaSettings(loopback=True, stun=(server,), gathering=Seconds(3.0))
        settings = {"media": media, "feedback_url": inbox.url, "feedback_ca_file": str(trusted), **place}
        async with (
            Phone(folder, "grace", 440.0, **settings) as grace,
            Phone(folder, "heidi", 1000.0, enable_tracking=False, **settings) as heidi,
        ):
            await grace.login()
            await heidi.login()
            call, answered = await connect(grace, heidi)
            _check_slow_candidates(grace)
            assert not heidi.all(MediaMetrics), "without tracking, nothing is told of the same"
            await _volumes(grace, call)
            await _remote_audio(grace, heidi, answered)
            call.hang_up()
            await heidi.told(CallTerminated)
            await _feedback(grace, call, inbox)

            call, answered = await connect(heidi, grace)
            await metric(grace, "ice_timeout", None, active=False, count=2)
            call.hang_up()
            await grace.told(CallTerminated, count=2)


async def _feedback(phone: Phone, call: Call, inbox: HttpsInbox) -> None:
    """On the call that has ended: stars, a score, and a user who declines, which the address refuses."""
    client, uuid = phone.client, phone.client.last_call_uuid
    await client.submit_call_quality_feedback(uuid, 3, ["ROBOTIC_AUDIO"], "tinny", send_console_logs=True)
    await call.post_feedback(4, "echo")
    inbox.answers += [403]
    with pytest.raises(TransportError, match="403"):
        await client.post_feedback()
    with pytest.raises(UsageError, match="stars: 0"):
        await client.send_quality_feedback(uuid, 0, ["ECHO"])
    told = [(event.call.call_uuid, event.feedback.score) for event in phone.all(FeedbackSubmitted)]
    assert told == [(uuid, 3), (uuid, 4), (uuid, None)]
    posted = [document for _, document in inbox.posted]
    assert [document["score"] for document in posted] == [3, 4, None]
    assert (posted[0]["call_uuid"], posted[0]["issues"]) == (uuid, ["ROBOTIC_AUDIO"])
    assert posted[0]["quality"]["packets_received"] > 0
    assert isinstance(posted[0]["log"], list)
    assert "log" not in posted[1]


def _check_slow_candidates(phone: Phone) -> None:
    """They were slow before the INVITE went out, and that was over then."""
    begun, over = phone.all(MediaMetrics)
    assert (begun.type, begun.value, begun.active, begun.group) == ("ice_timeout", 2000.0, True, "network")
    assert (over.type, over.active) == ("ice_timeout", False)
    assert 2_000.0 < float(over.value) < 8_000.0
    order = [type(event) for event in phone.heard if isinstance(event, MediaMetrics | Calling | CallAnswered)]
    assert order == [MediaMetrics, MediaMetrics, Calling, CallAnswered]


async def _volumes(phone: Phone, call: Call) -> None:
    """They come 20 times a second to whoever asks, follow mute, and end with the asking."""
    volumes: list[Volume] = []
    phone.client.subscribe(witness.saw, Volume)
    end = phone.client.subscribe(volumes.append, Volume)
    await asyncio.sleep(2.0)
    assert 15 <= len(volumes) <= 50
    loud = volumes[-10:]
    # A sine of -20 dB of full scale, of which -30 is the end of the scale.
    assert {round(volume.input, 2) for volume in loud} == {1.0}
    assert min(volume.output for volume in loud) > 0.9
    call.mute()
    await asyncio.sleep(0.5)
    assert volumes[-1].input == 0.0
    call.unmute()
    end()
    count = len(volumes)
    await asyncio.sleep(0.3)
    assert len(volumes) == count
    assert not phone.all(Volume), "who asks for everything does not ask for these"


async def _remote_audio(phone: Phone, far_end: Phone, call: Call) -> None:
    """The far end says that it has no sound for us, says so again, and then that it has."""
    assert call.invite is not None
    for body in (b"no-remote-audio", b"no-remote-audio", b"remote-audio"):
        far_end.client.agent.request("INFO", call.invite, content_type="text/plain", body=body)
    await phone.told(RemoteAudioStatus, lambda event: event.audible)
    assert [event.audible for event in phone.all(RemoteAudioStatus)] == [False, True]
