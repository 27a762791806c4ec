"""The audio device is open while it is needed, and given up and tried again when it stops working."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from appliance.clock import ManualClock, SystemClock
from appliance.errors import DriverError
from appliance.media.audio_keeper import AudioKeeper
from appliance.media.frame import Pcm, silence
from appliance.media.mixer import Mixer
from appliance.media.ports import AudioEndpoint
from appliance.media.ticker import Ticker
from appliance.units import Seconds


class Card:
    """A device that can be unplugged."""

    name = "card"

    def __init__(self) -> None:
        self.present = True
        self.deaf = False
        self.endpoint: AudioEndpoint | None = None
        self.starts = 0
        self._ticker: Ticker | None = None

    def start(self, endpoint: AudioEndpoint) -> None:
        if not self.present:
            raise DriverError("card: not found")
        self.starts += 1
        self.endpoint = endpoint
        self._ticker = Ticker("card", self._tick)
        self._ticker.start()

    def _tick(self) -> None:
        if self.endpoint is None:
            return
        if not self.deaf:
            self.endpoint.captured(silence())
        self.endpoint.wanted()

    def stop(self) -> None:
        if self._ticker is not None:
            self._ticker.stop()
        self._ticker = self.endpoint = None

    def unplug(self) -> None:
        endpoint, self.endpoint, self.present = self.endpoint, None, False
        assert endpoint is not None
        endpoint.lost(DriverError("card: taken away"))


class Counting(Mixer):
    """A mixer that counts its frames."""

    def __init__(self) -> None:
        super().__init__(lambda: Seconds(0.0), lambda _stream: None)
        self.frames = 0

    def wanted(self) -> Pcm:
        self.frames += 1
        return super().wanted()


class Bench:
    def __init__(self, card: Card | None) -> None:
        self.needed = True
        self.problems: list[str | None] = []
        self.mixer = Counting()
        self.clock = SystemClock()
        self.keeper = AudioKeeper(
            card, self.mixer, self.clock, needed=lambda: self.needed, changed=self.problems.append
        )

    def sounding(self) -> bool:
        before = self.mixer.frames
        return until(lambda: self.mixer.frames > before + 2)


def until(fits: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not fits() and time.monotonic() < deadline:
        time.sleep(0.01)
    return fits()


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert until(lambda: threading.active_count() == before)


def test_it_is_open_while_needed_and_again_and_again() -> None:
    card = Card()
    bench = Bench(card)
    for count in (1, 2):
        bench.needed = True
        bench.keeper.look()
        assert bench.sounding()
        assert card.starts == count
        bench.needed = False
        bench.keeper.look()
        assert until(lambda: card.endpoint is None)
    bench.keeper.close()
    bench.needed = True
    bench.keeper.look()
    assert card.endpoint is None


def test_what_a_device_loses_is_counted_over_its_starts() -> None:
    card = Card()
    bench = Bench(card)
    for count in (1, 2):
        bench.needed = True
        bench.keeper.look()
        assert until(lambda: card.endpoint is not None)
        assert card.endpoint is not None
        card.endpoint.xrun()
        assert bench.keeper.xruns == count
        bench.needed = False
        bench.keeper.look()
        assert until(lambda: card.endpoint is None)
    bench.keeper.close()


def test_a_need_that_comes_back_at_once_does_not_reopen() -> None:
    card = Card()
    bench = Bench(card)
    bench.keeper.look()
    assert bench.sounding()
    bench.needed = False
    bench.keeper.look()
    bench.needed = True
    bench.keeper.look()
    assert bench.sounding()
    assert card.starts == 1
    bench.keeper.close()


def test_a_device_that_goes_is_reported_replaced_by_a_clock_and_taken_back() -> None:
    card = Card()
    bench = Bench(card)
    bench.keeper.look()
    assert bench.sounding()
    assert until(lambda: bench.keeper.microphone.loudness.measured > 0.1)
    card.unplug()
    measured = bench.keeper.microphone.loudness.measured
    assert until(lambda: bench.problems == [None, "card: taken away", "card: not found"])
    assert bench.sounding()
    assert bench.keeper.microphone.loudness.measured == measured, "the silence in its place is no microphone's"
    card.present = True
    assert until(lambda: card.starts == 2)
    assert until(lambda: bench.problems[-1] is None)
    assert bench.sounding()
    bench.keeper.close()
    assert card.endpoint is None


def test_a_device_that_is_missing_from_the_beginning_is_waited_for() -> None:
    card = Card()
    card.present = False
    bench = Bench(card)
    bench.keeper.look()
    assert bench.sounding()
    assert bench.problems == ["card: not found"]
    card.present = True
    assert until(lambda: bench.problems == ["card: not found", None])
    bench.keeper.close()


def test_a_device_that_plays_but_no_longer_hears_is_given_up() -> None:
    card = Card()
    bench = Bench(card)
    clock = ManualClock()
    bench.keeper = AudioKeeper(card, bench.mixer, clock, needed=lambda: True, changed=bench.problems.append)
    bench.keeper.look()
    assert bench.sounding()
    card.deaf = True
    time.sleep(0.05)
    clock.advance(60.0)
    assert until(lambda: len(bench.problems) == 2)
    assert bench.problems[1] == "the microphone has stood still for 60 s"
    bench.keeper.close()


def test_without_a_device_a_clock_drives() -> None:
    bench = Bench(None)
    bench.keeper.look()
    assert bench.sounding()
    assert bench.problems == []
    bench.keeper.close()
