"""Two engines in one process, one sings 1000 Hz and the other 440: what each hears of the other."""

import asyncio
import random
import re
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from appliance.errors import DescriptionError, StateError
from appliance.media.engine import MediaEngine
from appliance.media.events import MediaConnected, MediaFailed
from appliance.media.session import MediaSession
from appliance.media.tone_plan import STANDARD
from appliance.sim.wav_audio import ToneAudio
from appliance.units import Seconds
from tests.support.tones import RATE, hear, loudest, read_wav
from tests.unit.media.two_ends import SETTINGS, End, connect, line_of, negotiate, two_ends


async def test_each_hears_the_other_and_not_itself(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        await connect(a, b)
        await asyncio.sleep(0.5)
        begin_a, begin_b = a.seconds, b.seconds
        await asyncio.sleep(4.0)
        end_a, end_b = a.seconds, b.seconds
        counters = a.session.counters()
    assert a.heard(440.0, begin_a, end_a) >= 0.95
    assert b.heard(1000.0, begin_b, end_b) >= 0.95
    samples, _ = read_wav(a.recording)
    assert loudest(samples, 1000.0) < 0.01
    assert counters.codec == "opus"
    assert counters.packets_sent > 150
    assert counters.packets_received > 150
    assert counters.packets_lost <= 5
    assert counters.round_trip is not None
    assert counters.round_trip < 500.0
    assert counters.remote_jitter is not None
    assert counters.input_measured > 3.0
    assert counters.input_energy / counters.input_measured > 1e-4
    assert counters.output_audible > 2.0


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
async def test_g711_is_heard_too(tmp_path: Path, codec: str) -> None:
    async with two_ends(tmp_path, replace(SETTINGS, codecs=(codec,))) as (a, b):
        await connect(a, b)
        await asyncio.sleep(0.5)
        begin = b.seconds
        await asyncio.sleep(1.5)
        end = b.seconds
        assert a.session.counters().codec == codec
    assert b.heard(1000.0, begin, end) >= 0.9


async def test_hold_silences_both_ways_and_resume_brings_the_sound_back(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        await connect(a, b)
        await asyncio.sleep(0.5)
        a.session.hold(on=True)
        await negotiate(a, b)
        assert (a.session.remote_held, b.session.remote_held) == (False, True)
        await asyncio.sleep(0.5)
        sent = [end.session.counters().packets_sent for end in (a, b)]
        quiet_a, quiet_b = a.seconds, b.seconds
        await asyncio.sleep(1.0)
        assert [end.session.counters().packets_sent for end in (a, b)] == sent
        loud_a, loud_b = a.seconds, b.seconds
        a.session.hold(on=False)
        await negotiate(a, b)
        assert (a.session.remote_held, b.session.remote_held) == (False, False)
        await asyncio.sleep(0.7)
        again_a, again_b = a.seconds, b.seconds
        await asyncio.sleep(1.5)
        end_a, end_b = a.seconds, b.seconds
        assert a.events.count(MediaConnected()) == 1
    assert a.heard(440.0, quiet_a, loud_a) == 0.0
    assert b.heard(1000.0, quiet_b, loud_b) == 0.0
    assert a.heard(440.0, again_a, end_a) >= 0.9
    assert b.heard(1000.0, again_b, end_b) >= 0.9


async def test_both_may_hold_at_once_and_the_answerer_may_begin(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        await connect(a, b)
        b.session.hold(on=True)
        await negotiate(b, a)
        assert a.session.remote_held
        a.session.hold(on=True)
        offer = await a.session.create_offer()
        assert "a=inactive" in offer
        await a.session.accept_answer(await b.session.accept_offer(offer))
        assert (a.session.remote_held, b.session.remote_held) == (True, True)


async def test_digits_arrive_once_each_and_in_order(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        assert a.session.rtp.send_digits("1") is False
        await connect(a, b)
        assert a.session.rtp.send_digits("12#") is True
        assert a.session.rtp.send_digits("x") is False
        assert b.session.rtp.send_digits("0") is True
        await asyncio.gather(b.until(lambda: len(b.digits) >= 3), a.until(lambda: len(a.digits) >= 1))
        await asyncio.sleep(0.3)
        assert (a.digits, b.digits) == ("0", "12#")


async def test_mute_sends_silence(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        a.session.muted = True
        await connect(a, b)
        assert a.session.muted
        await asyncio.sleep(1.5)
        assert a.session.counters().packets_sent > 20
    samples, _ = read_wav(b.recording)
    assert loudest(samples, 1000.0) < 0.01


async def test_a_far_end_that_has_gone_gives_no_sign_of_life(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        assert not await a.session.peer_answers()
        await connect(a, b)
        sends = [a.session.flow.receives]
        assert await a.session.peer_answers()
        await asyncio.sleep(0.5)
        heard = a.session.last_heard
        await asyncio.sleep(0.5)
        assert heard is not None
        assert a.session.last_heard is not None
        assert a.session.last_heard > heard
        b.session.hold(on=True)
        await negotiate(b, a)
        sends.append(a.session.flow.receives)
        assert sends == [True, False]
        await b.session.close()
        assert not await a.session.peer_answers()


async def test_a_provisional_answer_starts_media_and_the_same_final_one_changes_nothing(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        early = await b.session.accept_offer(await a.session.create_offer())
        await a.session.accept_answer(early)
        await asyncio.gather(a.until_connected(), b.until_connected())
        a.session.early(audible=False)
        await asyncio.sleep(1.0)
        a.session.early(audible=True)
        await a.session.accept_answer(early)
        await a.session.accept_answer(early)
        await asyncio.sleep(1.0)
        assert a.events == [MediaConnected()]
        assert a.session.counters().packets_received > 50


async def test_a_new_offer_may_change_the_codec(tmp_path: Path) -> None:
    async with two_ends(tmp_path) as (a, b):
        await connect(a, b)
        await asyncio.sleep(0.5)
        offer = await a.session.create_offer()
        answer = await b.session.accept_offer(_only(offer, "PCMU", "0"))
        await a.session.accept_answer(answer)
        await asyncio.sleep(0.7)
        begin_a, begin_b = a.seconds, b.seconds
        await asyncio.sleep(1.5)
        end_a, end_b = a.seconds, b.seconds
        assert a.session.counters().codec == b.session.counters().codec == "PCMU"
        assert a.events == [MediaConnected()]
    assert a.heard(440.0, begin_a, end_a) >= 0.9
    assert b.heard(1000.0, begin_b, end_b) >= 0.9


def _only(sdp: str, name: str, payload_type: str) -> str:
    """`sdp` with one audio codec left."""
    lines = []
    for line in sdp.split("\r\n"):
        if line.startswith("m=audio"):
            lines.append(" ".join([*line.split(" ")[:3], payload_type]))
        elif not line.startswith(("a=rtpmap:", "a=fmtp:")) or line.startswith(f"a=rtpmap:{payload_type} {name}"):
            lines.append(line)
    return "\r\n".join(lines)


@pytest.mark.parametrize("sdp", ["", "nonsense", "v=0\r\n", "v=0\r\nm=audio 9 RTP/AVP 0\r\n"])
async def test_what_no_call_can_be_built_on_is_refused(tmp_path: Path, sdp: str) -> None:
    async with two_ends(tmp_path) as (a, b):
        with pytest.raises(DescriptionError):
            await a.session.accept_offer(sdp)
        await a.session.create_offer()
        with pytest.raises(DescriptionError):
            await a.session.accept_answer(sdp)
        # The session is as good as before.
        await connect(a, b)


async def test_a_far_end_that_is_not_there_is_reported(tmp_path: Path) -> None:
    async with two_ends(tmp_path, replace(SETTINGS, connecting=Seconds(1.0))) as (a, b):
        answer = await b.session.accept_offer(await a.session.create_offer())
        await b.session.close()
        await a.session.accept_answer(answer)
        await a.until(lambda: any(isinstance(event, MediaFailed) for event in a.events))
        assert a.events == [MediaFailed("ICE found no path to the far end in 1 s")]
        # The next offer is about a new path by itself.
        fresh = await a.session.create_offer()
        assert line_of(fresh, "a=ice-ufrag") != line_of(answer, "a=ice-ufrag")


async def test_without_an_audio_device_silence_flows() -> None:
    async with MediaEngine(SETTINGS, None) as left, MediaEngine(SETTINGS, None) as right:
        a, b = End(left, Path()), End(right, Path())
        await connect(a, b)
        await asyncio.sleep(1.5)
        for end in (a, b):
            counters = end.session.counters()
            assert counters.packets_received > 30
            assert counters.packets_sent > 30
            assert counters.played > 500.0


async def test_a_tone_sounds_without_a_session_and_the_device_is_closed_after(tmp_path: Path) -> None:
    recording = tmp_path / "tone.wav"
    async with MediaEngine(SETTINGS, ToneAudio(1000.0, record=recording)) as engine:
        assert not recording.exists()
        engine.play(STANDARD.dial)
        await asyncio.sleep(1.0)
        engine.play(None)
        await asyncio.sleep(1.5)
        size = recording.stat().st_size
        await asyncio.sleep(0.3)
        assert recording.stat().st_size == size
    samples, _ = read_wav(recording)
    assert hear(samples[: int(0.9 * RATE)], 425.0).share > 0.7


async def test_misuse_is_told() -> None:
    engine = MediaEngine(SETTINGS, None)
    with pytest.raises(StateError):
        engine.session(lambda _event: None)
    async with engine:
        session = engine.session(lambda _event: None)
        with pytest.raises(StateError):
            await session.accept_answer("v=0\r\n")
        await session.close()
        await session.close()
        with pytest.raises(StateError):
            await session.create_offer()
    with pytest.raises(StateError):
        await MediaSession(engine._home, lambda _event: None).create_offer()
    engine.play(STANDARD.dial)


async def test_twenty_calls_leave_nothing_behind() -> None:
    process = psutil.Process()
    async with MediaEngine(SETTINGS, None) as left, MediaEngine(SETTINGS, None) as right:
        counts = []
        for _ in range(22):
            a, b = End(left, Path()), End(right, Path())
            await connect(a, b)
            await asyncio.gather(a.session.close(), b.session.close())
            tasks = [await engine._home.run(_tasks()) for engine in (left, right)]
            counts.append((process.num_fds(), *tasks))
        assert counts[-1] == counts[1]
        assert left._home.sessions == ()
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name in {"media", "audio keeper", "no audio"}], names


async def _tasks() -> int:
    return len(asyncio.all_tasks())


async def test_leaving_the_engine_closes_the_sessions_that_are_open() -> None:
    before = psutil.Process().num_fds()
    async with MediaEngine(SETTINGS, None) as left, MediaEngine(SETTINGS, None) as right:
        a, b = End(left, Path()), End(right, Path())
        await connect(a, b)
    assert psutil.Process().num_fds() <= before
    await a.session.close()


async def test_damaged_offers_are_answered_or_refused_and_nothing_else() -> None:
    source = random.Random(20261121)
    async with MediaEngine(SETTINGS, None) as left, MediaEngine(SETTINGS, None) as right:
        a, b = End(left, Path()), End(right, Path())
        good = await a.session.create_offer()
        outcomes = {"answered": 0, "refused": 0}
        for _ in range(150):
            session = right.session(b.hear)
            try:
                await session.accept_offer(_damaged(good, source))
            except DescriptionError:
                outcomes["refused"] += 1
            else:
                outcomes["answered"] += 1
            await session.close()
        assert min(outcomes.values()) > 0, outcomes
        await connect(a, b)


def _damaged(sdp: str, source: random.Random) -> str:
    """`sdp` with a few lines lost, doubled, swapped or changed."""
    lines = sdp.split("\r\n")
    for _ in range(source.randint(1, 6)):
        at, other = source.randrange(len(lines)), source.randrange(len(lines))
        line = lines[at]
        match source.randrange(5):
            case 0:
                lines[at] = ""
            case 1:
                lines.insert(other, line)
            case 2:
                lines[at], lines[other] = lines[other], line
            case 3:
                cut = source.randint(0, len(line))
                lines[at] = line[:cut] + chr(source.randrange(1, 0x2FF)) + line[cut + source.randint(0, 3) :]
            case _:
                lines[at] = re.sub(r"\d+", source.choice(("0", "-1", "65536", "9" * 20, "255")), line, count=2)
    return source.choice(("\r\n", "\n")).join(lines)
