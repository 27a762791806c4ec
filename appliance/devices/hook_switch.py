"""The switch under the handset, on a GPIO pin that is pulled up: closed connects it to ground."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from appliance.devices.debounce import Integrator
from appliance.devices.gpio_chip import PinFactory, gpiozero
from appliance.devices.gpio_header import GpioHeader, Look, PinWatch
from appliance.units import Seconds

_IDLE: Final = Seconds(0.020)
"""Between two looks while the handset rests or is held, which is nearly always."""
_LOOK: Final = Seconds(0.005)
"""Between two looks while it moves."""
_LOOKS: Final = 5
"""Looks that have to agree: 20 ms, longer than contacts bounce and far shorter than the shortest hook flash, 80 ms."""


class HookSwitch:
    """Implements `phone.ports.HookSwitch`.

    Args:
        header: the pins.
        gpio: its GPIO number.
        closed_off_hook: whether lifting the handset closes the contact; else it opens it.
    """

    def __init__(self, header: GpioHeader, gpio: int, *, closed_off_hook: bool) -> None:
        self._gpio, self._closed_off_hook = gpio, closed_off_hook
        self._watch = PinWatch(header, "hook switch")

    def start(self, changed: Callable[[bool], None]) -> None:
        """Report the present position at once and each change after it. Raises `DriverError`."""

        def claim(pins: PinFactory, taken: ExitStack) -> Look:
            switch = taken.enter_context(gpiozero().InputDevice(self._gpio, pull_up=True, pin_factory=pins))
            contact = Integrator(_LOOKS, closed=not switch.pin.state)
            changed(contact.closed == self._closed_off_hook)

            def look() -> Seconds:
                if contact.read(not switch.pin.state):
                    changed(contact.closed == self._closed_off_hook)
                return _IDLE if contact.settled else _LOOK

            return look

        self._watch.start(claim)

    def stop(self) -> None:
        """End it."""
        self._watch.stop()
