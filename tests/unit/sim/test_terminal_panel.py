"""The panel on a real pseudo-terminal, driven as a person's terminal would."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from appliance.errors import DriverError
from appliance.sim.terminal_panel import TerminalPanel, keys_in
from appliance.sim.terminal_picture import braille


class Terminal:
    """The far side of a pseudo-terminal: types, and reads what is drawn."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.resize(80, 24)
        self.drawn = ""

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def reads(self, text: str, seconds: float = 10.0) -> bool:
        """Whether `text` is drawn from now on; what came before it is forgotten."""
        return self.until(lambda: text in self.drawn, seconds)

    def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> bool:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            if select.select([self.master], [], [], 0.05)[0]:
                self.drawn += os.read(self.master, 65536).decode("utf-8", "ignore")
        return True

    def mode(self) -> int:
        return int(termios.tcgetattr(self.slave)[3])

    def close(self) -> None:
        os.close(self.master)
        os.close(self.slave)


class Seen:
    """What a panel reported."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.hook: list[bool] = []
        self.quit = threading.Event()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def panel_on(terminal: Terminal, seen: Seen) -> TerminalPanel:
    panel = TerminalPanel(on_quit=seen.quit.set, title="front door", keyboard=terminal.slave, screen=terminal.slave)
    panel.display.start()
    panel.hook.start(seen.hook.append)
    panel.keypad.start(seen.keys.append)
    return panel


def stop(panel: TerminalPanel) -> None:
    panel.keypad.stop()
    panel.hook.stop()
    panel.display.stop()


def test_keys_and_hook_are_reported_and_the_terminal_is_given_back(terminal: Terminal) -> None:
    before = terminal.mode()
    seen = Seen()
    panel = panel_on(terminal, seen)
    try:
        assert seen.hook == [False], "its position is reported at once"
        assert terminal.reads("SPACE lift")
        terminal.type("10*#abCd\r\x7f")
        assert terminal.until(lambda: len(seen.keys) == 10)
        assert "".join(seen.keys) == "10*#ABCD#C"
        terminal.type(" ")
        assert terminal.until(lambda: seen.hook == [False, True])
        assert terminal.reads("handset LIFTED")
        terminal.type("l")
        assert terminal.until(lambda: seen.hook == [False, True, False])
    finally:
        stop(panel)
    assert terminal.reads("\x1b[?1049l")
    assert terminal.reads("\x1b[?25h")
    assert terminal.mode() == before
    assert not [thread for thread in threading.enumerate() if thread.name == "terminal panel"]


def test_cursor_keys_are_no_keys(terminal: Terminal) -> None:
    seen = Seen()
    panel = panel_on(terminal, seen)
    try:
        terminal.type("\x1b[A\x1bOB\x1b[15~7")
        assert terminal.until(lambda: bool(seen.keys))
    finally:
        stop(panel)
    assert seen.keys == ["7"]


def test_what_is_shown_is_drawn_and_notes_too(terminal: Terminal) -> None:
    seen = Seen()
    panel = panel_on(terminal, seen)
    image = bytes(range(256)) * 4
    try:
        panel.display.show(image)
        assert terminal.reads(braille(image)[3])
        panel.note("call_answered 101")
        assert terminal.reads("call_answered 101")
    finally:
        stop(panel)


def test_a_resized_window_is_drawn_anew(terminal: Terminal) -> None:
    seen = Seen()
    panel = panel_on(terminal, seen)
    try:
        panel.display.show(b"\xff" * 1024)
        assert terminal.reads("⣿" * 64)
        terminal.resize(140, 45)
        assert terminal.reads("█" * 128)
    finally:
        stop(panel)


def test_q_quits_once(terminal: Terminal) -> None:
    seen = Seen()
    panel = panel_on(terminal, seen)
    try:
        terminal.type("q")
        assert terminal.until(seen.quit.is_set)
    finally:
        stop(panel)


def test_it_can_be_used_again(terminal: Terminal) -> None:
    for _ in range(3):
        seen = Seen()
        panel = panel_on(terminal, seen)
        try:
            terminal.type("5")
            assert terminal.until(partial(bool, seen.keys))
            assert seen.keys == ["5"]
        finally:
            stop(panel)


def test_without_a_terminal_it_says_so(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+") as file:
        panel = TerminalPanel(on_quit=lambda: None, keyboard=file.fileno(), screen=file.fileno())
        with pytest.raises(DriverError, match="needs a terminal"):
            panel.display.start()


# A shell's background job ignores SIGINT, and so would its children: the program listens to it again.
PROGRAM = """
import signal, sys, time
from appliance.sim.terminal_panel import TerminalPanel
signal.signal(signal.SIGINT, signal.default_int_handler)
panel = TerminalPanel(on_quit=lambda: None)
panel.display.start()
if sys.argv[1] == "raise":
    raise ValueError("as a program may")
time.sleep(60)
"""


@pytest.mark.parametrize("end", ["sigterm", "sigint", "raise"])
def test_a_program_that_dies_leaves_a_usable_terminal(terminal: Terminal, end: str) -> None:
    before = terminal.mode()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, end],
        stdin=terminal.slave,
        stdout=terminal.slave,
        stderr=subprocess.DEVNULL,
    ) as program:
        try:
            assert terminal.reads("\x1b[?1049h" if end == "raise" else "SPACE lift", 30.0)
            if end != "raise":
                program.send_signal(signal.SIGTERM if end == "sigterm" else signal.SIGINT)
            assert terminal.reads("\x1b[?1049l", 30.0)
            code = program.wait(30.0)
        finally:
            program.kill()
    assert code != 0
    assert terminal.mode() == before


def test_strokes() -> None:
    assert keys_in("1\x1b[1;5Dq\x1b") == ["1", "q"]
