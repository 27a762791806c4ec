"""The panel in a terminal: the display drawn in it, keys and hook on the keyboard.

One thread of its own reads the keyboard and draws, so that a slow terminal (ssh, tmux) holds up nobody. The terminal
is given back as it was on `stop()`, at the end of the program and on SIGTERM.
"""

import atexit
import contextlib
import os
import select
import signal
import sys
import termios
import threading
import time
from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import Final

from appliance.errors import DriverError
from appliance.phone.ports import DISPLAY_HEIGHT, DISPLAY_WIDTH, Button, Panel
from appliance.sim.terminal_picture import Drawn, Size, picture

NOTES: Final = 100
"""Notes that are kept for a larger window."""

_POLL: Final = 0.25
"""Seconds until a changed window size is noticed."""
_PAUSE: Final = 0.03
"""Seconds between two drawings at least."""
_PIECE: Final = 512
"""Bytes that fit into a terminal that takes any at all."""

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE: Final = "\x1b[0m\x1b[?25h\x1b[?1049l"

_KEYS: Final = {**{char: char for char in "0123456789*#ABCD"}, "a": "A", "b": "B", "c": "C", "d": "D"} | {
    "\r": "#",
    "\n": "#",
    "\x7f": "C",
    "\x08": "C",
}
_HOOK: Final = frozenset(" lL")
_BUTTONS: Final = {"r": Button.FLASH, "h": Button.HOOK}
_QUIT: Final = frozenset("qQ\x04")


def keys_in(text: str) -> list[str]:
    """The key strokes in what a terminal sent; cursor and function keys (ECMA-48 §5.4) are left out whole."""
    strokes: list[str] = []
    at = 0
    while at < len(text):
        if text[at] != "\x1b":
            strokes.append(text[at])
            at += 1
            continue
        at += 1
        if text[at : at + 1] in {"[", "O"}:
            at += 1
            while at < len(text) and not "@" <= text[at] <= "~":
                at += 1
        at += 1
    return strokes


class _TerminalKeypad:
    def __init__(self, panel: "TerminalPanel") -> None:
        self._panel = panel
        self.pressed: Callable[[str], None] | None = None

    def start(self, pressed: Callable[[str], None]) -> None:
        self.pressed = pressed
        self._panel.open(self)

    def stop(self) -> None:
        self._panel.close(self)
        self.pressed = None


class _TerminalHook:
    def __init__(self, panel: "TerminalPanel") -> None:
        self._panel = panel
        self.changed: Callable[[bool], None] | None = None
        self.off_hook = False

    def start(self, changed: Callable[[bool], None]) -> None:
        changed(self.off_hook)
        self.changed = changed
        self._panel.open(self)

    def stop(self) -> None:
        self._panel.close(self)
        self.changed = None

    def toggle(self) -> None:
        self.off_hook = not self.off_hook
        if self.changed is not None:
            self.changed(self.off_hook)


class _TerminalButtons:
    def __init__(self, panel: "TerminalPanel") -> None:
        self._panel = panel
        self.pressed: Callable[[str], None] | None = None

    def start(self, pressed: Callable[[str], None]) -> None:
        self.pressed = pressed
        self._panel.open(self)

    def stop(self) -> None:
        self._panel.close(self)
        self.pressed = None


