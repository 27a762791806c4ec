"""The audio clock: a hundred frames a second, whatever a frame takes."""

import threading
import time

from appliance.media.ticker import Ticker


def test_lateness_never_adds_up() -> None:
    done = threading.Event()
    count = 0

    def work() -> None:
        nonlocal count
        count += 1
        if count % 10 == 0:
            time.sleep(0.03)
        if count == 60:
            done.set()

    ticker = Ticker("test", work)
    began = time.monotonic()
    ticker.start()
    assert done.wait(10)
    took = time.monotonic() - began
    ticker.stop()
    # 60 frames are 0.59 s; the naps would add 0.18 s if they were not made up for.
    assert 0.5 < took < 5.0
    assert count >= 60


def test_nothing_is_called_after_stop_and_work_may_stop_its_own_ticker() -> None:
    calls = 0
    stopped = threading.Event()

    def work() -> None:
        nonlocal calls
        calls += 1
        ticker.stop()
        stopped.set()

    ticker = Ticker("test", work)
    ticker.start()
    assert stopped.wait(5)
    time.sleep(0.05)
    assert calls == 1
    ticker.stop()
