"""A panel without anybody at it: code presses the keys, and what the display says can be asked.

`controller.screens.subscribe(panel.screen_changed)` gives it the words that belong to the images.
"""

import asyncio
from collections.abc import Callable

from appliance.errors import UsageError
from appliance.phone.ports import DISPLAY_HEIGHT, DISPLAY_WIDTH, KEYS, Panel
from appliance.phone.screen import Screen
from appliance.units import Seconds

IMAGE_SIZE = DISPLAY_WIDTH * DISPLAY_HEIGHT // 8
"""Bytes of an image."""


class ScriptKeypad:
    """A `Keypad` whose keys are pressed by `press`."""

    def __init__(self) -> None:
        self._pressed: Callable[[str], None] | None = None

    def start(self, pressed: Callable[[str], None]) -> None:
        """Report to `pressed` from now on."""
        self._pressed = pressed

    def stop(self) -> None:
        """Report nothing any more."""
        self._pressed = None

    def press(self, keys: str) -> None:
        """Press each of `keys` in turn. Raises `UsageError` for what is not a key, before any is pressed."""
        wrong = sorted(set(keys) - set(KEYS))
        if wrong:
            raise UsageError(f"{' '.join(wrong)!r} can't be pressed: the keys are {KEYS}")
        for key in keys:
            if self._pressed is not None:
                self._pressed(key)


class ScriptHook:
    """A `HookSwitch` moved by `lift` and `replace`."""

    def __init__(self, *, off_hook: bool = False) -> None:
        self._changed: Callable[[bool], None] | None = None
        self.off_hook = off_hook

    def start(self, changed: Callable[[bool], None]) -> None:
        """Report the position now and each change."""
        self._changed = changed
        changed(self.off_hook)

    def stop(self) -> None:
        """Report nothing any more."""
        self._changed = None

    def lift(self) -> None:
        """Lift the handset."""
        self._move(off_hook=True)

    def replace(self) -> None:
        """Put the handset down."""
        self._move(off_hook=False)

    def _move(self, *, off_hook: bool) -> None:
        if off_hook == self.off_hook:
            return
        self.off_hook = off_hook
        if self._changed is not None:
            self._changed(off_hook)


class ScriptButtons:
    """`Buttons` that are pressed by `press`."""

    def __init__(self) -> None:
        self._pressed: Callable[[str], None] | None = None

    def start(self, pressed: Callable[[str], None]) -> None:
        """Report to `pressed` from now on."""
        self._pressed = pressed

    def stop(self) -> None:
        """Report nothing any more."""
        self._pressed = None

    def press(self, name: str) -> None:
        """Press the button of that name."""
        if self._pressed is not None:
            self._pressed(name)


class ScriptDisplay:
    """A `Display` that remembers its last image. Raises `UsageError` for an image of the wrong size."""

    def __init__(self) -> None:
        self.image = bytes(IMAGE_SIZE)
        self.on = False

    def start(self) -> None:
        """Switch it on."""
        self.on = True

    def show(self, image: bytes) -> None:
        """Remember `image`."""
        if len(image) != IMAGE_SIZE:
            raise UsageError(f"an image has {IMAGE_SIZE} bytes, not {len(image)}")
        self.image = image

    def stop(self) -> None:
        """Blank it."""
        self.on = False
        self.image = bytes(IMAGE_SIZE)


class ScriptPanel:
    """Keypad, hook switch, buttons and display for scripts and tests. Use it on the controller's loop."""

    def __init__(self, *, off_hook: bool = False) -> None:
        self.keypad = ScriptKeypad()
        self.hook = ScriptHook(off_hook=off_hook)
        self.buttons = ScriptButtons()
        self.display = ScriptDisplay()
        self.screen: Screen | None = None
        """The last screen, as words."""
        self._news = asyncio.Event()

    @property
    def parts(self) -> Panel:
        """All of it, for a controller."""
        return Panel(display=self.display, keypad=self.keypad, hook=self.hook, buttons=self.buttons)

    def screen_changed(self, screen: Screen) -> None:
        """Take the words of what the display shows."""
        self.screen = screen
        self._news.set()

    def press(self, keys: str) -> None:
        """Press each of `keys` in turn. Raises `UsageError` for what is not a key."""
        self.keypad.press(keys)

    def push(self, button: str) -> None:
        """Press the button of that name."""
        self.buttons.press(button)

    def lift(self) -> None:
        """Lift the handset."""
        self.hook.lift()

    def replace(self) -> None:
        """Put the handset down."""
        self.hook.replace()

    def says(self, text: str) -> bool:
        """Whether `text` stands on the display now, whatever its capitals."""
        return self.screen is not None and self.screen.says(text)

    @property
    def text(self) -> tuple[str, ...]:
        """The lines on the display now, from top to bottom."""
        return () if self.screen is None else self.screen.text

    async def shows(self, text: str, *, within: Seconds = Seconds(5.0)) -> bool:
        """Wait until `text` stands on the display; False if it did not come within so many seconds."""
        try:
            async with asyncio.timeout(within):
                while not self.says(text):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True
