"""Sounds of one's own, from files and from the web."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.calls import sound_source
from appliance.calls.sound_source import SoundSource
from appliance.errors import DriverError, TransportError, UsageError
from appliance.media.frame import SAMPLE_RATE
from appliance.media.recording import Recording
from tests.support.tones import hear, sine
from tests.support.web_files import WebFiles, web_files
from tests.unit.sim.wav_files import write_wav


@pytest.fixture(scope="module")
def site() -> Iterator[WebFiles]:
    with web_files() as files:
        yield files


@pytest.fixture
def source(tmp_path: Path) -> SoundSource:
    return SoundSource(str(tmp_path / "cache"))


def wav(folder: Path, hertz: float = 700.0, seconds: float = 1.0) -> bytes:
    path = folder / "source.wav"
    write_wav(path, sine(hertz, seconds, rate=8_000), rate=8_000)
    return path.read_bytes()


async def recorded(source: SoundSource, place: str | Path) -> Recording:
    recording = await source.chosen(place)
    assert isinstance(recording, Recording)
    return recording


async def test_a_file_of_any_rate(source: SoundSource, tmp_path: Path) -> None:
    wav(tmp_path)
    recording = await recorded(source, tmp_path / "source.wav")
    assert hear(recording.samples, 700.0).share == 1.0
    assert len(recording.samples) == pytest.approx(SAMPLE_RATE, abs=10)
    assert recording.name == str(tmp_path / "source.wav")


async def test_true_and_false_are_what_they_are(source: SoundSource) -> None:
    assert await source.chosen(True) is True
    assert await source.chosen(False) is False


async def test_an_address_is_asked_once_a_day(source: SoundSource, site: WebFiles, tmp_path: Path) -> None:
    site.files["/once.wav"] = wav(tmp_path)
    for _ in range(2):
        assert hear((await recorded(source, site.url("/once.wav?key=1"))).samples, 700.0).share == 1.0
    assert site.asked.count("/once.wav?key=1") == 1
    (kept,) = (tmp_path / "cache" / "sounds").iterdir()
    os.utime(kept, (0.0, time.time() - 90_000.0))
    site.files["/once.wav"] = wav(tmp_path, 1200.0)
    assert hear((await recorded(source, site.url("/once.wav?key=1"))).samples, 1200.0).share == 1.0


async def test_what_was_fetched_once_is_there_when_the_web_is_not(
    source: SoundSource, site: WebFiles, tmp_path: Path
) -> None:
    site.files["/gone.wav"] = wav(tmp_path)
    await recorded(source, site.url("/gone.wav"))
    del site.files["/gone.wav"]
    for kept in (tmp_path / "cache" / "sounds").iterdir():
        os.utime(kept, (0.0, 0.0))
    assert hear((await recorded(source, site.url("/gone.wav"))).samples, 700.0).share == 1.0


async def test_an_address_may_lead_to_another_but_not_in_a_circle_nor_to_a_file(
    source: SoundSource, site: WebFiles, tmp_path: Path
) -> None:
    site.files["/here.wav"] = wav(tmp_path)
    site.redirections |= {"/there": "/here.wav", "/circle": "/circle", "/out": "file:///etc/passwd"}
    assert (await recorded(source, site.url("/there"))).samples.any()
    with pytest.raises(TransportError, match="leads from one address to the next"):
        await source.chosen(site.url("/circle"))
    with pytest.raises(TransportError, match="leads elsewhere than the web"):
        await source.chosen(site.url("/out"))


async def test_what_is_too_large_or_too_slow_ends(source: SoundSource, site: WebFiles) -> None:
    began = time.monotonic()
    with pytest.raises(TransportError, match=r"/endless is larger than 16 MB"):
        await source.chosen(site.url(site.endless))
    with pytest.raises(TransportError, match=r"/drip takes longer than 10 s"):
        await source.chosen(site.url(site.drip))
    assert sound_source.PATIENCE <= time.monotonic() - began < 10.0 * sound_source.PATIENCE


async def test_what_is_no_sound_is_refused_and_not_kept(source: SoundSource, site: WebFiles, tmp_path: Path) -> None:
    site.files["/page.html"] = b"<html>"
    with pytest.raises(DriverError, match=r"127\.0\.0\.1/page\.html can't be played"):
        await source.chosen(site.url("/page.html"))
    assert list((tmp_path / "cache" / "sounds").iterdir()) == []
    with pytest.raises(TransportError, match="the answer is 404"):
        await source.chosen(site.url("/none.wav?token=secret"))
    with pytest.raises(DriverError, match=r"none\.wav can't be played"):
        await source.chosen(tmp_path / "none.wav")


@pytest.mark.parametrize("place", ["ftp://example.org/a.wav", "file:///etc/passwd", "http://"])
async def test_other_addresses_are_refused(source: SoundSource, place: str) -> None:
    with pytest.raises(UsageError, match=r"is no path and no http\(s\):// address"):
        await source.chosen(place)


async def test_secrets_of_an_address_are_not_told(source: SoundSource) -> None:
    with pytest.raises(TransportError) as problem:
        await source.chosen("http://user:word@127.0.0.1:1/a.wav?token=secret")
    assert "secret" not in str(problem.value)
    assert "word" not in str(problem.value)


async def test_a_cache_that_can_not_be_written_costs_a_fetch_each_time(site: WebFiles, tmp_path: Path) -> None:
    site.files["/twice.wav"] = wav(tmp_path)
    (tmp_path / "file").write_text("")
    source = SoundSource(str(tmp_path / "file"))
    for _ in range(2):
        assert (await recorded(source, site.url("/twice.wav"))).samples.any()
    assert site.asked.count("/twice.wav") == 2
