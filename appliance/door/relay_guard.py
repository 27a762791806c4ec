"""[I/O] The process that holds the strike relay: a door is locked again whatever becomes of the service.

    service ── pulse, signs of life ──► guard ──► relay
            ◄── what the relay does ───

The relay falls when its time is over, when the service has been silent for `SILENCE` (stopped, hanging), when the pipe
is closed (ended, killed), and when the guard is told to end. No pulse is longer than `most`, none follows another
within `REST`, and a pulse that is under way is never made longer. What no program can do stands in the wiring: a
one-shot between the pin and the relay, for the moment when the whole machine stands still.

It imports nothing but the standard library and runs alone: `python -I relay_guard.py`.
"""

import argparse
import contextlib
import fcntl
import os
import select
import signal
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

LONGEST = 10.0
"""Seconds of a pulse, whatever is configured or asked for."""
SILENCE = 1.0
"""Seconds without a sign of life after which a pulse ends: a machine with much to do gives one in time."""
REST = 1.0
"""Seconds the relay stays released after a pulse."""

_LINE_REQUEST = 0xC250B407
"""GPIO_V2_GET_LINE_IOCTL of linux/gpio.h."""
_SET_VALUES = 0xC010B40F
"""GPIO_V2_LINE_SET_VALUES_IOCTL."""
_OUTPUT, _ACTIVE_LOW = 1 << 3, 1 << 1


@dataclass
class Guard:
    """When the relay is held. Pure: hand it what was said and the time, and do what `held` says."""

    most: float
    held: bool = False
    _until: float = 0.0
    _heard: float = 0.0
    _rested: float = float("-inf")

    def said(self, line: bytes, now: float) -> str:
        """Take a line of the service; what became of it, "" if nothing did."""
        self._heard = now
        word, _, rest = line.strip().partition(b" ")
        if word == b"pulse":
            return self._pulse(rest, now)
        if word == b"release":
            return self.release("asked", now)
        return ""

    def _pulse(self, milliseconds: bytes, now: float) -> str:
        if self.held:
            return "refused: it is held already"
        if now < self._rested:
            return "refused: it was held a moment ago"
        if not milliseconds.isdigit() or not 0 < int(milliseconds[:9]) <= self.most * 1000.0:
            return f"refused: a pulse lasts 1 to {self.most * 1000.0:.0f} ms"
        self.held, self._until = True, now + int(milliseconds) / 1000.0
        return "held"

    def release(self, reason: str, now: float) -> str:
        """Let go; what became of it."""
        if not self.held:
            return ""
        self.held, self._rested = False, now + REST
        return f"released: {reason}"

    def deadline(self) -> float | None:
        """When `tick` has to be called."""
        return min(self._until, self._heard + SILENCE) if self.held else None

    def tick(self, now: float) -> str:
        """Let go if it is time; what became of it."""
        if not self.held:
            return ""
        if now >= self._until:
            return self.release("its time is over", now)
        if now >= self._heard + SILENCE:
            return self.release("the service is silent", now)
        return ""


class Line(Protocol):
    """What the guard moves."""

    def set(self, held: bool) -> None:
        """Hold the relay, or let it go."""


class GpioLine:
    """One line of a GPIO chip, claimed as an output that is released, by the kernel's own interface."""

    def __init__(self, chip: str, offset: int, *, active_low: bool) -> None:
        flags = _OUTPUT | (_ACTIVE_LOW if active_low else 0)
        request = bytearray(592)
        struct.pack_into("=I", request, 0, offset)
        struct.pack_into("32s", request, 256, b"door strike")
        struct.pack_into("=Q", request, 288, flags)
        struct.pack_into("=I", request, 560, 1)
        with Path(chip).open("rb", buffering=0) as file:
            fcntl.ioctl(file, _LINE_REQUEST, request)
        (self._line,) = struct.unpack_from("=i", request, 588)

    def set(self, held: bool) -> None:
        """Hold the relay, or let it go."""
        fcntl.ioctl(self._line, _SET_VALUES, struct.pack("=QQ", int(held), 1))


class FileLine:
    """A relay on paper: each change is a line, `1` or `0` and the monotonic time. For simulations and tests."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.set(False)

    def set(self, held: bool) -> None:
        """Write it down."""
        os.write(self._file, f"{int(held)} {time.monotonic():.6f}\n".encode())


class _Ended(Exception):  # noqa: N818 -- no error: somebody ends the process
    """SIGTERM."""


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended


def run(guard: Guard, line: Line, say: Callable[[str], object], source: int) -> None:
    """Serve the service on the other end of `source` until it is gone."""
    line.set(False)
    say("ready")
    waiting = b""

    def move(outcome: str) -> None:
        if outcome:
            line.set(guard.held)
            say(outcome)

    try:
        while True:
            deadline = guard.deadline()
            patience = None if deadline is None else max(0.0, deadline - time.monotonic())
            if select.select([source], [], [], patience)[0]:
                data = os.read(source, 4096)
                if not data:
                    return
                *lines, waiting = (waiting + data)[-4096:].split(b"\n")
                for each in lines:
                    # What was due came first, however late this process is.
                    move(guard.tick(time.monotonic()))
                    move(guard.said(each, time.monotonic()))
            move(guard.tick(time.monotonic()))
    finally:
        # Before anything is said: whoever listened may be gone.
        line.set(False)
        outcome = guard.release("the service is gone", time.monotonic())
        if outcome:
            say(outcome)


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), text.encode() + b"\n")


def main() -> int:
    """Hold the line that the arguments name."""
    parser = argparse.ArgumentParser(description="Holds a door strike's relay and lets it go in time.")
    parser.add_argument("--most", type=float, default=5.0, help="seconds of the longest pulse")
    parser.add_argument("--file", help="a relay on paper: the file that its changes are written to")
    parser.add_argument("--chip", help="the GPIO chip, /dev/gpiochip0")
    parser.add_argument("--line", type=int, help="the GPIO number on it")
    parser.add_argument("--active-low", action="store_true", help="a low level holds the relay")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    try:
        line: Line = (
            FileLine(arguments.file)
            if arguments.file
            else GpioLine(arguments.chip, arguments.line, active_low=arguments.active_low)
        )
    except (OSError, TypeError) as error:
        _say(f"failed: {error}")
        return 1
    try:
        run(Guard(most=min(LONGEST, arguments.most)), line, _say, sys.stdin.fileno())
    except _Ended:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