class _TerminalDisplay:
    def __init__(self, panel: "TerminalPanel") -> None:
        self._panel = panel
        self.image = bytes(DISPLAY_WIDTH * DISPLAY_HEIGHT // 8)

    def start(self) -> None:
        self._panel.open(self)

    def show(self, image: bytes) -> None:
        self.image = image
        self._panel.redraw()

    def stop(self) -> None:
        self.image = bytes(len(self.image))
        self._panel.close(self)


class TerminalPanel:
    """The panel of one telephone, in the terminal of `keyboard` and `screen` (file descriptors).

    `on_quit` is called once, on the panel's thread, when `q` is pressed or the terminal is gone. The terminal is taken
    when the first of its parts is started and given back when the last is stopped.
    """

    def __init__(
        self,
        *,
        on_quit: Callable[[], None],
        title: str = "",
        keyboard: int | None = None,
        screen: int | None = None,
    ) -> None:
        self.keypad = _TerminalKeypad(self)
        self.hook = _TerminalHook(self)
        self.buttons = _TerminalButtons(self)
        self.display = _TerminalDisplay(self)
        self._on_quit = on_quit
        self._title = title
        self._keyboard = keyboard
        self._screen = screen
        self._notes: deque[str] = deque(maxlen=NOTES)
        self._users: set[object] = set()
        self._session: _Session | None = None

    @property
    def panel(self) -> Panel:
        """All of it, for a controller."""
        return Panel(display=self.display, keypad=self.keypad, hook=self.hook, buttons=self.buttons)

    def note(self, text: str) -> None:
        """Show a line under the panel; the latest are at the bottom. From any thread."""
        self._notes.append(text)
        self.redraw()

    def redraw(self) -> None:
        """Draw again soon. From any thread; never blocks."""
        if self._session is not None:
            self._session.wake()

    def open(self, part: object) -> None:
        """Take the terminal for `part`. Raises `DriverError` if there is none."""
        if self._session is None:
            keyboard = sys.stdin.fileno() if self._keyboard is None else self._keyboard
            screen = sys.stdout.fileno() if self._screen is None else self._screen
            session = _Session(keyboard, screen, self._drawn, self._stroke, self._on_quit)
            session.start()
            self._session = session
        self._users.add(part)

    def close(self, part: object) -> None:
        """Give the terminal back if `part` was the last that used it."""
        self._users.discard(part)
        if not self._users and self._session is not None:
            session, self._session = self._session, None
            session.stop()

    def _drawn(self, pressed: str) -> Drawn:
        return Drawn(
            image=self.display.image,
            off_hook=self.hook.off_hook,
            title=self._title,
            notes=tuple(self._notes),
            pressed=pressed,
        )

    def _stroke(self, stroke: str) -> str:
        """Do what a key stroke means; returns the key of the keypad that it was, "" if none."""
        if stroke in _HOOK:
            self.hook.toggle()
        button = _BUTTONS.get(stroke.lower())
        if button is not None and self.buttons.pressed is not None:
            self.buttons.pressed(button)
        key = _KEYS.get(stroke, "")
        if key and self.keypad.pressed is not None:
            self.keypad.pressed(key)
        return key


class _Session:
    """The terminal while it is ours: its mode, and the thread that reads and draws."""

    def __init__(
        self,
        keyboard: int,
        screen: int,
        panel: Callable[[str], Drawn],
        stroke: Callable[[str], str],
        on_quit: Callable[[], None],
    ) -> None:
        self._keyboard, self._screen = keyboard, screen
        self._panel, self._stroke, self._on_quit = panel, stroke, on_quit
        self._colour = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._pressed = ""
        self._drawn: list[str] = []
        self._size = Size(0, 0)
        self._ending = threading.Event()
        self._restored = threading.Lock()
        self._drawing = threading.Lock()
        self._pipe = threading.Lock()
        self._open = True
        self._guarding = False
        self._thread = threading.Thread(target=self._run, name="terminal panel", daemon=True)

    def start(self) -> None:
        """Take the terminal."""
        try:
            self._before = termios.tcgetattr(self._keyboard)
            mode = termios.tcgetattr(self._keyboard)
            mode[3] &= ~(termios.ICANON | termios.ECHO)
            mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
            mode[6][termios.VSUSP] = b"\0"  # a phone that is stopped by ^Z would leave the terminal unusable
            termios.tcsetattr(self._keyboard, termios.TCSANOW, mode)
        except (termios.error, OSError) as error:
            raise DriverError(f"the terminal panel needs a terminal: {error}") from error
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        atexit.register(self._restore)
        self._guard_sigterm()
        self._write(_ENTER)
        self._thread.start()

    def stop(self) -> None:
        """Give it back."""
        self._ending.set()
        self.wake()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._restore()
        atexit.unregister(self._restore)
        if self._guarding and signal.getsignal(signal.SIGTERM) == self._restore_and_end:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with self._pipe:
            self._open = False
            os.close(self._wake_write)
            os.close(self._wake_read)

    def wake(self) -> None:
        """Make the thread look again."""
        with self._pipe:
            if self._open:
                with contextlib.suppress(BlockingIOError):  # the pipe is full: it will look anyway
                    os.write(self._wake_write, b"\0")

    def _guard_sigterm(self) -> None:
        """Without a handler of the program's own, SIGTERM would end it and leave the terminal as it is now."""
        if (
            threading.current_thread() is not threading.main_thread()
            or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
        ):
            return

        signal.signal(signal.SIGTERM, self._restore_and_end)
        self._guarding = True

    def _restore_and_end(self, number: int, _frame: FrameType | None) -> None:
        self._restore()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    def _restore(self) -> None:
        if not self._restored.acquire(blocking=False):
            return
        self._ending.set()
        # What is being drawn is finished first, unless the terminal hangs; nothing is drawn after this.
        finished = self._drawing.acquire(timeout=1.0)
        self._write(_LEAVE)
        if finished:
            self._drawing.release()
        with contextlib.suppress(termios.error, OSError):  # the terminal may be gone
            termios.tcsetattr(self._keyboard, termios.TCSANOW, self._before)

    def _run(self) -> None:
        quits = False
        while not self._ending.is_set():
            if not self._draw() or not self._read():
                quits = True
                break
        if quits and not self._ending.is_set():
            self._on_quit()

    def _read(self) -> bool:
        """Wait for the keyboard, a wake-up or the next look at the window size; False means quit."""
        ready, _, _ = select.select([self._keyboard, self._wake_read], [], [], _POLL)
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)
        if self._keyboard not in ready:
            return True
        try:
            data = os.read(self._keyboard, 256)
        except OSError:
            return False
        if not data:
            return False
        for stroke in keys_in(data.decode("utf-8", "ignore")):
            if stroke in _QUIT:
                return False
            self._pressed = self._stroke(stroke) or self._pressed
        return True

    def _draw(self) -> bool:
        """Write the lines that changed; False if the terminal is gone."""
        try:
            terminal = os.get_terminal_size(self._screen)
        except OSError:
            return False
        size = Size(terminal.columns, terminal.lines)
        lines = picture(self._panel(self._pressed), size, colour=self._colour)
        drawn, lead = self._drawn, ""
        if size != self._size:
            self._size, drawn, lead = size, [], "\x1b[2J"
        changed = [
            f"\x1b[{row + 1};1H{line}\x1b[K"
            for row, line in enumerate(lines)
            if row >= len(drawn) or drawn[row] != line
        ]
        changed += [f"\x1b[{row + 1};1H\x1b[K" for row in range(len(lines), len(drawn))]
        self._drawn = lines
        if not changed and not lead:
            return True
        with self._drawing:
            written = self._restored.locked() or self._write(lead + "".join(changed))
        time.sleep(_PAUSE)
        return written

    def _write(self, text: str) -> bool:
        """Write it in pieces that fit; False if the terminal is gone, or was stopped (^S) and nobody waits any more."""
        data = text.encode()
        try:
            while data:
                if select.select([], [self._screen], [], _POLL)[1]:
                    with contextlib.suppress(BlockingIOError):  # somebody else made the terminal non-blocking
                        data = data[os.write(self._screen, data[:_PIECE]) :]
                elif self._ending.is_set():
                    return False
        except OSError:
            return False
        return True
