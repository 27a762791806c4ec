"""The pins of the 40-pin header, shared by the drivers of one panel, and the thread that looks at some of them."""

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from appliance.devices.gpio_chip import PinFactory, gpio_errors, header_pins
from appliance.errors import DriverError
from appliance.units import Seconds

log = logging.getLogger(__name__)

Look = Callable[[], Seconds]
"""Looks at pins once; returns how long to wait until the next look."""
Claim = Callable[[PinFactory, ExitStack], Look]
"""Takes pins, leaves how to give them back on the stack, and returns what looks at them."""

_PATIENCE: Final = Seconds(1.0)
"""How long after a pin failed it is tried again."""


class GpioHeader:
    """Opens the pins for the first who needs them and closes them after the last.

    Args:
        make: makes gpiozero's pin factory; raises `DriverError`.
    """

    def __init__(self, make: Callable[[], PinFactory] = header_pins) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._users = 0
        self._pins: PinFactory = None

    def open(self) -> PinFactory:
        """The pins. Raises `DriverError`."""
        with self._lock:
            if self._users == 0:
                self._pins = self._make()
            self._users += 1
            return self._pins

    def close(self) -> None:
        """Give them back, once for each `open`."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._pins.close()
                self._pins = None


class PinWatch:
    """Looks at some pins of `header` again and again, on a thread called `name`.

    Polled, not told by interrupts: an edge that is lost among the bounces of a contact would be lost for good, and a
    telephone that missed its handset coming down stays off the hook.
    """

    def __init__(self, header: GpioHeader, name: str) -> None:
        self._header = header
        self._name = name
        self._running: tuple[threading.Thread, threading.Event, ExitStack] | None = None

    def start(self, claim: Claim) -> None:
        """Take the pins and begin. Raises `DriverError`."""
        if self._running is not None:
            raise DriverError(f"the {self._name} is in use")
        with ExitStack() as taken:
            pins = self._header.open()
            taken.callback(self._header.close)
            try:
                look = claim(pins, taken)
            except gpio_errors() as error:
                raise DriverError(f"the {self._name} can't use its pins: {error}") from error
            stopping = threading.Event()
            thread = threading.Thread(target=self._run, args=(look, stopping), name=self._name, daemon=True)
            self._running = thread, stopping, taken.pop_all()
        thread.start()

    def stop(self) -> None:
        """End it and give the pins back; nobody looks any more when this returns."""
        running, self._running = self._running, None
        if running is None:
            return
        thread, stopping, taken = running
        stopping.set()
        thread.join()
        try:
            taken.close()
        except gpio_errors() as error:
            log.warning("the %s did not give its pins back: %s", self._name, error)

    def _run(self, look: Look, stopping: threading.Event) -> None:
        errors = gpio_errors()
        failing = False
        pause = Seconds(0.0)
        while not stopping.wait(pause):
            try:
                pause = look()
                failing = False
            except errors as error:
                if not failing:
                    log.error("the %s does not work: %s", self._name, error)  # noqa: TRY400 -- one line is enough
                failing, pause = True, _PATIENCE
