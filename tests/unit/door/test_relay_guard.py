"""The guard of the strike relay: its decisions, and processes that are killed or stopped in mid-pulse."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.door import relay_guard
from appliance.door.relay_guard import REST, SILENCE, Guard
from appliance.door.strike import Strike, file_line
from appliance.errors import DriverError
from appliance.units import Seconds

SERVICE = """
import asyncio, sys
from pathlib import Path
from appliance.door.strike import Strike, file_line

async def main() -> None:
    async with Strike(file_line(Path(sys.argv[1])), most=5.0) as strike:
        assert await strike.pulse(float(sys.argv[2]))
        print("open", strike.guard_pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""
SLACK = 3.0
"""Seconds that a machine with much to do may be late; a pulse of 5 s that is ended in time ends long before."""


def changes(path: Path) -> list[tuple[int, float]]:
    """What became of a relay on paper: held or not, and when."""
    return [(int(held), float(when)) for held, when in (line.split() for line in path.read_text().splitlines())]


async def until_released(path: Path, seconds: float) -> float:
    """Wait until the relay has fallen after it was held; for how long it was."""
    async with asyncio.timeout(seconds):
        while (found := changes(path))[-1][0] == 1 or len(found) < 2:  # noqa: ASYNC110 -- another process writes it
            await asyncio.sleep(0.01)
    held = next(when for state, when in found if state)
    return next(when for state, when in found if not state and when > held) - held


def test_a_pulse_has_its_time() -> None:
    guard = Guard(most=5.0)
    assert guard.said(b"pulse 300", 10.0) == "held"
    assert guard.deadline() == pytest.approx(10.3)
    assert guard.tick(10.29) == ""
    assert guard.tick(10.3) == "released: its time is over"
    assert not guard.held
    assert guard.said(b"pulse 300", 10.4).startswith("refused"), "no pulse follows another at once"
    assert guard.said(b"pulse 300", 10.3 + REST) == "held"
    assert guard.said(b"release", 11.4) == "released: asked"


def test_a_pulse_needs_signs_of_life_and_is_never_made_longer() -> None:
    guard = Guard(most=5.0)
    guard.said(b"pulse 5000", 0.0)
    guard.said(b"here", 0.3)
    assert guard.said(b"pulse 5000", 0.35).startswith("refused")
    assert guard.tick(0.35 + SILENCE - 0.01) == "", "what was refused was a sign of life too"
    assert guard.tick(0.35 + SILENCE) == "released: the service is silent"


@pytest.mark.parametrize(
    "line", [b"pulse 5001", b"pulse 0", b"pulse -1", b"pulse", b"pulse 1e3", b"", b"\xff", b"open"]
)
def test_what_is_no_pulse_moves_nothing(line: bytes) -> None:
    guard = Guard(most=5.0)
    guard.said(line, 0.0)
    assert not guard.held


@given(st.lists(st.tuples(st.floats(0.0, 2.0), st.sampled_from((b"pulse 3000", b"here", b"release", b"", b"pulse 9")))))
def test_whatever_is_said_the_relay_is_held_no_longer_than_the_longest_pulse(said: list[tuple[float, bytes]]) -> None:
    guard, now, since = Guard(most=3.0), 0.0, None
    for pause, line in said:
        due, now = guard.deadline(), now + pause
        if due is not None and due <= now:
            guard.tick(due)
            assert not guard.held
            since = None
        guard.said(line, now)
        since = (since if since is not None else now) if guard.held else None
        assert since is None or now - since <= 3.0


@pytest.fixture
async def strike(tmp_path: Path) -> AsyncIterator[Strike]:
    async with Strike(file_line(tmp_path / "relay"), most=Seconds(5.0)) as running:
        yield running


async def test_a_pulse_ends_by_itself_and_is_heard_of(tmp_path: Path) -> None:
    heard: list[tuple[bool, str]] = []
    paper = tmp_path / "relay"
    async with Strike(
        file_line(paper), most=Seconds(5.0), changed=lambda held, why: heard.append((held, why))
    ) as strike:
        # Longer than a silent service is waited for: its signs of life arrive.
        assert await strike.pulse(Seconds(1.5))
        assert not await strike.pulse(Seconds(1.5))
        assert 1.5 <= await until_released(paper, 20.0) < 1.5 + SLACK
        assert not await strike.pulse(Seconds(6.0)), "longer than the longest"
    assert heard == [(True, ""), (False, "its time is over")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_service_killed_or_stopped_in_mid_pulse_locks_the_door(tmp_path: Path, number: signal.Signals) -> None:
    paper = tmp_path / "relay"
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVICE, str(paper), "5"), stdout=asyncio.subprocess.PIPE
    )
    assert service.stdout is not None
    async with asyncio.timeout(60.0):
        words = (await service.stdout.readline()).split()
    assert words[0] == b"open"
    service.send_signal(number)
    try:
        assert await until_released(paper, 20.0) < SILENCE + SLACK, "before the pulse would be over"
    finally:
        with contextlib.suppress(ProcessLookupError):  # one of the two signals has ended it
            service.kill()
        await service.wait()


async def test_a_guard_that_is_killed_is_replaced_and_the_relay_falls(tmp_path: Path, strike: Strike) -> None:
    assert await strike.pulse(Seconds(5.0))
    first = strike.guard_pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until_released(tmp_path / "relay", 20.0)
    async with asyncio.timeout(20.0):
        while strike.guard_pid in {first, None} or strike.held:  # noqa: ASYNC110 -- a process begins
            await asyncio.sleep(0.02)
    assert await strike.pulse(Seconds(0.05))


async def test_the_end_of_the_service_is_the_end_of_the_pulse(tmp_path: Path) -> None:
    paper = tmp_path / "relay"
    async with Strike(file_line(paper), most=Seconds(5.0)) as strike:
        assert await strike.pulse(Seconds(5.0))
        pid = strike.guard_pid
    assert changes(paper)[-1][0] == 0
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_relay_that_is_not_there_is_told_at_the_start() -> None:
    with pytest.raises(DriverError, match=r"the door's relay can't be used: failed: .*No such file"):
        async with Strike(("--chip", "/dev/no-such-chip", "--line", "17"), most=Seconds(5.0)):
            pass


def test_the_guard_loads_nothing_but_the_standard_library() -> None:
    names = {
        line.split()[1].partition(".")[0]
        for line in Path(relay_guard.__file__).read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert names <= sys.stdlib_module_names
